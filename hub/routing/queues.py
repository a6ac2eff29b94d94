"""Queues: made and edited by those who manage them."""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from msgspec import UNSET, UnsetType

from hub import clock
from hub.auth import audit
from hub.auth.callers import Caller
from hub.auth.events import tell_callers
from hub.auth.queries import rights_of
from hub.auth.rights import Right
from hub.bus import Bus
from hub.conversations.waits import forget_due
from hub.db import Database, ForeignKeyViolation, UniqueViolation, Work
from hub.errors import Invalid, Stale
from hub.ids import CalendarId, QueueId, UserId, new_id
from hub.routing.dispatcher import hold_routing
from hub.routing.errors import NoSuchQueue, QueueInUse, QueueNameTaken
from hub.routing.events import queue_changed
from hub.routing.snapshot import read_queues
from hub.routing.values import CAPACITY, WEIGHTS, Queue, Strategy

LANGUAGES = ("zh", "en")

_INSERT = """
INSERT INTO queue (id, name, name_key, strategy, offer_seconds, priority, weights, calendar_id, first_response_minutes,
    next_response_minutes, after_hours, is_default, members_edited, version, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 1, $14, $14)"""
_UPDATE = """
UPDATE queue SET name = $2, name_key = $3, strategy = $4, offer_seconds = $5, priority = $6, weights = $7,
    calendar_id = $8, first_response_minutes = $9, next_response_minutes = $10, after_hours = $11,
    version = version + 1, updated_at = $12 WHERE id = $1"""
_MINE = "SELECT queue_id FROM queue_member WHERE user_id = $1"
_DEFAULT_OF_ALL = "SELECT id FROM queue WHERE is_default AND NOT members_edited"
_WAITING = """
SELECT queue_id, count(*) AS waiting, min(waiting_since) AS oldest FROM conversation
WHERE state = 'open' AND waiting_for = 'us' AND assignee_id IS NULL GROUP BY queue_id"""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueChange:
    """What shall be different; `UNSET` stays."""

    name: str | UnsetType = UNSET
    strategy: Strategy | UnsetType = UNSET
    offer_seconds: int | UnsetType = UNSET
    priority: int | UnsetType = UNSET
    weights: Mapping[str, int] | UnsetType = UNSET
    member_ids: tuple[UserId, ...] | UnsetType = UNSET
    calendar_id: CalendarId | UnsetType | None = UNSET
    first_response_minutes: int | UnsetType | None = UNSET
    next_response_minutes: int | UnsetType | None = UNSET
    after_hours: Mapping[str, Mapping[str, str]] | UnsetType = UNSET


class Queues:
    """Verbs on queues. `by` needs `queues.manage` (checked at the door)."""

    def __init__(self, db: Database, bus: Bus) -> None:
        self._db, self._bus = db, bus

    async def all(self) -> list[Queue]:
        """All queues, by name."""
        return list((await read_queues(self._db)).values())

    async def get(self, queue_id: QueueId) -> Queue:
        """One queue; raises `NoSuchQueue`."""
        return _found(await read_queues(self._db), queue_id)

    async def of_user(self, user_id: UserId) -> frozenset[QueueId]:
        """The queues a user works: what `Caller.queue_ids` holds."""
        mine = {QueueId(row["queue_id"]) for row in await self._db.fetch(_MINE, user_id)}
        shared = await self._db.fetch_one(_DEFAULT_OF_ALL)
        if shared is not None and Right.CONVERSATIONS_REPLY in await rights_of(self._db, user_id):
            mine.add(QueueId(shared["id"]))
        return frozenset(mine)

    async def waiting(self) -> dict[UUID | None, tuple[int, Any]]:
        """For each queue: how many conversations wait, and since when the oldest does."""
        return {row["queue_id"]: (row["waiting"], row["oldest"]) for row in await self._db.fetch(_WAITING)}

    async def add(self, by: Caller, change: QueueChange) -> Queue:
        """Make a queue; raises `QueueNameTaken`, `Invalid`."""
        queue_id, now = QueueId(new_id()), clock.now()
        made = _changed(Queue(id=queue_id, name=""), change)
        async with _writing(self._db) as work:
            await work.execute(_INSERT, queue_id, made.name, _key(made.name), made.strategy, *_numbers(made), False, True, now)
            await self._set_members(work, made.members, frozenset(), queue_id)
            await audit.record(work, by, "queue.add", subject=("queue", queue_id), detail={"name": made.name})
            return await self._stored(work, queue_id)

    async def change(self, by: Caller, queue_id: QueueId, change: QueueChange, *, version: int) -> Queue:
        """Edit a queue; raises `NoSuchQueue`, `Stale`, `QueueNameTaken`, `Invalid`."""
        async with _writing(self._db) as work:
            await work.hold(f"queue {queue_id}")  # of two who change it at once, the second sees what the first made of it
            before = _found(await read_queues(work), queue_id)
            if before.version != version:
                raise Stale("somebody else changed this queue", version=before.version)
            after = _changed(before, change)
            await work.execute(_UPDATE, queue_id, after.name, _key(after.name), after.strategy, *_numbers(after), clock.now())
            if _clock(before) != _clock(after):
                await forget_due(work, [queue_id])
            if change.member_ids is not UNSET:
                await work.execute("UPDATE queue SET members_edited = TRUE WHERE id = $1", queue_id)
                await self._set_members(work, after.members, before.members, queue_id)
            await audit.record(work, by, "queue.change", subject=("queue", queue_id), detail={"name": after.name})
            return await self._stored(work, queue_id)

    async def remove(self, by: Caller, queue_id: QueueId) -> None:
        """Delete a queue; what waits in it goes to another. Raises `NoSuchQueue`, `QueueInUse`."""
        async with self._db.unit_of_work() as work:
            await work.hold(f"queue {queue_id}")
            await hold_routing(work)
            queue = _found(await read_queues(work), queue_id)
            if queue.is_default:
                raise QueueInUse("the default queue cannot be deleted")
            await self._set_members(work, frozenset(), queue.members, queue_id)
            await work.execute("DELETE FROM queue WHERE id = $1", queue_id)
            await audit.record(work, by, "queue.remove", subject=("queue", queue_id), detail={"name": queue.name})
            work.announce(queue_changed({"id": queue_id, "deleted": True}))

    async def _stored(self, work: Work, queue_id: QueueId) -> Queue:
        queue = (await read_queues(work))[queue_id]
        work.announce(queue_changed({"id": queue.id, "name": queue.name, "version": queue.version}))
        return queue

    async def _set_members(self, work: Work, members: frozenset[UserId], before: frozenset[UserId], queue_id: QueueId) -> None:
        await work.execute("DELETE FROM queue_member WHERE queue_id = $1", queue_id)
        rows = [(queue_id, user_id) for user_id in sorted(members)]
        await work.insert_many("queue_member", {"queue_id": "uuid", "user_id": "uuid"}, rows)
        for user_id in members ^ before:  # they see other conversations from now on
            tell_callers(work, self._bus, user_id=user_id)


