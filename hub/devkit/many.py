"""The example many times over, for seeing a desk after years: written in batches, straight into the tables."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from hub import clock
from hub.api.hub import Hub
from hub.conversations.lifecycle import Conversation, Said, WaitingFor, after, close
from hub.conversations.store import NewMessage, insert_conversations, insert_messages, save_conversations
from hub.conversations.values import Party
from hub.db import Work
from hub.devkit.example import DESK, PEOPLE, TALKS, Person
from hub.ids import AccountId, ConversationId, CustomerId, MessageId, QueueId, UserId, new_id
from hub.messages.address import AddressKind, ChannelKind
from hub.messages.content import Direction, MessageKind
from hub.messages.states import DeliveryState

_BATCH = 200  # conversations a transaction
_YEARS = timedelta(days=730)  # over which they are spread
_STILL_OPEN = 0.06
_DIRECTIONS = {"customer": Direction.IN, "agent": Direction.OUT, "note": Direction.NOTE}
_MAIL = tuple(talk for talk in TALKS if talk.channel == "email")
_CUSTOMER = {
    "id": "uuid", "kind": "text", "name": "text", "level": "text", "company": "text", "title": "text", "postal_address": "text",
    "locale": "text", "note": "text", "unconfirmed": "boolean", "version": "integer", "created_at": "timestamptz",
    "updated_at": "timestamptz",
}  # fmt: skip
_ADDRESS = {
    "id": "uuid", "customer_id": "uuid", "kind": "text", "value": "text", "label": "text", "is_primary": "boolean",
    "created_at": "timestamptz",
}  # fmt: skip
_LINK = {"conversation_id": "uuid", "customer_id": "uuid", "linked_at": "timestamptz"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Copy:
    """One conversation to be written, with its customer."""

    customer_id: CustomerId
    person: Person
    address: str
    conversation: Conversation
    messages: tuple[NewMessage, ...]


async def multiply(hub: Hub, mailbox: AccountId, *, count: int, told: Callable[[int], None]) -> None:
    """Write `count` conversations of new customers, by mail, most of them closed; `told` hears how many there are so far."""
    agents = [
        (row["id"], row["display_name"]) for row in await hub.db.fetch("SELECT id, display_name FROM auth_user ORDER BY name")
    ]
    row = await hub.db.fetch_one("SELECT id FROM queue WHERE is_default")
    chance, now = random.Random(count), clock.now()
    for begin in range(0, count, _BATCH):
        numbers = range(begin, min(begin + _BATCH, count))
        copies = [_copy(n, now - _YEARS * (1 - n / count), mailbox, row["id"] if row else None, agents, chance) for n in numbers]
        async with hub.db.unit_of_work() as work:
            await _write(work, copies)
        told(numbers[-1] + 1)


def _copy(
    number: int,
    at: datetime,
    mailbox: AccountId,
    queue_id: QueueId | None,
    agents: Sequence[tuple[UserId, str]],
    chance: random.Random,
) -> _Copy:
    talk = _MAIL[number % len(_MAIL)]
    person = next(one for one in PEOPLE if one.email == talk.email)
    local, _, domain = person.email.partition("@")
    agent = agents[chance.randrange(len(agents))]
    customer_id, address = CustomerId(new_id()), f"{local}.{number}@{domain}"
    conversation = Conversation(
        id=ConversationId(new_id()),
        waiting_since=at,
        subject=f"{talk.subject} #{number}",
        channel=ChannelKind.EMAIL,
        account_id=mailbox,
        queue_id=queue_id,
        customer_id=customer_id,
        last_message_at=at,
        created_at=at,
        updated_at=at,
    )
    customer = Party(kind=AddressKind.EMAIL, address=address, name=person.name)
    messages = []
    for line in talk.lines:
        message = _message(conversation, line.by, f"{line.text} ({number})", customer, agent, at)
        conversation = after(conversation, _said(message, address, agent[0]))
        messages.append(message)
        at += timedelta(minutes=line.minutes)
    if chance.random() > _STILL_OPEN:
        conversation = close(conversation, at)
    elif conversation.waiting_for is WaitingFor.US and chance.random() < 0.5:
        conversation = replace(conversation, assignee_id=None)
    return _Copy(customer_id=customer_id, person=person, address=address, conversation=conversation, messages=tuple(messages))


def _message(
    conversation: Conversation, by: str, text: str, customer: Party, agent: tuple[UserId, str], at: datetime
) -> NewMessage:
    is_theirs = by == "customer"
    desk = Party(kind=AddressKind.EMAIL, address=DESK)
    return NewMessage(
        id=MessageId(new_id()),
        conversation_id=conversation.id,
        channel=ChannelKind.EMAIL,
        account_id=conversation.account_id if by != "note" else None,
        direction=_DIRECTIONS[by],
        kind=MessageKind.MESSAGE,
        sender=customer if is_theirs else Party(name=agent[1], user_id=agent[0]),
        to=() if by == "note" else (desk,) if is_theirs else (customer,),
        subject=conversation.subject if by != "note" else "",
        text=text,
        reply_text=text,
        status=DeliveryState.DELIVERED if by == "agent" else None,
        created_at=at,
    )


def _said(message: NewMessage, address: str, agent_id: UserId) -> Said:
    return Said(
        id=message.id,
        direction=message.direction,
        kind=message.kind,
        channel=message.channel,
        account_id=message.account_id,
        text=message.text,
        at=message.created_at,
        participants=(address,),
        agent_id=agent_id,
    )


async def _write(work: Work, copies: Sequence[_Copy]) -> None:
    await work.insert_many("customer", _CUSTOMER, [_customer(copy) for copy in copies])
    addresses = [
        (new_id(), copy.customer_id, AddressKind.EMAIL.value, copy.address, "", True, copy.conversation.created_at)
        for copy in copies
    ]
    await work.insert_many("customer_address", _ADDRESS, addresses)
    await insert_conversations(work, [copy.conversation for copy in copies])
    numbers = await insert_messages(work, [message for copy in copies for message in copy.messages])
    await save_conversations(work, [_heard(copy, numbers) for copy in copies])
    links = [(copy.conversation.id, copy.customer_id, copy.conversation.created_at) for copy in copies]
    await work.insert_many("conversation_customer", _LINK, links)


def _heard(copy: _Copy, numbers: dict[MessageId, int]) -> Conversation:
    came = [numbers[message.id] for message in copy.messages if message.direction is Direction.IN]
    return replace(copy.conversation, last_in_n=max(came, default=0))


def _customer(copy: _Copy) -> tuple[Any, ...]:
    at = copy.conversation.created_at
    return copy.customer_id, "person", copy.person.name, copy.person.level, "", "", copy.person.city, "", "", False, 1, at, at
