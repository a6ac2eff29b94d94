"""Conversations over HTTP: lists, one conversation, its messages, and the verbs on it."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from hub.api.endpoint import Page, Request, Router
from hub.auth.rights import Right
from hub.conversations import queries
from hub.conversations.errors import NoSuchAgent, NoSuchConversation, NoSuchMessage, NoSuchUpload
from hub.conversations.forward import forwarded
from hub.conversations.lifecycle import Priority, State, WaitingFor
from hub.conversations.queries import Filter
from hub.conversations.service import Change
from hub.conversations.store import author_of, content_digest
from hub.conversations.values import ConversationView, MessageView, attachment_of
from hub.db.keyset import BadCursor
from hub.delivery.consent import Purpose
from hub.delivery.errors import Refused
from hub.delivery.queries import ReplyOption, reply_options, with_deliveries
from hub.delivery.service import Send
from hub.errors import ClientKeyReused, Invalid, Stale
from hub.ids import AccountId, ConversationId, CustomerId, MessageId, QueueId, TicketId, UserId
from hub.messages.address import Address, AddressKind, BadAddress, ChannelKind, normal
from hub.messages.content import Draft, StoredFile
from hub.routing.errors import NoSuchQueue

api = Router(tag="conversations")

Text = Annotated[str, Meta(max_length=100_000)]
Subject = Annotated[str, Meta(max_length=500)]


class ConversationQuery(msgspec.Struct):
    """Which conversations, and in which order."""

    view: Literal["mine", "unassigned", "all", "snoozed", "closed"] = "all"
    waiting_for: WaitingFor | None = None
    queue_id: UUID | None = None
    assignee_id: UUID | None = None
    channel: ChannelKind | None = None
    customer_id: UUID | None = None
    ticket_id: UUID | None = None
    sort: Literal["newest", "waiting"] = "newest"
    cursor: str | None = None
    limit: Annotated[int, Meta(ge=1, le=200)] = 50


class Counts(msgspec.Struct, kw_only=True):
    """How many open conversations wait for whom, by holder; and how many are snoozed."""

    mine: dict[str, int]
    unassigned: dict[str, int]
    all: dict[str, int]
    snoozed: dict[str, int]


class PartyGiven(msgspec.Struct, forbid_unknown_fields=True):
    """An address as somebody typed it."""

    address: Annotated[str, Meta(min_length=1, max_length=330)]
    kind: AddressKind = AddressKind.EMAIL
    name: Annotated[str, Meta(max_length=300)] = ""

    def normal(self, region: str) -> Address:
        """In normal form; raises `BadAddress`."""
        return Address(kind=self.kind, value=normal(self.kind, self.address, region=region), name=self.name)


Parties = Annotated[list[PartyGiven], Meta(max_length=100)]
Uploaded = Annotated[list[UUID], Meta(max_length=50)]


class ConversationCreate(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A first message to somebody."""

    account_id: AccountId
    to: Annotated[list[PartyGiven], Meta(min_length=1, max_length=100)]
    text: Text
    subject: Subject = ""
    cc: Parties = msgspec.field(default_factory=list)
    bcc: Parties = msgspec.field(default_factory=list)
    attachment_ids: Uploaded = msgspec.field(default_factory=list)
    customer_id: CustomerId | None = None
    client_key: UUID | None = None


class Begun(msgspec.Struct, kw_only=True):
    """The conversation and its first message."""

    conversation: ConversationView
    message: MessageView


