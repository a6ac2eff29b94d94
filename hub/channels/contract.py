"""What an adapter is.

A small required part (`ChannelAdapter`); every further ability is a protocol of its own, found with `isinstance`. An adapter owns no tables and makes
no decisions: it hands what arrives to a `Sink` and sends what it is told to, once.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol, runtime_checkable

import msgspec

from hub.ids import AccountId, ConversationId, MessageId
from hub.messages.address import Address, ChannelKind
from hub.messages.capabilities import Capabilities
from hub.messages.content import OutboundMessage
from hub.messages.events import ChannelEvent
from hub.messages.states import DeliveryState, SendFailure

if TYPE_CHECKING:  # settings import this module, and no library of a provider's
    import aiohttp


class Settings(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The base of every adapter's typed settings.

    Fields are annotated with `msgspec.Meta(title=…, description=…, extra_json_schema=…)`; the console draws a form from the JSON schema. A secret
    has `extra_json_schema={"writeOnly": True}`: it is stored encrypted and never given out again. Labels in Chinese:
    `{"x-title-zh": …, "x-description-zh": …}`. Its repr tells no value: passwords are among them.
    """

    def __repr__(self) -> str:
        return f"{type(self).__name__}(…)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """One thing a provider gave us, with all that is needed to file it later.

    `key` is unique per account for as long as the provider may repeat itself. `raw` are the exact bytes. `envelope` is JSON-able: what the transport
    knew beside the bytes. `events` are given where parsing is trivial (web chat, SMS): then the message is filed in the accepting
    transaction itself; else filing calls the adapter's parser. `cursor` is stored in the same transaction (an IMAP UID, …).
    """

    key: str
    raw: bytes
    envelope: Mapping[str, Any] = field(default_factory=dict)
    events: Sequence[ChannelEvent] | None = None
    cursor: tuple[str, str] | None = None  # (name, value)
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """It is durable, and it is new. `message_ids` are known where it was filed at once; `message` is the first as events carry it."""

    message_ids: tuple[MessageId, ...] = ()
    message: Mapping[str, Any] | None = None
    conversation_id: ConversationId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Duplicate:
    """It was durable already: acknowledge it again."""

    message_ids: tuple[MessageId, ...] = ()
    conversation_id: ConversationId | None = None


class Sink(Protocol):
    """The door in. Whatever it returns may be acknowledged to the provider; when it raises (`Unavailable`) nothing may be."""

    async def accept(self, handover: Handover) -> Accepted | Duplicate:
        """Returns only when the handover is durable. Raises `hub.errors.Unavailable` within a second when it cannot be."""
        ...

    async def notice(self, event: ChannelEvent) -> None:
        """Pass on what may be lost (typing)."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A redacted record of one request to a provider and its answer. No secret, no message body."""

    at: datetime
    request: str
    response: str
    duration: float  # seconds
    message_id: MessageId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AdapterContext:
    """What the hub lends to an adapter."""

    account_id: AccountId
    account_name: str
    now: Callable[[], datetime]
    cursor: Callable[[str], Awaitable[str | None]]  # the value stored last under this name, for this account
    record: Callable[[Exchange], None]
    read_blob: Callable[[str], Awaitable[bytes]]  # by SHA-256
    connect: Callable[[str, int], Awaitable[str]]  # egress gate: (host, port) -> the checked IP address to connect to; raises
    http: "Callable[[], aiohttp.ClientSession]"  # the process's session behind the gate: shared, never closed by an adapter
    state: Callable[[str, str], None]  # (connected | retrying | needs_person, detail)
    public_url: str = ""
    hooks_url: str = ""  # where the provider reaches this account: `Webhook.url` begins with it


@dataclass(frozen=True, slots=True, kw_only=True)
class SendReceipt:
    """What the provider said when it took a message. `refused` names recipients of the same transaction that it did not take.

    `provider_ids`: one a part, as later reports will name it (see `DeliveryReport.provider_id`), in one form whoever says it.
    """

    provider_ids: tuple[str, ...] = ()
    state: DeliveryState = DeliveryState.ACCEPTED
    detail: str = ""
    refused: Mapping[Address, tuple[SendFailure, str]] = field(default_factory=dict)
    own_keys: tuple[str, ...] = ()  # Message-IDs by which answers will refer to it


