"""One verb to send, whoever asks: an agent, a rule, a broadcast."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from hub import clock
from hub.auth.callers import SYSTEM, Caller
from hub.channels.sms.common import SmsSettings
from hub.channels.sms.marketing import dressed
from hub.conversations import queries as conversations
from hub.conversations.drafts import DraftContent, DraftView, SentDraft
from hub.conversations.lifecycle import Conversation, State, WaitingFor
from hub.conversations.store import NewMessage, content_digest, lock_conversations
from hub.conversations.threading import party_key, subject_key
from hub.conversations.values import MessageView, Party, attachment_of
from hub.crm.customers.queries import owner
from hub.db import Database, UniqueViolation
from hub.delivery.backoff import GIVE_UP_AFTER
from hub.delivery.carriers import Carrier, Carriers
from hub.delivery.consent import Purpose
from hub.delivery.errors import NothingToRetry, Refused
from hub.delivery.held import Hold, Then
from hub.delivery.outgoing import Outgoing, write
from hub.delivery.queries import reply_options, with_deliveries
from hub.delivery.releasing import Releases
from hub.delivery.rich import with_clean_html
from hub.delivery.settle import settle_message
from hub.delivery.store import Delivery, insert_deliveries, latest
from hub.errors import Invalid
from hub.ids import AccountId, ConversationId, CustomerId, DeliveryId, MessageId, new_id
from hub.messages.address import ADDRESS_KIND_OF, Address, ChannelKind, gets_sms
from hub.messages.content import Direction, Draft, MessageKind
from hub.messages.plain import line
from hub.messages.render import Rendered, render
from hub.messages.states import DeliveryState


@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    """What to send, where, and why. Without `conversation_id` it begins a conversation (with `customer_id`, where known).

    `aside`: one that nobody has to look after and that is no customer's, with a machine's words in it: a test, a note to our own staff.
    `message_id`: made by the sender beforehand, who can so find out whether it is stored already.
    """

    account_id: AccountId
    draft: Draft
    purpose: Purpose = Purpose.REPLY
    conversation_id: ConversationId | None = None
    conversation: Conversation | None = None  # the same as just read for the sender, if it was
    customer_id: CustomerId | None = None
    expected_version: int | None = None
    request_digest: str | None = None  # of what the client asked for, where what is sent was partly filled in here
    forwards: MessageId | None = None  # the message whose text and files this one passes on
    hold: Hold | None = None  # it does not leave yet
    seen_n: int | None = None  # the newest message the sender has seen: refused where a colleague answered since
    then: Then | None = None
    content: DraftContent | None = None  # what is given back when it is taken back
    written_in: SentDraft | None = None  # the draft that is gone with it
    aside: bool = False
    message_id: MessageId | None = None
    kind: MessageKind = MessageKind.MESSAGE  # an AUTO_REPLY answers nobody's question: the conversation stays as it is


class DeliveryService:
    """The door out."""

    def __init__(self, db: Database, carriers: Carriers, *, wake: Callable[[], None]) -> None:
        self._db = db
        self._carriers = carriers
        self._wake = wake
        self._releases = Releases(db, carriers)
        db.committer.register("send", write)

    async def send(self, send: Send, *, by: Caller) -> MessageView:
        """Store the message and its deliveries; a worker does the rest. A repeated client key returns the first message.

        Raises `NoSuchConversation`, `Refused` (with the codes), `Stale`, `ClientKeyReused`, `DatabaseGone`.
        """
        carrier = await self._carriers.get(send.account_id)
        conversation = await self._conversation(send, carrier, by)
        fitted = render(_dressed(_cleaned(send.draft), send.purpose, carrier), carrier.adapter.capabilities())
        if fitted.refused:
            raise Refused("this channel does not take it", refusals=[code.value for code in fitted.refused])
        people = _recipients(fitted.draft)
        _require_reachable(people, carrier, conversation)
        outgoing = _outgoing(send, fitted, carrier, conversation, await self._carriers.ours(people), by)
        try:
            stored = await self._stored(outgoing)
        except Refused as refused:
            raise await self._with_allowed(refused, send, conversation) from None
        if outgoing.hold is None and any(delivery.state is DeliveryState.QUEUED for delivery in outgoing.deliveries):
            self._wake()
        return stored if stored.deliveries else (await with_deliveries(self._db, [stored]))[0]

    async def _stored(self, outgoing: Outgoing) -> MessageView:
        try:
            stored: MessageView = await self._db.committer.submit("send", outgoing)
        except UniqueViolation as error:
            if error.constraint != "message_author_client_key":
                raise
            stored = await self._db.committer.submit("send", outgoing)  # another process was first: now it is found
        return stored

    async def _conversation(self, send: Send, carrier: Carrier, by: Caller) -> Conversation:
        if send.conversation is not None:
            return send.conversation
        if send.conversation_id is not None:
            return await conversations.conversation(self._db, send.conversation_id, by)
        known = "SELECT 1 FROM customer WHERE id = $1"
        if send.customer_id is not None and await self._db.fetch_one(known, send.customer_id) is None:
            raise Invalid("no such customer", path="customer_id")
        if send.aside:
            return _begin_aside(send, carrier)
        customer_id = send.customer_id or (await owner(self._db, send.draft.to[0]) if send.draft.to else None)
        return _begin(send, carrier, customer_id, by)

    async def _with_allowed(self, refused: Refused, send: Send, conversation: Conversation) -> Refused:
        """The same, with the channels an answer could still take."""
        options = await reply_options(self._db, self._carriers, conversation) if send.conversation_id else []
        allowed = sorted({option.channel.value for option in options if option.allowed})
        return Refused(refused.detail, **refused.extra | {"allowed": allowed})

    async def take_back(self, id: MessageId, *, by: Caller) -> DraftView:
        """Undo the sending of a message that has not left: see `Releases.take_back`."""
        return await self._releases.take_back(id, by=by)

    async def retry(self, id: MessageId, *, by: Caller) -> MessageView:
        """Send again, by hand, to every address where it failed or nobody knows: each gets a new delivery, the old one stays as it is.

        Raises `NoSuchMessage`, `NothingToRetry`.
        """
        message = await conversations.message(self._db, id, by)
        now = clock.now()
        async with self._db.unit_of_work() as work:
            await lock_conversations(work, [message.conversation_id])
            again = [_again(d, now) for d in await latest(work, id) if d.state in (DeliveryState.FAILED, DeliveryState.UNKNOWN)]
            if not again:
                raise NothingToRetry("no delivery of this message failed or is unknown")
            await insert_deliveries(work, again)
            await settle_message(work, id)
        self._wake()
        return (await with_deliveries(self._db, [message]))[0]


def _again(old: Delivery, now: datetime) -> Delivery:
    return replace(
        old,
        id=DeliveryId(new_id()),
        state=DeliveryState.QUEUED,
        failure=None,
        detail="",
        warning="",
        attempts=0,
        due_at=now,
        give_up_at=now + GIVE_UP_AFTER[old.channel],
        fence=0,
        provider_ids=(),
        created_at=now,
    )


def _cleaned(draft: Draft) -> Draft:
    """Without line breaks and control characters where they would end a header; rich text made safe, with the same as plain text."""

    def named(addresses: tuple[Address, ...]) -> tuple[Address, ...]:
        return tuple(replace(address, name=line(address.name, 300)) for address in addresses)

    draft = with_clean_html(draft)
    return replace(draft, subject=line(draft.subject, 500), to=named(draft.to), cc=named(draft.cc), bcc=named(draft.bcc))


def _dressed(draft: Draft, purpose: Purpose, carrier: Carrier) -> Draft:
    """Advertising by short message says who sends it and how to stop it."""
    settings = carrier.settings
    if purpose is not Purpose.MARKETING or not isinstance(settings, SmsSettings):
        return draft
    return replace(draft, text=dressed(draft.text, signature=settings.signature, hint=settings.opt_out_hint))


def _require_reachable(people: Mapping[Address, str], carrier: Carrier, conversation: Conversation) -> None:
    """Somebody is to get it, by addresses of the account's kind; over web chat only the visitor whose conversation it is."""
    if not people:
        raise Refused("nobody to send it to", refusals=["no_recipient"])
    wrong = [a.value for a in people if a.kind is not ADDRESS_KIND_OF[carrier.channel]]
    if carrier.channel is ChannelKind.SMS:
        wrong += [a.value for a in people if not gets_sms(a.value)]
    if carrier.channel is ChannelKind.WEBCHAT:
        wrong = [a.value for a in people if a.value != str(conversation.visitor_id)]
    if wrong:
        raise Refused("not reached on this channel", refusals=["wrong_address"], addresses=dict.fromkeys(wrong, "wrong_address"))


