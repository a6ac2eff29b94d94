"""Storing what is to be sent: message, deliveries and decision in one transaction, many senders at a time."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import msgspec

from hub.conversations import events
from hub.conversations.drafts import forget
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
from hub.conversations.views import Surroundings, surroundings
from hub.conversations.writing import entry, happening
from hub.crm.customers.identify import Identified, identify_many
from hub.db import Row, Work
from hub.delivery.held import Hold, Plan, Recipient, hold
from hub.delivery.refusing import answers_since, decided, newer, problem_of
from hub.delivery.sending import Outgoing
from hub.delivery.store import Delivery, insert_deliveries, known_of, view_of
from hub.errors import ClientKeyReused
from hub.ids import ConversationId, MessageId
from hub.messages.content import Direction
from hub.messages.states import DeliveryState


async def write(work: Work, items: Sequence[Outgoing]) -> list[MessageView | Exception]:
    """The committer's writer: one result an item; `Stale`, `NewerReply`, `Refused`, `ClientKeyReused` concern their sender alone.

    The consent gate decides here, on what is known in the very transaction that stores its decision.
    """
    known = await _known(work, items)
    fresh = await _with_customers(work, [item for item in items if _key(item.message) not in known])
    now = await lock_conversations(work, [i.message.conversation_id for i in fresh if i.begins is None])
    before = dict(now)
    around = await surroundings(work, [*now.values(), *(item.begins for item in fresh if item.begins is not None)])
    consents = await known_of(work, [delivery.address for item in fresh for delivery in item.deliveries]) if fresh else {}
    answers = await answers_since(work, fresh)
    results: dict[MessageId, MessageView | Exception] = {}
    kept: list[Outgoing] = []
    plans: list[tuple[MessageId, datetime, Plan]] = []
    happened: list[NewMessage] = []
    keys: set[Any] = set()
    for item in fresh:
        key = _key(item.message)
        item = decided(item, consents)
        problem = problem_of(item, now) or newer(item, answers, kept)
        if problem is not None:
            results[item.message.id] = problem
        elif key is None or key not in keys:
            keys.add(key)
            kept.append(item)
            was = item.begins or now[item.message.conversation_id]
            is_now = now[was.id] = _after(item, was)
            if item.then is not None and is_now is not was:
                happened.append(entry(is_now, Direction.EVENT, item.by, text="", extra=happening(was, is_now)))
            if item.hold is not None:
                plans.append((item.message.id, item.hold.until, _plan(item, item.hold, was, is_now)))
    stored = await _store(work, kept, now, around, happened)
    await hold(work, plans)
    await forget(work, [item.draft for item in kept if item.draft is not None])
    _announce_taken(work, before, now, around)
    return [results.get(item.message.id) or _answer(item, stored, known) for item in items]


async def _with_customers(work: Work, items: Sequence[Outgoing]) -> list[Outgoing]:
    """The same, each conversation that begins with somebody's customer: known by the address, or made of it."""
    lacking = {item.deliveries[0].address for item in items if _lacks_customer(item)}
    if not lacking:
        return list(items)
    found = await identify_many(work, sorted(lacking, key=lambda address: address.value))
    return [_of_customer(item, found[item.deliveries[0].address]) if _lacks_customer(item) else item for item in items]


def _lacks_customer(item: Outgoing) -> bool:
    return item.makes_customer and item.begins is not None and item.begins.customer_id is None and bool(item.deliveries)


def _of_customer(item: Outgoing, found: Identified) -> Outgoing:
    assert item.begins is not None
    candidates = tuple(map(str, found.candidates))
    return replace(item, begins=replace(item.begins, customer_id=found.customer_id, candidates=candidates))


def _announce_taken(
    work: Work,
    before: Mapping[ConversationId, Conversation],
    now: Mapping[ConversationId, Conversation],
    around: Surroundings,
) -> None:
    """Conversations that nobody had and that whoever answered has now."""
    for id, was in before.items():
        if was.assignee_id != now[id].assignee_id:
            work.announce(events.moved(was, now[id], around.view(now[id])))


