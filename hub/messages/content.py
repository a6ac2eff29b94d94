"""What a message carries, on its way in and on its way out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from hub.ids import AccountId, ConversationId, MessageId
from hub.messages.address import Address, ChannelKind


class Direction(StrEnum):
    """`note` is for colleagues only, `event` is something that happened; neither ever leaves the hub."""

    IN = "in"
    OUT = "out"
    NOTE = "note"
    EVENT = "event"


class MessageKind(StrEnum):
    """What sort of entry it is."""

    MESSAGE = "message"
    BOUNCE = "bounce"
    AUTO_REPLY = "auto_reply"
    VOICEMAIL = "voicemail"
    FAX = "fax"
    CALL = "call"
    EVENT = "event"


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingFile:
    """A file that arrived inside a message, bytes and all. `filename` is only for showing: never a path."""

    filename: str
    content_type: str
    content: bytes
    content_id: str | None = None  # RFC 2392, without the angle brackets
    inline: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """A file whose bytes are in `media` under `sha256` (lower-case hex)."""

    filename: str
    content_type: str
    size: int  # bytes
    sha256: str
    content_id: str | None = None
    inline: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundMessage:
    """One message as handed to an adapter, already fitted to the account's capabilities.

    `id` is the idempotency key. `token` (40 base32 characters) names the message to whoever answers it: it goes into the reply address and
    the envelope sender where a channel has such things. `message_ids` are the Message-IDs (RFC 5322 §3.6.4, with brackets)
    of what it answers, oldest first.
    """

    id: MessageId
    account_id: AccountId
    conversation_id: ConversationId
    channel: ChannelKind
    to: tuple[Address, ...]
    text: str
    cc: tuple[Address, ...] = ()
    bcc: tuple[Address, ...] = ()
    envelope: tuple[Address, ...] = ()  # those of the recipients this attempt is for; empty: all of them
    subject: str = ""
    html: str | None = None
    files: tuple[StoredFile, ...] = ()
    token: str = ""
    message_ids: tuple[str, ...] = ()
    author_name: str = ""
    automatic: bool = False  # RFC 3834: marks it so that no machine answers it
    created_at: datetime
    provider_ids: tuple[str, ...] = ()  # of an earlier attempt's parts; "" where one is not known
    extra: Mapping[str, str] = field(default_factory=dict)

    @property
    def recipients(self) -> tuple[Address, ...]:
        """Whom this attempt is for, each once."""
        return self.envelope or tuple(dict.fromkeys((*self.to, *self.cc, *self.bcc)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What somebody wants to send, before it is fitted to a channel."""

    text: str
    html: str | None = None
    subject: str = ""
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    bcc: tuple[Address, ...] = ()
    files: tuple[StoredFile, ...] = ()
    client_key: UUID | None = None
