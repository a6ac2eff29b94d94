"""The journal: what providers handed over, stored before anything else is done with it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from hub.channels.contract import Handover
from hub.db import Database, Row, Work
from hub.ids import AccountId, ConversationId, JournalId, MessageId

IN_ROW = 64 * 1024
"""Bytes kept in the row itself; larger ones lie in `media`."""

ONCE = "journal_account_key"
"""The constraint that keeps each key once for an account."""

LEASE = timedelta(seconds=20)
"""How long what a killed process was filing waits for another; filing twice at once does no harm, only the first one counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One handover about to be journalled. `raw_sha256` is set where the bytes went to `media`; `is_filed`: filed in the same transaction.

    `taken_at`: this process takes it to be filed at once, as if it had claimed it.
    """

    id: JournalId
    account_id: AccountId
    handover: Handover
    raw_sha256: str | None
    is_filed: bool
    taken_at: datetime | None = None

    @property
    def key(self) -> str:
        """As it is stored."""
        return self.handover.key.replace("\0", "\ufffd")[:255]

    def pending(self) -> "Pending":
        """As one who claimed it would have it."""
        return Pending(
            id=self.id,
            account_id=self.account_id,
            received_at=self.handover.received_at,
            envelope=self.handover.envelope,
            raw=None if self.raw_sha256 else self.handover.raw,
            raw_sha256=self.raw_sha256,
            attempts=1,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """Where what has a key went; both None for what went nowhere (yet)."""

    message_id: MessageId | None
    conversation_id: ConversationId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """A journalled handover waiting to be filed. `raw` is None where the bytes are in `media` under `raw_sha256`."""

    id: JournalId
    account_id: AccountId
    received_at: datetime
    envelope: Mapping[str, Any]
    raw: bytes | None
    raw_sha256: str | None
    attempts: int


_COLUMNS = {
    "id": "uuid", "account_id": "uuid", "key": "text", "received_at": "timestamptz", "envelope": "jsonb", "raw": "bytea",
    "raw_sha256": "text", "size": "bigint", "state": "text", "attempts": "integer", "due_at": "timestamptz", "error": "text",
    "lease_until": "timestamptz", "message_id": "uuid", "conversation_id": "uuid", "parser_version": "integer", "filed_at": "timestamptz",
}  # fmt: skip
# One by one by the index, whatever PostgreSQL believes of a table that has just begun to grow.
_KNOWN_POSTGRES = """
SELECT known.* FROM unnest($1::uuid[], $2::text[]) AS wanted (account_id, key) CROSS JOIN LATERAL (
    SELECT account_id, key, message_id, conversation_id FROM journal
    WHERE account_id = wanted.account_id AND key = wanted.key LIMIT 1
) AS known"""
_KNOWN_SQLITE = """
SELECT account_id, key, message_id, conversation_id FROM journal WHERE account_id = ANY($1::uuid[]) AND key = ANY($2::text[])"""
_NOWHERE = Known(message_id=None, conversation_id=None)


async def insert(work: Work, entries: Sequence[Entry], places: Mapping[JournalId, Known], *, at: datetime) -> None:
    """Store entries, those filed in this transaction (`at`) with where they went, by the next statement of `work`.

    Raises `UniqueViolation` of `ONCE` where another transaction stored one of the keys since `known` was asked.
    """
    rows = []
    for e in entries:
        place = places.get(e.id, _NOWHERE)
        rows.append(
            (e.id, e.account_id, e.key, e.handover.received_at, dict(e.handover.envelope),
             None if e.raw_sha256 else e.handover.raw, e.raw_sha256, len(e.handover.raw), "filed" if e.is_filed else "pending",
             1 if e.taken_at else 0, e.handover.received_at, "", e.taken_at + LEASE if e.taken_at else None,
             place.message_id, place.conversation_id, 0 if e.is_filed else None, at if e.is_filed else None)
        )  # fmt: skip
    await work.insert_many("journal", _COLUMNS, rows)


async def known(work: Work, entries: Sequence[Entry]) -> dict[tuple[AccountId, str], Known]:
    """What is there already under the keys of `entries`."""
    rows = await work.fetch(
        work.sql(sqlite=_KNOWN_SQLITE, postgres=_KNOWN_POSTGRES), [e.account_id for e in entries], [e.key for e in entries]
    )
    return {
        (row["account_id"], row["key"]): Known(message_id=row["message_id"], conversation_id=row["conversation_id"])
        for row in rows
    }


async def move_cursors(work: Work, entries: Iterable[Entry]) -> None:
    """How far each adapter has read, as of the last of `entries`: repeats count too."""
    newest = {(e.account_id, e.handover.cursor[0]): e.handover.cursor[1] for e in entries if e.handover.cursor}
    await work.execute_many(
        """
        INSERT INTO intake_cursor (account_id, name, value) VALUES ($1, $2, $3)
        ON CONFLICT (account_id, name) DO UPDATE SET value = excluded.value
        """,
        [(account_id, name, value) for (account_id, name), value in newest.items()],
    )


async def cursor(db: Database, account_id: AccountId, name: str) -> str | None:
    """How far an adapter has read."""
    row = await db.fetch_one("SELECT value FROM intake_cursor WHERE account_id = $1 AND name = $2", account_id, name)
    return row["value"] if row else None


_MARK_ALL = """
UPDATE journal SET state = 'filed', message_id = f.message_id, conversation_id = f.conversation_id, parser_version = $4,
    filed_at = $5, lease_until = NULL, error = ''
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[]) AS f (id, message_id, conversation_id) WHERE journal.id = f.id"""


async def mark_filed(
    work: Work,
    filed: Sequence[tuple[JournalId, MessageId | None, ConversationId | None]],
    *,
    parser_version: int | None,
    at: datetime,
) -> None:
    """Say where entries went. `parser_version`: 0 where none was needed, None where none could read it."""
    if work.dialect == "postgres":
        columns: Sequence[Sequence[Any]] = tuple(zip(*filed, strict=True)) or ((), (), ())
        await work.execute(_MARK_ALL, *columns, parser_version, at)
        return
    await work.execute_many(
        """
        UPDATE journal SET state = 'filed', message_id = $2, conversation_id = $3, parser_version = $4, filed_at = $5,
        lease_until = NULL, error = '' WHERE id = $1
        """,
        [(id, message_id, conversation_id, parser_version, at) for id, message_id, conversation_id in filed],
    )


async def claim(db: Database, *, now: datetime, limit: int) -> list[Pending]:
    """Take up to `limit` entries to file, in the order they came; another process gets others."""
    lock = db.sql(sqlite="", postgres="FOR UPDATE SKIP LOCKED")
    async with db.unit_of_work() as work:
        rows = await work.fetch(
            f"""
            UPDATE journal SET lease_until = $2, attempts = attempts + 1 WHERE n IN (
                SELECT n FROM journal WHERE state = 'pending' AND due_at <= $1 AND (lease_until IS NULL OR lease_until < $1)
                ORDER BY due_at, n LIMIT $3 {lock}
            ) RETURNING n, id, account_id, received_at, envelope, raw, raw_sha256, attempts
            """,
            now,
            now + LEASE,
            limit,
        )
    return [_pending(row) for row in sorted(rows, key=lambda row: row["n"])]


async def still_pending(work: Work, ids: Sequence[JournalId]) -> set[JournalId]:
    """Those of `ids` that nobody filed meanwhile, locked."""
    lock = work.sql(sqlite="", postgres="FOR UPDATE")
    rows = await work.fetch(
        f"SELECT id FROM journal WHERE id = ANY($1::uuid[]) AND state = 'pending' ORDER BY n {lock}", list(ids)
    )
    return {row["id"] for row in rows}


async def put_back(db: Database, id: JournalId, *, error: str, due_at: datetime) -> None:
    """Filing failed; try again then."""
    async with db.unit_of_work() as work:
        await work.execute(
            "UPDATE journal SET lease_until = NULL, error = $2, due_at = $3 WHERE id = $1 AND state = 'pending'",
            id,
            error,
            due_at,
        )


async def release(db: Database, entries: Sequence[Pending], *, due_at: datetime | None = None) -> None:
    """Give claimed entries back as if nobody had tried: at once, or from `due_at` on. What another claimed since is left alone."""
    async with db.unit_of_work() as work:
        await work.execute_many(
            """
            UPDATE journal SET lease_until = NULL, attempts = attempts - 1, due_at = coalesce($3::timestamptz, due_at)
            WHERE id = $1 AND attempts = $2 AND state = 'pending' AND lease_until IS NOT NULL
            """,
            [(entry.id, entry.attempts, due_at) for entry in entries],
        )


async def set_aside(db: Database, id: JournalId, *, error: str) -> None:
    """Filing failed for good: a person has to look at it. Nothing of it is lost."""
    async with db.unit_of_work() as work:
        await work.execute(
            "UPDATE journal SET state = 'poison', lease_until = NULL, error = $2 WHERE id = $1 AND state = 'pending'",
            id,
            error,
        )


async def release_all(db: Database) -> None:
    """At the start of the only process there is: nobody else holds anything."""
    async with db.unit_of_work() as work:
        await work.execute("UPDATE journal SET lease_until = NULL WHERE state = 'pending' AND lease_until IS NOT NULL")


def _pending(row: Row) -> Pending:
    return Pending(
        id=row["id"],
        account_id=row["account_id"],
        received_at=row["received_at"],
        envelope=row["envelope"],
        raw=row["raw"],
        raw_sha256=row["raw_sha256"],
        attempts=row["attempts"],
    )
