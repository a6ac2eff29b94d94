"""What the event log says about conversations: the views themselves, so that a page needs no second request."""

from dataclasses import replace
from typing import Any

import msgspec

from hub.conversations.lifecycle import Conversation
from hub.conversations.values import ConversationView, MessageView
from hub.db import Audience, Event
from hub.ids import MessageId, UserId

TEXT_IN_EVENTS = 16_384
"""Characters of a text that an event carries; of a longer one it carries the beginning and `extra.partial`, and the page fetches the rest."""


def audience(conversation: Conversation) -> Audience:
    """Those who see the conversation now."""
    return Audience(
        conversation_id=conversation.id,
        queue_id=conversation.queue_id,
        assignee_id=conversation.assignee_id,
        visitor_id=conversation.visitor_id,
    )


def created(conversation: Conversation, view: ConversationView) -> Event:
    """A conversation began; its first message follows in an event of its own."""
    return Event(type="conversation.created", data={"conversation": msgspec.to_builtins(view)}, audience=audience(conversation))


def changed(conversation: Conversation, view: ConversationView) -> Event:
    """State, priority, links or names changed."""
    return Event(type="conversation.changed", data={"conversation": msgspec.to_builtins(view)}, audience=audience(conversation))


def overdue(conversation: Conversation, view: ConversationView) -> Event:
    """The time promised for an answer has passed."""
    return Event(type="conversation.overdue", data={"conversation": msgspec.to_builtins(view)}, audience=audience(conversation))


def moved(before: Conversation, after: Conversation, view: ConversationView) -> Event:
    """Another queue or agent: some gain sight of it, some lose it."""
    seen = audience(after)
    return Event(
        type="conversation.moved",
        data={
            "conversation": msgspec.to_builtins(view),
            "before": {"queue_id": before.queue_id, "assignee_id": before.assignee_id},
        },
        audience=Audience(
            conversation_id=seen.conversation_id,
            queue_id=seen.queue_id,
            assignee_id=seen.assignee_id,
            visitor_id=seen.visitor_id,
            before_queue_id=before.queue_id,
            before_assignee_id=before.assignee_id,
            moved=True,
        ),
    )


def message_added(conversation: Conversation, view: ConversationView, message: MessageView) -> Event:
    """Something was said; the conversation as it stands after it."""
    return Event(
        type="message.added",
        data={"conversation": msgspec.to_builtins(view), "message": _fitted(message)},
        audience=audience(conversation),
    )


def read(conversation: Conversation, user_id: UserId, n: int, *, mentioned: bool = False) -> Event:
    """The user has read up to this message, and is named in what he has not looked at: told to the user alone, for all his pages."""
    data = {"conversation_id": conversation.id, "n": n, "mentioned": mentioned}
    return Event(type="conversation.read", data=data, audience=replace(audience(conversation), user_id=user_id))


def message_removed(conversation: Conversation, id: MessageId, n: int) -> Event:
    """A message was taken back before it left. Visitors never knew of it."""
    data = {"conversation_id": conversation.id, "message_id": id, "n": n}
    return Event(type="message.removed", data=data, audience=audience(replace(conversation, visitor_id=None)))


def message_changed(conversation: Conversation, data: dict[str, Any]) -> Event:
    """The fate of an outbound message changed."""
    return Event(type="message.changed", data=data, audience=audience(conversation))


def _fitted(message: MessageView) -> dict[str, Any]:
    data: dict[str, Any] = msgspec.to_builtins(message)
    if len(message.text) > TEXT_IN_EVENTS or len(message.reply_text) > TEXT_IN_EVENTS:
        data["text"] = message.text[:TEXT_IN_EVENTS]
        data["reply_text"] = message.reply_text[:TEXT_IN_EVENTS]
        data["extra"] = {**data["extra"], "partial": True}
    return data
