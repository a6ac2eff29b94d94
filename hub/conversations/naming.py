"""A customer is called otherwise, or is part of another now: those who see conversations with him are told."""

from collections.abc import Sequence
from typing import Final

from hub.conversations import events
from hub.conversations.store import conversation_of
from hub.conversations.views import conversation_views
from hub.db import Database
from hub.ids import ConversationId, CustomerId

CLOSED_TOLD: Final = 200  # the newest: who opens an older one reads it anew
_AT_ONCE: Final = 100

_OF = "id IN (SELECT conversation_id FROM conversation_customer WHERE customer_id = ANY($1::uuid[]))"
_OPEN = f"SELECT id FROM conversation WHERE {_OF} AND state <> 'closed' ORDER BY n"
_CLOSED = f"SELECT id FROM conversation WHERE {_OF} AND state = 'closed' ORDER BY last_message_at DESC, n DESC LIMIT $2"
_THESE = "SELECT * FROM conversation WHERE id = ANY($1::uuid[]) ORDER BY n"


async def tell_customer_names(db: Database, customer_ids: Sequence[CustomerId]) -> None:
    """Announce the conversations of these customers as they are. May be done again; nothing is changed by it.

    Nothing is locked: where a conversation changes meanwhile the event carries an older `rev` than what is told of that change.
    """
    of = list(customer_ids)
    found = [*await db.fetch(_OPEN, of), *await db.fetch(_CLOSED, of, CLOSED_TOLD)]
    ids = [ConversationId(row["id"]) for row in found]
    for start in range(0, len(ids), _AT_ONCE):
        await _tell(db, ids[start : start + _AT_ONCE])


async def _tell(db: Database, ids: Sequence[ConversationId]) -> None:
    async with db.unit_of_work() as work:
        these = [conversation_of(row) for row in await work.fetch(_THESE, list(ids))]
        views = await conversation_views(work, these)
        for conversation in these:
            work.announce(events.changed(conversation, views[conversation.id]))
