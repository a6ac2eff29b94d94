"""Small pictures of images, made once, each in a process of its own that may fail."""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from dataclasses import dataclass
from pathlib import Path

from hub import clock
from hub.db import Database, Row
from hub.media.errors import PreviewRefused
from hub.media.service import find, record
from hub.media.store import MediaStore

EDGE = 480
"""Pixels of the longer side at most."""

_PROGRAM = str(Path(__file__).with_name("thumbnail.py"))
_KINDS = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp", "image/tiff", "image/bmp"})
_MAX_SOURCE = 40 * 2**20
_SECONDS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """A thumbnail: its own digest in the store, and what is in it."""

    digest: str
    content_type: str
    width: int
    height: int


class Previews:
    """Makes thumbnails, two at a time, and remembers them and what was refused."""

    def __init__(self, db: Database, store: MediaStore) -> None:
        self._db = db
        self._store = store
        self._places = asyncio.Semaphore(2)

    async def get(self, digest: str) -> Preview:
        """The thumbnail of a recorded blob; 0.2 s the first time. Raises `PreviewRefused` with the reason, `BlobMissing`."""
        if (known := await self._known(digest)) is None:
            async with self._places:
                known = await self._known(digest) or await self._make(digest)
        if known["preview_digest"] is None:
            raise PreviewRefused(known["refused"])
        return Preview(
            digest=known["preview_digest"],
            content_type=known["content_type"],
            width=known["width"],
            height=known["height"],
        )

    async def _known(self, digest: str) -> Row | None:
        return await self._db.fetch_one(
            "SELECT preview_digest, content_type, width, height, refused FROM media_preview WHERE digest = $1", digest
        )

    async def _make(self, digest: str) -> Row:
        blob = await find(self._db, digest)
        if blob.content_type not in _KINDS or blob.size > _MAX_SOURCE:
            return await self._remember_refusal(digest, "no preview is made of this kind of file")
        try:
            kind, width, height, picture = await thumbnail_of(await self._store.read(digest))
        except PreviewRefused as refused:
            return await self._remember_refusal(digest, refused.detail)
        stored = await self._store.put(picture)
        async with self._db.unit_of_work() as work:
            await record(work, stored, kind)
            await work.execute(_REMEMBER, digest, stored.digest, kind, width, height, "", clock.now())
        return await self._certain(digest)

    async def _remember_refusal(self, digest: str, reason: str) -> Row:
        async with self._db.unit_of_work() as work:
            await work.execute(_REMEMBER, digest, None, "", 0, 0, reason[:200], clock.now())
        return await self._certain(digest)

    async def _certain(self, digest: str) -> Row:
        row = await self._known(digest)
        assert row is not None, "written a moment ago; previews are never deleted without their blob"
        return row


_REMEMBER = """
    INSERT INTO media_preview (digest, preview_digest, content_type, width, height, refused, created_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (digest) DO NOTHING
"""


async def thumbnail_of(source: bytes, edge: int = EDGE) -> tuple[str, int, int, bytes]:
    """Content type, width, height and bytes of a thumbnail. Raises `PreviewRefused`; never harms this process."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-I", _PROGRAM, str(edge), stdin=PIPE, stdout=PIPE, stderr=PIPE
    )
    try:
        async with asyncio.timeout(_SECONDS):
            made, said = await process.communicate(source)
    except TimeoutError as error:
        raise PreviewRefused("it takes too long") from error
    finally:
        await _end(process)
    if process.returncode:
        raise PreviewRefused(said.decode(errors="replace").strip().rpartition("\n")[2] or "it takes too much")
    head, _, picture = made.partition(b"\n")
    kind, width, height = head.decode().split()
    return kind, int(width), int(height), picture


async def _end(process: Process) -> None:
    if process.returncode is None:
        process.kill()
        await process.wait()
