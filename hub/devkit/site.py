"""The pages of the demo: a shop with the widget, the customer's mailbox and telephone."""

from importlib import resources
from typing import Annotated
from uuid import UUID

import msgspec
from aiohttp import web
from msgspec import Meta

from hub.api.endpoint import PUBLIC, Request, Router
from hub.devkit.mailbox import DemoMailbox, Letter
from hub.devkit.phone import DemoPhone
from hub.devkit.phone_site import add_phone

_TYPES = {"html": "text/html", "css": "text/css", "js": "text/javascript"}
_FILES = ("shop.html", "mailbox.html", "mailbox.js", "phone.html", "phone.js", "phone.css", "demo.css")


class LetterWritten(msgspec.Struct, forbid_unknown_fields=True):
    """A mail to the hub."""

    sender: Annotated[str, Meta(min_length=3, max_length=200)]
    to: Annotated[str, Meta(min_length=3, max_length=200)]
    subject: Annotated[str, Meta(max_length=300)]
    text: Annotated[str, Meta(min_length=1, max_length=20_000)]
    answers: Annotated[str, Meta(max_length=500)] = ""


class Letters(msgspec.Struct):
    """What is in the mailbox, the newest first."""

    items: list[Letter]


def demo_router(mailbox: DemoMailbox, phone: DemoPhone, site_id: UUID) -> Router:
    """The demo's routes: only there with `--demo`, and open to everybody who can reach them."""
    api = Router(tag="demo", prefix="/demo")
    add_phone(api, phone)

    @api.get("", needs=PUBLIC, produces="text/html")
    async def shop(request: Request) -> web.Response:
        """A shop with the widget."""
        settings = request.hub.settings
        text = _read("shop.html").replace("{{widget}}", settings.widget_url).replace("{{site}}", str(site_id))
        policy = (
            f"default-src 'self'; script-src 'self' {settings.widget_url}; frame-src {settings.widget_url}; "
            f"connect-src 'self' {settings.widget_url}; img-src 'self' data:; style-src 'self'; frame-ancestors 'none'"
        )
        return _page(text, policy)

    @api.get("/mailbox", needs=PUBLIC, produces="text/html")
    async def mailbox_page(request: Request) -> web.Response:
        """The customer's mailbox."""
        return _page(_read("mailbox.html"), "default-src 'self'; frame-ancestors 'none'")

    @api.get("/phone", needs=PUBLIC, produces="text/html")
    async def phone_page(request: Request) -> web.Response:
        """The customer's telephone."""
        return _page(_read("phone.html"), "default-src 'self'; frame-ancestors 'none'")

    @api.get("/mailbox/letters", needs=PUBLIC)
    async def letters(request: Request) -> Letters:
        """What arrived."""
        return Letters(items=list(mailbox.letters))

    @api.post("/mailbox/letters", needs=PUBLIC, status=201)
    async def write(request: Request, body: LetterWritten) -> Letters:
        """Write to the hub."""
        await mailbox.write(sender=body.sender, to=body.to, subject=body.subject, text=body.text, answers=body.answers)
        return Letters(items=list(mailbox.letters))

    @api.get("/files/{name}", needs=PUBLIC, produces="text/plain")
    async def file(request: Request, name: str) -> web.Response:
        """Style and script of these pages."""
        if name not in _FILES:
            raise web.HTTPNotFound
        return web.Response(text=_read(name), content_type=_TYPES[name.rpartition(".")[2]], headers={"Cache-Control": "no-cache"})

    return api


def _read(name: str) -> str:
    return (resources.files("hub.devkit") / "pages" / name).read_text("utf-8")


def _page(text: str, policy: str) -> web.Response:
    return web.Response(
        text=text, content_type="text/html", headers={"Content-Security-Policy": policy, "Cache-Control": "no-cache"}
    )
