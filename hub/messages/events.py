"""What an adapter hands over, in the hub's own words."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import UUID

from hub.messages.address import Address, ChannelKind
from hub.messages.content import IncomingFile, MessageKind, StoredFile
from hub.messages.states import DeliveryState, SendFailure


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadKey:
    """One reason to believe that a message belongs to a conversation.

    `reply_token` and `verp` hold the token as found (verified later, with the secret); `message_id` one bare Message-ID with brackets;
    `subject` the subject without "Re:" and its like; `visitor` the visitor's id; `party` the address
    of whoever wrote, on channels without anything better (SMS).
    """

    kind: Literal["reply_token", "verp", "message_id", "subject", "visitor", "party"]
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Whom the other side asked for: a user's or a team's/queue's id."""

    kind: Literal["agent", "queue"]
    id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundMessage:
    """Something a party said to us.

    `text` is what an agent reads, whole; `reply_text` the same without what was quoted. `html` is already cleaned (no script, style sheet,
    form; pictures as `cid:` or remote). `thread_keys`: what it refers to, strongest first. `own_keys`: Message-IDs by which answers will refer to it.
    `notices`: short codes the console explains to the agent (`truncated`, `unreadable`, `charset_guessed`, `winmail`, …).
    """

    channel: ChannelKind
    sender: Address
    text: str
    reply_text: str = ""
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    reply_to: tuple[Address, ...] = ()
    subject: str = ""
    html: str | None = None
    files: tuple[IncomingFile, ...] = ()
    stored: tuple[StoredFile, ...] = ()  # files that were uploaded before
    kind: MessageKind = MessageKind.MESSAGE
    sent_at: datetime | None = None
    thread_keys: tuple[ThreadKey, ...] = ()
    own_keys: tuple[str, ...] = ()
    wish: Wish | None = None
    client_key: UUID | None = None
    automatic: bool = False  # RFC 3834: answer it with a machine and you get a loop
    notices: tuple[str, ...] = ()
    extra: Mapping[str, object] = field(default_factory=dict)  # JSON-able: calendar cards, authentication results, …


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryReport:
    """What the provider, or the other side's machine, says later about something we sent.

    The message is named by `token` (from VERP or reply address), else by `message_id` (our own id, or a Message-ID), else by
    `provider_id`: then it is the word about one part only, and is kept for ten minutes where the provider's answer is not known yet.
    `recipient` narrows it to one delivery.
    """

    state: DeliveryState
    source: str  # "dsn", "ack", "status_callback", …
    token: str | None = None
    provider_id: str | None = None
    message_id: str | None = None
    recipient: Address | None = None
    failure: SendFailure | None = None
    provider_code: str = ""  # RFC 3463 status such as "5.1.1", carrier codes, …
    detail: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TypingNotice:
    """The other side is typing (True) or stopped (False). May be lost."""

    sender: Address
    typing: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OptOut:
    """The other side wants no more from `to` on this channel (`stop`), wants it again (`start`), or asks what this is (`help`).

    `answered`: the provider has told them so itself. `language` is that of the word.
    """

    channel: ChannelKind
    sender: Address
    word: str
    to: Address | None = None
    wish: Literal["stop", "start", "help"] = "stop"
    language: Literal["en", "zh"] = "en"
    answered: bool = False


ChannelEvent = InboundMessage | DeliveryReport | TypingNotice | OptOut
