"""Claiming what is due, and giving it back: leases with a fencing number.

A worker that lost its lease (it was stopped, its clock stood still) finds its number overtaken and writes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from hub import clock
from hub.db import Database
from hub.delivery.carriers import Shut
from hub.delivery.store import Delivery, delivery_of
from hub.ids import AccountId, MessageId
from hub.messages.address import ChannelKind

LEASE = timedelta(seconds=20)
"""How long what a killed process was sending waits until it is looked after; a living one renews it."""

ASKED_WITHIN = timedelta(minutes=2)
"""How long a lost one waits for the connection over which its provider can be asked. Then nobody knows, and a person can see that."""

_OPEN = "d.account_id <> ALL($3::uuid[]) AND (d.give_up_at <= $1 OR d.account_id <> ALL($4::uuid[]))"
"""What is not shut here (see `Shut`)."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Parcel:
    """Deliveries of one message that go out in one piece."""

    message_id: MessageId
    deliveries: tuple[Delivery, ...]

    @property
    def account_id(self) -> AccountId:
        """Whose adapter sends it."""
        return self.deliveries[0].account_id


_ATTEMPT_COLUMNS = {
    "delivery_id": "uuid", "number": "integer", "fence": "bigint", "started_at": "timestamptz", "outcome": "text",
    "provider_code": "text", "detail": "text",
}  # fmt: skip


async def claim(db: Database, *, now: datetime, limit: int, shut: Shut) -> list[Delivery]:
    """Take up to `limit` due deliveries, each with an attempt begun.

    Order is kept per conversation and channel: nothing is taken while an earlier message there is still on its way. An unknown one does
    not stand in the way.
    """
    lock = db.sql(sqlite="", postgres="FOR UPDATE OF d SKIP LOCKED")
    async with db.unit_of_work() as work:
        rows = await work.fetch(
            f"""
            WITH due AS (
                SELECT d.n FROM delivery d WHERE d.state IN ('queued', 'deferred') AND d.due_at <= $1 AND NOT EXISTS (
                    SELECT 1 FROM delivery e WHERE e.conversation_id = d.conversation_id AND e.channel = d.channel AND e.n < d.n
                    AND e.message_id <> d.message_id AND e.state IN ('queued', 'sending', 'deferred'))
                AND {_OPEN} ORDER BY d.due_at, d.n LIMIT $2 {lock}
            )
            UPDATE delivery SET state = 'sending', fence = fence + 1, attempts = attempts + 1, lease_until = $5, updated_at = $1
            WHERE n IN (SELECT n FROM due) RETURNING *
            """,
            *(now, limit, list(shut.elsewhere), list(shut.waiting), now + LEASE),
        )
        claimed = sorted(map(delivery_of, rows), key=lambda d: d.n)
        await work.insert_many(
            "delivery_attempt", _ATTEMPT_COLUMNS, [(d.id, d.attempts, d.fence, now, "started", "", "") for d in claimed]
        )
    return claimed


async def renew(db: Database, claimed: Sequence[Delivery], *, now: datetime) -> None:
    """Keep hold of what is still being sent."""
    async with db.unit_of_work() as work:
        await work.execute_many(
            "UPDATE delivery SET lease_until = $3 WHERE id = $1 AND fence = $2 AND state = 'sending'",
            [(d.id, d.fence, now + LEASE) for d in sorted(claimed, key=lambda d: d.n)],  # as everybody locks them
        )


async def leave_unknown(db: Database, parcel: Parcel) -> None:
    """What came of it can be stored in no other way: let it be seen that nobody knows."""
    async with db.unit_of_work() as work:
        await work.execute_many(
            """
            UPDATE delivery SET state = 'unknown', failure = 'outcome_unknown', detail = 'internal error', lease_until = NULL
            WHERE id = $1 AND fence = $2 AND state = 'sending'
            """,
            [(d.id, d.fence) for d in parcel.deliveries],
        )


async def expired(db: Database, *, now: datetime, shut: Shut) -> list[Delivery]:
    """Deliveries whose worker is gone: what they led to, nobody knows. Only who is connected can ask."""
    rows = await db.fetch(
        """
        SELECT * FROM delivery WHERE state = 'sending' AND lease_until < $1 AND account_id <> ALL($3::uuid[])
        AND (lease_until < $5 OR account_id <> ALL($4::uuid[])) ORDER BY n LIMIT $2
        """,
        *(now, 200, list(shut.elsewhere), list(shut.waiting), now - ASKED_WITHIN),
    )
    return [delivery_of(row) for row in rows]


async def release_all(db: Database) -> None:
    """At the start of the only process there is: whatever was being sent is so no more."""
    async with db.unit_of_work() as work:
        await work.execute("UPDATE delivery SET lease_until = $1 WHERE state = 'sending' AND lease_until > $1", clock.now())


def parcels(claimed: Sequence[Delivery]) -> list[Parcel]:
    """Those of one mail go together, since one transaction carries it to many; all others one by one."""
    grouped: dict[UUID, list[Delivery]] = {}
    for delivery in claimed:
        one = delivery.message_id if delivery.channel is ChannelKind.EMAIL else delivery.id
        grouped.setdefault(one, []).append(delivery)
    return [Parcel(message_id=one[0].message_id, deliveries=tuple(one)) for one in grouped.values()]
