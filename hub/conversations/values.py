"""What the package hands out: conversations and messages as people see them.

Structs, not dataclasses: the event log and the API write them as they are, the log once for every event, so encoding has to be fast.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec

from hub.conversations.lifecycle import Priority, State, WaitingFor
from hub.ids import (
    AccountId,
    AttachmentId,
    ConversationId,
    CustomerId,
    DeliveryId,
    JournalId,
    MessageId,
    QueueId,
    TicketId,
    UserId,
    new_id,
)
from hub.messages.address import AddressKind, ChannelKind
from hub.messages.content import Direction, MessageKind, StoredFile
from hub.messages.states import DeliveryState, SendFailure


class CustomerBrief(msgspec.Struct, frozen=True, kw_only=True):
    """A customer as far as a list shows it."""

    id: CustomerId
    number: str
    name: str


class RatingView(msgspec.Struct, frozen=True, kw_only=True):
    """What the visitor thought of it: 1 to 5 stars, and a word on it if he likes."""

    stars: int
    comment: str
    at: datetime


class ConversationView(msgspec.Struct, frozen=True, kw_only=True):
    """A conversation for lists and headers. `unread`, `draft` and `mentioned` are the asking user's own; false in events.

    Of two views the one with the higher `rev` is the newer. `woken`: what it came back for, until somebody has read it.
    """

    id: ConversationId
    number: int
    subject: str
    state: State
    waiting_for: WaitingFor
    waiting_since: datetime
    priority: Priority
    channel: ChannelKind
    channels: tuple[str, ...]
    account_id: AccountId | None
    queue_id: QueueId | None
    assignee_id: UserId | None
    customer: CustomerBrief | None
    contact: str  # what to call the other side while no customer is linked
    candidates: int  # customers who share the address: choose one
    ticket_ids: tuple[TicketId, ...]
    snoozed_until: datetime | None
    response_due_at: datetime | None  # until when the queue has promised an answer; null while it is not our turn
    unread: bool
    preview: str
    last_direction: str
    last_message_at: datetime
    last_in_n: int  # the number of the last message that came in; 0 for none
    created_at: datetime
    updated_at: datetime
    version: int
    rev: int
    link_reason: str
    follows_id: ConversationId | None
    tags: tuple[str, ...]
    draft: bool
    mentioned: bool
    snooze_reason: Literal["time", "reply", "hours"] | None
    woken: Literal["time", "reply", "hours"] | None
    merged_into: ConversationId | None
    rating: RatingView | None = None


class Party(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody named in a message."""

    kind: AddressKind | None = None
    address: str = ""
    name: str = ""
    user_id: UserId | None = None


class AttachmentView(msgspec.Struct, frozen=True, kw_only=True):
    """A file of a message; the bytes are behind the message's own permission."""

    id: AttachmentId
    filename: str
    content_type: str
    size: int
    sha256: str
    inline: bool = False
    content_id: str | None = None


def attachment_of(file: StoredFile) -> AttachmentView:
    """A stored file as one of a message."""
    return AttachmentView(
        id=AttachmentId(new_id()),
        filename=file.filename,
        content_type=file.content_type,
        size=file.size,
        sha256=file.sha256,
        inline=file.inline,
        content_id=file.content_id,
    )


class DeliveryView(msgspec.Struct, frozen=True, kw_only=True):
    """The fate of a message at one address."""

    id: DeliveryId
    address: str
    state: DeliveryState
    failure: SendFailure | None
    detail: str
    warning: str
    attempts: int
    next_try_at: datetime | None


class MessageView(msgspec.Struct, frozen=True, kw_only=True, rename={"from_": "from"}):
    """One entry of a conversation. `status` is the worst over its recipients, null for what is not outbound.

    While `send_at` or `undo_until` is set it has not left, and can be taken back. When it leaves it gets a new `n` and `created_at`.
    """

    id: MessageId
    n: int
    conversation_id: ConversationId
    channel: ChannelKind
    account_id: AccountId | None
    direction: Direction
    kind: MessageKind
    from_: Party
    to: tuple[Party, ...]
    cc: tuple[Party, ...]
    subject: str
    text: str
    reply_text: str
    has_html: bool
    attachments: tuple[AttachmentView, ...]
    status: DeliveryState | None
    status_detail: str
    failure: SendFailure | None
    notices: tuple[str, ...]
    extra: Mapping[str, Any]
    author_id: UserId | None
    client_key: UUID | None
    journal_id: JournalId | None
    created_at: datetime
    deliveries: tuple[DeliveryView, ...] = ()
    send_at: datetime | None = None
    undo_until: datetime | None = None
