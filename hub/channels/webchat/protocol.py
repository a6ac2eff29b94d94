"""What the widget's frame says over its socket, checked and turned into the hub's own words.

Pure: no socket, no table.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, TypeVar
from uuid import UUID

import msgspec
from msgspec import Meta

from hub.channels.contract import Handover
from hub.errors import Invalid
from hub.messages.address import Address, AddressKind, BadAddress, ChannelKind, normal_email
from hub.messages.content import StoredFile
from hub.messages.events import DeliveryReport, InboundMessage, ThreadKey, Wish
from hub.messages.plain import line
from hub.messages.states import DeliveryState

MAX_TEXT = 10_000  # characters
MAX_FILES = 10

T = TypeVar("T")

ShortText = Annotated[str, Meta(max_length=200)]


class Page(msgspec.Struct, frozen=True):
    """The host's page that the visitor looks at."""

    url: Annotated[str, Meta(max_length=2000)] = ""
    title: Annotated[str, Meta(max_length=300)] = ""


class WishGiven(msgspec.Struct, frozen=True):
    """Whom the visitor asked for."""

    kind: Literal["agent", "queue"]
    id: UUID


class Hello(msgspec.Struct, frozen=True):
    """What the frame shows when it connects.

    `origin` is the host page's, as the browser told the frame in its handshake.
    """

    site: UUID
    origin: Annotated[str, Meta(max_length=255)]
    token: Annotated[str, Meta(max_length=100)] | None = None
    identity: Annotated[str, Meta(max_length=4096)] | None = None
    locale: Annotated[str, Meta(max_length=20)] = ""
    page: Page = Page()
    cursor: Annotated[str, Meta(max_length=200)] | None = None


class Send(msgspec.Struct, frozen=True):
    """One message of the visitor. `client_key` stays the same over all retries of it."""

    client_key: UUID
    text: Annotated[str, Meta(max_length=MAX_TEXT)] = ""
    files: Annotated[list[UUID], Meta(max_length=MAX_FILES)] = []
    wish: WishGiven | None = None
    name: ShortText | None = None
    email: ShortText | None = None
    phone: ShortText | None = None


class Typing(msgspec.Struct, frozen=True):
    """The visitor types, or stopped."""

    typing: bool


class Read(msgspec.Struct, frozen=True):
    """The visitor has read everything up to message number `n`."""

    n: Annotated[int, Meta(ge=0, le=2**53)]


class Seen(msgspec.Struct, frozen=True):
    """These messages reached the visitor's page."""

    message_ids: Annotated[list[UUID], Meta(max_length=200)]


class History(msgspec.Struct, frozen=True):
    """Older messages than number `before` are wanted."""

    before: Annotated[int, Meta(ge=0, le=2**53)]


class Standing(msgspec.Struct, frozen=True):
    """Who will answer, and when?"""


class Rate(msgspec.Struct, frozen=True):
    """What the visitor thinks of a conversation that is over."""

    conversation_id: UUID
    stars: Annotated[int, Meta(ge=1, le=5)]
    comment: Annotated[str, Meta(max_length=1000)] = ""


class Transcript(msgspec.Struct, frozen=True):
    """The visitor wants a conversation by mail: to the address he gave before, or the one he gives now."""

    conversation_id: UUID
    email: ShortText | None = None


class Forget(msgspec.Struct, frozen=True):
    """The visitor wants everything of his deleted."""


class MessageRefused(Invalid):
    """What came over the socket is not in the shape it must have, or says nothing."""

    code = "bad_message"


def decode(shape: type[T], value: Any) -> T:
    """Read `value` (decoded JSON) as `shape`; raises `MessageRefused` naming the field."""
    try:
        return msgspec.convert(value, shape, strict=True)
    except msgspec.ValidationError as error:
        raise MessageRefused(str(error)) from error


def handover(
    visitor: UUID, message: Send, *, name: str, files: Sequence[StoredFile], at: datetime, extra: dict[str, Any]
) -> Handover:
    """The visitor's message as intake takes it: the key makes every retry of it one message.

    Raises `MessageRefused` when it says nothing.
    """
    text = message.text.replace("\x00", "").strip()  # PostgreSQL keeps no NUL in a text
    if not text and not files:
        raise MessageRefused("neither text nor a file")
    event = InboundMessage(
        channel=ChannelKind.WEBCHAT,
        sender=Address(kind=AddressKind.VISITOR, value=str(visitor), name=name),
        text=text,
        reply_text=text,
        stored=tuple(files),
        thread_keys=(ThreadKey(kind="visitor", value=str(visitor)),),
        wish=Wish(kind=message.wish.kind, id=message.wish.id) if message.wish else None,
        client_key=message.client_key,
        sent_at=at,
        extra=extra,
    )
    return Handover(
        key=f"webchat:{visitor}:{message.client_key}",
        raw=msgspec.json.encode(message),
        envelope={"visitor_id": str(visitor), "files": [file.filename for file in files]},
        events=(event,),
        received_at=at,
    )


def report(visitor: UUID, state: DeliveryState, messages: Sequence[UUID], at: datetime) -> Handover:
    """That messages (at least one) reached the visitor, or were read. Said again, it is the same handover."""
    events = tuple(
        DeliveryReport(
            state=state,
            source="ack",
            message_id=str(message),
            recipient=Address(kind=AddressKind.VISITOR, value=str(visitor)),
            at=at,
        )
        for message in messages
    )
    raw = msgspec.json.encode({"state": state, "message_ids": messages})
    return Handover(
        key=f"webchat:{visitor}:{state}:{messages[0]}:{messages[-1]}",
        raw=raw,
        envelope={"visitor_id": str(visitor)},
        events=events,
        received_at=at,
    )


def given_contact(message: Send) -> dict[str, str]:
    """Name, e-mail address and phone number the visitor typed, as shown to agents as "not verified".

    An address that is none is left out.
    """
    given = {}
    if message.name and message.name.strip():
        given["name"] = message.name.replace("\x00", "").strip()
    if message.email:
        try:
            given["email"] = normal_email(message.email)
        except BadAddress:
            pass  # it never was more than a hint, and the message matters more
    if message.phone and (phone := line(message.phone, 40)):
        given["phone"] = phone
    return given
