"""What can go wrong, as values: each error has a stable `code` and the HTTP status it is shown with."""

from typing import Any, ClassVar


class HubError(Exception):
    """The base of every error a caller may see.

    `code` never changes once released (clients switch on it); `detail` is for people; `extra` is JSON-able and goes into the RFC 9457
    problem document beside them. Neither may hold a secret.
    """

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 500

    def __init__(self, detail: str = "", **extra: Any) -> None:
        super().__init__(detail or self.code)
        self.detail = detail
        self.extra = extra


class Invalid(HubError):
    """The request was understood and is wrong."""

    code = "invalid"
    status = 422


class Unauthorised(HubError):
    """Nobody is signed in, or what was shown is not valid (any more)."""

    code = "unauthorised"
    status = 401


class Forbidden(HubError):
    """The caller is known and lacks the right."""

    code = "forbidden"
    status = 403


class NotFound(HubError):
    """It is not there, or not for this caller: the two look alike on purpose."""

    code = "not_found"
    status = 404


class Conflict(HubError):
    """Somebody else was first, or the same client key came with another body."""

    code = "conflict"
    status = 409


class ClientKeyReused(Conflict):
    """The same client key came before, with another body."""

    code = "client_key_reused"


class Stale(Conflict):
    """Somebody else changed it since the caller read it; `extra["version"]` is the one that stands, where it is told."""

    code = "stale"


class NameTaken(Conflict):
    """Another one has this name already (letter case and width do not matter)."""

    code = "name_taken"


class Gone(HubError):
    """It was there and will not come back."""

    code = "gone"
    status = 410


class TooLarge(HubError):
    """More bytes than this door takes."""

    code = "too_large"
    status = 413


class RateLimited(HubError):
    """Too many, too fast; `extra["retry_after"]` in seconds."""

    code = "rate_limited"
    status = 429


class Unavailable(HubError):
    """Our own trouble, for now: the caller should try again."""

    code = "unavailable"
    status = 503
