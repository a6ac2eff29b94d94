"""The verbs on notifications."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from hub import clock
from hub.auth.callers import Caller
from hub.db import Audience, Database, Event, Work
from hub.ids import ConversationId, MessageId, UserId, new_id
from hub.jobs import Job
from hub.notifications.telling import Kind

KEPT: Final = timedelta(days=90)

MaySee = Callable[[UserId, ConversationId], Awaitable[bool]]
"""Whether a user may see a conversation now."""

_INSERT = """
INSERT INTO notification (id, user_id, kind, key, conversation_id, message_id, by_id, by_name, text, at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (user_id, key) DO NOTHING
"""
_LIST = """
SELECT n, id, kind, conversation_id, message_id, by_id, by_name, text, at, read_at FROM notification
WHERE user_id = $1 AND ($2::bigint IS NULL OR n < $2) AND (read_at IS NULL OR NOT $3) ORDER BY n DESC LIMIT $4
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """One thing a user was told."""

    n: int
    id: UUID
    kind: Kind
    conversation_id: ConversationId
    message_id: MessageId | None
    by_id: UserId | None
    by_name: str
    text: str
    at: datetime
    read_at: datetime | None


class Notifications:
    """What users were told."""

    def __init__(self, db: Database, may_see: MaySee) -> None:
        self._db, self._may_see = db, may_see

    async def perform(self, job: Job) -> None:
        """Tell what `telling.tell` asked for; run again it tells nobody twice."""
        asked = job.payload
        conversation_id = ConversationId(UUID(asked["conversation_id"]))
        wanted = [UserId(UUID(id)) for id in asked["user_ids"]]
        told = [user_id for user_id in wanted if await self._may_see(user_id, conversation_id)]
        async with self._db.unit_of_work() as work:
            for user_id in told:
                await _write(work, user_id, conversation_id, asked)

    async def listed(self, by: Caller, *, unread: bool, before_n: int | None, limit: int) -> list[Notification]:
        """One's own, newest first."""
        rows = await self._db.fetch(_LIST, by.person, before_n, unread, limit)
        return [Notification(**dict(row.items()) | {"kind": Kind(row["kind"])}) for row in rows]

    async def unread(self, by: Caller) -> int:
        """How many of one's own were not read."""
        return await _unread(self._db, by.person)

    async def read(self, by: Caller, ids: Sequence[UUID] | None) -> int:
        """One's own of these ids were read; None: all. Returns how many are left; other pages of the user are told."""
        sql = "UPDATE notification SET read_at = $2 WHERE user_id = $1 AND read_at IS NULL AND ($3 OR id = ANY($4::uuid[]))"
        async with self._db.unit_of_work() as work:
            changed = await work.execute(sql, by.person, clock.now(), ids is None, list(ids or ()))
            return await _tell_count(work, by.person) if changed else await _unread(work, by.person)

    async def prune(self) -> None:
        """Forget what is old, read or not."""
        async with self._db.unit_of_work() as work:
            await work.execute("DELETE FROM notification WHERE at < $1", clock.now() - KEPT)


async def read_conversations(work: Work, user_id: UserId, conversation_ids: Sequence[UUID]) -> None:
    """Who reads conversations has read what they were told of them."""
    sql = "UPDATE notification SET read_at = $3 WHERE user_id = $1 AND conversation_id = ANY($2::uuid[]) AND read_at IS NULL"
    if await work.execute(sql, user_id, list(conversation_ids), clock.now()):
        await _tell_count(work, user_id)


async def _write(work: Work, user_id: UserId, conversation_id: ConversationId, asked: Any) -> None:
    id, at = new_id(), datetime.fromisoformat(asked["at"])
    about = (asked["message_id"], asked["by_id"], asked["by_name"], asked["text"])
    message_id, by_id = (UUID(value) if value else None for value in about[:2])
    written = await work.execute(
        _INSERT, id, user_id, asked["kind"], asked["about"], conversation_id, message_id, by_id, about[2], about[3], at
    )
    if written:
        shown = {
            "id": id,
            "kind": asked["kind"],
            "conversation_id": conversation_id,
            "message_id": message_id,
            "by_id": by_id,
            "by_name": about[2],
            "text": about[3],
            "at": at,
            "read": False,
        }
        data = {"notification": shown, "unread": await _unread(work, user_id)}
        work.announce(Event(type="notification.added", data=data, audience=Audience(user_id=user_id)))


async def _tell_count(work: Work, user_id: UserId) -> int:
    unread = await _unread(work, user_id)
    work.announce(Event(type="notification.read", data={"unread": unread}, audience=Audience(user_id=user_id)))
    return unread


async def _unread(source: Database | Work, user_id: UserId) -> int:
    row = await source.fetch_one("SELECT count(*) AS n FROM notification WHERE user_id = $1 AND read_at IS NULL", user_id)
    return int(row["n"]) if row else 0
