"""A short message centre as a real server: SMPP 3.4 on a loopback port, with the faults centres have.

It keeps all it took, so that a test can prove that nothing was handed over twice. A recipient's last digits choose what happens to one message
(`DIGITS`); the constructor's shares spoil traffic at random, from a seed.
"""

import asyncio
import random
import ssl
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import count
from typing import Literal

from hub.channels.sms.framing import OutOfStep
from hub.channels.sms.smpp import coding, wire
from hub.channels.sms.smpp.settings import SmppSettings
from hub.channels.sms.smpp.status import Status
from hub.channels.sms.smpp.wire import RESPONSE, BadPdu, Command, Pdu, ShortMessage, Tag

Fate = Literal[
    "delivered",
    "throttled_once",
    "throttled",
    "bad_recipient",
    "undelivered",
    "expired",
    "silent",
    "early",
    "lost",
    "cut",
    "late",
]

DIGITS: dict[str, Fate] = {
    "9901": "throttled_once",
    "9902": "throttled",
    "9903": "bad_recipient",
    "9904": "undelivered",
    "9905": "expired",
    "9906": "silent",  # no receipt ever
    "9907": "early",  # the receipt before the answer
    "9908": "lost",  # taken, and no answer
    "9909": "cut",  # taken, and the connection closed instead of an answer
    "9910": "late",  # taken, and answered after `late_by`
}
_DELIVERED, _EXPIRED, _UNDELIVERABLE, _ENROUTE = 2, 3, 5, 1  # message states (5.2.28)
_WORDS = {_DELIVERED: "DELIVRD", _EXPIRED: "EXPIRED", _UNDELIVERABLE: "UNDELIV"}
_AGAIN = 0.1  # seconds until what was not acknowledged is delivered again
_EARLY_BY = 0.02
_OUTSTANDING = 64
_SETTINGS = SmppSettings()


