"""The event log: what happened, in an order that no reader can skip.

On SQLite there is one writer, and ids count upwards. On PostgreSQL a transaction may commit after one that began later, so
rows are ordered by (transaction id, row id) and read only below the oldest transaction still open (`pg_snapshot_xmin`).
A cursor is a place in that order within one epoch of the database; the epoch changes when the database was restored or moved.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NewType
from uuid import uuid4

from hub import clock
from hub.db.announce import Audience
from hub.db.database import Database
from hub.db.errors import ResyncNeeded
from hub.db.session import Row
from hub.db.work import Work

Cursor = NewType("Cursor", str)  # opaque to clients, safe in URLs

KEEP = timedelta(days=7)
_LAST = 2**63 - 1
_CHUNK = 2000

_READ_SQLITE = """
SELECT id, xid, type, data, audience, at, 1 AS settled FROM event_log WHERE id > $1 AND $2 = $2 ORDER BY id LIMIT $3"""
_READ_POSTGRES = """
SELECT id, xid, type, data, audience, at, xid < (SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint) AS settled
FROM event_log WHERE (xid, id) > ($2, $1) ORDER BY xid, id LIMIT $3"""
_HEAD_SQLITE = """
SELECT 0 AS xid, coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'event_log'), 0) AS id"""
_HEAD_POSTGRES = f"""
SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint - 1 AS xid, {_LAST} AS id"""
_HOME_POSTGRES = """
SELECT system_identifier || '/' || (SELECT oid FROM pg_database WHERE datname = current_database()) || '/'
    || (SELECT timeline_id FROM pg_control_checkpoint()) AS home FROM pg_control_system()"""


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in the order of one epoch."""

    xid: int
    id: int


