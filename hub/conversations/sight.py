"""Who may see an event: decided in memory, from the caller and the event's audience alone.

What is not allowed is not seen.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from hub.auth.callers import Caller
from hub.auth.rights import Right
from hub.db import Audience, LoggedEvent

APPEARED, VANISHED, CHANGED = "conversation.appeared", "conversation.vanished", "conversation.changed"


def may_see(caller: Caller, audience: Audience) -> bool:
    """Whether this is for the caller, as things stand after the event."""
    if caller.kind == "visitor":
        return caller.visitor_id is not None and caller.visitor_id == audience.visitor_id
    if not caller.signed_in:
        return False
    if audience.user_id is not None and audience.user_id != caller.user_id:
        return False
    if audience.right is not None and audience.right not in caller.rights:
        return False
    if audience.conversation_id is not None:
        return conversation_seen(caller, audience.queue_id, audience.assignee_id)
    return True


def conversation_seen(caller: Caller, queue_id: UUID | None, assignee_id: UUID | None) -> bool:
    """The rule of `conversations.policy`, on the two values it depends on."""
    rights = caller.rights
    if Right.CONVERSATIONS_READ_ALL in rights:
        return True
    if Right.CONVERSATIONS_READ not in rights:
        return False
    if queue_id is None or queue_id in caller.queue_ids:
        return True
    return assignee_id is not None and assignee_id == caller.user_id


def told(caller: Caller, event: LoggedEvent) -> str | None:
    """What this caller is told of the event: its type, or None for nothing.

    A conversation that moved appears to those who gain sight of it, vanishes for those who lose it, and has changed for
    those who keep it.
    """
    audience = event.audience
    if not audience.moved:
        return event.type if may_see(caller, audience) else None
    if not caller.signed_in:
        return None
    saw = conversation_seen(caller, audience.before_queue_id, audience.before_assignee_id)
    sees = conversation_seen(caller, audience.queue_id, audience.assignee_id)
    if sees:
        return CHANGED if saw else APPEARED
    return VANISHED if saw else None


def variants(event: LoggedEvent) -> Mapping[str, Any]:
    """The data for each thing that can be told of the event. Who loses sight of a conversation learns its id only."""
    if not event.audience.moved:
        return {event.type: event.data}
    return {
        CHANGED: event.data,
        APPEARED: event.data,
        VANISHED: {"conversation_id": event.audience.conversation_id},
    }