def _recipients(draft: Draft) -> dict[Address, str]:
    """Each address once, with its role."""
    roles: dict[Address, str] = {}
    for role, addresses in (("to", draft.to), ("cc", draft.cc), ("bcc", draft.bcc)):
        for address in addresses:
            roles.setdefault(address, role)
    return roles


def _begin(send: Send, carrier: Carrier, customer_id: CustomerId | None, by: Caller) -> Conversation:
    now = clock.now()
    return Conversation(
        id=ConversationId(new_id()),
        waiting_for=WaitingFor.CUSTOMER,
        waiting_since=now,
        subject=line(send.draft.subject, 500),
        channel=carrier.channel,
        account_id=carrier.account_id,
        queue_id=carrier.queue_id,
        assignee_id=by.user_id,
        customer_id=customer_id,
        link_reason="began_by_us",
        last_message_at=now,
        created_at=now,
        updated_at=now,
    )


def _begin_aside(send: Send, carrier: Carrier) -> Conversation:
    return replace(
        _begin(send, carrier, None, SYSTEM),
        state=State.CLOSED,
        waiting_for=WaitingFor.NOBODY,
        closed_at=clock.now(),
        link_reason="aside",
    )


def _outgoing(
    send: Send,
    fitted: Rendered,
    carrier: Carrier,
    conversation: Conversation,
    ours: frozenset[str],
    by: Caller,
) -> Outgoing:
    now = clock.now()
    by_log = carrier.by_log and send.hold is None
    state = DeliveryState.ACCEPTED if by_log else DeliveryState.QUEUED
    message = _message(send, fitted, carrier, conversation, by, state=state, at=now)
    people = _recipients(fitted.draft)
    deliveries = tuple(
        Delivery(
            id=DeliveryId(new_id()),
            message_id=message.id,
            conversation_id=conversation.id,
            account_id=carrier.account_id,
            channel=carrier.channel,
            address=address,
            role=role,
            state=state,
            attempts=1 if by_log else 0,
            due_at=now,
            give_up_at=now + GIVE_UP_AFTER[carrier.channel],
            consent={},
            created_at=now,
        )
        for address, role in people.items()
    )
    return Outgoing(
        message=message,
        deliveries=deliveries,
        begins=conversation if send.conversation_id is None else None,
        purpose=send.purpose,
        expected_version=send.expected_version,
        participants=tuple(address.value for address in people if address.value not in ours),
        agent_id=by.user_id,
        by=by,
        seen_n=send.seen_n,
        then=send.then,
        hold=send.hold,
        content=send.content,
        draft=send.written_in,
        makes_customer=carrier.channel is ChannelKind.SMS and not send.aside and send.customer_id is None,
    )


