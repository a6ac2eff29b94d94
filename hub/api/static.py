"""The built pages: what is named by its hash is kept for ever, the rest is asked for again each time."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

import hub
from hub.errors import NotFound, Unavailable

STATIC: Final = Path(hub.__file__).parent / "static"

_HASHED = re.compile(r"-[A-Za-z0-9_-]{8,}\.\w+$")  # as Vite names what it builds: `index-BdKm3l2a.js`
_FOR_EVER = "public, max-age=31536000, immutable"
_ASK_AGAIN = "no-cache"  # with the ETag that aiohttp sets: a 304 when nothing changed
_OTHERS = ("/api/", "/socket.io/", "/widget/", "/files/", "/hooks/")  # no page is there: a wrong address of a program gets a 404
_NOT_SERVED = (".gz", ".br", ".map", "built.txt", "manifest.json")


class Pages:
    """The files of one folder, known from the start: no path of a request ever reaches the file system."""

    def __init__(self, folder: Path) -> None:
        self._files = _files(folder)

    def __contains__(self, name: str) -> bool:
        return name in self._files

    def text(self, name: str) -> str:
        """What is in the file, for a page that is filled in before it is sent; raises `NotFound`."""
        if name not in self._files:
            raise NotFound("there is no such page")
        return self._files[name].read_text("utf-8")

    def respond(self, name: str, *, headers: Mapping[str, str] | None = None) -> web.FileResponse:
        """The file, pre-compressed where a `.br` or `.gz` lies beside it; raises `NotFound`."""
        if name not in self._files:
            raise NotFound("there is no such page")
        caching = _FOR_EVER if _HASHED.search(name) else _ASK_AGAIN
        return web.FileResponse(self._files[name], headers={"Cache-Control": caching, **(headers or {})})


def _files(folder: Path) -> dict[str, Path]:
    found = (path for path in folder.rglob("*") if path.is_file() and not path.name.endswith(_NOT_SERVED))
    return {path.relative_to(folder).as_posix(): path for path in found}


def console_pages(pages: Pages) -> Middleware:
    """Answer reads that no route takes: with a file, or with the console's index, which finds its own way to the page."""

    @web.middleware
    async def answer(request: web.Request, handler: Handler) -> web.StreamResponse:
        unrouted = isinstance(request.match_info.http_exception, web.HTTPNotFound)
        if unrouted and request.method in ("GET", "HEAD") and not request.path.startswith(_OTHERS):
            return _page(pages, request.path.removeprefix("/"))
        return await handler(request)

    return answer


def _page(pages: Pages, name: str) -> web.StreamResponse:
    if name in pages:
        return pages.respond(name)
    if "index.html" not in pages:
        raise Unavailable("the pages were not built: run `make pages`, or install a released wheel")
    if "." in name.rpartition("/")[2]:
        raise NotFound("there is no such file")
    return pages.respond("index.html")
