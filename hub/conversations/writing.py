"""Storing what becomes of a conversation: the row, the line in its timeline, and telling everybody."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from hub import clock
from hub.auth.callers import Caller
from hub.conversations import events
from hub.conversations.errors import Merged
from hub.conversations.lifecycle import Conversation, Said, after
from hub.conversations.mentions import tell_assignee
from hub.conversations.policy import require_sight
from hub.conversations.store import NewMessage, insert_messages, lock_conversations, save_conversations, view_of
from hub.conversations.values import AttachmentView, ConversationView, MessageView, Party
from hub.conversations.views import conversation_views
from hub.db import Work
from hub.errors import Stale
from hub.ids import ConversationId, MessageId, new_id
from hub.messages.content import Direction, MessageKind


async def seen(work: Work, id: ConversationId, by: Caller) -> Conversation:
    """The conversation, locked, if the caller may see it. Raises `NoSuchConversation`, `Merged`."""
    found = require_sight(by, (await lock_conversations(work, [id])).get(id))
    if found.merged_into is not None:
        raise Merged.into(found.merged_into)
    return found


async def store(
    work: Work, before: Conversation, now: Conversation, *, by: Caller | None, what: dict[str, Any] | None = None
) -> ConversationView:
    """Save a locked conversation that changed, tell everybody, and say so in its timeline (`what`, or what the change says)."""
    await save_conversations(work, [now])
    view = await announce_change(work, before, now)
    tell_assignee(work, before, now, by=by)
    if happened := what or happening(before, now):
        await add(work, now, entry(now, Direction.EVENT, by, text="", extra=happened), view=view)
    return view


async def add(work: Work, conversation: Conversation, new: NewMessage, *, view: ConversationView | None = None) -> MessageView:
    """Put a note or an event into a locked conversation."""
    now = after(conversation, _said(new))
    if now != conversation and view is None:
        await save_conversations(work, [now])
    numbers = await insert_messages(work, [new])
    stored = view_of(new, numbers[new.id])
    view = view or (await conversation_views(work, [now]))[now.id]
    work.announce(events.message_added(now, view, stored))
    return stored


async def announce_change(work: Work, before: Conversation, now: Conversation) -> ConversationView:
    """Tell what a stored conversation has become; returns it as people see it."""
    view = (await conversation_views(work, [now]))[now.id]
    has_moved = (before.queue_id, before.assignee_id) != (now.queue_id, now.assignee_id)
    work.announce(events.moved(before, now, view) if has_moved else events.changed(now, view))
    return view


async def as_it_is(work: Work, conversation: Conversation) -> ConversationView:
    """A locked conversation to which nothing was done, as people see it."""
    same = replace(conversation, rev=conversation.rev - 1)  # the lock had counted one on
    return (await conversation_views(work, [same]))[same.id]


def require_version(conversation: Conversation, version: int | None) -> None:
    """Raise `Stale` unless the caller has read the conversation as it is."""
    if version is not None and version != conversation.version:
        raise Stale("somebody changed this conversation meanwhile", version=conversation.version)


def happening(before: Conversation, now: Conversation) -> dict[str, Any]:
    """What the timeline says about a change; nothing for what needs no words."""
    if before.state is not now.state:
        return {"event": now.state.value, **_why(now)}
    for name in ("assignee_id", "queue_id", "customer_id"):
        was, is_ = getattr(before, name), getattr(now, name)
        is_first_queue = name == "queue_id" and was is None  # where everything begins: no news
        if was != is_ and not is_first_queue:
            return {"event": name.removesuffix("_id"), "from": _text(was), "to": _text(is_)}
    if before.priority is not now.priority:
        return {"event": "priority", "from": before.priority.value, "to": now.priority.value}
    return {}


def _why(now: Conversation) -> dict[str, Any]:
    """Until when or for what it is snoozed; what it came back for."""
    said = {"until": now.snoozed_until, "reason": now.snooze_reason, "woken": now.woken}
    return {name: value for name, value in said.items() if value is not None}


def _text(id: UUID | None) -> str | None:
    return None if id is None else str(id)


def entry(
    conversation: Conversation,
    direction: Direction,
    by: Caller | None,
    *,
    text: str,
    extra: dict[str, Any] | None = None,
    client_key: UUID | None = None,
    digest: str | None = None,
    attachments: tuple[AttachmentView, ...] = (),
) -> NewMessage:
    """A note, or what the timeline says happened."""
    return NewMessage(
        id=MessageId(new_id()),
        conversation_id=conversation.id,
        channel=conversation.channel,
        account_id=None,
        direction=direction,
        kind=MessageKind.EVENT if direction is Direction.EVENT else MessageKind.MESSAGE,
        sender=Party(name=by.name if by else "", user_id=by.author_id if by else None),
        text=text,
        reply_text=text,
        extra=extra or {},
        client_key=client_key,
        client_digest=digest,
        attachments=attachments,
        created_at=clock.now(),
    )


def _said(entry: NewMessage) -> Said:
    return Said(
        id=entry.id,
        direction=entry.direction,
        kind=entry.kind,
        channel=entry.channel,
        account_id=entry.account_id,
        text=entry.text,
        at=entry.created_at,
    )
