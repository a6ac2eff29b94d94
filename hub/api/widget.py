"""The widget's origin: its scripts, the frame of a site, and who its visitors are."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

import msgspec
from aiohttp import web

from hub.api.clients import client_ip, own_origins
from hub.api.hub import HUB
from hub.api.identify import Identify
from hub.api.static import Pages
from hub.auth import Caller
from hub.channels.webchat.origins import frame_ancestors
from hub.errors import NotFound, Unauthorised
from hub.ids import AccountId
from hub.settings import Settings
from hub.visitors.appearance import appearance
from hub.visitors.errors import UnknownVisitor
from hub.visitors.service import Visitors
from hub.visitors.values import Site, Sites

PATH: Final = "/widget/v1"

SITES: web.AppKey[Sites] = web.AppKey("sites", Sites)

# Module scripts are fetched with CORS, and pages with COEP want to be told (chatwoot/chatwoot#11218): the scripts are public.
_PUBLIC = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}


def add_widget(app: web.Application, pages: Pages, sites: Sites) -> None:
    """`loader.js` and `assets/…` for every page, `frame?site=<id>` for the pages its site allows."""

    async def frame(request: web.Request) -> web.StreamResponse:
        site = await _site(sites, request.query.get("site", ""))
        if site is None:
            raise NotFound("there is no such site")
        policy = _frame_policy(request.app[HUB].settings, site, is_preview="preview" in request.query)
        return _framed(pages.text("frame.html"), site, policy)

    async def file(request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        if name == "frame.html":  # only with its site's policy
            raise NotFound("there is no such page")
        return pages.respond(name, headers=_PUBLIC)

    app[SITES] = sites
    app.router.add_get(f"{PATH}/frame", frame)
    app.router.add_get(f"{PATH}/{{name:.+}}", file)


def _framed(page: str, site: Site, policy: str) -> web.Response:
    """The panel's page with what it must know at once: one request less before the visitor sees it as it will be.

    A data block (HTML §4.12.1) runs nothing, so the policy needs no exception for it.
    """
    known = msgspec.json.encode(appearance(site)).decode().replace("<", "\\u003c")
    text = page.replace("</head>", f'<script type="application/json" id="site">{known}</script></head>')
    headers = {"Content-Security-Policy": policy, "Cache-Control": "no-cache"}
    answer = web.Response(text=text, content_type="text/html", headers=headers)
    answer.enable_compression()
    return answer


def visitor_identity(visitors: Visitors, sites: Sites) -> Identify:
    """Visitors show their token as `Authorization: Visitor <token>`, and name the site in `X-Site`. Never a cookie."""

    async def identify(request: web.Request) -> Caller:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        site = await _site(sites, request.headers.get("X-Site", ""))
        if scheme.lower() != "visitor" or site is None:
            raise Unauthorised("send Authorization: Visitor, and X-Site")
        try:
            visitor = await visitors.by_token(site.account_id, token.strip())
        except UnknownVisitor as error:
            raise Unauthorised("this token is not valid") from error
        ip = client_ip(request, request.app[HUB].settings)
        return Caller(kind="visitor", name=visitor.name, visitor_id=visitor.id, account_id=site.account_id, ip=ip)

    return identify


async def _site(sites: Sites, text: str) -> Site | None:
    try:
        account_id = AccountId(UUID(text))
    except ValueError:
        return None
    return await sites.site(account_id)


def _frame_policy(settings: Settings, site: Site, *, is_preview: bool) -> str:
    """Nothing but our own scripts, and no parent but the pages the site names: the browser holds to it.

    The preview shows made-up messages of settings that the console sends it, so only the console may frame it.
    """
    parents = _console(settings) if is_preview else frame_ancestors(site.settings.allowed_origins)
    socket = f"ws{settings.widget_url.removeprefix('http')}"
    sources: Mapping[str, str] = {
        "default-src": "'self'",
        "connect-src": f"'self' {socket}",
        "img-src": f"'self' data: blob: {settings.files_url}",
        "media-src": f"'self' blob: {settings.files_url}",
        "object-src": "'none'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": parents,
    }
    return "; ".join(f"{name} {value}" for name, value in sources.items())


def _console(settings: Settings) -> str:
    """The console's origins that a policy can name: CSP has no form for an IPv6 address (CSP Level 3 §2.3.1)."""
    return " ".join(origin for origin in own_origins(settings) if "[" not in origin)
