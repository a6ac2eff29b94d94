"""Storing what is to be sent: message, deliveries and decision in one transaction, many senders at a time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from hub.conversations import events
from hub.conversations.errors import NoSuchConversation
from hub.conversations.lifecycle import Conversation, Said, after
from hub.conversations.queries import message_of
from hub.conversations.store import (
    NewMessage,
    insert_conversations,
    insert_messages,
    lock_conversations,
    save_conversations,
)
from hub.conversations.store import view_of as message_view
from hub.conversations.values import MessageView
from hub.conversations.views import conversation_views
from hub.db import Row, Work
from hub.delivery.consent import Known, Purpose, decide
from hub.delivery.errors import Refused
from hub.delivery.store import Delivery, insert_deliveries, known_of, view_of
from hub.errors import ClientKeyReused, Stale
from hub.ids import ConversationId, MessageId, UserId
from hub.messages.address import Address, ChannelKind
from hub.messages.states import DeliveryState


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """One message with its deliveries; `begins` is the conversation it starts, if it starts one."""

    message: NewMessage
    deliveries: tuple[Delivery, ...]
    purpose: Purpose = Purpose.REPLY
    begins: Conversation | None = None
    expected_version: int | None = None
    participants: tuple[str, ...] = ()
    agent_id: UserId | None = None  # who answers, where a person does


async def write(work: Work, items: Sequence[Outgoing]) -> list[MessageView | Exception]:
    """The committer's writer: one result an item; `Stale`, `Refused` and `ClientKeyReused` concern their sender alone.

    The consent gate decides here, on what is known in the very transaction that stores its decision.
    """
    known = await _known(work, items)
    fresh = [item for item in items if _key(item.message) not in known]
    now = await lock_conversations(work, [i.message.conversation_id for i in fresh if i.begins is None])
    before = dict(now)
    consents = await known_of(work, [delivery.address for item in fresh for delivery in item.deliveries]) if fresh else {}
    results: dict[MessageId, MessageView | Exception] = {}
    kept: list[Outgoing] = []
    keys: set[Any] = set()
    for item in fresh:
        key = _key(item.message)
        item = _decided(item, consents)
        problem = _problem(item, now)
        if problem is not None:
            results[item.message.id] = problem
        elif key is None or key not in keys:
            keys.add(key)
            kept.append(item)
            conversation = item.begins or now[item.message.conversation_id]
            now[conversation.id] = after(conversation, _said(item))
    stored = await _store(work, kept, now)
    await _announce_taken(work, before, now)
    return [results.get(item.message.id) or _answer(item, stored, known) for item in items]


async def _announce_taken(
    work: Work, before: Mapping[ConversationId, Conversation], now: Mapping[ConversationId, Conversation]
) -> None:
    """Conversations that nobody had and that whoever answered has now."""
    taken = [now[id] for id, was in before.items() if was.assignee_id != now[id].assignee_id]
    views = await conversation_views(work, taken) if taken else {}
    for conversation in taken:
        work.announce(events.moved(before[conversation.id], conversation, views[conversation.id]))


def _decided(item: Outgoing, known: Mapping[tuple[Address, ChannelKind], Known]) -> Outgoing:
    """The same, each delivery with what the consent gate says about it."""
    nothing = Known()
    decisions = [decide(item.purpose, known.get((d.address, d.channel), nothing)) for d in item.deliveries]
    deliveries = (replace(d, consent=decision.to_json()) for d, decision in zip(item.deliveries, decisions, strict=True))
    return replace(item, deliveries=tuple(deliveries))


def _refused(item: Outgoing) -> Exception | None:
    bad = {d.address.value: d.consent["rule"] for d in item.deliveries if not d.consent["allowed"]}
    if not bad:
        return None
    return Refused("not allowed on this channel", refusals=sorted(set(bad.values())), addresses=bad)


def _problem(item: Outgoing, now: dict[ConversationId, Conversation]) -> Exception | None:
    if (refused := _refused(item)) is not None:
        return refused
    if item.begins is not None:
        return None
    conversation = now.get(item.message.conversation_id)
    if conversation is None:
        return NoSuchConversation()
    if item.expected_version is not None and item.expected_version != conversation.version:
        return Stale("somebody answered or changed this conversation meanwhile", version=conversation.version)
    return None


def _key(message: NewMessage) -> tuple[Any, Any] | None:
    return (message.sender.user_id, message.client_key) if message.client_key and message.sender.user_id else None


async def _known(work: Work, items: Sequence[Outgoing]) -> dict[Any, Row]:
    keys = [key for item in items if (key := _key(item.message))]
    if not keys:
        return {}
    sql = "SELECT * FROM message WHERE author_id = ANY($1::uuid[]) AND client_key = ANY($2::uuid[])"
    rows = await work.fetch(sql, sorted({author for author, _ in keys}), [key for _, key in keys])
    return {(row["author_id"], row["client_key"]): row for row in rows}


def _answer(item: Outgoing, stored: dict[Any, MessageView], known: dict[Any, Row]) -> MessageView | Exception:
    if item.message.id in stored:
        return stored[item.message.id]
    key = _key(item.message)
    if key in known:
        same = known[key]["client_digest"] == item.message.client_digest
        return message_of(known[key]) if same else ClientKeyReused()
    return stored[key]  # the same key twice in one batch: the first one stands for both


def _said(item: Outgoing) -> Said:
    message = item.message
    return Said(
        id=message.id,
        direction=message.direction,
        kind=message.kind,
        channel=message.channel,
        account_id=message.account_id,
        text=message.text,
        at=message.created_at,
        participants=item.participants,
        agent_id=item.agent_id,
    )


async def _store(work: Work, items: Sequence[Outgoing], now: dict[ConversationId, Conversation]) -> dict[Any, MessageView]:
    if not items:
        return {}
    begun = [now[item.begins.id] for item in items if item.begins is not None]
    for id, n in (await insert_conversations(work, begun)).items():
        now[id] = replace(now[id], n=n)
    await _link_customers(work, begun)
    numbers = await insert_messages(work, [item.message for item in items])
    await insert_deliveries(work, [delivery for item in items for delivery in item.deliveries])
    await _insert_attempts(work, [d for item in items for d in item.deliveries if d.state is DeliveryState.ACCEPTED])
    began = {conversation.id for conversation in begun}
    touched = {item.message.conversation_id for item in items}
    await save_conversations(work, [now[id] for id in sorted(touched - began)])
    views = await conversation_views(work, [now[id] for id in touched])
    stored: dict[Any, MessageView] = {}
    for item in items:
        conversation = now[item.message.conversation_id]
        plain = message_view(item.message, numbers[item.message.id])
        view = _with_deliveries(plain, item.deliveries)
        if item.begins is not None:
            work.announce(events.created(conversation, views[conversation.id]))
        work.announce(events.message_added(conversation, views[conversation.id], view))
        stored[item.message.id] = view
        if key := _key(item.message):
            stored[key] = view
    return stored


def _with_deliveries(view: MessageView, deliveries: Sequence[Delivery]) -> MessageView:
    return msgspec.structs.replace(view, deliveries=tuple(map(view_of, deliveries)))


async def _link_customers(work: Work, begun: Sequence[Conversation]) -> None:
    rows = [(c.id, c.customer_id, c.created_at) for c in begun if c.customer_id is not None]
    columns = {"conversation_id": "uuid", "customer_id": "uuid", "linked_at": "timestamptz"}
    await work.insert_many("conversation_customer", columns, rows)


_ATTEMPT_COLUMNS = {
    "delivery_id": "uuid", "number": "integer", "fence": "bigint", "started_at": "timestamptz", "finished_at": "timestamptz",
    "outcome": "text", "provider_code": "text", "detail": "text",
}  # fmt: skip


async def _insert_attempts(work: Work, deliveries: Sequence[Delivery]) -> None:
    """What the event log carries is accepted the moment it is stored: its one attempt began and ended here."""
    rows = [(d.id, 1, d.fence, d.created_at, d.created_at, DeliveryState.ACCEPTED.value, "", "") for d in deliveries]
    await work.insert_many("delivery_attempt", _ATTEMPT_COLUMNS, rows)