BEGINNING = Position(0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedEvent:
    """An event as read from the log. `data` is what JSON made of it: UUIDs and times are strings."""

    cursor: Cursor
    type: str
    data: Mapping[str, Any]
    audience: Audience
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Events after a place; `waits` when committed ones follow that may not be read yet, since an older transaction is open."""

    events: list[LoggedEvent]
    waits: bool


async def read_events(db: Database, after: Cursor | None, limit: int = 500) -> list[LoggedEvent]:
    """Up to `limit` events after the cursor, from the beginning of the log for None.

    Raises `ResyncNeeded` for a cursor of another epoch, from the future, unreadable, or older than what is kept.
    """
    epoch = await epoch_of(db)
    position = BEGINNING if after is None else _parse(after, epoch)
    page = await read_page(db, epoch, position, limit)
    if after is not None:  # asked after reading: a pruning in between is noticed
        await _check_kept(db, position, seen=bool(page.events))
    return page.events


async def read_page(db: Database, epoch: str, after: Position, limit: int) -> Page:
    """What may be read after a place, and whether more waits."""
    rows = await db.fetch(db.sql(sqlite=_READ_SQLITE, postgres=_READ_POSTGRES), after.id, after.xid, limit)
    settled = [row for row in rows if row["settled"]]
    return Page(events=[_event(row, epoch) for row in settled], waits=len(settled) < len(rows))


async def head(db: Database) -> Cursor:
    """The end of the log: take it before loading a state, and read on from it afterwards; nothing is missed."""
    epoch = await epoch_of(db)
    return _cursor(epoch, await head_position(db))


async def head_position(db: Database) -> Position:
    """The place before which everything is settled."""
    row = await db.fetch_one(db.sql(sqlite=_HEAD_SQLITE, postgres=_HEAD_POSTGRES))
    assert row is not None
    return Position(row["xid"], row["id"])


async def epoch_of(db: Database) -> str:
    """The database's epoch."""
    row = await db.fetch_one("SELECT value FROM hub_meta WHERE name = 'epoch'")
    return str(row["value"]) if row else ""


async def raise_epoch(work: Work) -> None:
    """Begin a new epoch: every cursor given out before gets `ResyncNeeded`. Call it after a restore.

    The log is emptied, since on another server transaction ids may start again below those in it.
    """
    await work.execute("DELETE FROM event_log")
    await _set_meta(work, "epoch", uuid4().hex[:12])
    await work.execute("DELETE FROM hub_meta WHERE name = 'pruned'")


async def settle_epoch(db: Database) -> None:
    """Begin a new epoch if this PostgreSQL database was restored or failed over elsewhere; call it at start. (A file cannot
    tell.)"""
    home = "file"
    if db.dialect == "postgres":
        row = await db.fetch_one(_HOME_POSTGRES)
        home = str(row["home"]) if row else ""
    known = await db.fetch_one("SELECT value FROM hub_meta WHERE name = 'home'")
    if known is not None and known["value"] == home:
        return
    async with db.unit_of_work() as work:
        if known is not None:
            await raise_epoch(work)
        await _set_meta(work, "home", home)


async def prune_events(db: Database, keep: timedelta = KEEP) -> int:
    """Delete what is older than `keep`, in short transactions; returns how many. Readers further back get `ResyncNeeded`."""
    first_kept = await db.fetch_one("SELECT xid, id FROM event_log WHERE at >= $1 ORDER BY xid, id LIMIT 1", clock.now() - keep)
    end = await head_position(db) if first_kept is None else Position(first_kept["xid"], first_kept["id"] - 1)
    deleted = 0
    while True:
        count = await _prune_some(db, end)
        deleted += count
        if count < _CHUNK:
            return deleted


async def _prune_some(db: Database, end: Position) -> int:
    async with db.unit_of_work() as work:
        rows = await work.fetch(
            "SELECT xid, id FROM event_log WHERE (xid, id) <= ($1, $2) ORDER BY xid, id LIMIT $3", end.xid, end.id, _CHUNK
        )
        if rows:
            last = rows[-1]
            await work.execute("DELETE FROM event_log WHERE (xid, id) <= ($1, $2)", last["xid"], last["id"])
            await _set_meta(work, "pruned", f"{last['xid']}.{last['id']}")
    return len(rows)


async def _set_meta(work: Work, name: str, value: str) -> None:
    await work.execute(
        "INSERT INTO hub_meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        name,
        value,
    )


async def _check_kept(db: Database, after: Position, *, seen: bool) -> None:
    pruned = await db.fetch_one("SELECT value FROM hub_meta WHERE name = 'pruned'")
    if pruned is not None:
        xid, _, row_id = pruned["value"].partition(".")
        if after < Position(int(xid), int(row_id)):
            raise ResyncNeeded("the log is not kept that long")
    if not seen and after > _ahead(await head_position(db), db):
        raise ResyncNeeded("the cursor is ahead of the log")


def _ahead(end: Position, db: Database) -> Position:
    # Another process may hold an older snapshot than the one that gave the cursor out, so leave PostgreSQL some room.
    return end if db.dialect == "sqlite" else Position(end.xid + 1_000_000, end.id)


def _event(row: Row, epoch: str) -> LoggedEvent:
    return LoggedEvent(
        cursor=_cursor(epoch, Position(row["xid"], row["id"])),
        type=row["type"],
        data=row["data"],
        audience=Audience.from_json(row["audience"]),
        at=row["at"],
    )


def _cursor(epoch: str, position: Position) -> Cursor:
    return Cursor(f"{epoch}.{position.xid:x}.{position.id:x}")


def _parse(cursor: Cursor, epoch: str) -> Position:
    said, _, place = cursor.partition(".")
    xid, _, row_id = place.partition(".")
    try:
        position = Position(int(xid, 16), int(row_id, 16))
    except ValueError:
        raise ResyncNeeded("not a cursor") from None
    if said != epoch or not (0 <= position.xid <= _LAST and 0 <= position.id <= _LAST):
        raise ResyncNeeded("a cursor of another epoch")
    return position
