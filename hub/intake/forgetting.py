"""A visitor who wants to be forgotten: what he said, who he was, and the bytes he handed over."""

from collections.abc import Sequence
from datetime import timedelta

from hub import clock
from hub.conversations.erasure import erase_said
from hub.db import Database, Work
from hub.ids import JournalId, VisitorId
from hub.intake.unnamed import RESTS
from hub.messages.jobs import DROP_BYTES
from hub.visitors.service import erase
from hub.visitors.values import upload_owner

DROPPED_AFTER = RESTS + timedelta(minutes=5)
"""When the bytes of his files go: what he uploaded a moment ago has rested by then."""


class Forgetting:
    """Forgets visitors."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def forget(self, visitor_id: VisitorId) -> None:
        """All at once, or not at all; only the bytes of his files follow later, as far as nobody else handed over the same ones.

        The journal keeps that something came and when, so that no retry brings it back. The event log still carries what was
        announced until it is pruned (`event_days`).
        """
        async with self._db.unit_of_work() as work:
            erased = await erase_said(work, visitor_id)
            gone = "DELETE FROM upload WHERE owner = $1 RETURNING sha256"
            uploads = [row["sha256"] for row in await work.fetch(gone, upload_owner(visitor_id))]
            raw = await _empty_journal(work, erased.journal_ids)
            await erase(work, visitor_id)
            if digests := sorted({*erased.digests, *uploads, *raw}):
                work.enqueue(DROP_BYTES, due=clock.now() + DROPPED_AFTER, digests=digests)


async def _empty_journal(work: Work, ids: Sequence[JournalId]) -> list[str]:
    """The digests of what was too long for its row."""
    own = "id = ANY($1::uuid[])"
    long = await work.fetch(f"SELECT raw_sha256 FROM journal WHERE {own} AND raw_sha256 IS NOT NULL", list(ids))
    await work.execute(
        f"UPDATE journal SET raw = $2, raw_sha256 = NULL, envelope = $3 WHERE {own}", list(ids), b"", {"erased": True}
    )
    return [row["raw_sha256"] for row in long]
