"""What can go wrong, in the words of the product; `main` gives each its HTTP status."""


class VerseError(Exception):
    status = 400


class Unauthorized(VerseError):
    status = 401


class NotFound(VerseError):
    status = 404


class Conflict(VerseError):
    status = 409


class Gone(VerseError):
    status = 410


class TooMany(VerseError):
    status = 429
