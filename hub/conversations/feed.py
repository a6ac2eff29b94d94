"""All messages one after the other, in an order that no reader can skip.

On PostgreSQL a transaction may commit after one that began later, so that the numbers of messages do not become visible in
order. They are ordered by (transaction id, number) and read only below the oldest transaction still open, as the event log is.
On SQLite there is one writer, and every row has the transaction id 0.
"""

from hub.auth.callers import Caller
from hub.conversations.policy import Args, visible_to
from hub.conversations.queries import MESSAGE, message_of
from hub.conversations.values import MessageView
from hub.db import Database, Reads

Place = tuple[int, int]
"""Transaction id and number of a message."""

BEGINNING: Place = (-1, 0)

_BASE = "SELECT value::bigint AS base FROM hub_meta WHERE name = 'message_base'"
_END = f"SELECT coalesce(({_BASE}), 0) + pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS below"
_NEXT = f"SELECT coalesce(({_BASE}), 0) + pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS id"


async def settled_below(db: Database) -> int:
    """The transaction id from which on a message may still come between others. Ask before reading."""
    if db.dialect == "sqlite":
        return 1
    row = await db.fetch_one(_END)
    assert row is not None
    return int(row["below"])


async def messages(
    reads: Reads, caller: Caller, *, direction: str | None, channel: str | None, after: Place, below: int, limit: int
) -> list[tuple[Place, MessageView]]:
    """Messages of all conversations the caller sees, oldest first, each with its place."""
    args = Args([*after, below])
    where = ["(m.xid, m.n) > ($1, $2)", "m.xid < $3", "m.send_at IS NULL", "m.undo_until IS NULL", visible_to(caller, args)]
    if direction is not None:
        where.append(f"m.direction = {args.add(direction)}")
    if channel is not None:
        where.append(f"m.channel = {args.add(channel)}")
    sql = f"""
        SELECT m.xid, {MESSAGE} FROM message m JOIN conversation c ON c.id = m.conversation_id
        WHERE {" AND ".join(where)} ORDER BY m.xid, m.n LIMIT {args.add(limit)}
    """
    return [((row["xid"], row["n"]), message_of(row)) for row in await reads.fetch(sql, *args)]


async def keep_order(db: Database) -> None:
    """Let new messages come after all that are stored, also where this database was restored to a server that counts its
    transactions anew. Call it at start."""
    if db.dialect == "sqlite":
        return
    async with db.unit_of_work() as work:
        await work.hold("message order")
        last = await work.fetch_one("SELECT max(xid) AS xid FROM message")
        following = await work.fetch_one(_NEXT)
        if last is None or last["xid"] is None or following is None or last["xid"] < following["id"]:
            return
        base = int(last["xid"]) + 1
        await work.execute(f"ALTER TABLE message ALTER COLUMN xid SET DEFAULT ({base} + pg_current_xact_id()::text::bigint)")
        await work.execute(
            "INSERT INTO hub_meta (name, value) VALUES ('message_base', $1) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            str(base),
        )
