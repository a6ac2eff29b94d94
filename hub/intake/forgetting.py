"""A visitor who wants to be forgotten: what he said, who he was, and the bytes he handed over."""

from collections.abc import Sequence

from hub.conversations.erasure import erase_said
from hub.db import Database, Work
from hub.ids import JournalId, VisitorId
from hub.visitors.service import erase
from hub.visitors.values import upload_owner


class Forgetting:
    """Forgets visitors."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def forget(self, visitor_id: VisitorId) -> None:
        """All at once, or not at all. The journal keeps that something came and when, so that no retry brings it back.

        The event log still carries what was announced until it is pruned (`event_days`); files lie in the store without a
        name or an owner, since others may have sent the same bytes.
        """
        async with self._db.unit_of_work() as work:
            await _empty_journal(work, await erase_said(work, visitor_id))
            await work.execute("DELETE FROM upload WHERE owner = $1", upload_owner(visitor_id))
            await erase(work, visitor_id)


async def _empty_journal(work: Work, ids: Sequence[JournalId]) -> None:
    await work.execute(
        "UPDATE journal SET raw = $2, raw_sha256 = NULL, envelope = $3 WHERE id = ANY($1::uuid[])",
        *(list(ids), b"", {"erased": True}),
    )