class SendError(Exception):
    """A send that did not succeed, sorted. `retry_after` in seconds, where the provider said so.

    `provider_ids`, with an unknown outcome: those of the parts that were taken, and an empty one for each whose answer was lost.
    """

    def __init__(
        self,
        failure: SendFailure,
        detail: str = "",
        *,
        provider_code: str = "",
        retry_after: float | None = None,
        provider_ids: tuple[str, ...] = (),
    ) -> None:
        super().__init__(f"{failure}: {detail}")
        self.failure = failure
        self.detail = detail
        self.provider_code = provider_code
        self.retry_after = retry_after
        self.provider_ids = provider_ids


class ChannelAdapter(Protocol):
    """Translates between one provider and the hub. Owns no tables and makes no decisions."""

    kind: ClassVar[ChannelKind]
    provider: ClassVar[str]
    connection: ClassVar[Literal["exclusive", "shareable"]]

    def __init__(self, settings: Any, context: AdapterContext) -> None: ...

    def capabilities(self) -> Capabilities:
        """No I/O; may differ between accounts of one provider."""
        ...

    async def run(self, sink: Sink) -> None:
        """Stay connected and hand events to `sink`, until cancelled. Stops within a second of being cancelled."""
        ...

    async def send(self, message: OutboundMessage) -> SendReceipt:
        """Send once; `message.id` is the idempotency key; raises `SendError` only."""
        ...


@runtime_checkable
class ParsesRaw(Protocol):
    """Its raw bytes need a parser, which filing and replay run in a bounded process of its own.

    `parser` names an importable function `"package.module:function"` of type `(raw: bytes, envelope: Mapping[str, Any]) -> list[ChannelEvent]`:
    pure, total (what it cannot read it returns as an `InboundMessage` with the notice `unreadable`), with no secrets.
    """

    parser: ClassVar[str]
    parser_version: ClassVar[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """One request of a provider, as it came: nothing is decoded, and nobody has looked at who sent it.

    Some providers show a secret in the address or a header: its repr tells neither.
    """

    method: str  # GET or POST
    url: str = field(repr=False)  # as the provider wrote it: the configured public address and `target`
    target: str = field(repr=False)  # raw path and query: order, `+`, `%20` and repeated parameters as received
    path_rest: str = field(repr=False)  # raw; what follows `/hooks/<account id>/`, without the query
    headers: Mapping[str, str] = field(repr=False)  # names in lower case; of a repeated one all values, joined by ", "
    body: bytes = field(repr=False)
    remote: str  # the address it came from, behind trusted proxies


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookReply:
    """What the provider is answered."""

    status: int = 200
    body: bytes = b""
    content_type: str = "text/plain"


@runtime_checkable
class ReceivesWebhooks(Protocol):
    """Its provider calls us. Any process with a web side calls `receive`, whether or not `run` runs in it."""

    async def receive(self, hook: Webhook, sink: Sink) -> WebhookReply:
        """Verify, parse, hand over, and only then reply: a 2xx tells the provider to forget it.

        Raises `hub.errors.Forbidden` for what is forged (403), `hub.errors.Invalid` for what cannot be read (400), and lets
        `hub.errors.Unavailable` of the sink pass (503).
        """
        ...


@runtime_checkable
class ChecksAccount(Protocol):
    """Can try its settings before they are saved."""

    async def check(self) -> Sequence["Check"]:
        """One line for each thing tried, in order; never raises for a refusal by the provider."""
        ...


@runtime_checkable
class FetchesStatus(Protocol):
    """Can ask the provider what became of a message whose outcome is unknown."""

    async def fetch_status(self, message: OutboundMessage) -> DeliveryState | None:
        """None: the provider cannot tell."""
        ...


@runtime_checkable
class Withdraws(Protocol):
    """Lets messages wait before they leave, for their turn or for a connection."""

    def withdraw(self) -> None:
        """The hub is told to stop: from now on `send` raises `SendError` (unavailable) for what has not begun to leave, at once."""
        ...


@runtime_checkable
class CarriedByLog(Protocol):
    """The event log itself carries its messages to the other side: stored is sent, so the ledger says *accepted* in the same transaction."""

    carried_by_log: ClassVar[bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One line of a "test connection": what was tried, whether it went well, and what to do if not."""

    name: str  # "smtp", "imap", "login", …
    ok: bool
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AdapterEntry:
    """One line of the catalog: loaded on first use, so that a channel nobody configured costs nothing."""

    channel: ChannelKind
    provider: str
    adapter: str  # "module:Class"
    settings: str  # "module:Class", imports no SDK
    title_en: str
    title_zh: str