@dataclass(slots=True, kw_only=True)
class Taken:
    """One submit_sm the centre took responsibility for."""

    id: str
    message: ShortMessage
    state: int = _ENROUTE

    @property
    def text(self) -> str:
        """Of this part alone."""
        octets = coding.piece_of(self.message)[1]
        return coding.text_of(octets, self.message.data_coding, _SETTINGS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """A whole message as the recipient's telephone shows it. `ids` are those of its parts."""

    source: str
    destination: str
    text: str
    ids: tuple[str, ...]


@dataclass(eq=False, slots=True)
class _Delivery:
    """A deliver_sm on its way to the hub, until it is acknowledged."""

    message: ShortMessage
    done: "asyncio.Future[None]"


@dataclass(eq=False)
class Smsc:
    """See the module. Shares are 0 to 1; `password` empty: anybody may bind."""

    system_id: str = "hub"
    password: str = ""
    throttled: float = 0.0
    early_receipts: float = 0.0
    lost_answers: float = 0.0
    receipt_after: float = 0.05  # seconds
    late_by: float = 30.0
    by_digits: bool = True
    decimal_receipts: bool = False  # answers name a message by a hexadecimal id, receipts by the same as a decimal
    seed: int = 1
    heard: Callable[[Arrived], None] | None = None
    tls: ssl.SSLContext | None = None
    taken: list[Taken] = field(default_factory=list)
    port: int = 0
    refusals: int = 0
    is_frozen: bool = False  # it reads nothing and says nothing, and the connection stands
    _links: set["_Link"] = field(default_factory=set)
    _by_id: dict[str, Taken] = field(default_factory=dict)
    _parts: dict[tuple[str, str, int], dict[int, Taken]] = field(default_factory=dict)
    _waiting: deque[_Delivery] = field(default_factory=deque)
    _refused_once: set[str] = field(default_factory=set)
    _server: asyncio.Server | None = None

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)
        self._ids = count(0x10)

    async def start(self) -> None:
        """Listen on `port`; 0: on any that is free, and then it stands there."""
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", self.port, ssl=self.tls)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Close everything."""
        if self._server is not None:
            self._server.close()
        links = list(self._links)
        self.cut()
        for link in links:
            await link.gone.wait()

    def cut(self) -> None:
        """Every connection ends at once; what was not acknowledged is delivered over the next."""
        for link in list(self._links):
            link.abort()

    @property
    def bound(self) -> int:
        """Connections that are signed in."""
        return sum(link.is_bound for link in self._links)

    async def inject(self, sender: str, to: str, text: str, *, order: Sequence[int] = (), reference: int | None = None) -> None:
        """A customer writes; returns when the hub has acknowledged all parts. `order`: which parts are sent, from 1, in which order."""
        chosen = self._chance.randrange(1, 256) if reference is None else reference
        settings = SmppSettings(sender=sender, receipts="none")
        bodies = coding.bodies(text, recipient=to, reference=chosen, settings=settings)
        picked = [bodies[number - 1] for number in order] or bodies
        await asyncio.gather(*(self.deliver(body) for body in picked))

    async def deliver(self, message: ShortMessage) -> None:
        """One deliver_sm, until it is acknowledged."""
        delivery = _Delivery(message, asyncio.get_running_loop().create_future())
        self._queue(delivery)
        await delivery.done

    @property
    def undelivered(self) -> int:
        """deliver_sm that the hub has not acknowledged."""
        return len(self._waiting) + sum(len(link.outstanding) for link in self._links)

    def _queue(self, delivery: _Delivery) -> None:
        self._waiting.append(delivery)
        self.pump()

    def pump(self) -> None:
        """Hand out what waits, as far as there is somebody to take it."""
        for link in self._links:
            while self._waiting and link.takes_deliveries:
                link.deliver(self._waiting.popleft())

    def again(self, deliveries: Sequence[_Delivery]) -> None:
        """Not acknowledged: deliver them again, soon."""
        self._waiting.extend(deliveries)
        if deliveries and self._server is not None:
            asyncio.get_running_loop().call_later(_AGAIN, self.pump)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link = _Link(self, writer)
        self._links.add(link)
        frames = wire.frames()
        try:
            while octets := await reader.read(65_536):
                if self.is_frozen:
                    continue
                for pdu in frames.feed(octets):
                    link.handle(pdu)
        except (OSError, OutOfStep):
            pass
        finally:
            self._links.discard(link)
            link.abort()
            self.again(list(link.outstanding.values()))
            link.gone.set()

    def fate_of(self, message: ShortMessage) -> Fate:
        """What happens to it."""
        if self.by_digits and (fate := DIGITS.get(message.destination[-4:])):
            return fate
        dice = self._chance.random()
        if dice < self.throttled:
            return "throttled"
        if dice < self.throttled + self.early_receipts:
            return "early"
        if dice < self.throttled + self.early_receipts + self.lost_answers:
            return "lost"
        return "delivered"

    def is_refused(self, fate: Fate, message: ShortMessage) -> Status | None:
        """The status of a refusal, None where it is taken."""
        match fate:
            case "throttled":
                return Status.RTHROTTLED
            case "throttled_once" if message.destination not in self._refused_once:
                self._refused_once.add(message.destination)
                return Status.RTHROTTLED
            case "bad_recipient":
                return Status.RINVDSTADR
        return None

    def take(self, message: ShortMessage, fate: Fate) -> Taken:
        """Responsibility for it."""
        taken = Taken(id=f"{next(self._ids):08x}", message=message)
        self.taken.append(taken)
        self._by_id[taken.id] = taken
        self._assemble(taken)
        if message.registered_delivery & 3 and fate != "silent":
            state = {"undelivered": _UNDELIVERABLE, "expired": _EXPIRED}.get(fate, _DELIVERED)
            wait = 0 if fate == "early" else self.receipt_after
            asyncio.get_running_loop().call_later(wait, self._report, taken, state)
        return taken

    def state_of(self, id: str) -> int | None:
        """As query_sm tells it; None for an id it never gave."""
        taken = self._by_id.get(id)
        return taken.state if taken else None

    def _assemble(self, taken: Taken) -> None:
        if self.heard is None:
            return
        message = taken.message
        piece, _ = coding.piece_of(message)
        parts = {1: taken}
        if piece is not None:
            key = (message.source, message.destination, piece.reference)
            parts = self._parts.setdefault(key, {})
            parts[piece.number] = taken
            if len(parts) < piece.total:
                return
            del self._parts[key]
        whole = [parts[number] for number in sorted(parts)]
        octets = b"".join(coding.piece_of(part.message)[1] for part in whole)
        text = coding.text_of(octets, message.data_coding, _SETTINGS)
        ids = tuple(part.id for part in whole)
        self.heard(Arrived(source=message.source, destination=message.destination, text=text, ids=ids))

    def _report(self, taken: Taken, state: int) -> None:
        if self._server is None or not self._server.is_serving():
            return
        taken.state = state
        receipt = receipt_of(taken, decimal=self.decimal_receipts)
        self._queue(_Delivery(receipt, asyncio.get_running_loop().create_future()))


