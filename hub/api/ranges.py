"""Sending blobs, whole or a stretch of them (RFC 9110 §14): players jump about in a recording without loading all of it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from hub.media import MediaStore

_ONE: Final = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some bytes of something longer."""

    start: int
    size: int


def asked(header: str | None, size: int) -> Stretch | None:
    """What a `Range` asks for of `size` bytes; None for all of it: several ranges and other units may be ignored (§14.2).

    A stretch of no bytes means that it cannot be had.
    """
    match = _ONE.fullmatch((header or "").strip())
    if match is None or not (match[1] or match[2]):
        return None
    if not match[1]:
        length = min(int(match[2]), size)
        return Stretch(size - length, length)
    start, last = int(match[1]), int(match[2]) if match[2] else size - 1
    if match[2] and last < start:
        return None  # no range at all (§14.1.1)
    return Stretch(min(start, size), max(0, min(last + 1, size) - start))


async def send(request: web.Request, media: MediaStore, digest: str, size: int, headers: Mapping[str, str]) -> web.StreamResponse:
    """Answer with a blob, or with what the request's `Range` asks for of it. The first bytes are had before anything is sent:
    a blob that is missing is an error like any other."""
    tag = f'"{digest}"'
    headers = {**headers, "Accept-Ranges": "bytes", "ETag": tag}
    is_same = request.headers.get("If-Range", tag) == tag  # §13.1.5: else all of it
    stretch = asked(request.headers.get("Range"), size) if is_same and request.method == "GET" else None
    if stretch is not None and not stretch.size:
        return web.Response(status=416, headers={"Content-Range": f"bytes */{size}", **headers})
    part = stretch or Stretch(0, size)
    chunks = media.open(digest, start=part.start, size=part.size)
    first = await anext(chunks, b"") if request.method != "HEAD" else b""
    response = web.StreamResponse(status=206 if stretch else 200, headers=headers)
    if stretch:
        response.headers["Content-Range"] = f"bytes {part.start}-{part.start + part.size - 1}/{size}"
    response.content_length = part.size
    await response.prepare(request)
    if first:
        await response.write(first)
        async for chunk in chunks:
            await response.write(chunk)
    await response.write_eof()
    return response
