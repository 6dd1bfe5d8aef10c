"""What can go wrong, in the words of the product; `main` gives each its HTTP status."""


class PileError(Exception):
    status = 400


class NotAuthenticated(PileError):
    status = 401


class Forbidden(PileError):
    status = 403


class NotFound(PileError):
    status = 404


class Conflict(PileError):
    status = 409


class BadImport(PileError):
    status = 422
