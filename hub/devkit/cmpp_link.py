"""One connection to the simulated CMPP gateway, from the gateway's side."""

import asyncio
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING

from hub.channels.sms.cmpp.messages import Deliver, Report, decode_submit
from hub.channels.sms.cmpp.octets import V2
from hub.channels.sms.cmpp.status import LOWER_VERSION
from hub.channels.sms.cmpp.wire import (
    RESPONSE,
    Answer,
    Command,
    ConnectAnswer,
    Pdu,
    answer_digest,
    decode_answer,
    decode_connect,
    digest,
)

if TYPE_CHECKING:
    from hub.devkit.cmpp import CmppGateway

_WRONG_SECRET = 3
_EARLY_BY = 0.02  # seconds between a report and the answer that should have come first
_WINDOW = 16


@dataclass(eq=False, slots=True)
class Delivery:
    """A DELIVER on its way to the hub, until it is acknowledged."""

    message: Deliver
    report_of: Report | None
    done: "asyncio.Future[int]"

    def body(self, version: int) -> bytes:
        """As it goes over the wire."""
        if self.report_of is None:
            return self.message.encode(version)
        content = self.report_of.encode(version)
        return Deliver(
            msg_id=self.message.msg_id,
            destination=self.message.destination,
            source=self.message.source,
            content=content,
            is_report=True,
        ).encode(version)


@dataclass(eq=False)
class Link:
    """One connection of the hub's."""

    gateway: "CmppGateway"
    writer: asyncio.StreamWriter
    version: int = V2
    is_open: bool = False
    tests_answered: int = 0
    outstanding: dict[int, Delivery] = field(default_factory=dict)
    gone: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self._sequence = count(1000)

    @property
    def takes_deliveries(self) -> bool:
        """Whether one more may be under way."""
        return self.is_open and not self.gateway.is_frozen and len(self.outstanding) < _WINDOW

    def abort(self) -> None:
        """End it without a word."""
        self.is_open = False
        self.writer.transport.abort()

    def deliver(self, delivery: Delivery) -> None:
        """Send one; it stays outstanding until the hub answers."""
        sequence = next(self._sequence)
        self.outstanding[sequence] = delivery
        self.write(Command.DELIVER, sequence, delivery.body(self.version))

    def handle(self, pdu: Pdu) -> None:
        """Something the hub sent. Raises `BadPdu`."""
        match pdu.command:
            case Command.CONNECT:
                self._connect(pdu)
            case Command.SUBMIT if self.is_open:
                self._submit(pdu)
            case Command.ACTIVE_TEST:
                self.gateway.tests += 1
                self.write(pdu.command | RESPONSE, pdu.sequence, b"\0")
            case Command.TERMINATE:
                self.write(pdu.command | RESPONSE, pdu.sequence)
            case _ if pdu.command == Command.DELIVER | RESPONSE:
                self._delivered(pdu)
            case _ if pdu.command == Command.ACTIVE_TEST | RESPONSE:
                self.tests_answered += 1

    def _connect(self, pdu: Pdu) -> None:
        asked, gateway = decode_connect(pdu.body), self.gateway
        self.version = asked.version
        wanted = digest(gateway.sp_id, gateway.secret, asked.timestamp)
        result = 0 if (asked.sp_id, asked.authenticator) == (gateway.sp_id, wanted) else _WRONG_SECRET
        if asked.version > gateway.highest and gateway.knows_versions:
            result = LOWER_VERSION
        proof = answer_digest(result, asked.authenticator, gateway.secret, min(asked.version, gateway.highest))
        answer = ConnectAnswer(result=result, authenticator=proof, version=gateway.highest)
        self.write(pdu.command | RESPONSE, pdu.sequence, answer.encode(min(asked.version, gateway.highest)))
        self.is_open = result == 0
        gateway.connects += self.is_open
        gateway.pump()

    def _submit(self, pdu: Pdu) -> None:
        message = decode_submit(pdu.body, self.version)
        fate = self.gateway.fate_of(message)
        result = self.gateway.refuse(fate)
        if result is not None:
            self._answer(pdu, Answer(msg_id=0, result=result))
            return
        answer = Answer(msg_id=self.gateway.take(message, fate))
        match fate:
            case "lost":
                pass
            case "cut":
                self.abort()
            case "early":
                asyncio.get_running_loop().call_later(_EARLY_BY, self._answer, pdu, answer)
            case _:
                self._answer(pdu, answer)

    def _answer(self, pdu: Pdu, answer: Answer) -> None:
        self.write(pdu.command | RESPONSE, pdu.sequence, answer.encode(self.version))

    def _delivered(self, pdu: Pdu) -> None:
        delivery = self.outstanding.pop(pdu.sequence, None)
        if delivery is not None and not delivery.done.done():
            delivery.done.set_result(decode_answer(pdu.body).result)
        self.gateway.pump()

    def write(self, command: int, sequence: int, body: bytes = b"") -> None:
        """Send a packet, where anybody still listens."""
        if not self.writer.is_closing():
            self.writer.write(Pdu(command=command, sequence=sequence, body=body).encode())
