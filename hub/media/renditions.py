"""What is shown of a blob: pictures of its pages, the peaks of its sound, sound that browsers play. Each is made once."""

import asyncio
import re
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import BinaryIO, Final

import msgspec

from hub import clock
from hub.db import Database, Row
from hub.media import confined
from hub.media.confined import Limits, python
from hub.media.errors import NoPreview
from hub.media.service import Recorded, find, record
from hub.media.store import MediaStore

WIDTHS: Final = (160, 320, 480, 640, 960, 1280, 1600)
"""Pictures are made this many pixels wide and no other: whoever asks for something between gets the next."""

MAX_PAGE: Final = 1000
AGAIN_AFTER = timedelta(hours=1)  # what was refused; a program may be installed by then, or the machine less busy
_AT_ONCE = 2
_IMAGES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp", "image/tiff", "image/bmp"})
_MAX_IMAGE, _MAX_DOCUMENT, _MAX_SOUND = 40 << 20, 100 << 20, 200 << 20

_PICTURE = Limits()
_DOCUMENT = Limits(memory=1 << 30, seconds=10, patience=20.0, output=64 << 20)
_SOUND = Limits(seconds=20, patience=40.0, output=512 << 20)

_PAGES = re.compile(rb"^Pages:\s+(\d{1,6})$", re.MULTILINE)
_SUFFIX = re.compile(r"\.[a-z0-9]{1,5}")

# What the browsers of today play as it is; a WAV is looked at, since it may hold anything.
_PLAYED = frozenset({"audio/mpeg", "audio/ogg", "audio/flac", "audio/mp4", "audio/aac", "audio/webm", "video/mp4", "video/webm"})
_PLAYED_WAV = (1, 3)  # samples, whole or floating


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendition:
    """Something that was made, by its own digest in the store. `pages`: how many the original has."""

    digest: str
    content_type: str
    size: int
    pages: int = 1


class Waveform(msgspec.Struct, frozen=True, kw_only=True):
    """A sound to look at: how long it is, and how loud along its length, 0 to 255, at most 200 times."""

    seconds: float
    peaks: list[int]


@dataclass(frozen=True, slots=True)
class _Made:
    content: bytes
    content_type: str
    pages: int = 1


