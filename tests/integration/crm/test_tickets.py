"""Tickets: made, handed over, timed, finished, found; every change leaves a step, and two at once do not overwrite."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from hub import clock
from hub.auth import Caller
from hub.crm.customers import Customers, NewCustomer
from hub.crm.tickets import NewTicket, Priority, Ticket, TicketChange, Tickets, Wanted
from hub.crm.tickets.errors import NoSuchAssignee, NoSuchState, NoSuchTicket, NotLinkable
from hub.db import Database, Reads, Work
from hub.errors import ClientKeyReused, Invalid, NotFound, Stale
from hub.ids import ConversationId, CustomerId, TicketId, UserId, new_id
from tests.integration.crm.conftest import events, user


class Links:
    """The links to conversations, in memory."""

    def __init__(self, customers: dict[ConversationId, CustomerId | None]) -> None:
        self.customers = customers
        self.linked: dict[TicketId, list[ConversationId]] = {}

    async def of_tickets(self, source: Reads, ticket_ids: Sequence[TicketId]) -> Mapping[TicketId, Sequence[ConversationId]]:
        return self.linked

    async def link_ticket(
        self, work: Work, conversation_id: ConversationId, ticket_id: TicketId, *, by: Caller
    ) -> CustomerId | None:
        if conversation_id not in self.customers:
            raise NotFound("no such conversation")
        self.linked.setdefault(ticket_id, []).append(conversation_id)
        return self.customers[conversation_id]


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    clock.set_source(lambda: moment)
    try:
        yield
    finally:
        clock.set_source(None)


@pytest.mark.covers("T-01", "T-07")
async def test_a_ticket_begins_new_with_a_number_and_a_first_step(tickets: Tickets, agent: Caller) -> None:
    made = await tickets.create(NewTicket(title="Printer is silent", description="since Monday"), by=agent)
    assert (made.number, made.state, made.priority, made.version) == ("T000001", "new", Priority.NORMAL, 1)
    assert made.created_by == agent.user_id
    assert made.steps is not None
    assert [(step.kind, step.by_name) for step in made.steps] == [("created", "Mei")]


@pytest.mark.covers("T-14", "T-02")
async def test_a_ticket_made_from_a_conversation_takes_its_customer(
    database: Database, customers: Customers, agent: Caller
) -> None:
    li = await customers.create(NewCustomer(name="Li"), by=agent)
    conversation = ConversationId(new_id())
    tickets = Tickets(database, links=Links({conversation: li.id}))
    made = await tickets.create(NewTicket(title="Broken", conversation_id=conversation), by=agent)
    assert made.customer_id == li.id
    assert made.conversation_ids == (conversation,)
    assert made.steps is not None
    assert [(step.kind, step.text, step.to) for step in made.steps][1:] == [("linked", "conversation", str(conversation))]


async def test_a_conversation_out_of_sight_makes_no_ticket(database: Database, agent: Caller) -> None:
    tickets = Tickets(database, links=Links({}))
    with pytest.raises(NotFound):
        await tickets.create(NewTicket(title="Broken", conversation_id=ConversationId(new_id())), by=agent)
    assert (await tickets.listed(Wanted())).items == []


async def test_linking_later_is_a_step_too(database: Database, agent: Caller) -> None:
    conversation = ConversationId(new_id())
    tickets = Tickets(database, links=Links({conversation: None}))
    made = await tickets.create(NewTicket(title="Broken"), by=agent)
    async with database.unit_of_work() as work:
        await tickets.note_link(work, made.id, conversation, linked=True, by=agent)
        after = await tickets.note_link(work, made.id, conversation, linked=False, by=agent)
    assert after.steps is not None
    assert [(step.from_, step.to) for step in after.steps[1:]] == [
        (None, str(conversation)),
        (str(conversation), None),
    ]


@pytest.mark.covers("T-03", "T-04", "T-05", "T-07", "T-08")
async def test_every_change_leaves_a_step_with_who_when_and_what(
    tickets: Tickets, customers: Customers, agent: Caller, colleague: Caller
) -> None:
    li = await customers.create(NewCustomer(name="Li"), by=agent)
    made = await tickets.create(NewTicket(title="Broken"), by=agent)
    due = datetime(2027, 1, 2, 3, 4, tzinfo=UTC)
    change = TicketChange(
        state="in_progress", assignee_id=colleague.user_id, due_at=due, priority=Priority.HIGH, customer_id=li.id
    )
    changed = await tickets.change(made.id, change, version=1, by=colleague)

    assert changed.steps is not None
    assert {step.by_name for step in changed.steps[1:]} == {"Tom"}
    assert {(str(step.kind), step.text, step.from_, step.to) for step in changed.steps[1:]} == {
        ("state", "", "new", "in_progress"),
        ("assigned", "", None, str(colleague.user_id)),
        ("due", "", None, "2027-01-02T03:04:00Z"),
        ("changed", "priority", "normal", "high"),
        ("changed", "customer", None, str(li.id)),
    }


async def test_what_stays_the_same_leaves_no_step(tickets: Tickets, agent: Caller) -> None:
    made = await tickets.create(NewTicket(title="Broken"), by=agent)
    changed = await tickets.change(made.id, TicketChange(state="new", title="Broken"), version=1, by=agent)
    assert changed.steps is not None
    assert len(changed.steps) == 1


@pytest.mark.covers("T-05")
async def test_a_ticket_past_its_time_is_overdue_until_it_is_finished(tickets: Tickets, agent: Caller) -> None:
    due = clock.now() + timedelta(hours=1)
    made = await tickets.create(NewTicket(title="Broken", due_at=due), by=agent)
    assert not made.overdue
    with at(due + timedelta(seconds=1)):
        assert (await tickets.get(made.id)).overdue
        assert not (await tickets.change(made.id, TicketChange(state="finished"), version=1, by=agent)).overdue
        assert (await tickets.change(made.id, TicketChange(state="waiting"), version=2, by=agent)).overdue


async def test_of_two_agents_at_once_one_is_told(tickets: Tickets, agent: Caller, colleague: Caller) -> None:
    made = await tickets.create(NewTicket(title="Broken"), by=agent)
    results = await asyncio.gather(
        *(tickets.change(made.id, TicketChange(assignee_id=who.user_id), version=1, by=who) for who in (agent, colleague) * 4),
        return_exceptions=True,
    )
    won = [result for result in results if isinstance(result, Ticket)]
    assert len(won) == 1
    assert sum(isinstance(result, Stale) for result in results) == 7
    after = await tickets.get(made.id)
    assert after.assignee_id == won[0].assignee_id
    assert after.steps is not None
    assert len(after.steps) == 2


async def test_comments_at_once_are_all_kept(tickets: Tickets, agent: Caller) -> None:
    made = await tickets.create(NewTicket(title="Broken"), by=agent)
    await asyncio.gather(*(tickets.comment(made.id, f"tried {n}", by=agent) for n in range(10)))
    after = await tickets.get(made.id)
    assert after.steps is not None
    assert {step.text for step in after.steps[1:]} == {f"tried {n}" for n in range(10)}


async def test_a_ticket_points_only_to_what_is_there(tickets: Tickets, agent: Caller, database: Database) -> None:
    gone = await user(database, "gone", disabled=True)
    made = await tickets.create(NewTicket(title="Broken"), by=agent)
    for change, error in (
        (TicketChange(state="on fire"), NoSuchState),
        (TicketChange(assignee_id=UserId(uuid4())), NoSuchAssignee),
        (TicketChange(assignee_id=gone.user_id), NoSuchAssignee),
        (TicketChange(customer_id=CustomerId(uuid4())), NotLinkable),
        (TicketChange(title=" "), Invalid),
    ):
        with pytest.raises(error):
            await tickets.change(made.id, change, version=1, by=agent)
    assert await tickets.get(made.id) == made


async def test_the_same_client_key_makes_one_ticket(tickets: Tickets, agent: Caller) -> None:
    new = NewTicket(title="Broken", client_key=uuid4())
    made = await asyncio.gather(*(tickets.create(new, by=agent) for _ in range(5)))
    assert {one.id for one in made} == {made[0].id}
    with pytest.raises(ClientKeyReused):
        await tickets.create(NewTicket(title="Other", client_key=new.client_key), by=agent)


@pytest.mark.covers("T-11")
async def test_states_have_names_in_both_languages_and_colours(tickets: Tickets) -> None:
    states = await tickets.states()
    assert [state.code for state in states] == ["new", "in_progress", "waiting", "finished", "closed"]
    assert all(state.name_en and state.name_zh and state.colour.startswith("#") for state in states)
    assert {state.code for state in states if state.closed} == {"finished", "closed"}


@pytest.mark.covers("T-08")
async def test_tickets_are_listed_by_state_holder_customer_and_words(
    tickets: Tickets, customers: Customers, agent: Caller
) -> None:
    li = await customers.create(NewCustomer(name="Li"), by=agent)
    one = await tickets.create(NewTicket(title="打印机坏了", customer_id=li.id, assignee_id=agent.user_id), by=agent)
    two = await tickets.create(NewTicket(title="Refund", description="order 订单号 A-77"), by=agent)
    await tickets.change(two.id, TicketChange(state="closed"), version=1, by=agent)

    async def numbers(wanted: Wanted) -> list[str]:
        return [ticket.number for ticket in (await tickets.listed(wanted)).items]

    assert await numbers(Wanted()) == [two.number, one.number]
    assert await numbers(Wanted(state="open")) == [one.number]
    assert await numbers(Wanted(state="closed")) == [two.number]
    assert await numbers(Wanted(assignee_id=agent.user_id)) == [one.number]
    assert await numbers(Wanted(unassigned=True)) == [two.number]
    assert await numbers(Wanted(customer_id=li.id)) == [one.number]
    assert await numbers(Wanted(q="印机")) == [one.number]
    assert await numbers(Wanted(q="订单号 a-77")) == [two.number]
    assert await numbers(Wanted(q="T000002", state="closed")) == [two.number]
    assert await numbers(Wanted(q="refund", state="open")) == []
    assert await numbers(Wanted(q="!?")) == []


async def test_pages_hold_every_ticket_once(tickets: Tickets, agent: Caller) -> None:
    for n in range(5):
        await tickets.create(NewTicket(title=f"Broken {n}"), by=agent)
    first = await tickets.listed(Wanted(q="broken"), limit=2)
    second = await tickets.listed(Wanted(q="broken"), cursor=first.next_cursor, limit=2)
    third = await tickets.listed(Wanted(q="broken"), cursor=second.next_cursor, limit=2)
    assert [one.title for page in (first, second, third) for one in page.items] == [f"Broken {n}" for n in (4, 3, 2, 1, 0)]
    assert third.next_cursor is None
    assert first.items[0].steps is None


async def test_a_ticket_that_is_not_there_is_not_found(tickets: Tickets, agent: Caller) -> None:
    nothing = TicketId(uuid4())
    for act in (
        tickets.get(nothing),
        tickets.change(nothing, TicketChange(title="x"), version=1, by=agent),
        tickets.comment(nothing, "x", by=agent),
    ):
        with pytest.raises(NoSuchTicket):
            await act


async def test_every_change_is_announced_with_all_a_page_shows(tickets: Tickets, agent: Caller, database: Database) -> None:
    made = await tickets.create(NewTicket(title="Broken"), by=agent)
    await tickets.comment(made.id, "looked at it", by=agent)
    told = await events(database, "ticket.changed")
    assert [event.data["ticket"]["version"] for event in told] == [1, 2]
    assert told[1].data["ticket"]["steps"][1]["text"] == "looked at it"
    assert "from" in told[1].data["ticket"]["steps"][1]
    assert told[1].audience.right == "tickets.read"