async def ensure_defaults(work: Work) -> None:
    """A hub has one queue from the start, worked by everybody who may answer, until somebody says otherwise."""
    await hold_routing(work)  # processes that start together make one together
    if await work.fetch_one("SELECT id FROM queue WHERE is_default") is None:
        made = Queue(id=QueueId(new_id()), name="General")
        await work.execute(_INSERT, made.id, made.name, _key(made.name), made.strategy, *_numbers(made), True, False, clock.now())


@asynccontextmanager
async def _writing(db: Database) -> AsyncIterator[Work]:
    """A unit of work in which routing stands still, and whose refusals have names."""
    try:
        async with db.unit_of_work() as work:
            await hold_routing(work)
            yield work
    except UniqueViolation as taken:
        raise QueueNameTaken("another queue has this name") from taken
    except ForeignKeyViolation as missing:
        raise Invalid("there is no such user, or no such calendar") from missing


def _found(queues: Mapping[QueueId, Queue], queue_id: QueueId) -> Queue:
    if queue_id not in queues:
        raise NoSuchQueue("there is no such queue")
    return queues[queue_id]


def _changed(queue: Queue, change: QueueChange) -> Queue:
    weights = queue.weights if change.weights is UNSET else dict(change.weights)
    unknown = set(weights) - set(WEIGHTS)
    if unknown or not all(0 < weight <= CAPACITY for weight in weights.values()):
        raise Invalid(f"weights are 1 to {CAPACITY} for each of {', '.join(WEIGHTS)}")
    name = queue.name if change.name is UNSET else change.name.strip()
    if not name:
        raise Invalid("a queue needs a name")
    return Queue(
        id=queue.id,
        name=name,
        strategy=queue.strategy if change.strategy is UNSET else change.strategy,
        offer_seconds=queue.offer_seconds if change.offer_seconds is UNSET else change.offer_seconds,
        priority=queue.priority if change.priority is UNSET else change.priority,
        weights=weights,
        members=queue.members if change.member_ids is UNSET else frozenset(change.member_ids),
        calendar_id=queue.calendar_id if change.calendar_id is UNSET else change.calendar_id,
        first_response_minutes=(
            queue.first_response_minutes if change.first_response_minutes is UNSET else change.first_response_minutes
        ),
        next_response_minutes=(
            queue.next_response_minutes if change.next_response_minutes is UNSET else change.next_response_minutes
        ),
        after_hours=queue.after_hours if change.after_hours is UNSET else _texts(change.after_hours),
        is_default=queue.is_default,
        version=queue.version,
    )


def _texts(given: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    """What is answered after hours; languages without a text are left out."""
    if set(given) - set(WEIGHTS) or any(set(texts) - set(LANGUAGES) for texts in given.values()):
        raise Invalid(f"texts are by channel ({', '.join(WEIGHTS)}) and language ({', '.join(LANGUAGES)})", path="after_hours")
    kept = {
        channel: {language: text.strip() for language, text in texts.items() if text.strip()} for channel, texts in given.items()
    }
    return {channel: texts for channel, texts in kept.items() if texts}


def _numbers(queue: Queue) -> Iterable[Any]:
    return queue.offer_seconds, queue.priority, dict(queue.weights), *_clock(queue), dict(queue.after_hours)


def _clock(queue: Queue) -> tuple[CalendarId | None, int | None, int | None]:
    return queue.calendar_id, queue.first_response_minutes, queue.next_response_minutes


def _key(name: str) -> str:
    return name.casefold()
