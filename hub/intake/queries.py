"""Reading the journal."""

from datetime import datetime

import msgspec

from hub.db import Database
from hub.ids import AccountId, JournalId
from hub.intake.errors import NoSuchJournalEntry
from hub.media import MediaStore


class JournalView(msgspec.Struct, frozen=True, kw_only=True):
    """One handover, without its bytes. `sender` as the transport named it."""

    id: JournalId
    account_id: AccountId
    received_at: datetime
    state: str
    size: int
    sender: str
    attempts: int
    error: str


async def listed(db: Database, *, state: str, after: int, limit: int) -> tuple[list[JournalView], int | None]:
    """Entries in a state, the oldest first, and the number the next page begins after."""
    rows = await db.fetch(
        """
        SELECT n, id, account_id, received_at, state, size, envelope, attempts, error FROM journal
        WHERE state = $1 AND n > $2 ORDER BY n LIMIT $3
        """,
        state,
        after,
        limit + 1,
    )
    items = [
        JournalView(
            id=row["id"],
            account_id=row["account_id"],
            received_at=row["received_at"],
            state=row["state"],
            size=row["size"],
            sender=str(row["envelope"].get("mail_from", "")),
            attempts=row["attempts"],
            error=row["error"],
        )
        for row in rows[:limit]
    ]
    return items, rows[limit - 1]["n"] if len(rows) > limit else None


async def raw_of(db: Database, media: MediaStore, id: JournalId | None) -> bytes:
    """The exact bytes of a handover. Raises `NoSuchJournalEntry`."""
    row = await db.fetch_one("SELECT raw, raw_sha256 FROM journal WHERE id = $1", id) if id else None
    if row is None:
        raise NoSuchJournalEntry("there is no source of this")
    if row["raw_sha256"]:
        return await media.read(row["raw_sha256"])
    return bytes(row["raw"])
