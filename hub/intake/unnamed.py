"""Bytes that nothing names any more: they go, rows first.

Equal bytes are stored once, whoever sent them, so that nobody's file may go with another's. What names a blob is a message, an upload,
an entry of the journal, or another blob of which it is a preview. A new name comes from one of these, or with bytes that are put in the
store and have no row yet: therefore nothing goes that was put lately.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from hub import clock
from hub.db import Database, Work
from hub.jobs import Job
from hub.media import MediaStore, record_all, strike
from hub.messages.jobs import DROP_BYTES

RESTS = timedelta(minutes=10)
"""What was put longer ago than this has its row, or will never have one."""

_AT_ONCE = 20_000  # messages looked through by one statement: none may run long
_MARGIN = timedelta(days=1)  # between the clocks of several machines

_ELSEWHERE = """
SELECT sha256 AS digest FROM upload WHERE sha256 = ANY($1::text[])
UNION SELECT raw_sha256 FROM journal WHERE raw_sha256 = ANY($1::text[])
UNION SELECT made_digest FROM media_rendition WHERE made_digest = ANY($1::text[])"""

_IN_MESSAGES_POSTGRES = """
SELECT DISTINCT f->>'sha256' AS digest FROM message m, jsonb_array_elements(m.attachments) f
WHERE m.n >= $1 AND m.n < $2 AND f->>'sha256' = ANY($3::text[])"""
_IN_MESSAGES_SQLITE = """
SELECT DISTINCT json_extract(f.value, '$.sha256') AS digest FROM message m, json_each(m.attachments) f
WHERE m.n >= $1 AND m.n < $2 AND json_extract(f.value, '$.sha256') = ANY($3::text[])"""


class UnnamedBytes:
    """Performs `DROP_BYTES`. Run twice it does nothing twice."""

    def __init__(self, db: Database, media: MediaStore) -> None:
        self._db, self._media = db, media

    async def perform(self, job: Job) -> None:
        """Delete those of the job's `digests` that nothing names, and what was made of them to be shown."""
        digests: list[str] = job.payload["digests"]
        free = sorted(set(digests) - await self._named(digests))
        async with self._db.unit_of_work() as work:
            struck = await strike(work, free)
            _again(work, struck.made, due=clock.now())
        fresh = {digest for digest in free if not await self._media.delete(digest, untouched_for=RESTS)}
        if fresh:  # somebody has just put the same bytes
            async with self._db.unit_of_work() as work:
                await record_all(work, [blob for blob in struck.blobs if blob.digest in fresh])
                _again(work, sorted(fresh), due=clock.now() + RESTS)

    async def _named(self, digests: Sequence[str]) -> set[str]:
        found = {row["digest"] for row in await self._db.fetch(_ELSEWHERE, list(digests))}
        oldest = "SELECT created_at FROM media_blob WHERE digest = ANY($1::text[]) ORDER BY created_at LIMIT 1"
        kept = await self._db.fetch_one(oldest, list(digests))
        n = await self._first_message(kept["created_at"] if kept else None)
        in_messages = self._db.sql(sqlite=_IN_MESSAGES_SQLITE, postgres=_IN_MESSAGES_POSTGRES)
        last = await self._db.fetch_one("SELECT coalesce(max(n), 0) AS n FROM message")
        while last is not None and n <= last["n"]:
            rows = await self._db.fetch(in_messages, n, n + _AT_ONCE, list(digests))
            found |= {row["digest"] for row in rows}
            n += _AT_ONCE
        return found

    async def _first_message(self, since: datetime | None) -> int:
        """The number of the first message that can name what is kept since then: ids begin with their time (RFC 9562 §5.7)."""
        if since is None:
            return 0
        floor = UUID(int=int((since - _MARGIN).timestamp() * 1000) << 80)
        row = await self._db.fetch_one("SELECT n FROM message WHERE id >= $1 ORDER BY id LIMIT 1", floor)
        return row["n"] if row is not None else 0


def _again(work: Work, digests: Sequence[str], *, due: datetime) -> None:
    if digests:
        work.enqueue(DROP_BYTES, due=due, digests=list(digests))
