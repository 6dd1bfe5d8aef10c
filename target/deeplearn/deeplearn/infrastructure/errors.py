"""What can go wrong, in the words of the product; the server gives each its HTTP status."""


class DeepLearnError(Exception):
    status = 400


class Unauthorized(DeepLearnError):
    status = 401


class Forbidden(DeepLearnError):
    status = 403


class NotFound(DeepLearnError):
    status = 404


class Conflict(DeepLearnError):
    status = 409
