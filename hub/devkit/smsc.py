"""A short message centre as a real server: SMPP 3.4, with the faults centres have (see `hub.devkit.operator`).

The constructor's shares spoil traffic at random, from a seed.
"""

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import count
from typing import ClassVar

from hub.channels.sms.smpp import coding, wire
from hub.channels.sms.smpp.settings import SmppSettings
from hub.channels.sms.smpp.status import Status
from hub.channels.sms.smpp.wire import RESPONSE, Command, Pdu, ShortMessage, Tag, Unreadable
from hub.devkit.operator import DIGITS, Fate, Link, Operator

_DELIVERED, _EXPIRED, _UNDELIVERABLE, _ENROUTE = 2, 3, 5, 1  # message states (5.2.28)
_WORDS = {_DELIVERED: "DELIVRD", _EXPIRED: "EXPIRED", _UNDELIVERABLE: "UNDELIV"}
_STATES: dict[Fate, int] = {"undelivered": _UNDELIVERABLE, "expired": _EXPIRED}
_WINDOW = 64
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


@dataclass(eq=False, kw_only=True)
class Smsc(Operator[ShortMessage, "_Link"]):
    """See the module. Shares are 0 to 1; `password` empty: anybody may bind."""

    REFUSALS: ClassVar[Mapping[Fate, int]] = {"throttled": Status.RTHROTTLED, "bad_recipient": Status.RINVDSTADR}

    system_id: str = "hub"
    password: str = ""
    throttled: float = 0.0
    early_receipts: float = 0.0
    lost_answers: float = 0.0
    by_digits: bool = True
    decimal_receipts: bool = False  # answers name a message by a hexadecimal id, receipts by the same as a decimal
    seed: int = 1
    heard: Callable[[Arrived], None] | None = None
    taken: list[Taken] = field(default_factory=list)
    _by_id: dict[str, Taken] = field(default_factory=dict, init=False)
    _parts: dict[tuple[str, str, int], dict[int, Taken]] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)
        self._ids = count(0x10)

    def link(self, writer: asyncio.StreamWriter) -> "_Link":
        """A connection that the hub has made."""
        return _Link(self, writer)

    async def inject(self, sender: str, to: str, text: str, *, order: Sequence[int] = (), reference: int | None = None) -> None:
        """A customer writes; returns when the hub has acknowledged all parts. `order`: which parts are sent, from 1, in which order."""
        chosen = self._chance.randrange(1, 256) if reference is None else reference
        settings = SmppSettings(sender=sender, receipts="none")
        bodies = coding.bodies(text, recipient=to, reference=chosen, settings=settings)
        picked = [bodies[number - 1] for number in order] or bodies
        await asyncio.gather(*(self.deliver(body) for body in picked))

    def fate_of(self, message: ShortMessage) -> Fate:
        """What happens to it."""
        if self.by_digits and message.destination[-4:] in DIGITS:
            return self.fate_by_digits(message.destination)
        dice = self._chance.random()
        if dice < self.throttled:
            return "throttled"
        if dice < self.throttled + self.early_receipts:
            return "early"
        if dice < self.throttled + self.early_receipts + self.lost_answers:
            return "lost"
        return "delivered"

    def take(self, message: ShortMessage, fate: Fate) -> Taken:
        """Responsibility for it."""
        taken = Taken(id=f"{next(self._ids):08x}", message=message)
        self.taken.append(taken)
        self._by_id[taken.id] = taken
        self._assemble(taken)
        if message.registered_delivery & 3:
            self.report_soon(fate, lambda: self._ended(taken, _STATES.get(fate, _DELIVERED)))
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

    def _ended(self, taken: Taken, state: int) -> ShortMessage:
        taken.state = state
        return receipt_of(taken, decimal=self.decimal_receipts)


class _Link(Link[ShortMessage, Pdu]):
    """One connection of the hub's."""

    def __init__(self, centre: Smsc, writer: asyncio.StreamWriter) -> None:
        super().__init__(centre, writer, wire.frames(), window=_WINDOW)
        self._centre = centre

    def say(self, sequence: int, message: ShortMessage) -> None:
        """A deliver_sm."""
        self._write(Command.DELIVER_SM, sequence, message.encode())

    def handle(self, pdu: Pdu) -> None:
        """What cannot be read is answered, and the connection stands."""
        try:
            self._handle(pdu)
        except Unreadable as error:
            self._write(Command.NACK, pdu.sequence, status=error.status)

    def _handle(self, pdu: Pdu) -> None:
        match pdu.command:
            case Command.BIND_TRANSCEIVER | Command.BIND_RECEIVER | Command.BIND_TRANSMITTER:
                self._bind(pdu)
            case Command.SUBMIT_SM if self.is_signed_in:
                self._submit(pdu)
            case Command.QUERY_SM if self.is_signed_in:
                self._query(pdu)
            case Command.ENQUIRE_LINK | Command.UNBIND:
                self._answer(pdu)
            case _ if pdu.command == Command.DELIVER_SM | RESPONSE:
                self.acknowledged(pdu.sequence, pdu.status, comes_again=pdu.status != Status.ROK)
            case _ if not pdu.command & RESPONSE:
                self._write(Command.NACK, pdu.sequence, status=Status.RINVBNDSTS)

    def _bind(self, pdu: Pdu) -> None:
        bind = wire.decode_bind(pdu.body)
        wanted = (self._centre.system_id, self._centre.password)
        if self._centre.password and (bind.system_id, bind.password) != wanted:
            self._answer(pdu, status=Status.RINVPASWD)
            return
        self.is_signed_in = True
        self.is_receiving = pdu.command != Command.BIND_TRANSMITTER
        self._answer(pdu, wire.encode_id("smsc"))
        self._centre.pump()

    def _submit(self, pdu: Pdu) -> None:
        message = wire.decode_short_message(pdu.body)
        fate = self._centre.fate_of(message)
        if (status := self._centre.refuse(fate)) is not None:
            self._answer(pdu, status=status)
            return
        id = wire.encode_id(self._centre.take(message, fate).id)
        self.answer_as(fate, lambda: self._answer(pdu, id))

    def _query(self, pdu: Pdu) -> None:
        query = wire.decode_query(pdu.body)
        state = self._centre.state_of(query.message_id)
        if state is None:
            self._answer(pdu, status=Status.RINVMSGID)
        else:
            self._answer(pdu, wire.QueryAnswer(message_id=query.message_id, state=state).encode())

    def _answer(self, pdu: Pdu, body: bytes = b"", status: int = 0) -> None:
        self._write(pdu.command | RESPONSE, pdu.sequence, body, status)

    def _write(self, command: int, sequence: int, body: bytes = b"", status: int = 0) -> None:
        self.write(Pdu(command=command, status=status, sequence=sequence, body=body).encode())


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