def _after(item: Outgoing, was: Conversation) -> Conversation:
    """The conversation once this is sent; one for later changes nothing yet."""
    if item.hold is not None and item.hold.is_later:
        return was
    said = after(was, _said(item))
    return said if item.then is None else item.then.apply(said, item.message.created_at)


def _plan(item: Outgoing, hold: Hold, was: Conversation, is_now: Conversation) -> Plan:
    return Plan(
        purpose=item.purpose.value,
        recipients=tuple(Recipient(address=d.address, role=d.role) for d in item.deliveries),
        participants=item.participants,
        agent_id=item.agent_id,
        is_later=hold.is_later,
        then=item.then,
        draft=item.content,
        before=None if hold.is_later else was,
        version=is_now.version,
    )


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


async def _store(
    work: Work,
    items: Sequence[Outgoing],
    now: dict[ConversationId, Conversation],
    around: Surroundings,
    happened: Sequence[NewMessage],
) -> dict[Any, MessageView]:
    if not items:
        return {}
    begun = [now[item.begins.id] for item in items if item.begins is not None]
    for id, n in (await insert_conversations(work, begun)).items():
        now[id] = replace(now[id], n=n)
    await _link_customers(work, begun)
    numbers = await insert_messages(work, [*(item.message for item in items), *happened])
    leaving = [delivery for item in items if item.hold is None for delivery in item.deliveries]
    await insert_deliveries(work, leaving)
    await insert_attempts(work, [d for d in leaving if d.state is DeliveryState.ACCEPTED])
    began = {conversation.id for conversation in begun}
    touched = {item.message.conversation_id for item in items}
    await save_conversations(work, [now[id] for id in sorted(touched - began)])
    views = {id: around.view(now[id]) for id in touched}
    stored: dict[Any, MessageView] = {}
    for item in items:
        conversation = now[item.message.conversation_id]
        plain = message_view(item.message, numbers[item.message.id])
        view = plain if item.hold is not None else with_views(plain, item.deliveries)
        if item.begins is not None:
            work.announce(events.created(conversation, views[conversation.id]))
        told = conversation if item.hold is None else replace(conversation, visitor_id=None)  # the visitor is told when it leaves
        work.announce(events.message_added(told, views[conversation.id], view))
        stored[item.message.id] = view
        if key := _key(item.message):
            stored[key] = view
    for new in happened:
        conversation = now[new.conversation_id]
        work.announce(events.message_added(conversation, views[conversation.id], message_view(new, numbers[new.id])))
    return stored


def with_views(view: MessageView, deliveries: Sequence[Delivery]) -> MessageView:
    """The message with its fresh deliveries."""
    return msgspec.structs.replace(view, deliveries=tuple(map(view_of, deliveries)))


async def _link_customers(work: Work, begun: Sequence[Conversation]) -> None:
    rows = [(c.id, c.customer_id, c.created_at) for c in begun if c.customer_id is not None]
    columns = {"conversation_id": "uuid", "customer_id": "uuid", "linked_at": "timestamptz"}
    await work.insert_many("conversation_customer", columns, rows)


_ATTEMPT_COLUMNS = {
    "delivery_id": "uuid", "number": "integer", "fence": "bigint", "started_at": "timestamptz", "finished_at": "timestamptz",
    "outcome": "text", "provider_code": "text", "detail": "text",
}  # fmt: skip


async def insert_attempts(work: Work, deliveries: Sequence[Delivery]) -> None:
    """What the event log carries is accepted the moment it is stored: its one attempt began and ended here."""
    rows = [(d.id, 1, d.fence, d.created_at, d.created_at, DeliveryState.ACCEPTED.value, "", "") for d in deliveries]
    await work.insert_many("delivery_attempt", _ATTEMPT_COLUMNS, rows)