@dataclass(eq=False)
class _Link:
    """One connection of the hub's."""

    centre: Smsc
    writer: asyncio.StreamWriter
    is_bound: bool = False
    is_receiving: bool = False
    outstanding: dict[int, _Delivery] = field(default_factory=dict)
    gone: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self._sequence = count(1)

    @property
    def takes_deliveries(self) -> bool:
        return self.is_receiving and not self.centre.is_frozen and len(self.outstanding) < _OUTSTANDING

    def abort(self) -> None:
        self.is_bound = self.is_receiving = False
        self.writer.transport.abort()

    def deliver(self, delivery: _Delivery) -> None:
        sequence = next(self._sequence)
        self.outstanding[sequence] = delivery
        self._write(Command.DELIVER_SM, sequence, delivery.message.encode())

    def handle(self, pdu: Pdu) -> None:
        try:
            self._handle(pdu)
        except BadPdu as error:
            self._write(Command.NACK, pdu.sequence, status=error.status)

    def _handle(self, pdu: Pdu) -> None:
        match pdu.command:
            case Command.BIND_TRANSCEIVER | Command.BIND_RECEIVER | Command.BIND_TRANSMITTER:
                self._bind(pdu)
            case Command.SUBMIT_SM if self.is_bound:
                self._submit(pdu)
            case Command.QUERY_SM if self.is_bound:
                self._query(pdu)
            case Command.ENQUIRE_LINK | Command.UNBIND:
                self._write(pdu.command | RESPONSE, pdu.sequence)
            case _ if pdu.command == Command.DELIVER_SM | RESPONSE:
                self._delivered(pdu)
            case _ if not pdu.command & RESPONSE:
                self._write(Command.NACK, pdu.sequence, status=Status.RINVBNDSTS)

    def _bind(self, pdu: Pdu) -> None:
        bind = wire.decode_bind(pdu.body)
        wanted = (self.centre.system_id, self.centre.password)
        if self.centre.password and (bind.system_id, bind.password) != wanted:
            self._write(pdu.command | RESPONSE, pdu.sequence, status=Status.RINVPASWD)
            return
        self.is_bound = True
        self.is_receiving = pdu.command != Command.BIND_TRANSMITTER
        self._write(pdu.command | RESPONSE, pdu.sequence, wire.encode_id("smsc"))
        self.centre.pump()

    def _submit(self, pdu: Pdu) -> None:
        message = wire.decode_short_message(pdu.body)
        fate = self.centre.fate_of(message)
        if (status := self.centre.is_refused(fate, message)) is not None:
            self.centre.refusals += 1
            self._write(pdu.command | RESPONSE, pdu.sequence, status=status)
            return
        taken = self.centre.take(message, fate)
        answer = wire.encode_id(taken.id)
        match fate:
            case "lost":
                pass
            case "cut":
                self.abort()
            case "early" | "late":
                loop, wait = asyncio.get_running_loop(), _EARLY_BY if fate == "early" else self.centre.late_by
                loop.call_later(wait, self._write, pdu.command | RESPONSE, pdu.sequence, answer)
            case _:
                self._write(pdu.command | RESPONSE, pdu.sequence, answer)

    def _query(self, pdu: Pdu) -> None:
        query = wire.decode_query(pdu.body)
        state = self.centre.state_of(query.message_id)
        if state is None:
            self._write(pdu.command | RESPONSE, pdu.sequence, status=Status.RINVMSGID)
            return
        answer = wire.QueryAnswer(message_id=query.message_id, state=state)
        self._write(pdu.command | RESPONSE, pdu.sequence, answer.encode())

    def _delivered(self, pdu: Pdu) -> None:
        delivery = self.outstanding.pop(pdu.sequence, None)
        if delivery is None:
            return
        if pdu.status:
            self.centre.again([delivery])
        elif not delivery.done.done():
            delivery.done.set_result(None)
        self.centre.pump()

    def _write(self, command: int, sequence: int, body: bytes = b"", status: int = 0) -> None:
        if not self.writer.is_closing():
            self.writer.write(Pdu(command=command, status=status, sequence=sequence, body=body).encode())


def receipt_of(taken: Taken, *, decimal: bool = False) -> ShortMessage:
    """The deliver_sm that says what became of a message (appendix B)."""
    id = str(int(taken.id, 16)) if decimal else taken.id
    at = datetime.now(UTC).strftime("%y%m%d%H%M")
    word = _WORDS.get(taken.state, "ENROUTE")
    error = "000" if taken.state == _DELIVERED else "011"
    done = "001" if taken.state == _DELIVERED else "000"
    said = f"id:{id} sub:001 dlvrd:{done} submit date:{at} done date:{at} stat:{word} err:{error} text:"
    sent = taken.message
    return replace(
        ShortMessage(source=sent.destination, destination=sent.source, message=said.encode()),
        source_ton=sent.destination_ton,
        source_npi=sent.destination_npi,
        esm_class=0x04,
        tlvs={Tag.RECEIPTED_MESSAGE_ID: id.encode() + b"\0", Tag.MESSAGE_STATE: bytes([taken.state])},
    )
