"""An operator as a real server, whatever is spoken: a loopback port, the hub's connections to it, and what goes over them.

It keeps all it took, so that a test can prove that nothing was handed over twice. A recipient's last digits choose what happens to one message
(`DIGITS`).
"""

import asyncio
import ssl
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any, ClassVar, Generic, Literal, TypeVar

from hub.channels.sms.framing import BadPdu, Frames

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
    "9906": "silent",  # no report ever
    "9907": "early",  # the report before the answer
    "9908": "lost",  # taken, and no answer
    "9909": "cut",  # taken, and the connection closed instead of an answer
    "9910": "late",  # taken, and answered after `late_by`
}
_AGAIN = 0.1  # seconds until what was not acknowledged is delivered again
_EARLY_BY = 0.02  # seconds between a report and the answer that should have come first

M = TypeVar("M")  # what is delivered to the hub
P = TypeVar("P")  # a PDU


@dataclass(eq=False, slots=True)
class Delivery(Generic[M]):
    """A message on its way to the hub; `done` will be what the hub acknowledges it with."""

    message: M
    done: "asyncio.Future[int]"


class Link(ABC, Generic[M, P]):
    """One connection of the hub's. `window`: how many deliveries may be outstanding."""

    def __init__(self, operator: "Operator[M, Any]", writer: asyncio.StreamWriter, frames: Frames[P], *, window: int) -> None:
        self.writer = writer
        self.is_signed_in = False
        self.is_receiving = False
        self.outstanding: dict[int, Delivery[M]] = {}
        self.gone = asyncio.Event()
        self._operator = operator
        self._frames = frames
        self._window = window
        self._sequence = count(1)

    @abstractmethod
    def handle(self, pdu: P) -> None:
        """Something the hub sent. Raises `BadPdu` where it ends the connection."""

    @abstractmethod
    def say(self, sequence: int, message: M) -> None:
        """Write what is delivered."""

    @property
    def takes_deliveries(self) -> bool:
        """Whether one more may be under way."""
        return self.is_receiving and len(self.outstanding) < self._window

    def read(self, octets: bytes) -> None:
        """What came. Raises `BadPdu`."""
        for pdu in self._frames.feed(octets):
            self.handle(pdu)

    def write(self, octets: bytes) -> None:
        """Send it, where anybody still listens."""
        if not self.writer.is_closing():
            self.writer.write(octets)

    def abort(self) -> None:
        """End it without a word."""
        self.is_signed_in = self.is_receiving = False
        self.writer.transport.abort()

    def deliver(self, delivery: Delivery[M]) -> None:
        """Send one; it stays outstanding until the hub answers."""
        sequence = next(self._sequence)
        self.outstanding[sequence] = delivery
        self.say(sequence, delivery.message)

    def acknowledged(self, sequence: int, answer: int, *, comes_again: bool = False) -> None:
        """The hub answered a delivery."""
        delivery = self.outstanding.pop(sequence, None)
        if delivery is not None and comes_again:
            self._operator.again([delivery])
        elif delivery is not None and not delivery.done.done():
            delivery.done.set_result(answer)
        self._operator.pump()

    def answer_as(self, fate: Fate, answer: Callable[[], None]) -> None:
        """Answer for a message that was taken, or not, as its fate is."""
        match fate:
            case "lost":
                pass
            case "cut":
                self.abort()
            case "early" | "late":
                asyncio.get_running_loop().call_later(_EARLY_BY if fate == "early" else self._operator.late_by, answer)
            case _:
                answer()


L = TypeVar("L", bound=Link[Any, Any])


@dataclass(eq=False, kw_only=True)
class Operator(ABC, Generic[M, L]):
    """See the module. A protocol says what is taken, and how it is spoken of; `REFUSALS` are its answers to what is not taken."""

    REFUSALS: ClassVar[Mapping[Fate, int]]

    port: int = 0
    tls: ssl.SSLContext | None = None
    report_after: float = 0.05  # seconds
    late_by: float = 30.0  # seconds
    is_frozen: bool = False  # it reads nothing and says nothing, and the connection stands
    refusals: int = 0
    _links: set[L] = field(default_factory=set, init=False)
    _waiting: deque[Delivery[M]] = field(default_factory=deque, init=False)
    _refused_once: set[str] = field(default_factory=set, init=False)
    _server: asyncio.Server | None = field(default=None, init=False)

    @abstractmethod
    def link(self, writer: asyncio.StreamWriter) -> L:
        """A connection that the hub has made."""

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
    def signed_in(self) -> int:
        """Connections that are signed in."""
        return sum(link.is_signed_in for link in self._links)

    @property
    def undelivered(self) -> int:
        """What the hub has not acknowledged."""
        return len(self._waiting) + sum(len(link.outstanding) for link in self._links)

    async def deliver(self, message: M) -> int:
        """Hand one to the hub; what it acknowledged it with."""
        return await self._queue(message).done

    def _queue(self, message: M) -> Delivery[M]:
        delivery = Delivery(message, asyncio.get_running_loop().create_future())
        self._waiting.append(delivery)
        self.pump()
        return delivery

    def pump(self) -> None:
        """Hand out what waits, as far as there is somebody to take it."""
        for link in self._links:
            while self._waiting and not self.is_frozen and link.takes_deliveries:
                link.deliver(self._waiting.popleft())

    def again(self, deliveries: Sequence[Delivery[M]]) -> None:
        """Not acknowledged: deliver them again, soon."""
        self._waiting.extend(deliveries)
        if deliveries and self._server is not None:
            asyncio.get_running_loop().call_later(_AGAIN, self.pump)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link = self.link(writer)
        self._links.add(link)
        try:
            while octets := await reader.read(65_536):
                if not self.is_frozen:
                    link.read(octets)
        except (OSError, BadPdu):
            pass
        finally:
            self._links.discard(link)
            link.abort()
            self.again(list(link.outstanding.values()))
            link.gone.set()

    def fate_by_digits(self, number: str) -> Fate:
        """What happens to a message to this number."""
        fate = DIGITS.get(number[-4:], "delivered")
        if fate == "throttled_once":
            fate = "delivered" if number in self._refused_once else "throttled"
            self._refused_once.add(number)
        return fate

    def refuse(self, fate: Fate) -> int | None:
        """The answer that refuses it, None where it is taken."""
        answer = self.REFUSALS.get(fate)
        self.refusals += answer is not None
        return answer

    def report_soon(self, fate: Fate, make: Callable[[], M]) -> None:
        """Deliver a report about a message that was taken, as its fate is."""
        if fate != "silent":
            asyncio.get_running_loop().call_later(0 if fate == "early" else self.report_after, self._report, make)

    def _report(self, make: Callable[[], M]) -> None:
        if self._server is not None and self._server.is_serving():
            self._queue(make())
