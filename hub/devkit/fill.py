"""Filling an empty hub with the example: through the same doors as real life, with times in the past."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from hub import clock
from hub.api.hub import Hub
from hub.auth import ALL, SYSTEM, Caller
from hub.auth.values import NewUser
from hub.automation.canned import CannedText
from hub.automation.values import MacroText
from hub.channels.webchat.settings import SiteSettings
from hub.conversations.lifecycle import State
from hub.conversations.service import Change
from hub.conversations.store import NewMessage, insert_messages
from hub.conversations.values import Party
from hub.crm.customers import CustomerKind, Level, NewAddress, NewCustomer
from hub.crm.tickets import NewTicket, Priority
from hub.db import Work
from hub.delivery.outgoing import write
from hub.delivery.sending import Outgoing
from hub.delivery.store import Delivery
from hub.devkit.example import AGENTS, CANNED, COMPANIES, DESK, MACROS, PEOPLE, TALKS, Line, Person, Talk
from hub.ids import AccountId, ConversationId, CustomerId, DeliveryId, JournalId, MessageId, new_id
from hub.intake.filing import Arrived, file_all
from hub.messages.address import Address, AddressKind, ChannelKind
from hub.messages.content import Direction, MessageKind
from hub.messages.events import InboundMessage, ThreadKey
from hub.messages.states import DeliveryState
from hub.visitors.values import Site

_CHANNELS = {"email": ChannelKind.EMAIL, "webchat": ChannelKind.WEBCHAT}


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounts:
    """The two accounts the example came by."""

    mailbox: AccountId
    site: AccountId

    def of(self, talk: Talk) -> AccountId:
        """The one a conversation came by."""
        return self.mailbox if talk.channel == "email" else self.site


async def is_empty(hub: Hub) -> bool:
    """Nobody has written and nobody is known yet."""
    return await hub.db.fetch_one("SELECT 1 FROM customer LIMIT 1") is None


async def fill(hub: Hub, accounts: Accounts, *, password: str) -> int:
    """Write the example; returns the number of conversations."""
    agents = await _agents(hub, password)
    await _canned(hub)
    await _macros(hub)
    companies = {name: await _company(hub, name) for name in COMPANIES}
    written = 0
    for person in PEOPLE:
        customer_id = await _customer(hub, person, companies)
        for talk in (t for t in TALKS if t.email == person.email):
            await _talk(hub, accounts, talk, person, customer_id, agents[written % len(agents)])
            written += 1
    return written


async def _agents(hub: Hub, password: str) -> list[Caller]:
    roles = {row["name"]: row["id"] for row in await hub.db.fetch("SELECT id, name FROM auth_role WHERE built_in")}
    known = {row["name"]: row["id"] for row in await hub.db.fetch("SELECT id, name FROM auth_user")}
    made = []
    for name, shown, number, locale in AGENTS:
        if name not in known:
            new = NewUser(
                name=name,
                password=password,
                display_name=shown,
                work_number=number,
                locale="en" if locale == "en" else "zh-CN",
                role_ids=(roles["agent"],),
            )
            known[name] = (await hub.auth.users.add(SYSTEM, new)).id
        made.append(Caller(kind="user", name=shown, user_id=known[name], rights=ALL))
    return made


async def _canned(hub: Hub) -> None:
    there = {(one.content.shortcut, one.content.locale) for one in await hub.canned.listed(SYSTEM)}
    for shortcut, title, text, locale in CANNED:
        if (shortcut, locale) not in there:
            new = CannedText(shortcut=shortcut, title=title, text=text, html=None, locale=locale, scope="everybody")
            await hub.canned.add(SYSTEM, new)


async def _macros(hub: Hub) -> None:
    there = {one.content.title for one in await hub.macros.listed(SYSTEM)}
    for title, key, actions in MACROS:
        if title not in there:
            await hub.macros.add(SYSTEM, MacroText(title=title, key=key, scope="everybody", actions=actions))


async def _company(hub: Hub, name: str) -> CustomerId:
    new = NewCustomer(name=name, kind=CustomerKind.ORGANISATION, level=Level.VIP)
    return (await hub.customers.create(new, by=SYSTEM)).id


async def _customer(hub: Hub, person: Person, companies: dict[str, CustomerId]) -> CustomerId:
    addresses = (
        NewAddress(kind=AddressKind.EMAIL, value=person.email, verified=True, primary=True),
        NewAddress(kind=AddressKind.PHONE, value=person.phone, label="mobile"),
    )
    new = NewCustomer(name=person.name, level=Level(person.level), postal_address=person.city, addresses=addresses)
    customer = await hub.customers.create(new, by=SYSTEM)
    if person.company:
        await hub.customers.join(customer.id, companies[person.company])
    return customer.id


async def _talk(hub: Hub, accounts: Accounts, talk: Talk, person: Person, customer_id: CustomerId, agent: Caller) -> None:
    address = await _other_side(hub, accounts, talk, person, customer_id)
    at = clock.now() - timedelta(hours=talk.hours_ago)
    conversation_id: ConversationId | None = None
    answers = f"<demo-{new_id()}@example.com>"
    for line in talk.lines:
        async with hub.db.unit_of_work() as work:
            match line.by:
                case "customer":
                    event = _said(talk, line, address, answers, is_first=conversation_id is None)
                    conversation_id = await _file(work, accounts.of(talk), event, at)
                case "agent" if conversation_id is not None:
                    await write(work, [_answer(talk, line, address, agent, conversation_id, accounts.of(talk), at)])
                case "note" if conversation_id is not None:
                    await insert_messages(work, [_note(talk, line, agent, conversation_id, at)])
                case _:
                    raise AssertionError("an example conversation begins with the customer")
        at += timedelta(minutes=line.minutes)
    if conversation_id is None:
        return
    if talk.ticket:
        await _ticket(hub, talk, customer_id, conversation_id, agent)
    if any(line.by == "agent" for line in talk.lines):
        await hub.conversations.assign(conversation_id, to=agent.user_id, by=agent)
    if talk.is_closed:
        await hub.conversations.change(conversation_id, Change(state=State.CLOSED), by=agent)


async def _other_side(hub: Hub, accounts: Accounts, talk: Talk, person: Person, customer_id: CustomerId) -> Address:
    if talk.channel == "email":
        return Address(kind=AddressKind.EMAIL, value=person.email, name=person.name)
    site = Site(account_id=accounts.site, name="", settings=SiteSettings())
    admitted = await hub.visitors.admit(site, locale="zh")
    visitor_id = str(admitted.visitor.id)
    await hub.customers.add_address(customer_id, NewAddress(kind=AddressKind.VISITOR, value=visitor_id, label="web"))
    return Address(kind=AddressKind.VISITOR, value=visitor_id, name=person.name)


def _said(talk: Talk, line: Line, address: Address, thread: str, *, is_first: bool) -> InboundMessage:
    is_mail = talk.channel == "email"
    keys: tuple[ThreadKey, ...] = ()
    if not is_mail:
        keys = (ThreadKey(kind="visitor", value=address.value),)
    elif not is_first:
        keys = (ThreadKey(kind="message_id", value=thread),)
    return InboundMessage(
        channel=_CHANNELS[talk.channel],
        sender=address,
        to=(Address(kind=AddressKind.EMAIL, value=DESK),) if is_mail else (),
        subject=talk.subject if is_first or not talk.subject else f"Re: {talk.subject}",
        text=line.text,
        reply_text=line.text,
        thread_keys=keys,
        own_keys=(thread,) if is_mail else (),
    )


async def _file(work: Work, account_id: AccountId, event: InboundMessage, at: datetime) -> ConversationId:
    entry = Arrived(journal_id=JournalId(new_id()), account_id=account_id, queue_id=None, events=[event], files=(), at=at)
    (result,) = await file_all(work, [entry], lambda _: None)
    assert result.conversation_id is not None
    return result.conversation_id


def _answer(
    talk: Talk, line: Line, address: Address, agent: Caller, id: ConversationId, account_id: AccountId, at: datetime
) -> Outgoing:
    common: dict[str, Any] = {
        "conversation_id": id,
        "channel": _CHANNELS[talk.channel],
        "account_id": account_id,
        "created_at": at,
    }
    message = NewMessage(
        id=MessageId(new_id()),
        direction=Direction.OUT,
        kind=MessageKind.MESSAGE,
        sender=Party(name=agent.name, user_id=agent.user_id),
        to=(Party(kind=address.kind, address=address.value, name=address.name),),
        subject=f"Re: {talk.subject}" if talk.subject else "",
        text=line.text,
        reply_text=line.text,
        status=DeliveryState.DELIVERED,
        **common,
    )
    delivery = Delivery(
        id=DeliveryId(new_id()),
        message_id=message.id,
        address=address,
        state=DeliveryState.DELIVERED,
        attempts=1,
        due_at=at,
        give_up_at=at,
        consent={"allowed": True, "purpose": "reply", "rule": "answer_in_conversation", "evidence": {}},
        **common,
    )
    return Outgoing(message=message, deliveries=(delivery,))


def _note(talk: Talk, line: Line, agent: Caller, id: ConversationId, at: datetime) -> NewMessage:
    return NewMessage(
        id=MessageId(new_id()),
        conversation_id=id,
        channel=_CHANNELS[talk.channel],
        account_id=None,
        direction=Direction.NOTE,
        kind=MessageKind.MESSAGE,
        sender=Party(name=agent.name, user_id=agent.user_id),
        text=line.text,
        reply_text=line.text,
        created_at=at,
    )


async def _ticket(hub: Hub, talk: Talk, customer_id: CustomerId, conversation_id: ConversationId, agent: Caller) -> None:
    new = NewTicket(
        title=talk.ticket,
        description=talk.lines[0].text,
        priority=Priority.HIGH if talk.hours_ago < 4 else Priority.NORMAL,
        customer_id=customer_id,
        conversation_id=conversation_id,
        assignee_id=agent.user_id,
        due_at=clock.now() + timedelta(hours=26 - min(talk.hours_ago, 24)),
    )
    await hub.tickets.create(new, by=agent)
