"""Conversations over HTTP: lists, one conversation, its messages, and the verbs on it."""

from datetime import datetime
from typing import Annotated, cast
from uuid import UUID

import msgspec
from msgspec import Meta

from hub.api.endpoint import Page, Request, Router
from hub.auth.rights import Right
from hub.conversations import listing, queries
from hub.conversations.errors import Merged, NoSuchAgent, NoSuchConversation
from hub.conversations.filters import Filter, Sort, View
from hub.conversations.lifecycle import Priority, Snooze, State, WaitingFor
from hub.conversations.saved import views_for
from hub.conversations.service import Change
from hub.conversations.values import ConversationView, MessageView
from hub.db.keyset import BadCursor
from hub.delivery.queries import with_deliveries
from hub.errors import Invalid, Stale
from hub.ids import ConversationId, CustomerId, QueueId, TicketId, UserId
from hub.messages.address import ChannelKind
from hub.routing.errors import NoSuchQueue

api = Router(tag="conversations")

Subject = Annotated[str, Meta(max_length=500)]


class ConversationQuery(msgspec.Struct):
    """Which conversations, and in which order."""

    view: View = "all"
    waiting_for: WaitingFor | None = None
    queue_id: UUID | None = None
    assignee_id: UUID | None = None
    channel: ChannelKind | None = None
    priority: Priority | None = None
    tag: Annotated[str, Meta(max_length=50)] | None = None
    unread: bool = False
    draft: bool = False
    mentioned: bool = False
    overdue: bool = False
    customer_id: UUID | None = None
    ticket_id: UUID | None = None
    sort: Sort = "newest"
    cursor: str | None = None
    limit: Annotated[int, Meta(ge=1, le=200)] = 50


class Counts(msgspec.Struct, kw_only=True):
    """How many open conversations wait for whom, by holder; how many are snoozed; and how many each saved view finds, by its id."""

    mine: dict[str, int]
    unassigned: dict[str, int]
    all: dict[str, int]
    snoozed: dict[str, int]
    views: dict[str, int]