class Renditions:
    """Makes them, two at a time, and remembers them and what was refused."""

    def __init__(self, db: Database, store: MediaStore) -> None:
        self._db = db
        self._store = store
        self._places = asyncio.Semaphore(_AT_ONCE)

    async def picture(self, digest: str, *, width: int = 480, page: int = 1) -> Rendition:
        """A page of an image or a PDF (the first is 1), as wide as the least of `WIDTHS` that is enough, and no wider than it is.

        A quarter of a second the first time. Raises `NoPreview` with the reason, `BlobMissing`.
        """
        pixels = next((known for known in WIDTHS if known >= width), WIDTHS[-1])
        if not 1 <= page <= MAX_PAGE:
            raise NoPreview("there is no such page")
        return await self._get(digest, f"picture {pixels} {page}", lambda blob: self._picture(blob, pixels, page))

    async def waveform(self, digest: str, *, filename: str = "") -> Waveform:
        """Its peaks. `filename` helps where the bytes do not say what they are. Raises `NoPreview`, `BlobMissing`."""
        suffix = _suffix(filename)
        made = await self._get(digest, f"peaks {suffix}", lambda blob: self._sound(blob, "peaks", suffix, "application/json"))
        return msgspec.json.decode(await self._store.read(made.digest), type=Waveform)

    async def playable(self, digest: str, *, filename: str = "") -> Rendition:
        """The sound as browsers play it: itself where they do, else a WAV of samples. Raises `NoPreview`, `BlobMissing`."""
        blob = await find(self._db, digest)
        if blob.content_type in _PLAYED or (blob.content_type == "audio/wav" and await self._is_plain_wav(digest)):
            return Rendition(digest=digest, content_type=blob.content_type, size=blob.size)
        suffix = _suffix(filename)
        return await self._get(digest, f"wav {suffix}", lambda blob: self._sound(blob, "wav", suffix, "audio/wav"))

    async def _get(self, digest: str, kind: str, make: Callable[[Recorded], Awaitable[_Made]]) -> Rendition:
        if (known := await self._known(digest, kind)) is None:
            async with self._places:
                known = await self._known(digest, kind) or await self._make(digest, kind, make)
        if known["made_digest"] is None:
            raise NoPreview(known["refused"])
        return Rendition(
            digest=known["made_digest"], content_type=known["content_type"], size=known["size"], pages=known["pages"]
        )

    async def _known(self, digest: str, kind: str) -> Row | None:
        return await self._db.fetch_one(
            """
            SELECT r.made_digest, r.pages, r.refused, b.size, b.content_type FROM media_rendition r
            LEFT JOIN media_blob b ON b.digest = r.made_digest
            WHERE r.digest = $1 AND r.kind = $2 AND (r.made_digest IS NOT NULL OR r.created_at > $3)
            """,
            digest,
            kind,
            clock.now() - AGAIN_AFTER,
        )

    async def _make(self, digest: str, kind: str, make: Callable[[Recorded], Awaitable[_Made]]) -> Row:
        blob = await find(self._db, digest)
        try:
            made = await make(blob)
        except NoPreview as refused:
            await self._remember(digest, kind, None, 1, refused.detail)
        else:
            stored = await self._store.put(made.content)
            recorded = Recorded(digest=stored.digest, size=stored.size, content_type=made.content_type)
            await self._remember(digest, kind, recorded, made.pages, "")
        row = await self._known(digest, kind)
        assert row is not None, "written a moment ago"
        return row

    async def _remember(self, digest: str, kind: str, made: Recorded | None, pages: int, refused: str) -> None:
        async with self._db.unit_of_work() as work:
            if made is not None:
                await record(work, made)
            made_digest = made.digest if made else None
            await work.execute(_REMEMBER, digest, kind, made_digest, pages, refused[:200], clock.now())

    async def _picture(self, blob: Recorded, width: int, page: int) -> _Made:
        if blob.content_type == "application/pdf" and blob.size <= _MAX_DOCUMENT:
            return await self._page(blob, width, page)
        if blob.content_type in _IMAGES and blob.size <= _MAX_IMAGE:
            async with self._copy(blob.digest) as source:
                return _picture_of(await confined.run(python("picture.py", str(width), str(page)), source, _PICTURE))
        raise NoPreview("no preview is made of this kind of file")

    async def _page(self, blob: Recorded, width: int, page: int) -> _Made:
        """A page of a PDF: drawn by poppler, then seen to like any other picture."""
        async with self._copy(blob.digest) as source:
            found = _PAGES.search(await confined.run(["pdfinfo", "-"], source, _DOCUMENT))
            pages = int(found[1]) if found else 0
            if page > pages:
                raise NoPreview(f"there are {pages} pages")
            size = ["-scale-to-x", str(width), "-scale-to-y", "-1"]
            drawn = await confined.run(["pdftoppm", "-singlefile", "-f", str(page), *size, "-"], source, _DOCUMENT)
        with tempfile.TemporaryFile() as bitmap:
            bitmap.write(drawn)
            picture = _picture_of(await confined.run(python("picture.py", str(width), "1"), bitmap, _PICTURE))
        return _Made(picture.content, picture.content_type, pages)

    async def _sound(self, blob: Recorded, what: str, suffix: str, content_type: str) -> _Made:
        if blob.size > _MAX_SOUND or blob.content_type.startswith(("image/", "text/")):
            raise NoPreview("no sound we can read")
        async with self._copy(blob.digest) as source:
            return _Made(await confined.run(python("sound.py", what, suffix), source, _SOUND), content_type)

    async def _is_plain_wav(self, digest: str) -> bool:
        head = b"".join([chunk async for chunk in self._store.open(digest, size=4096)])
        place = head.find(b"fmt ")
        return place > 0 and int.from_bytes(head[place + 8 : place + 10], "little") in _PLAYED_WAV

    @asynccontextmanager
    async def _copy(self, digest: str) -> AsyncIterator[BinaryIO]:
        with tempfile.TemporaryFile() as source:
            await confined.copied(self._store.open(digest), source)
            yield source


def _picture_of(output: bytes) -> _Made:
    head, _, picture = output.partition(b"\n")
    kind, pages = head.decode().split()
    return _Made(picture, kind, int(pages))


def _suffix(filename: str) -> str:
    dot = filename.rfind(".")
    suffix = filename[dot:].lower() if dot >= 0 else ""
    return suffix if _SUFFIX.fullmatch(suffix) else ""


_REMEMBER = """
    INSERT INTO media_rendition (digest, kind, made_digest, pages, refused, created_at) VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (digest, kind) DO UPDATE SET made_digest = excluded.made_digest, pages = excluded.pages,
    refused = excluded.refused, created_at = excluded.created_at
"""
