"""What can go wrong, in the words of the product; `main` gives each its HTTP status."""


class SoulSenseError(Exception):
    status = 400


class NotAuthenticated(SoulSenseError):
    status = 401


class Forbidden(SoulSenseError):
    status = 403


class NotFound(SoulSenseError):
    status = 404


class Conflict(SoulSenseError):
    status = 409
