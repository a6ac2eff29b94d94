"""Tickets over HTTP."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from hub.api.endpoint import Page, Request, Router
from hub.auth.rights import Right
from hub.conversations.errors import Merged
from hub.crm.tickets import NewTicket, Priority, Ticket, TicketChange, TicketState, Wanted
from hub.crm.tickets.errors import NoSuchAssignee, NoSuchState, NoSuchTicket, NotLinkable
from hub.crm.tickets.events import view
from hub.crm.tickets.values import StepKind
from hub.db.keyset import BadCursor
from hub.errors import ClientKeyReused, Invalid, NotFound, Stale
from hub.ids import ConversationId, CustomerId, TicketId, UserId

api = Router(tag="tickets")

Title = Annotated[str, Meta(min_length=1, max_length=300)]
Description = Annotated[str, Meta(max_length=50_000)]
Time = Annotated[datetime, Meta(tz=True)]


class StepView(msgspec.Struct, rename={"from_": "from"}):
    """One change: who, when, and what."""

    id: UUID
    at: datetime
    by_id: UUID | None
    by_name: str
    kind: StepKind
    text: str
    from_: str | None
    to: str | None


class TicketView(msgspec.Struct):
    """A ticket; lists leave its `steps` out."""

    id: TicketId
    number: str
    title: str
    description: str
    state: str
    priority: Priority
    assignee_id: UserId | None
    customer_id: CustomerId | None
    due_at: datetime | None
    overdue: bool
    created_at: datetime
    updated_at: datetime
    created_by: UUID | None
    version: int
    conversation_ids: list[ConversationId]
    steps: list[StepView] | UnsetType = UNSET


class TicketQuery(msgspec.Struct):
    """Which tickets. `state`: a code, or `open`; `assignee`: a user's id, `me`, or `none`."""

    state: Annotated[str, Meta(max_length=32)] | None = None
    assignee: Annotated[str, Meta(max_length=36)] | None = None
    customer_id: CustomerId | None = None
    q: Annotated[str, Meta(max_length=200)] = ""
    cursor: str | None = None
    limit: Annotated[int, Meta(ge=1, le=200)] = 50


class TicketCreate(msgspec.Struct, forbid_unknown_fields=True):
    """A new ticket; made from a conversation it is linked to it and takes its customer."""

    title: Title
    description: Description = ""
    customer_id: CustomerId | None = None
    conversation_id: ConversationId | None = None
    priority: Priority = Priority.NORMAL
    due_at: Time | None = None
    assignee_id: UserId | None = None
    client_key: UUID | None = None


class TicketPatch(msgspec.Struct, forbid_unknown_fields=True):
    """Fields to change, and the version they were changed from."""

    version: int
    title: Title | UnsetType = UNSET
    description: Description | UnsetType = UNSET
    state: Annotated[str, Meta(max_length=32)] | UnsetType = UNSET
    priority: Priority | UnsetType = UNSET
    assignee_id: UserId | UnsetType | None = UNSET
    customer_id: CustomerId | UnsetType | None = UNSET
    due_at: Time | UnsetType | None = UNSET


class StepCreate(msgspec.Struct, forbid_unknown_fields=True):
    """A comment: what was done or found out."""

    text: Annotated[str, Meta(min_length=1, max_length=20_000)]


def ticket_view(ticket: Ticket) -> TicketView:
    """A ticket as it is shown."""
    shown = view(ticket)
    if ticket.steps is None:
        del shown["steps"]
    return msgspec.convert(shown, TicketView)


@api.get("/ticket-states", needs=Right.TICKETS_READ)
async def states(request: Request) -> list[TicketState]:
    """The states a ticket can have, in order, with names and colours."""
    return await request.hub.tickets.states()


@api.get("/tickets", needs=Right.TICKETS_READ, raises=(BadCursor, Invalid))
async def list_(request: Request, query: TicketQuery) -> Page[TicketView]:
    """Tickets, newest first."""
    wanted = Wanted(
        state=query.state,
        assignee_id=_assignee(request, query.assignee),
        unassigned=query.assignee == "none",
        customer_id=query.customer_id,
        q=query.q,
    )
    found = await request.hub.tickets.listed(wanted, cursor=query.cursor, limit=query.limit)
    return Page(items=[ticket_view(ticket) for ticket in found.items], next_cursor=found.next_cursor)


@api.post(
    "/tickets",
    needs=Right.TICKETS_WRITE,
    status=201,
    raises=(NotFound, Merged, NoSuchAssignee, NotLinkable, Invalid, ClientKeyReused),
)
async def create(request: Request, body: TicketCreate) -> TicketView:
    """Make a ticket."""
    given = {name: getattr(body, name) for name in body.__struct_fields__}
    return ticket_view(await request.hub.tickets.create(NewTicket(**given), by=request.caller))


@api.get("/tickets/{ticket_id}", needs=Right.TICKETS_READ, raises=(NoSuchTicket,))
async def get(request: Request, ticket_id: TicketId) -> TicketView:
    """One ticket with everything that was done."""
    return ticket_view(await request.hub.tickets.get(ticket_id))


@api.patch(
    "/tickets/{ticket_id}",
    needs=Right.TICKETS_WRITE,
    raises=(NoSuchTicket, Stale, NoSuchState, NoSuchAssignee, NotLinkable, Invalid),
)
async def change(request: Request, ticket_id: TicketId, body: TicketPatch) -> TicketView:
    """Change some fields of a ticket; each leaves a step."""
    given = {name: getattr(body, name) for name in body.__struct_fields__ if name != "version"}
    changed = TicketChange(**given)
    return ticket_view(await request.hub.tickets.change(ticket_id, changed, version=body.version, by=request.caller))


@api.post("/tickets/{ticket_id}/steps", needs=Right.TICKETS_WRITE, status=201, raises=(NoSuchTicket, Invalid))
async def comment(request: Request, ticket_id: TicketId, body: StepCreate) -> TicketView:
    """Note what was done or found out."""
    return ticket_view(await request.hub.tickets.comment(ticket_id, body.text, by=request.caller))


def _assignee(request: Request, asked: str | None) -> UserId | None:
    if asked is None or asked == "none":
        return None
    if asked == "me":
        return request.caller.person
    try:
        return UserId(UUID(asked))
    except ValueError as error:
        raise Invalid("assignee is a user's id, `me` or `none`") from error
