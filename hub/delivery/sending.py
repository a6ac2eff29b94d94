"""What somebody wants sent, and what is to be stored of it. No I/O."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from hub import clock
from hub.auth.callers import SYSTEM, Caller
from hub.channels.sms.common import SmsSettings
from hub.channels.sms.marketing import dressed
from hub.conversations.drafts import DraftContent, SentDraft
from hub.conversations.lifecycle import Conversation, State, WaitingFor
from hub.conversations.store import NewMessage, content_digest
from hub.conversations.threading import party_key, subject_key
from hub.conversations.values import Party, attachment_of
from hub.delivery.backoff import GIVE_UP_AFTER
from hub.delivery.carriers import Carrier
from hub.delivery.consent import Purpose
from hub.delivery.errors import Refused
from hub.delivery.held import Hold, Then
from hub.delivery.rich import with_clean_html
from hub.delivery.store import Delivery
from hub.ids import AccountId, ConversationId, CustomerId, DeliveryId, MessageId, UserId, new_id
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """One message with its deliveries; `begins` is the conversation it starts, if it starts one.

    `seen_n`: the newest message the sender had seen. `hold`: it does not leave yet. `draft`: what it was written in.
    """

    message: NewMessage
    deliveries: tuple[Delivery, ...]
    purpose: Purpose = Purpose.REPLY
    begins: Conversation | None = None
    expected_version: int | None = None
    participants: tuple[str, ...] = ()
    agent_id: UserId | None = None  # who answers, where a person does
    by: Caller | None = None
    seen_n: int | None = None
    then: Then | None = None
    hold: Hold | None = None
    content: DraftContent | None = None  # to give back when it is taken back
    draft: SentDraft | None = None
    makes_customer: bool = False  # whom it begins with becomes one, where that is nobody's address yet


def fitted(send: Send, carrier: Carrier) -> Rendered:
    """The draft as the account can carry it. Raises `Refused`."""
    rendered = render(_dressed(_cleaned(send.draft), send.purpose, carrier), carrier.adapter.capabilities())
    if rendered.refused:
        raise Refused("this channel does not take it", refusals=[code.value for code in rendered.refused])
    return rendered


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


def require_reachable(people: Mapping[Address, str], carrier: Carrier, conversation: Conversation) -> None:
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


def recipients(draft: Draft) -> dict[Address, str]:
    """Each address once, with its role."""
    roles: dict[Address, str] = {}
    for role, addresses in (("to", draft.to), ("cc", draft.cc), ("bcc", draft.bcc)):
        for address in addresses:
            roles.setdefault(address, role)
    return roles


def begin(send: Send, carrier: Carrier, customer_id: CustomerId | None, by: Caller) -> Conversation:
    """The conversation that begins with it."""
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


def begin_aside(send: Send, carrier: Carrier) -> Conversation:
    """One that nobody has to look after."""
    return replace(
        begin(send, carrier, None, SYSTEM),
        state=State.CLOSED,
        waiting_for=WaitingFor.NOBODY,
        closed_at=clock.now(),
        link_reason="aside",
    )


def outgoing_of(
    send: Send,
    fitted: Rendered,
    carrier: Carrier,
    conversation: Conversation,
    ours: frozenset[str],
    by: Caller,
) -> Outgoing:
    """Message and deliveries as they are to be stored; of its recipients `ours` are our own mailboxes."""
    now = clock.now()
    by_log = carrier.by_log and send.hold is None
    state = DeliveryState.ACCEPTED if by_log else DeliveryState.QUEUED
    message = _message(send, fitted, carrier, conversation, by, state=state, at=now)
    people = recipients(fitted.draft)
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
