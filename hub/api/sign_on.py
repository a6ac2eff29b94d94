"""Signing in at a provider of OpenID Connect."""

from typing import Annotated, Final
from urllib.parse import urlencode

import msgspec
from aiohttp import web
from msgspec import Meta

from hub.api.clients import client_ip, cookie_name
from hub.api.endpoint import PUBLIC, Request, Router
from hub.api.identify import set_session
from hub.auth.sign_on import LASTS, PROVIDER_ID, SingleSignOn
from hub.errors import HubError, NotFound

api = Router(tag="session")

Text = Annotated[str, Meta(max_length=4000)]
CALLBACK: Final = f"/api/v1/session/oidc/{PROVIDER_ID}/callback"


class ProviderView(msgspec.Struct, kw_only=True):
    """Somebody who vouches for our users: a button on the sign-in page, to `/session/oidc/{id}/start`."""

    id: str
    title: str


class StartQuery(msgspec.Struct, kw_only=True):
    """`next`: the page of the console to go to afterwards."""

    next: Annotated[str, Meta(max_length=500)] = "/"


class CallbackQuery(msgspec.Struct, kw_only=True):
    """What the provider sends the browser back with; whatever else it adds is ignored."""

    state: Text = ""
    code: Text = ""
    error: Text = ""
    iss: Text | None = None


@api.get("/session/providers", needs=PUBLIC)
async def providers(request: Request) -> list[ProviderView]:
    """Who else can sign one in."""
    provider = request.hub.auth.sign_on.provider
    return [ProviderView(id=PROVIDER_ID, title=provider.title)] if provider else []


@api.get("/session/oidc/{provider_id}/start", needs=PUBLIC, status=302, produces="text/plain", raises=(NotFound,))
async def start(request: Request, provider_id: str, query: StartQuery) -> web.Response:
    """Go to the provider. What goes wrong is told on the sign-in page, as `/?sign_in_error=<code>`."""
    sign_on = _sign_on(request, provider_id)
    try:
        left = await sign_on.leave(next_path=query.next, ip=client_ip(request.http, request.hub.settings))
    except HubError as error:
        return _told(error)
    answer = _to(left.url)
    name = _cookie(request)
    age = int(LASTS.total_seconds())
    # Lax: the provider's page sends the browser back by a link of its own.
    answer.set_cookie(name, left.browser, max_age=age, path="/", httponly=True, samesite="Lax", secure=name.startswith("__Host-"))
    return answer


@api.get(
    "/session/oidc/{provider_id}/callback",
    needs=PUBLIC,
    status=302,
    produces="text/plain",
    raises=(NotFound,),
    ignores_unknown=True,
)
async def callback(request: Request, provider_id: str, query: CallbackQuery) -> web.Response:
    """Back from the provider, signed in. What goes wrong is told on the sign-in page, as `/?sign_in_error=<code>`."""
    sign_on, name = _sign_on(request, provider_id), _cookie(request)
    given = {key: value for key, value in msgspec.structs.asdict(query).items() if value}
    ip, agent = client_ip(request.http, request.hub.settings), request.http.headers.get("User-Agent", "")
    try:
        back = await sign_on.come_back(given, request.http.cookies.get(name, ""), ip=ip, agent=agent)
    except HubError as error:
        return _told(error)
    answer = _to(back.next_path)
    answer.del_cookie(name, path="/", httponly=True, samesite="Lax", secure=name.startswith("__Host-"))
    set_session(request.http, answer, back.session.secret, back.session.expires_at)
    return answer


def _sign_on(request: Request, provider_id: str) -> SingleSignOn:
    sign_on = request.hub.auth.sign_on
    if sign_on.provider is None or provider_id != PROVIDER_ID:
        raise NotFound("there is no such provider")
    return sign_on


def _cookie(request: Request) -> str:
    return f"{cookie_name(request.http, request.hub.settings)}-sign-on"


def _told(error: HubError) -> web.Response:
    return _to(f"/?{urlencode({'sign_in_error': error.code})}")


def _to(address: str) -> web.Response:
    return web.Response(status=302, headers={"Location": address})
