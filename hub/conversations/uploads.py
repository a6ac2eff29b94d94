"""Files given before the message that will carry them."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import msgspec

from hub import clock
from hub.conversations.errors import NoSuchUpload
from hub.db import Database
from hub.ids import new_id
from hub.media import MediaStore, keep, record
from hub.media.store import Source
from hub.messages.content import StoredFile
from hub.messages.plain import file_name

KEPT = timedelta(hours=24)
"""How long an upload waits for its message."""


class Upload(msgspec.Struct, frozen=True, kw_only=True):
    """A stored file, to be named in a message by `id`."""

    id: UUID
    filename: str
    content_type: str
    size: int
    sha256: str


class Uploads:
    """Uploads belong to whoever made them: nobody else can attach them."""

    def __init__(self, db: Database, media: MediaStore) -> None:
        self._db = db
        self._media = media

    async def add(self, source: Source, *, filename: str, owner: str, limit: int) -> Upload:
        """Store a file; its type is what its bytes say. Raises `BlobTooLarge` above `limit` bytes."""
        name = file_name(filename)
        kept = await keep(self._media, source, filename=name, limit=limit)
        upload = Upload(id=new_id(), filename=name, content_type=kept.content_type, size=kept.size, sha256=kept.digest)
        async with self._db.unit_of_work() as work:
            await record(work, kept)
            await work.execute(
                """
                INSERT INTO upload (id, owner, filename, content_type, size, sha256, created_at)
                VALUES ($1, $2, $3, $4, $5, $6, $7)
                """,
                upload.id,
                owner,
                upload.filename,
                upload.content_type,
                upload.size,
                upload.sha256,
                clock.now(),
            )
        return upload

    async def take(self, ids: Sequence[UUID], *, owner: str) -> tuple[StoredFile, ...]:
        """The files of these uploads, in this order. Raises `NoSuchUpload`. They stay: a message may be sent again."""
        if not ids:
            return ()
        rows = await self._db.fetch(
            "SELECT id, filename, content_type, size, sha256 FROM upload WHERE id = ANY($1::uuid[]) AND owner = $2 AND created_at > $3",
            list(ids),
            owner,
            clock.now() - KEPT,
        )
        found = {row["id"]: row for row in rows}
        if missing := [str(id) for id in ids if id not in found]:
            raise NoSuchUpload("no such upload", uploads=missing)
        return tuple(
            StoredFile(
                filename=found[id]["filename"],
                content_type=found[id]["content_type"],
                size=found[id]["size"],
                sha256=found[id]["sha256"],
            )
            for id in ids
        )
