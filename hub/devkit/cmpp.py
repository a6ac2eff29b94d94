"""A CMPP gateway as a real server: versions 2.0 and 3.0 on a loopback port, with the faults gateways have.

It keeps all it took, so that a test can prove that nothing was handed over twice. A recipient's last digits choose what happens to one message, as
with `hub.devkit.smsc`. Its packets are held to published ones where they are written: `tests/unit/channels/sms/cmpp/test_wire.py`.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count

from hub.channels.sms.cmpp.coding import text_of
from hub.channels.sms.cmpp.messages import Deliver, Format, Report, Submit
from hub.channels.sms.cmpp.octets import V3
from hub.channels.sms.cmpp.status import CHINA, Result
from hub.channels.sms.cmpp.wire import Command, frames
from hub.channels.sms.framing import BadPdu
from hub.devkit.cmpp_link import Delivery, Link
from hub.devkit.smsc import DIGITS, Fate
from hub.messages.segments import segment, udh

_WORDS: dict[Fate, str] = {"undelivered": "UNDELIV", "expired": "EXPIRED"}
_REFUSALS: dict[Fate, Result] = {"throttled": Result.TOO_FAST, "bad_recipient": Result.BAD_DESTINATION}
_AGAIN = 0.1  # seconds until what was not acknowledged is delivered again


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


@dataclass(eq=False)
class CmppGateway:
    """See the module. `highest` is the version it speaks; `report_after` in seconds."""

    sp_id: str = "900001"
    secret: str = "888888"  # noqa: S105 - of a simulator
    highest: int = V3
    knows_versions: bool = True  # a gateway of 2.0 may take everybody for one of its own
    report_after: float = 0.05
    port: int = 0
    is_frozen: bool = False  # it reads nothing and says nothing, and the connection stands
    taken: list[Taken] = field(default_factory=list)
    refusals: int = 0
    tests: int = 0  # of the link, by the hub
    connects: int = 0
    _links: set[Link] = field(default_factory=set)
    _waiting: deque[Delivery] = field(default_factory=deque)
    _refused_once: set[str] = field(default_factory=set)
    _server: asyncio.Server | None = None

    def __post_init__(self) -> None:
        self._ids = count(0xB2B9DA80_00010000)

    async def start(self) -> None:
        """Listen on `port`; 0: on any that is free, and then it stands there."""
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", self.port)
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

    def say_goodbye(self) -> None:
        """TERMINATE, as before maintenance."""
        for link in self._links:
            link.write(Command.TERMINATE, 1)

    def test_link(self) -> None:
        """ACTIVE_TEST; see `tests_answered`."""
        for link in self._links:
            link.write(Command.ACTIVE_TEST, 1)

    @property
    def signed_in(self) -> int:
        """Connections that are signed in."""
        return sum(link.is_open for link in self._links)

    @property
    def tests_answered(self) -> int:
        """By the hub."""
        return sum(link.tests_answered for link in self._links)

    @property
    def undelivered(self) -> int:
        """DELIVER that the hub has not acknowledged."""
        return len(self._waiting) + sum(len(link.outstanding) for link in self._links)

    async def inject(
        self, sender: str, to: str, text: str, *, order: Sequence[int] = (), reference: int = 7, fmt: Format | None = None
    ) -> None:
        """A customer writes; returns when the hub has acknowledged all parts. `order`: which parts, from 1, in which order; `fmt` for one part."""
        if fmt is Format.GBK:
            await self.deliver(
                Deliver(msg_id=next(self._ids), destination=to, source=sender, content=text.encode("gbk"), format=15)
            )
            return
        cut = segment(text, ucs2=True)
        total = len(cut.parts)
        parts = [
            Deliver(
                msg_id=next(self._ids),
                destination=to,
                source=sender,
                content=udh(reference, total, number) + part if total > 1 else part,
                format=Format.UCS2,
                has_header=total > 1,
            )
            for number, part in enumerate(cut.parts, 1)
        ]
        await asyncio.gather(*(self.deliver(parts[number - 1]) for number in order or range(1, total + 1)))

    async def deliver(self, message: Deliver, report: Report | None = None) -> int:
        """One DELIVER, until it is acknowledged; the result the hub gave."""
        delivery = Delivery(message, report, asyncio.get_running_loop().create_future())
        self._queue(delivery)
        return await delivery.done

    def _queue(self, delivery: Delivery) -> None:
        self._waiting.append(delivery)
        self.pump()

    def pump(self) -> None:
        """Hand out what waits, as far as there is somebody to take it."""
        for link in self._links:
            while self._waiting and link.takes_deliveries:
                link.deliver(self._waiting.popleft())

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link = Link(self, writer)
        self._links.add(link)
        reading = frames()
        try:
            while octets := await reader.read(65_536):
                for pdu in [] if self.is_frozen else reading.feed(octets):
                    link.handle(pdu)
        except (OSError, BadPdu):
            pass
        finally:
            self._links.discard(link)
            link.abort()
            self._again(list(link.outstanding.values()))
            link.gone.set()

    def _again(self, deliveries: Sequence[Delivery]) -> None:
        self._waiting.extend(deliveries)
        if deliveries and self._server is not None:
            asyncio.get_running_loop().call_later(_AGAIN, self.pump)

    def fate_of(self, message: Submit) -> Fate:
        """What happens to it."""
        number = message.destinations[0]
        fate = DIGITS.get(number[-4:], "delivered")
        if fate == "throttled_once":
            fate = "delivered" if number in self._refused_once else "throttled"
            self._refused_once.add(number)
        return fate

    def refuse(self, fate: Fate) -> Result | None:
        """The result of a refusal, None where it is taken."""
        result = _REFUSALS.get(fate)
        self.refusals += result is not None
        return result

    def take(self, message: Submit, fate: Fate) -> int:
        """Responsibility for it; its Msg_Id."""
        taken = Taken(msg_id=next(self._ids), message=message)
        self.taken.append(taken)
        if message.wants_report and fate != "silent":
            wait = 0 if fate == "early" else self.report_after
            asyncio.get_running_loop().call_later(wait, self._report, taken, _WORDS.get(fate, "DELIVRD"))
        return taken.msg_id

    def _report(self, taken: Taken, word: str) -> None:
        if self._server is None or not self._server.is_serving():
            return
        number, at = taken.message.destinations[0], datetime.now(CHINA).strftime("%y%m%d%H%M")
        message = Deliver(msg_id=next(self._ids), destination=taken.message.source, source=number, content=b"")
        report = Report(msg_id=taken.msg_id, word=word, submitted=at, done=at, destination=number)
        self._queue(Delivery(message, report, asyncio.get_running_loop().create_future()))
