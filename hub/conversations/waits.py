"""Until when a waiting conversation shall have an answer, as routing says: kept with the conversation, so that lists can show and sort it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from hub.conversations import events
from hub.conversations.store import conversation_of, lock_conversations
from hub.conversations.views import conversation_views
from hub.db import Work
from hub.ids import ConversationId, QueueId
from hub.notifications import Kind, Telling, tell

_SET = """
UPDATE conversation SET clock_since = waiting_since, clock_queue_id = queue_id, response_due_at = $2, overdue_at = NULL,
    rev = rev + 1 WHERE id = $1"""
_FORGET = """
UPDATE conversation SET clock_since = NULL, response_due_at = NULL, overdue_at = NULL
WHERE state = 'open' AND waiting_for = 'us' AND queue_id = ANY($1::uuid[])"""
_OVERDUE = """
UPDATE conversation SET overdue_at = $2, rev = rev + 1 WHERE id = ANY($1::uuid[])
    AND state = 'open' AND waiting_for = 'us' AND clock_since = waiting_since AND overdue_at IS NULL
RETURNING *"""


async def set_due(work: Work, due: Mapping[ConversationId, tuple[datetime, datetime | None]]) -> None:
    """By conversation: since when it waits, and when its answer is due. One that waits otherwise by now is left to the next round."""
    locked = await lock_conversations(work, due)
    waiting = [c for c in locked.values() if c.waiting_since == due[c.id][0]]
    await work.execute_many(_SET, [(c.id, due[c.id][1]) for c in waiting])
    promised = [replace(c, response_due_at=due[c.id][1]) for c in waiting if due[c.id][1] is not None]
    views = await conversation_views(work, promised)
    for conversation in promised:
        work.announce(events.changed(conversation, views[conversation.id]))


async def forget_due(work: Work, queue_ids: Sequence[QueueId]) -> None:
    """Let what waits in these queues get its due time anew: their hours or promises changed."""
    if queue_ids:
        await work.execute(_FORGET, list(queue_ids))


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