class ConversationPatch(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What to change; `version` as the caller last read it."""

    state: State | None = None
    snoozed_until: Annotated[datetime, Meta(tz=True)] | None = None
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
    """Messages, the oldest first."""

    items: list[MessageView]
    has_more: bool


class MessageCreate(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A reply, or a note for colleagues. What a reply leaves out is taken from the default way to answer.

    `forward_of` passes a message of this conversation on, text and files: then `to` must say to whom.
    """

    text: Text = ""
    kind: Literal["reply", "note"] = "reply"
    account_id: AccountId | None = None
    to: Parties = msgspec.field(default_factory=list)
    cc: Parties = msgspec.field(default_factory=list)
    bcc: Parties = msgspec.field(default_factory=list)
    subject: Subject | None = None
    attachment_ids: Uploaded = msgspec.field(default_factory=list)
    forward_of: MessageId | None = None
    expected_version: int | None = None
    client_key: UUID | None = None


class ReadMark(msgspec.Struct, forbid_unknown_fields=True):
    """The number of the last message seen."""

    n: int


class TypingNotice(msgspec.Struct, forbid_unknown_fields=True):
    """Whether the caller is typing."""

    typing: bool


@api.get("/conversations", needs=Right.CONVERSATIONS_READ, raises=(BadCursor,))
async def list_(request: Request, query: ConversationQuery) -> Page[ConversationView]:
    """The conversations the caller may see."""
    wanted = Filter(
        view=query.view,
        waiting_for=query.waiting_for,
        queue_id=query.queue_id,
        assignee_id=query.assignee_id,
        channel=query.channel,
        customer_id=query.customer_id,
        ticket_id=query.ticket_id,
        sort=query.sort,
    )
    items, following = await queries.listed(request.hub.db, request.caller, wanted, cursor=query.cursor, limit=query.limit)
    return Page(items=items, next_cursor=following)


@api.get("/conversations/counts", needs=Right.CONVERSATIONS_READ)
async def count(request: Request) -> Counts:
    """How much work there is."""
    return Counts(**await queries.counts(request.hub.db, request.caller))


@api.post(
    "/conversations",
    needs=Right.CONVERSATIONS_REPLY,
    status=201,
    raises=(BadAddress, Refused, ClientKeyReused, NoSuchUpload),
)
async def begin(request: Request, body: ConversationCreate) -> Begun:
    """Write to somebody first."""
    send = Send(
        account_id=body.account_id,
        customer_id=body.customer_id,
        purpose=Purpose.SERVICE,
        draft=Draft(
            text=body.text,
            subject=body.subject,
            to=_normal(request, body.to),
            cc=_normal(request, body.cc),
            bcc=_normal(request, body.bcc),
            files=await _uploaded(request, body.attachment_ids),
            client_key=body.client_key,
        ),
    )
    message = await request.hub.delivery.send(send, by=request.caller)
    view = await queries.view(request.hub.db, message.conversation_id, request.caller)
    return Begun(conversation=view, message=message)


@api.get("/conversations/{conversation_id}", needs=Right.CONVERSATIONS_READ, raises=(NoSuchConversation,))
async def get(request: Request, conversation_id: ConversationId) -> ConversationView:
    """One conversation."""
    return await queries.view(request.hub.db, conversation_id, request.caller)


@api.patch(
    "/conversations/{conversation_id}", needs=Right.CONVERSATIONS_REPLY, raises=(NoSuchConversation, NoSuchQueue, Stale, Invalid)
)
async def change(request: Request, conversation_id: ConversationId, body: ConversationPatch) -> ConversationView:
    """Close, reopen, snooze, prioritise, rename, or hand to another queue."""
    if body.queue_id is not None:
        await request.hub.routing.queues.get(body.queue_id)
    given = Change(
        state=body.state,
        snoozed_until=body.snoozed_until,
        priority=body.priority,
        subject=body.subject,
        queue_id=body.queue_id,
        version=body.version,
    )
    return await request.hub.conversations.change(conversation_id, given, by=request.caller)


@api.put(
    "/conversations/{conversation_id}/assignee", needs=Right.CONVERSATIONS_ASSIGN, raises=(NoSuchConversation, NoSuchAgent, Stale)
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
    return Messages(items=await with_deliveries(db, page), has_more=len(found) > query.limit)


@api.get("/conversations/{conversation_id}/reply-options", needs=Right.CONVERSATIONS_READ, raises=(NoSuchConversation,))
async def ways_to_answer(request: Request, conversation_id: ConversationId) -> list[ReplyOption]:
    """Every account an answer could leave by, and what each would refuse or lose."""
    hub = request.hub
    conversation = await queries.conversation(hub.db, conversation_id, request.caller)
    return await reply_options(hub.db, hub.carriers, conversation)


@api.post(
    "/conversations/{conversation_id}/messages",
    needs=Right.CONVERSATIONS_REPLY,
    status=201,
    raises=(NoSuchConversation, NoSuchMessage, BadAddress, Refused, Stale, ClientKeyReused, NoSuchUpload, Invalid),
)
async def say(request: Request, conversation_id: ConversationId, body: MessageCreate) -> MessageView:
    """Answer, or leave a note. A repeated `client_key` returns the first message."""
    files = await _uploaded(request, body.attachment_ids)
    if body.kind == "note":
        return await request.hub.conversations.add_note(
            conversation_id,
            body.text,
            by=request.caller,
            client_key=body.client_key,
            attachments=tuple(map(attachment_of, files)),
        )
    send = await _reply(request, conversation_id, body, files)
    return await request.hub.delivery.send(send, by=request.caller)


async def _reply(request: Request, id: ConversationId, body: MessageCreate, files: tuple[StoredFile, ...]) -> Send:
    hub = request.hub
    if body.forward_of is not None:
        return await _forward(request, id, body, files)
    options: list[ReplyOption] = []
    if body.account_id is None or not body.to or body.subject is None:
        conversation = await queries.conversation(hub.db, id, request.caller)
        options = await reply_options(hub.db, hub.carriers, conversation)
    option = next((o for o in options if body.account_id in (None, o.account_id)), None)
    account_id = body.account_id or (option.account_id if option else None)
    if account_id is None:
        raise Refused("no account can carry an answer to this conversation", refusals=["no_way"])
    to = _normal(request, body.to) or tuple(
        Address(kind=AddressKind(p["kind"]), value=p["address"], name=p["name"]) for p in (option.to if option else ())
    )
    subject = body.subject if body.subject is not None else (option.subject if option else "")
    draft = Draft(
        text=body.text,
        subject=subject,
        to=to,
        cc=_normal(request, body.cc),
        bcc=_normal(request, body.bcc),
        files=files,
        client_key=body.client_key,
    )
    return Send(
        account_id=account_id,
        conversation_id=id,
        draft=draft,
        expected_version=body.expected_version,
        request_digest=content_digest(id, body),
    )


async def _forward(request: Request, id: ConversationId, body: MessageCreate, files: tuple[StoredFile, ...]) -> Send:
    hub = request.hub
    assert body.forward_of is not None
    message = await queries.message(hub.db, body.forward_of, request.caller)
    if message.conversation_id != id:
        raise NoSuchMessage()
    if not body.to:
        raise Invalid("say to whom it is passed on", path="to")
    account_id = body.account_id or message.account_id
    if account_id is None:
        raise Refused("say which account it leaves by", refusals=["no_way"])
    draft = Draft(
        text=body.text,
        subject=body.subject or "",
        to=_normal(request, body.to),
        cc=_normal(request, body.cc),
        bcc=_normal(request, body.bcc),
        files=files,
        client_key=body.client_key,
    )
    return Send(
        account_id=account_id,
        conversation_id=id,
        draft=forwarded(draft, message),
        purpose=Purpose.SERVICE,
        expected_version=body.expected_version,
        request_digest=content_digest(id, body),
        forwards=message.id,
    )


@api.post("/conversations/{conversation_id}/read", needs=Right.CONVERSATIONS_READ, raises=(NoSuchConversation,))
async def read(request: Request, conversation_id: ConversationId, body: ReadMark) -> None:
    """The caller has seen the messages up to a number."""
    await request.hub.conversations.mark_read(conversation_id, body.n, by=request.caller)


@api.put(
    "/conversations/{conversation_id}/customers/{customer_id}",
    needs=Right.CUSTOMERS_WRITE,
    raises=(NoSuchConversation, Invalid),
)
async def link_customer(request: Request, conversation_id: ConversationId, customer_id: CustomerId) -> ConversationView:
    """Say who it is with."""
    return await request.hub.conversations.link_customer(conversation_id, customer_id, by=request.caller)


@api.delete(
    "/conversations/{conversation_id}/customers/{customer_id}",
    needs=Right.CUSTOMERS_WRITE,
    status=200,
    raises=(NoSuchConversation,),
)
async def unlink_customer(request: Request, conversation_id: ConversationId, customer_id: CustomerId) -> ConversationView:
    """Undo a link to a customer."""
    return await request.hub.conversations.unlink_customer(conversation_id, customer_id, by=request.caller)


@api.put("/conversations/{conversation_id}/tickets/{ticket_id}", needs=Right.TICKETS_WRITE, raises=(NoSuchConversation, Invalid))
async def link_ticket(request: Request, conversation_id: ConversationId, ticket_id: TicketId) -> ConversationView:
    """Let the conversation belong to a ticket."""
    return await request.hub.conversations.link_ticket(conversation_id, ticket_id, by=request.caller)


@api.delete(
    "/conversations/{conversation_id}/tickets/{ticket_id}",
    needs=Right.TICKETS_WRITE,
    status=200,
    raises=(NoSuchConversation,),
)
async def unlink_ticket(request: Request, conversation_id: ConversationId, ticket_id: TicketId) -> ConversationView:
    """Undo a link to a ticket."""
    return await request.hub.conversations.unlink_ticket(conversation_id, ticket_id, by=request.caller)


def _normal(request: Request, given: list[PartyGiven]) -> tuple[Address, ...]:
    return tuple(party.normal(request.hub.settings.phone_region) for party in given)


async def _uploaded(request: Request, ids: list[UUID]) -> tuple[StoredFile, ...]:
    return await request.hub.uploads.take(ids, owner=str(author_of(request.caller)))
