"""Errors as RFC 9457 problem documents."""

import logging
from http import HTTPStatus
from typing import Any
from uuid import uuid4

import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler

from hub.errors import HubError, Invalid, TooLarge, Unavailable

log = logging.getLogger(__name__)

REQUEST_ID: web.RequestKey[str] = web.RequestKey("request_id", str)
"""Given in the log, the answer's `X-Request-Id` and the problem document."""

MEDIA_TYPE = "application/problem+json"


class FieldProblem(msgspec.Struct, kw_only=True):
    """One wrong field: where (`$.addresses[0].value`) and what."""

    path: str
    message: str


class Problem(msgspec.Struct, kw_only=True, omit_defaults=True):
    """RFC 9457, and beside it a `code` that never changes once released. A code may bring members of its own."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    errors: list[FieldProblem] = []


class MalformedJson(HubError):
    """The body is no JSON."""

    code = "malformed_json"
    status = 400


class WrongMediaType(HubError):
    """The body is of a type this endpoint does not take."""

    code = "wrong_media_type"
    status = 415


class BadField(Invalid):
    """A value of the request is of the wrong type or out of its bounds; `errors` says which."""

    code = "invalid"

    def __init__(self, path: str, message: str) -> None:
        super().__init__(message, errors=[{"path": path, "message": message}])


def from_validation(error: msgspec.ValidationError) -> BadField:
    """msgspec names the place at the end of its message: `Expected … - at `$.name``."""
    message, _, path = str(error).partition(" - at ")
    return BadField(path.strip("`") or "$", message)


def response(error: HubError, *, request_id: str) -> web.Response:
    """The document for an error."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": _title(error.status),
        "status": error.status,
        "code": error.code,
        "detail": error.detail,
        "request_id": request_id,
    }
    headers = {}
    if "retry_after" in error.extra or isinstance(error, Unavailable):
        headers["Retry-After"] = str(error.extra.get("retry_after", 1))
    return web.Response(
        status=error.status, body=msgspec.json.encode({**error.extra, **body}), content_type=MEDIA_TYPE, headers=headers
    )


@web.middleware
async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn every error into a problem document; what nobody foresaw is logged, and told nobody."""
    request_id = uuid4().hex
    request[REQUEST_ID] = request_id
    try:
        answer = await handler(request)
    except HubError as error:
        if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            log.warning("request refused", extra={"request_id": request_id, "code": error.code, "detail": error.detail})
        answer = response(error, request_id=request_id)
    except web.HTTPException as error:
        answer = _from_aiohttp(error, request_id)
    except Exception:
        log.exception("request failed", extra={"request_id": request_id, "method": request.method})
        answer = response(HubError("something went wrong on our side"), request_id=request_id)
    if not answer.prepared:
        answer.headers["X-Request-Id"] = request_id
    return answer


def _from_aiohttp(error: web.HTTPException, request_id: str) -> web.StreamResponse:
    if error.status < HTTPStatus.BAD_REQUEST:
        kept = {name: error.headers[name] for name in ("Location",) if name in error.headers}
        return web.Response(status=error.status, headers=kept)
    kinds: dict[int, HubError] = {413: TooLarge("the body is too large")}
    answer = response(kinds.get(error.status, _Other(error.status)), request_id=request_id)
    if "Allow" in error.headers:
        answer.headers["Allow"] = error.headers["Allow"]
    return answer


class _Other(HubError):
    """What aiohttp itself refuses: no such route, method not allowed, …"""

    def __init__(self, status: int) -> None:
        super().__init__(_title(status))
        self.status = status  # type: ignore[misc]
        self.code = _title(status).lower().replace(" ", "_").replace("'", "")  # type: ignore[misc]


def _title(status: int) -> str:
    return HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else "Error"
