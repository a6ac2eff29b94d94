"""The response clock: until when whoever waits shall have an answer, in the business time of their queue.

A wait is named by when it began and in which queue; the clock of another wait is void. So nothing has to be stopped when an answer
goes out, and a process that died between a message and its clock leaves a wait whose clock the next round sets.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from hub.db import Reads, Row
from hub.ids import CalendarId, ConversationId, QueueId
from hub.routing.hours import Calendar, add_business
from hub.routing.values import Queue

BATCH = 200

_UNSET = """
SELECT c.id, c.queue_id, c.waiting_since, EXISTS (
    SELECT 1 FROM message m WHERE m.conversation_id = c.id AND m.direction = 'out' AND m.author_id IS NOT NULL
) AS answered
FROM conversation c
WHERE c.state = 'open' AND c.waiting_for = 'us' AND c.queue_id IS NOT NULL
    AND (c.clock_since IS NULL OR c.clock_since <> c.waiting_since OR c.clock_queue_id <> c.queue_id)
    AND c.queue_id = ANY($1::uuid[])
ORDER BY c.waiting_since LIMIT $2"""
_OVERDUE = """
SELECT id FROM conversation
WHERE state = 'open' AND waiting_for = 'us' AND response_due_at IS NOT NULL AND overdue_at IS NULL
    AND response_due_at <= $1 AND clock_since = waiting_since AND clock_queue_id = queue_id
ORDER BY response_due_at LIMIT $2"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """A customer waits for an answer. `due_at` is None where the queue promises none, or never opens."""

    conversation_id: ConversationId
    queue_id: QueueId
    since: datetime
    due_at: datetime | None


async def unset_waits(reads: Reads, queues: Mapping[QueueId, Queue], calendars: Mapping[CalendarId, Calendar]) -> list[Wait]:
    """The waits that have no clock yet, the oldest first, with when they will be due."""
    kept = [queue.id for queue in queues.values() if queue.keeps_a_clock]
    rows = await reads.fetch(_UNSET, kept, BATCH) if kept else []
    return [_wait(row, queues[row["queue_id"]], calendars) for row in rows]


async def newly_overdue(reads: Reads, now: datetime) -> list[ConversationId]:
    """Whose answer is due since just now; told once for each wait."""
    return [row["id"] for row in await reads.fetch(_OVERDUE, now, BATCH)]


def _wait(row: Row, queue: Queue, calendars: Mapping[CalendarId, Calendar]) -> Wait:
    minutes = queue.next_response_minutes if row["answered"] else queue.first_response_minutes
    calendar = calendars.get(queue.calendar_id) if queue.calendar_id else None
    return Wait(
        conversation_id=row["id"],
        queue_id=queue.id,
        since=row["waiting_since"],
        due_at=None if minutes is None else due_at(calendar, row["waiting_since"], minutes),
    )


def due_at(calendar: Calendar | None, since: datetime, minutes: int) -> datetime | None:
    """When a promise of so many minutes runs out; by the wall clock where the queue has no hours."""
    length = timedelta(minutes=minutes)
    return since + length if calendar is None else add_business(calendar, since, length)