class ConversationPatch(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What to change; `version` as the caller last read it."""

    state: State | None = None
    snoozed_until: Annotated[datetime, Meta(tz=True)] | None = None
    snooze_reason: Snooze | None = None
    priority: Priority | None = None
    subject: Subject | None = None
    queue_id: QueueId | None = None
    version: int | None = None


class AssigneePut(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Who shall answer; null takes it from whoever had it."""

    agent_id: UserId | None
    version: int | None = None


class MessageQuery(msgspec.Struct):
    """Messages before or after a number; the newest where neither is given."""

    before: int | None = None
    after: int | None = None
    limit: Annotated[int, Meta(ge=1, le=200)] = 50


class Messages(msgspec.Struct, kw_only=True):
    """Messages, the oldest first. `read_n`: up to which number the asking user has read what came in; 0 for none."""

    items: list[MessageView]
    has_more: bool
    read_n: int


class ReadMark(msgspec.Struct, forbid_unknown_fields=True):
    """The number of the last message seen."""

    n: int


@api.get("/conversations", needs=Right.CONVERSATIONS_READ, raises=(BadCursor,))
async def list_(request: Request, query: ConversationQuery) -> Page[ConversationView]:
    """The conversations the caller may see."""
    wanted = Filter(**{name: getattr(query, name) for name in Filter.__struct_fields__})
    hub = request.hub
    items, following = await hub.pages.listed(hub.db, request.caller, wanted, cursor=query.cursor, limit=query.limit)
    return Page(items=cast("list[ConversationView]", items), next_cursor=following)  # their JSON, which is written as it is


@api.get("/conversations/counts", needs=Right.CONVERSATIONS_READ)
async def count(request: Request) -> Counts:
    """How much work there is."""
    db, caller = request.hub.db, request.caller
    if (at_hand := request.hub.counts.of(caller)) is not None:
        return Counts(**at_hand)
    found = await views_for(db, caller.user_id, caller.team_ids)
    return Counts(**await queries.counts(db, caller), views=await queries.view_counts(db, caller, found))


@api.get("/conversations/{conversation_id}", needs=Right.CONVERSATIONS_READ, raises=(NoSuchConversation,))
async def get(request: Request, conversation_id: ConversationId) -> ConversationView:
    """One conversation."""
    return await listing.view(request.hub.db, conversation_id, request.caller)


@api.patch(
    "/conversations/{conversation_id}",
    needs=Right.CONVERSATIONS_REPLY,
    raises=(NoSuchConversation, NoSuchQueue, Merged, Stale, Invalid),
)
async def change(request: Request, conversation_id: ConversationId, body: ConversationPatch) -> ConversationView:
    """Close, reopen, snooze, prioritise, rename, or hand to another queue."""
    if body.queue_id is not None:
        await request.hub.routing.queues.get(body.queue_id)
    given = Change(
        state=body.state,
        snoozed_until=await _until(request, conversation_id, body),
        snooze_reason=body.snooze_reason,
        priority=body.priority,
        subject=body.subject,
        queue_id=body.queue_id,
        version=body.version,
    )
    return await request.hub.conversations.change(conversation_id, given, by=request.caller)


async def _until(request: Request, id: ConversationId, body: ConversationPatch) -> datetime | None:
    """The time given; for `hours` without one, when the conversation's queue opens next."""
    if body.snooze_reason is not Snooze.HOURS or body.snoozed_until is not None:
        return body.snoozed_until
    found = await queries.conversation(request.hub.db, id, request.caller)
    opening = await request.hub.routing.next_opening(found.queue_id)
    if opening is None:
        raise Invalid("this queue has no business hours: say until when", path="snoozed_until")
    return opening


@api.put(
    "/conversations/{conversation_id}/assignee",
    needs=Right.CONVERSATIONS_ASSIGN,
    raises=(NoSuchConversation, NoSuchAgent, Merged, Stale),
)
async def assign(request: Request, conversation_id: ConversationId, body: AssigneePut) -> ConversationView:
    """Give the conversation to an agent; they see it at once."""
    return await request.hub.conversations.assign(conversation_id, to=body.agent_id, by=request.caller, version=body.version)


@api.get("/conversations/{conversation_id}/messages", needs=Right.CONVERSATIONS_READ, raises=(NoSuchConversation,))
async def timeline(request: Request, conversation_id: ConversationId, query: MessageQuery) -> Messages:
    """What was said, over all channels."""
    db = request.hub.db
    await queries.conversation(db, conversation_id, request.caller)
    found = await queries.timeline(db, conversation_id, before=query.before, after=query.after, limit=query.limit + 1)
    page = found[: query.limit] if query.after is not None else found[-query.limit :]
    read_n = await queries.read_mark(db, request.caller.user_id, conversation_id)
    return Messages(items=await with_deliveries(db, page), has_more=len(found) > query.limit, read_n=read_n)


@api.post("/conversations/{conversation_id}/read", needs=Right.CONVERSATIONS_READ, raises=(NoSuchConversation,))
async def read(request: Request, conversation_id: ConversationId, body: ReadMark) -> None:
    """The caller has seen the messages up to a number."""
    await request.hub.conversations.mark_read(conversation_id, body.n, by=request.caller)


@api.delete("/conversations/{conversation_id}/read", needs=Right.CONVERSATIONS_READ, raises=(NoSuchConversation,))
async def unread(request: Request, conversation_id: ConversationId) -> None:
    """The last message that came in is new to the caller again."""
    await request.hub.conversations.mark_unread(conversation_id, by=request.caller)


@api.put(
    "/conversations/{conversation_id}/customers/{customer_id}",
    needs=Right.CUSTOMERS_WRITE,
    raises=(NoSuchConversation, Merged, Invalid),
)
async def link_customer(request: Request, conversation_id: ConversationId, customer_id: CustomerId) -> ConversationView:
    """Say who it is with."""
    return await request.hub.conversations.link_customer(conversation_id, customer_id, by=request.caller)


@api.delete(
    "/conversations/{conversation_id}/customers/{customer_id}",
    needs=Right.CUSTOMERS_WRITE,
    status=200,
    raises=(NoSuchConversation, Merged),
)
async def unlink_customer(request: Request, conversation_id: ConversationId, customer_id: CustomerId) -> ConversationView:
    """Undo a link to a customer."""
    return await request.hub.conversations.unlink_customer(conversation_id, customer_id, by=request.caller)


@api.put(
    "/conversations/{conversation_id}/tickets/{ticket_id}",
    needs=Right.TICKETS_WRITE,
    raises=(NoSuchConversation, Merged, Invalid),
)
async def link_ticket(request: Request, conversation_id: ConversationId, ticket_id: TicketId) -> ConversationView:
    """Let the conversation belong to a ticket."""
    return await request.hub.conversations.link_ticket(conversation_id, ticket_id, by=request.caller)


@api.delete(
    "/conversations/{conversation_id}/tickets/{ticket_id}",
    needs=Right.TICKETS_WRITE,
    status=200,
    raises=(NoSuchConversation, Merged),
)
async def unlink_ticket(request: Request, conversation_id: ConversationId, ticket_id: TicketId) -> ConversationView:
    """Undo a link to a ticket."""
    return await request.hub.conversations.unlink_ticket(conversation_id, ticket_id, by=request.caller)
