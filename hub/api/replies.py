"""Writing: replies, notes, forwarding, first messages; and what each way to answer would refuse."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from hub import clock
from hub.api.endpoint import Request, Router
from hub.auth.rights import Right
from hub.conversations import listing, queries
from hub.conversations.drafts import DraftContent, DraftView, SentDraft
from hub.conversations.errors import Merged, NoSuchConversation, NoSuchMessage, NoSuchUpload
from hub.conversations.forward import forwarded
from hub.conversations.store import content_digest
from hub.conversations.values import ConversationView, MessageView, attachment_of
from hub.delivery.answering import way_back
from hub.delivery.consent import Purpose
from hub.delivery.errors import AlreadyLeft, NewerReply, NotItsAuthor, Refused
from hub.delivery.held import UNDO_AT_MOST, Then, hold_of
from hub.delivery.queries import ReplyOption, reply_options
from hub.delivery.rich import plain_of
from hub.delivery.service import Send
from hub.errors import ClientKeyReused, Invalid, Stale
from hub.ids import AccountId, ConversationId, CustomerId, MessageId, UserId
from hub.messages.address import Address, AddressKind, BadAddress, ChannelKind, recipient
from hub.messages.content import Draft, StoredFile

api = Router(tag="conversations")

SENT_WITHIN = timedelta(days=366)
REPEATED_WITHIN = timedelta(days=1)  # a repeat of what got no answer may come when its time has passed: it leaves at once

Text = Annotated[str, Meta(max_length=100_000)]
Html = Annotated[str, Meta(max_length=400_000)]
Subject = Annotated[str, Meta(max_length=500)]

_WRITTEN_TO_BY = {
    AddressKind.EMAIL: ChannelKind.EMAIL,
    AddressKind.PHONE: ChannelKind.SMS,
    AddressKind.VISITOR: ChannelKind.WEBCHAT,
}


class PartyGiven(msgspec.Struct, forbid_unknown_fields=True):
    """An address as somebody typed it."""

    address: Annotated[str, Meta(min_length=1, max_length=330)]
    kind: AddressKind = AddressKind.EMAIL
    name: Annotated[str, Meta(max_length=300)] = ""

    def normal(self, region: str) -> Address:
        """In normal form; raises `BadAddress`."""
        return recipient(_WRITTEN_TO_BY[self.kind], self.address, region=region, name=self.name)


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


class MessageCreate(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A reply, or a note for colleagues. What a reply leaves out is taken from the default way to answer.

    `forward_of` passes a message of this conversation on, text and files: then `to` must say to whom. `html` is rich text for the
    channels that carry it; `text` is made of it where empty. `send_at` and `undo_seconds` let it leave later; until then it can be
    taken back. `seen_n` is the newest message the writer has seen: a colleague's answer after it is refused as `newer_reply`,
    unless `force`. `then` is what becomes of the conversation in the same step. `draft_revision`: the draft it was written in, which
    is gone with it unless it was changed since. `mentions`: whom a note is to be brought to the notice of.
    """

    text: Text = ""
    html: Html | None = None
    kind: Literal["reply", "note"] = "reply"
    account_id: AccountId | None = None
    to: Parties = msgspec.field(default_factory=list)
    cc: Parties = msgspec.field(default_factory=list)
    bcc: Parties = msgspec.field(default_factory=list)
    subject: Subject | None = None
    attachment_ids: Uploaded = msgspec.field(default_factory=list)
    forward_of: MessageId | None = None
    mentions: Annotated[list[UserId], Meta(max_length=50)] = msgspec.field(default_factory=list)
    expected_version: int | None = None
    seen_n: int | None = None
    force: bool = False
    send_at: Annotated[datetime, Meta(tz=True)] | None = None
    undo_seconds: Annotated[int, Meta(ge=0, le=UNDO_AT_MOST)] = 0
    then: Then | None = None
    draft_revision: int | None = None
    client_key: UUID | None = None


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
    id = message.conversation_id  # whose sight is not asked for: a token of one right has none, and it was sent
    views = await listing.views_by_id(request.hub.db, {id}, request.caller)
    return Begun(conversation=views[id], message=message)


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
    raises=(
        *(
            NoSuchConversation,
            NoSuchMessage,
            NoSuchUpload,
            BadAddress,
            Refused,
            Merged,
            Stale,
            NewerReply,
            ClientKeyReused,
            Invalid,
        ),
    ),
)
async def say(request: Request, conversation_id: ConversationId, body: MessageCreate) -> MessageView:
    """Answer, or leave a note. A repeated `client_key` returns the first message."""
    files = await _uploaded(request, body.attachment_ids, body.html)
    if body.kind == "note":
        return await request.hub.conversations.add_note(
            conversation_id,
            body.text,
            by=request.caller,
            client_key=body.client_key,
            attachments=tuple(map(attachment_of, files)),
            mentions=body.mentions,
            written_in=_written_in(request, conversation_id, body),
        )
    send = await _reply(request, conversation_id, body, files)
    return await request.hub.delivery.send(_timed(request, send, body), by=request.caller)


