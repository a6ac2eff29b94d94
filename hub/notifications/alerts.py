"""Alerts: what a member of staff is told by short message, where nobody may be looking at a screen.

Asked for here, with the transaction of what happened; sent by `delivery`, when quiet hours and the cap let it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from hub import clock
from hub.db import Database, Reads, Row, Work
from hub.ids import MessageId, UserId, new_id
from hub.messages.jobs import SEND_ALERT
from hub.messages.plain import block

MOST_AN_HOUR: Final = 10
"""Alerts a user gets in any hour; what goes beyond is dropped: who gets more reads none, and the console shows it all anyway."""

KEPT: Final = timedelta(days=90)
LONGEST: Final = 300  # characters


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One of them, waiting. `message_id` is the one its message will have."""

    id: UUID
    user_id: UserId
    text: str
    urgent: bool
    message_id: MessageId


async def send_alert(work: Work, user_id: UserId, text: str, *, dedup_key: str, urgent: bool = False) -> None:
    """Tell a user, to the number in the preferences; once for each `dedup_key`, however often it is asked for.

    In quiet hours it waits for their end, unless it is `urgent`. Who has no number is told nothing.
    """
    id = new_id()
    sql = """
    INSERT INTO alert (id, user_id, dedup_key, text, urgent, state, reason, due_at, message_id, created_at)
    VALUES ($1, $2, $3, $4, $5, 'waiting', '', $6, $7, $6) ON CONFLICT (user_id, dedup_key) DO NOTHING
    """
    if await work.execute(sql, id, user_id, dedup_key[:200], block(text, LONGEST), urgent, clock.now(), new_id()):
        enqueue(work, id, user_id)


def enqueue(work: Work, id: UUID, user_id: UserId, *, due: datetime | None = None) -> None:
    """Have it sent, one at a time for each user."""
    work.enqueue(SEND_ALERT, due=due, lock=f"{SEND_ALERT} {user_id}", alert_id=id)


async def waiting(reads: Reads, id: UUID) -> Alert | None:
    """The alert, if nothing has become of it yet."""
    row = await reads.fetch_one("SELECT id, user_id, text, urgent, message_id FROM alert WHERE id = $1 AND state = 'waiting'", id)
    return None if row is None else _alert(row)


async def postpone(db: Database, alert: Alert, until: datetime) -> None:
    """Look at it again then."""
    async with db.unit_of_work() as work:
        await work.execute("UPDATE alert SET due_at = $2 WHERE id = $1", alert.id, until)
        enqueue(work, alert.id, alert.user_id, due=until)


async def settle(db: Database, alert: Alert, state: str, *, reason: str = "") -> None:
    """It is `sent`, or `dropped` for a reason."""
    sql = "UPDATE alert SET state = $2, reason = $3, done_at = $4 WHERE id = $1"
    async with db.unit_of_work() as work:
        await work.execute(sql, alert.id, state, reason, clock.now())


async def sent_since(reads: Reads, user_id: UserId, at: datetime) -> int:
    """How many a user got."""
    row = await reads.fetch_one(
        "SELECT count(*) AS n FROM alert WHERE user_id = $1 AND done_at > $2 AND state = 'sent'", user_id, at
    )
    return int(row["n"]) if row else 0


async def last_message(reads: Reads, user_id: UserId) -> MessageId | None:
    """That of the alert sent to them last."""
    row = await reads.fetch_one(
        "SELECT message_id FROM alert WHERE user_id = $1 AND state = 'sent' ORDER BY done_at DESC LIMIT 1", user_id
    )
    return MessageId(row["message_id"]) if row else None


async def prune(work: Work) -> None:
    """Forget what is old."""
    await work.execute("DELETE FROM alert WHERE created_at < $1 AND state <> 'waiting'", clock.now() - KEPT)


def _alert(row: Row) -> Alert:
    return Alert(
        id=row["id"],
        user_id=UserId(row["user_id"]),
        text=row["text"],
        urgent=bool(row["urgent"]),
        message_id=MessageId(row["message_id"]),
    )
