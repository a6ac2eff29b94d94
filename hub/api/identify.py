"""From a request to a caller, and whether the caller may."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from hmac import compare_digest
from typing import Final

from aiohttp import web

from hub import clock
from hub.api.clients import client_ip, cookie_name, is_foreign
from hub.api.endpoint import PUBLIC, SIGNED_IN, VISITOR, Endpoint
from hub.api.hub import HUB, Hub
from hub.auth import ANONYMOUS, Caller
from hub.auth.errors import BadCsrfToken, ForeignOrigin
from hub.auth.sessions import csrf_token
from hub.errors import Forbidden, Unauthorised

Identify = Callable[[web.Request], Awaitable[Caller]]
"""Finds out who asks; raises `Unauthorised`."""

IDENTIFY: web.AppKey[Identify] = web.AppKey("identify", Callable)  # type: ignore[arg-type]

CSRF_HEADER: Final = "X-CSRF-Token"
_SAFE = ("GET", "HEAD", "OPTIONS")


async def identify_staff(request: web.Request) -> Caller:
    """The user of the session cookie or of the API token. A cookie changes nothing without its CSRF token."""
    hub = request.app[HUB]
    ip = client_ip(request, hub.settings)
    if (header := request.headers.get("Authorization")) is not None:
        scheme, _, text = header.partition(" ")
        if scheme.lower() != "bearer":
            raise Unauthorised("send a token as Authorization: Bearer")
        return (await hub.auth.callers.by_token(text.strip())).at(ip)
    secret = session_secret(request)
    if not secret:
        raise Unauthorised("nobody is signed in")
    caller = (await hub.auth.callers.by_session(secret)).at(ip)
    if request.method not in _SAFE:
        _check_csrf(request, secret)
    return caller


@dataclass(frozen=True, slots=True)
class SocketCallers:
    """Who opens a socket of the console: the session's user or a token's caller, never a foreign page (RFC 6455 §10.2)."""

    hub: Hub

    async def from_request(self, request: web.Request, token: str | None) -> Caller:
        """Raises `ForeignOrigin`, `Unauthorised`. A socket takes no CSRF token: the browser says which page opens it."""
        settings = self.hub.settings
        if is_foreign(request, settings):
            raise ForeignOrigin("this comes from another site's page")
        secret = request.cookies.get(cookie_name(request, settings), "")
        callers = self.hub.auth.callers
        caller = await (callers.by_token(token) if token else callers.by_session(secret))
        return caller.at(client_ip(request, settings))

    async def again(self, caller: Caller) -> Caller:
        """The same caller as they stand now; raises `Unauthorised` when it is over."""
        return await self.hub.auth.callers.again(caller)


async def permitted_caller(request: web.Request, endpoint: Endpoint) -> Caller:
    """Who asks, if they may use this endpoint; raises `Unauthorised`, `Forbidden`."""
    settings = request.app[HUB].settings
    if endpoint.needs is PUBLIC:
        if not endpoint.is_safe and is_foreign(request, settings):
            raise ForeignOrigin("this comes from another site's page")
        return ANONYMOUS.at(client_ip(request, settings))
    caller = await request.app[IDENTIFY](request)
    if endpoint.needs is VISITOR:
        if caller.kind != "visitor":
            raise Forbidden("this is for visitors")
    elif not caller.signed_in:
        raise Forbidden("this is not for visitors")
    elif endpoint.needs is not SIGNED_IN:
        caller.require(*endpoint.rights)
    return caller


def session_secret(request: web.Request) -> str:
    """What the session cookie holds; empty without one."""
    return request.cookies.get(cookie_name(request, request.app[HUB].settings), "")


def set_session(request: web.Request, response: web.StreamResponse, secret: str, expires_at: datetime) -> None:
    """Give the browser its session."""
    name = cookie_name(request, request.app[HUB].settings)
    age = int((expires_at - clock.now()).total_seconds())
    response.set_cookie(name, secret, max_age=age, path="/", httponly=True, samesite="Lax", secure=name.startswith("__Host-"))


def clear_session(request: web.Request, response: web.StreamResponse) -> None:
    """Take the session from the browser."""
    name = cookie_name(request, request.app[HUB].settings)
    response.del_cookie(name, path="/", httponly=True, samesite="Lax", secure=name.startswith("__Host-"))


def _check_csrf(request: web.Request, secret: str) -> None:
    given = request.headers.get(CSRF_HEADER, "")
    if is_foreign(request, request.app[HUB].settings):
        raise ForeignOrigin("this comes from another site's page")
    if not compare_digest(given.encode(errors="replace"), csrf_token(secret).encode()):
        raise BadCsrfToken(f"the header {CSRF_HEADER} is missing or wrong")
