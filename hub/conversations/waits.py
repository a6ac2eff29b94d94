"""Until when a waiting conversation shall have an answer, as routing says: kept with the conversation, so that lists can show and sort it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from hub.conversations import events
from hub.conversations.lifecycle import Conversation
from hub.conversations.store import conversation_of, lock_conversations
from hub.conversations.views import conversation_views
from hub.db import Database, Work
from hub.ids import ConversationId, QueueId
from hub.messages.jobs import TELL_WAITS
from hub.notifications import Kind, Telling, tell

_SET = """
UPDATE conversation SET clock_since = waiting_since, clock_queue_id = queue_id, response_due_at = $2, overdue_at = NULL,
    rev = rev + 1 WHERE id = $1"""
_FORGET = """
UPDATE conversation SET clock_since = NULL, response_due_at = NULL, overdue_at = NULL
WHERE state = 'open' AND waiting_for = 'us' AND queue_id = ANY($1::uuid[])"""
_WAITING = """
SELECT * FROM conversation WHERE state = 'open' AND waiting_for = 'us' AND queue_id = ANY($1::uuid[]) AND n > $2 ORDER BY n LIMIT $3"""
_AT_ONCE = 100
_OVERDUE = """
UPDATE conversation SET overdue_at = $2, rev = rev + 1 WHERE id = ANY($1::uuid[])
    AND state = 'open' AND waiting_for = 'us' AND clock_since = waiting_since AND clock_queue_id = queue_id AND overdue_at IS NULL
RETURNING *"""


async def set_due(work: Work, due: Mapping[ConversationId, tuple[datetime, datetime | None]]) -> None:
    """By conversation: since when it waits, and when its answer is due. One that waits otherwise by now is left to the next round."""
    locked = await lock_conversations(work, due)
    waiting = [c for c in locked.values() if c.waiting_since == due[c.id][0]]
    await work.execute_many(_SET, [(c.id, due[c.id][1]) for c in waiting])
    await _announce(work, [_promised(c, due[c.id][1]) for c in waiting if due[c.id][1] is not None])


async def _announce(work: Work, conversations: Sequence[Conversation]) -> None:
    views = await conversation_views(work, conversations)
    for conversation in conversations:
        work.announce(events.changed(conversation, views[conversation.id]))


def _promised(conversation: Conversation, due_at: datetime | None) -> Conversation:
    since, queue_id = conversation.waiting_since, conversation.queue_id
    return replace(conversation, response_due_at=due_at, clock_since=since, clock_queue_id=queue_id)


async def forget_due(work: Work, queue_ids: Sequence[QueueId]) -> None:
    """Let what waits in these queues get its due time anew: their hours or promises changed."""
    if not queue_ids:
        return
    await work.execute(_FORGET, list(queue_ids))
    work.enqueue(TELL_WAITS, queue_ids=[str(id) for id in queue_ids], beyond=0)


async def tell_waits(db: Database, queue_ids: Sequence[QueueId], beyond: int) -> None:
    """Announce the next of what waits in these queues after number `beyond`, as it is (a job): the promise it had is gone."""
    async with db.unit_of_work() as work:
        rows = await work.fetch(_WAITING, list(queue_ids), beyond, _AT_ONCE)
        await _announce(work, [conversation_of(row) for row in rows])
        if len(rows) == _AT_ONCE:
            work.enqueue(TELL_WAITS, queue_ids=[str(id) for id in queue_ids], beyond=rows[-1]["n"])


async def mark_overdue(work: Work, ids: Sequence[ConversationId], at: datetime) -> int:
    """Say that these are late, once for each wait, and to whoever has them; returns how many still were."""
    rows = await work.fetch(_OVERDUE, list(ids), at)
    late = [conversation_of(row) for row in rows]
    views = await conversation_views(work, late)
    for conversation in late:
        work.announce(events.overdue(conversation, views[conversation.id]))
        holder = () if conversation.assignee_id is None else (conversation.assignee_id,)
        key = f"overdue {conversation.id} {conversation.waiting_since.isoformat()}"
        tell(
            work, Telling(kind=Kind.OVERDUE, key=key, user_ids=holder, conversation_id=conversation.id, text=conversation.preview)
        )
    return len(late)
