"""The files origin: attachments, previews and mail HTML, by signed addresses and without any cookie."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from aiohttp import web

from hub.api.hub import HUB
from hub.api.ranges import send
from hub.api.signed import verify
from hub.errors import NotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedFile:
    """What a provider gives for a signed name: `content`, or a blob by its `digest` and `size`.

    `inline` is honoured only for types that cannot run anything.
    """

    content: bytes | AsyncIterator[bytes] = b""
    content_type: str
    digest: str = ""
    size: int | None = None
    filename: str = ""
    inline: bool = False
    policy: str = ""  # a Content-Security-Policy in place of the origin's own


Provider = Callable[[Mapping[str, Any]], Awaitable[ServedFile]]
"""From what was signed to the file; raises `NotFound`."""

PROVIDERS: web.AppKey[Mapping[str, Provider]] = web.AppKey("providers", Mapping)

INLINE: Final = frozenset(
    {"image/png", "image/jpeg", "image/gif", "image/webp", "audio/mpeg", "audio/ogg", "audio/wav", "video/mp4", "text/html"}
)
"""Types shown in place. HTML is shown under the `policy` its provider gives, which keeps scripts out; SVG and PDF never are."""


async def serve(request: web.Request) -> web.StreamResponse:
    """`GET /files/<token>`."""
    kind, what = verify(request.app[HUB].keys, request.match_info["token"])
    provider = request.app[PROVIDERS].get(kind)
    if provider is None:
        raise NotFound("there is no such file")
    file = await provider(what)
    return await _send(request, file)


async def _send(request: web.Request, file: ServedFile) -> web.StreamResponse:
    headers = _headers(file)
    if file.digest and file.size is not None:
        own: Mapping[str, str] = request.app[FILE_HEADERS]
        return await send(request, request.app[HUB].media, file.digest, file.size, {**own, **headers})
    if isinstance(file.content, bytes):
        return web.Response(body=file.content, headers=headers)
    response = web.StreamResponse(headers=headers)
    for name, value in request.app[FILE_HEADERS].items():
        response.headers.setdefault(name, value)
    response.content_length = file.size
    await response.prepare(request)
    if request.method != "HEAD":
        async for chunk in file.content:
            await response.write(chunk)
    return response


FILE_HEADERS: web.AppKey[Mapping[str, str]] = web.AppKey("file_headers", Mapping)
"""The origin's headers, for answers that begin before the middleware sees them."""


def _headers(file: ServedFile) -> dict[str, str]:
    shown = file.inline and file.content_type in INLINE and (file.content_type != "text/html" or file.policy)
    headers = {
        "Content-Type": file.content_type if shown or file.content_type != "text/html" else "application/octet-stream",
        "Content-Disposition": disposition(file.filename, inline=bool(shown)),
        "Cache-Control": "private, max-age=300",
    }
    if file.content_type == "text/html" and shown:
        headers["Content-Type"] = "text/html; charset=utf-8"
    if file.policy:
        headers["Content-Security-Policy"] = file.policy
    return headers


def disposition(filename: str, *, inline: bool = False) -> str:
    """A `Content-Disposition` for any name (RFC 6266 §4.3): no path, no control characters, no quotes left to close."""
    name = "".join(c for c in filename.replace("\\", "/").rpartition("/")[2] if c.isprintable()).strip(". ") or "file"
    plain = "".join(c if c.isascii() and c not in '"%' else "_" for c in name)
    return f"{'inline' if inline else 'attachment'}; filename=\"{plain}\"; filename*=UTF-8''{quote(name[:150], safe='')}"
