"""Claiming what is due, and giving it back: leases with a fencing number.

A worker that lost its lease (it was stopped, its clock stood still) finds its number overtaken and writes nothing.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hub.db import Database
from hub.delivery.store import Delivery, delivery_of

LEASE = timedelta(seconds=20)
"""How long what a killed process was sending waits until it is looked after; a living one renews it."""


async def claim(db: Database, *, now: datetime, limit: int) -> list[Delivery]:
    """Take up to `limit` due deliveries, each with an attempt begun.

    Order is kept per conversation and channel: nothing is taken while an earlier message there is still on its way. An unknown one does
    not stand in the way.
    """
    lock = db.sql(sqlite="", postgres="FOR UPDATE OF d SKIP LOCKED")
    async with db.unit_of_work() as work:
        due = await work.fetch(
            f"""
            SELECT d.id FROM delivery d WHERE d.state IN ('queued', 'deferred') AND d.due_at <= $1 AND NOT EXISTS (
                SELECT 1 FROM delivery e WHERE e.conversation_id = d.conversation_id AND e.channel = d.channel AND e.n < d.n
                AND e.message_id <> d.message_id AND e.state IN ('queued', 'sending', 'deferred'))
            ORDER BY d.due_at, d.n LIMIT $2 {lock}
            """,
            now,
            limit,
        )
        if not due:
            return []
        rows = await work.fetch(
            """
            UPDATE delivery SET state = 'sending', fence = fence + 1, attempts = attempts + 1, lease_until = $2, updated_at = $3
            WHERE id = ANY($1::uuid[]) RETURNING *
            """,
            [row["id"] for row in due],
            now + LEASE,
            now,
        )
        claimed = sorted(map(delivery_of, rows), key=lambda d: d.n)
        await work.execute_many(
            """
            INSERT INTO delivery_attempt (delivery_id, number, fence, started_at, outcome, provider_code, detail)
            VALUES ($1, $2, $3, $4, 'started', '', '')
            """,
            [(d.id, d.attempts, d.fence, now) for d in claimed],
        )
    return claimed


async def renew(db: Database, claimed: Sequence[Delivery], *, now: datetime) -> None:
    """Keep hold of what is still being sent."""
    async with db.unit_of_work() as work:
        await work.execute_many(
            "UPDATE delivery SET lease_until = $3 WHERE id = $1 AND fence = $2 AND state = 'sending'",
            [(d.id, d.fence, now + LEASE) for d in claimed],
        )


async def expired(db: Database, *, now: datetime) -> list[Delivery]:
    """Deliveries whose worker is gone: what they led to, nobody knows."""
    rows = await db.fetch("SELECT * FROM delivery WHERE state = 'sending' AND lease_until < $1 ORDER BY n LIMIT 200", now)
    return [delivery_of(row) for row in rows]


async def release_all(db: Database) -> None:
    """At the start of the only process there is: whatever was being sent is so no more."""
    async with db.unit_of_work() as work:
        await work.execute("UPDATE delivery SET lease_until = $1 WHERE state = 'sending'", datetime.fromtimestamp(0, UTC))


def by_message(claimed: Sequence[Delivery]) -> dict[UUID, list[Delivery]]:
    """Deliveries of one message go out together."""
    grouped: dict[UUID, list[Delivery]] = {}
    for delivery in claimed:
        grouped.setdefault(delivery.message_id, []).append(delivery)
    return grouped