@api.delete(
    "/messages/{message_id}",
    needs=Right.CONVERSATIONS_REPLY,
    status=200,
    raises=(NoSuchMessage, NotItsAuthor, AlreadyLeft),
)
async def take_back(request: Request, message_id: MessageId) -> DraftView:
    """Take back an answer of the caller's that has not left: it is a draft again, before whatever is written there by now."""
    return await request.hub.delivery.take_back(message_id, by=request.caller)


def _timed(request: Request, send: Send, body: MessageCreate) -> Send:
    """The same with when it leaves, what it must not cross, and what happens with it."""
    now = clock.now()
    if body.send_at is not None and not now - REPEATED_WITHIN < body.send_at < now + SENT_WITHIN:
        raise Invalid("that is not in the coming year", path="send_at")
    if body.then is not None:
        body.then.check(now)
    assert send.conversation_id is not None
    hold = hold_of(body.send_at, body.undo_seconds, now)
    return replace(
        send,
        hold=hold,
        seen_n=None if body.force else body.seen_n,
        then=body.then,
        content=_content(body) if hold else None,
        written_in=_written_in(request, send.conversation_id, body),
    )


def _content(body: MessageCreate) -> DraftContent:
    written = {name: getattr(body, name) for name in DraftContent.__struct_fields__}
    return msgspec.convert(msgspec.to_builtins(written), DraftContent)


def _written_in(request: Request, id: ConversationId, body: MessageCreate) -> SentDraft | None:
    user_id = request.caller.user_id
    if user_id is None or body.draft_revision is None:
        return None
    return SentDraft(user_id=user_id, conversation_id=id, mode=body.kind, revision=body.draft_revision)


async def _reply(request: Request, id: ConversationId, body: MessageCreate, files: tuple[StoredFile, ...]) -> Send:
    hub = request.hub
    if body.forward_of is not None:
        return await _forward(request, id, body, files)
    way = await way_back(hub.db, hub.carriers, id, request.caller, account_id=body.account_id)
    if way.account_id is None:
        raise Refused("no account can carry an answer to this conversation", refusals=["no_way"])
    draft = Draft(
        text=body.text,
        html=body.html,
        subject=way.subject if body.subject is None else body.subject,
        to=_normal(request, body.to) or way.to,
        cc=_normal(request, body.cc),
        bcc=_normal(request, body.bcc),
        files=files,
        client_key=body.client_key,
    )
    return Send(
        account_id=way.account_id,
        conversation_id=id,
        conversation=way.conversation,
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
        text=body.text or (plain_of(body.html) if body.html else ""),
        html=body.html,
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


def _normal(request: Request, given: list[PartyGiven]) -> tuple[Address, ...]:
    return tuple(party.normal(request.hub.settings.phone_region) for party in given)


async def _uploaded(request: Request, ids: list[UUID], html: str | None = None) -> tuple[StoredFile, ...]:
    """Files by their uploads. A picture that the text shows as `cid:` and the id of its upload is part of the text."""
    files = await request.hub.uploads.take(ids, owner=str(request.caller.author_id))
    return tuple(
        replace(file, content_id=str(id), inline=True) if html and f"cid:{id}" in html else file
        for id, file in zip(ids, files, strict=True)
    )
