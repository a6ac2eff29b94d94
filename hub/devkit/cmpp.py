"""A CMPP gateway as a real server: versions 2.0 and 3.0, with the faults gateways have (see `hub.devkit.operator`).

Its packets are held to published ones where they are written: `tests/unit/channels/sms/cmpp/test_wire.py`.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import count
from typing import ClassVar

from hub.channels.sms.cmpp.coding import text_of
from hub.channels.sms.cmpp.messages import Deliver, Format, Report, Submit, decode_submit
from hub.channels.sms.cmpp.octets import V2, V3
from hub.channels.sms.cmpp.status import CHINA, LOWER_VERSION, Result
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
    frames,
)
from hub.devkit.operator import Fate, Link, Operator
from hub.messages.segments import segment, udh

_WORDS: dict[Fate, str] = {"undelivered": "UNDELIV", "expired": "EXPIRED"}
_WRONG_SECRET = 3
_WINDOW = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """One SUBMIT the gateway took responsibility for."""

    msg_id: int
    message: Submit

    @property
    def text(self) -> str:
        """Of this part alone."""
        content = self.message.content
        return text_of(content[1 + content[0] :] if self.message.has_header else content, self.message.format)


@dataclass(frozen=True, slots=True)
class Reporting:
    """A DELIVER with a report, whose octets depend on the version of the link."""

    message: Deliver
    report: Report

    def encode(self, version: int) -> bytes:
        """As it goes over the wire."""
        return replace(self.message, content=self.report.encode(version), is_report=True).encode(version)


@dataclass(eq=False, kw_only=True)
class CmppGateway(Operator[Deliver | Reporting, "_Link"]):
    """See the module. `highest` is the version it speaks."""

    REFUSALS: ClassVar[Mapping[Fate, int]] = {"throttled": Result.TOO_FAST, "bad_recipient": Result.BAD_DESTINATION}

    sp_id: str = "900001"
    secret: str = "888888"  # noqa: S105 - of a simulator
    highest: int = V3
    knows_versions: bool = True  # a gateway of 2.0 may take everybody for one of its own
    taken: list[Taken] = field(default_factory=list)
    tests: int = 0  # of the link, by the hub
    connects: int = 0

    def __post_init__(self) -> None:
        self._ids = count(0xB2B9DA80_00010000)

    def link(self, writer: asyncio.StreamWriter) -> "_Link":
        """A connection that the hub has made."""
        return _Link(self, writer)

    def say_goodbye(self) -> None:
        """TERMINATE, as before maintenance."""
        for link in self._links:
            link.send(Command.TERMINATE, 1)

    def test_link(self) -> None:
        """ACTIVE_TEST; see `tests_answered`."""
        for link in self._links:
            link.send(Command.ACTIVE_TEST, 1)

    @property
    def tests_answered(self) -> int:
        """By the hub."""
        return sum(link.tests_answered for link in self._links)

    async def inject(
        self, sender: str, to: str, text: str, *, order: Sequence[int] = (), reference: int = 7, fmt: Format = Format.UCS2
    ) -> None:
        """A customer writes; returns when the hub has acknowledged all parts. `order`: which parts, from 1, in which order; GBK is one part."""
        contents = [text.encode("gbk")] if fmt is Format.GBK else segment(text, ucs2=True).parts
        total = len(contents)
        parts = [
            Deliver(
                msg_id=next(self._ids),
                destination=to,
                source=sender,
                content=udh(reference, total, number) + content if total > 1 else content,
                format=fmt,
                has_header=total > 1,
            )
            for number, content in enumerate(contents, 1)
        ]
        await asyncio.gather(*(self.deliver(parts[number - 1]) for number in order or range(1, total + 1)))

    def fate_of(self, message: Submit) -> Fate:
        """What happens to it."""
        return self.fate_by_digits(message.destinations[0])

    def take(self, message: Submit, fate: Fate) -> int:
        """Responsibility for it; its Msg_Id."""
        taken = Taken(msg_id=next(self._ids), message=message)
        self.taken.append(taken)
        if message.wants_report:
            self.report_soon(fate, lambda: self._report_of(taken, _WORDS.get(fate, "DELIVRD")))
        return taken.msg_id

    def _report_of(self, taken: Taken, word: str) -> Reporting:
        number, at = taken.message.destinations[0], datetime.now(CHINA).strftime("%y%m%d%H%M")
        message = Deliver(msg_id=next(self._ids), destination=taken.message.source, source=number, content=b"")
        report = Report(msg_id=taken.msg_id, word=word, submitted=at, done=at, destination=number)
        return Reporting(message, report)


class _Link(Link[Deliver | Reporting, Pdu]):
    """One connection of the hub's."""

    def __init__(self, gateway: CmppGateway, writer: asyncio.StreamWriter) -> None:
        super().__init__(gateway, writer, frames(), window=_WINDOW)
        self._gateway = gateway
        self._version = V2
        self.tests_answered = 0

    def say(self, sequence: int, message: Deliver | Reporting) -> None:
        """A DELIVER."""
        self.send(Command.DELIVER, sequence, message.encode(self._version))

    def handle(self, pdu: Pdu) -> None:
        """Raises `BadPdu` for what cannot be read."""
        match pdu.command:
            case Command.CONNECT:
                self._connect(pdu)
            case Command.SUBMIT if self.is_signed_in:
                self._submit(pdu)
            case Command.ACTIVE_TEST:
                self._gateway.tests += 1
                self._answer(pdu, b"\0")
            case Command.TERMINATE:
                self._answer(pdu)
            case _ if pdu.command == Command.DELIVER | RESPONSE:
                self.acknowledged(pdu.sequence, decode_answer(pdu.body).result)
            case _ if pdu.command == Command.ACTIVE_TEST | RESPONSE:
                self.tests_answered += 1

    def _connect(self, pdu: Pdu) -> None:
        asked, gateway = decode_connect(pdu.body), self._gateway
        self._version = asked.version
        wanted = digest(gateway.sp_id, gateway.secret, asked.timestamp)
        result = 0 if (asked.sp_id, asked.authenticator) == (gateway.sp_id, wanted) else _WRONG_SECRET
        if asked.version > gateway.highest and gateway.knows_versions:
            result = LOWER_VERSION
        spoken = min(asked.version, gateway.highest)
        proof = answer_digest(result, asked.authenticator, gateway.secret, spoken)
        answer = ConnectAnswer(result=result, authenticator=proof, version=gateway.highest)
        self._answer(pdu, answer.encode(spoken))
        self.is_signed_in = self.is_receiving = result == 0
        gateway.connects += self.is_signed_in
        gateway.pump()

    def _submit(self, pdu: Pdu) -> None:
        message = decode_submit(pdu.body, self._version)
        fate = self._gateway.fate_of(message)
        if (result := self._gateway.refuse(fate)) is not None:
            self._answer(pdu, Answer(msg_id=0, result=result).encode(self._version))
            return
        answer = Answer(msg_id=self._gateway.take(message, fate)).encode(self._version)
        self.answer_as(fate, lambda: self._answer(pdu, answer))

    def _answer(self, pdu: Pdu, body: bytes = b"") -> None:
        self.send(pdu.command | RESPONSE, pdu.sequence, body)

    def send(self, command: int, sequence: int, body: bytes = b"") -> None:
        """One packet."""
        self.write(Pdu(command=command, sequence=sequence, body=body).encode())