def _message(
    send: Send, fitted: Rendered, carrier: Carrier, conversation: Conversation, by: Caller, *, state: DeliveryState, at: datetime
) -> NewMessage:
    draft = fitted.draft
    extra: dict[str, Any] = {"losses": [loss.value for loss in fitted.lost]} if fitted.lost else {}
    if send.forwards is not None:
        extra["forwards"] = str(send.forwards)
    return NewMessage(
        id=send.message_id or MessageId(new_id()),
        conversation_id=conversation.id,
        channel=carrier.channel,
        account_id=carrier.account_id,
        direction=Direction.OUT,
        kind=MessageKind.AUTO_REPLY if send.aside else send.kind,
        sender=Party(name=by.name, user_id=by.author_id),
        to=tuple(map(_party, draft.to)),
        cc=tuple(map(_party, draft.cc)),
        bcc=tuple(map(_party, draft.bcc)),
        subject=draft.subject,
        text=draft.text,
        reply_text=draft.text,
        html=draft.html,
        attachments=tuple(attachment_of(file) for file in draft.files),
        extra=extra,
        client_key=draft.client_key,
        client_digest=(send.request_digest or _digest(send)) if draft.client_key else None,
        status=state,
        created_at=at,
        send_at=send.hold.until if send.hold and send.hold.is_later else None,
        undo_until=send.hold.until if send.hold and not send.hold.is_later else None,
        own_keys=_own_keys(send, draft, carrier.channel),
    )


def _digest(send: Send) -> str:
    draft = send.draft
    people = [[a.value for a in addresses] for addresses in (draft.to, draft.cc, draft.bcc)]
    return content_digest(
        send.conversation_id, send.account_id, draft.text, draft.html, draft.subject, people, [f.sha256 for f in draft.files]
    )


def _own_keys(send: Send, draft: Draft, channel: ChannelKind) -> tuple[str, ...]:
    """By what an answer is known to belong here: a short message says nothing but who writes."""
    if send.aside:
        return ()
    if channel is ChannelKind.SMS:
        return tuple(party_key(address.value) for address in draft.to)
    is_first = send.conversation_id is None and draft.subject
    return tuple(subject_key(draft.subject, address.value) for address in draft.to) if is_first else ()


def _party(address: Address) -> Party:
    return Party(kind=address.kind, address=address.value, name=address.name)
