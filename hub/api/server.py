"""The three origins: console and API, the widget's frame, files."""

from collections.abc import Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Middleware

from hub.api import access, headers, problems
from hub.api.endpoint import Router
from hub.api.files import FILE_HEADERS, PROVIDERS, Provider, serve
from hub.api.handling import add_routes
from hub.api.hooks import add_hooks
from hub.api.hub import HUB, Hub
from hub.api.identify import IDENTIFY, identify_staff
from hub.api.openapi import encode
from hub.api.routes import CONSOLE, DOCUMENTED, WIDGET
from hub.api.static import STATIC, Pages, console_pages
from hub.api.widget import add_widget, visitor_identity
from hub.visitors.service import Visitors
from hub.visitors.values import Sites

JSON_LIMIT: Final = 1024 * 1024  # bytes of a JSON body; uploads are read as streams and have limits of their own


def console_app(
    hub: Hub, routers: Sequence[Router] = CONSOLE, *, documented: Sequence[Router] = DOCUMENTED, pages: Path = STATIC / "console"
) -> web.Application:
    """`/api/v1`, health, `/hooks`, and the console's pages for whatever no route takes. `documented`: what the OpenAPI document names."""
    app = _app(hub, headers.console_headers(hub.settings), console_pages(Pages(pages)))
    app[IDENTIFY] = identify_staff
    add_routes(app, routers)
    add_hooks(app, hub)
    _add_document(app, documented)
    return app


def widget_app(
    hub: Hub, routers: Sequence[Router] = WIDGET, *, visitors: Visitors, sites: Sites, pages: Path = STATIC / "widget"
) -> web.Application:
    """The widget's origin: scripts, the frame of each site, and what visitors call."""
    app = _app(hub, headers.widget_headers(hub.settings))
    app[IDENTIFY] = visitor_identity(visitors, sites)
    add_routes(app, routers)
    add_widget(app, Pages(pages), sites)
    return app


def files_app(hub: Hub, providers: Mapping[str, Provider]) -> web.Application:
    """`/files/<token>`: what `sign_path(kind, …)` named, given by the provider of that kind."""
    own = headers.files_headers(hub.settings)
    app = _app(hub, own)
    app[PROVIDERS] = providers
    app[FILE_HEADERS] = own
    app.router.add_get("/files/{token}", serve)
    return app


def _app(hub: Hub, own_headers: Mapping[str, str], *more: Middleware) -> web.Application:
    middlewares = [headers.middleware(own_headers), access.middleware, problems.middleware, *more]
    app = web.Application(client_max_size=JSON_LIMIT, middlewares=middlewares)
    app[HUB] = hub
    return app


def _add_document(app: web.Application, routers: Sequence[Router]) -> None:
    document = cache(partial(encode, routers))  # made when somebody asks for it: a tenth of a second

    async def openapi(_: web.Request) -> web.Response:
        return web.Response(body=document(), content_type="application/json", headers={"Cache-Control": "no-cache"})

    app.router.add_get("/api/v1/openapi.json", openapi)
