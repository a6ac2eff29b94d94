"""One bound connection to a centre (an ESME's side of SMPP 3.4): requests in a window, answers by sequence, the link watched from both ends."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from time import monotonic

from hub.channels.sms.framing import OutOfStep
from hub.channels.sms.link import Link, LinkLost, NotSent, Refused, Unanswered
from hub.channels.sms.sender import Late
from hub.channels.sms.session import OperatorSession
from hub.channels.sms.smpp import wire
from hub.channels.sms.smpp.status import Status, name_of
from hub.channels.sms.smpp.wire import RESPONSE, Bind, Command, Pdu, Query, QueryAnswer, ShortMessage, Unreadable

MAX_DELIVERING = 1000
"""deliver_sm under way at a time; more are answered with "queue full", and the centre sends them again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """Seconds."""

    connect: float = 10.0
    response: float = 10.0
    enquire: float = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Centre:
    """Where to connect to. `address` passed the egress gate; `host` is the name TLS checks."""

    host: str
    address: str
    port: int
    tls: ssl.SSLContext | None = None


Deliver = Callable[["Session", ShortMessage, bytes], Awaitable[Status]]
"""Given a deliver_sm and its body; returns the status to answer with once it is durable."""


@asynccontextmanager
async def bound(
    centre: Centre, command: Command, bind: Bind, deliver: Deliver, *, window: int, times: Times | None = None
) -> "AsyncIterator[Session]":
    """A session that is bound, closed at the end. Raises `OSError` (`LinkLost` is one) or `Refused`."""
    name = f"smpp {centre.host}"
    times = times or Times()
    link: Link[Pdu] = await Link.open(centre.address, centre.port, within=times.connect, tls=centre.tls, name=centre.host)
    session = Session(link, deliver, window=window, times=times)
    async with link.served(session.serve(), session.say_goodbye, name=name):
        await session.bind(command, bind)
        yield session


class Session(OperatorSession[Pdu]):
    """See the module. `confirmed` is a moment (monotonic): what was acknowledged before has been read by the centre. `began`: another."""

    def __init__(self, link: Link[Pdu], deliver: Deliver, *, window: int, times: Times) -> None:
        super().__init__(link, window=window)
        self._deliver = deliver
        self._times = times
        self._delivering = 0
        self.confirmed = float("-inf")
        self.began = monotonic()

    async def bind(self, command: Command, bind: Bind) -> str:
        """Sign in; the centre's name for itself."""
        try:
            return wire.decode_id((await self._ask(command, bind.encode())).body)
        except (NotSent, Unanswered) as error:
            raise LinkLost("no answer to the bind") from error

    async def submit(self, message: ShortMessage, *, late: Late | None = None) -> str:
        """Hand over one short message; its id. Raises `NotSent`, `Unanswered`, `Refused`, and `BadPdu` for what cannot be encoded."""
        body = message.encode()
        async with self._window:
            answer = await self._ask(Command.SUBMIT_SM, body, late=_late(late) if late else None)
        self.carried += 1
        return wire.decode_id(answer.body)

    async def query(self, query: Query) -> QueryAnswer:
        """What became of a message. Raises as `submit` does."""
        return wire.decode_query_answer((await self._ask(Command.QUERY_SM, query.encode())).body)

    async def _take_leave(self, *, within: float) -> None:
        await self._ask(Command.UNBIND, within=within)

    async def _ask(
        self, command: Command, body: bytes = b"", *, within: float | None = None, late: Callable[[Pdu], None] | None = None
    ) -> Pdu:
        def request(sequence: int) -> bytes:
            return Pdu(command=command, sequence=sequence, body=body).encode()

        pdu = await self._link.ask(request, within=within or self._times.response, late=late)
        if pdu.status:
            raise Refused(pdu.status, name_of(pdu.status))
        return pdu

    async def _read(self, group: asyncio.TaskGroup) -> None:
        frames = wire.frames()
        while True:
            octets = await self._link.reader.read(65_536)
            if not octets:
                raise LinkLost("the centre closed the connection")
            try:
                for pdu in frames.feed(octets):
                    self._handle(pdu, group)
            except OutOfStep as error:
                self._write(Pdu(command=Command.NACK, status=Status.RINVCMDLEN, sequence=0))
                raise LinkLost(f"the centre is out of step: {error}") from error

    def _handle(self, pdu: Pdu, group: asyncio.TaskGroup) -> None:
        if pdu.command & RESPONSE:
            self._answered(pdu)
            return
        match pdu.command:
            case Command.DELIVER_SM:
                self._take(pdu, group)
            case Command.ENQUIRE_LINK:
                self._answer(pdu)
            case Command.UNBIND:
                self._answer(pdu)
                raise LinkLost("the centre ended the session")
            case Command.ALERT_NOTIFICATION:
                pass  # 4.12.1: has no answer
            case _:
                self._write(Pdu(command=Command.NACK, status=Status.RINVCMDID, sequence=pdu.sequence))

    def _answered(self, pdu: Pdu) -> None:
        if pdu.command == Command.NACK and not pdu.status:
            pdu = Pdu(command=pdu.command, status=Status.RUNKNOWNERR, sequence=pdu.sequence)
        if not self._link.answered(pdu.sequence, pdu) and pdu.command == Command.NACK and pdu.sequence == 0:
            raise LinkLost("the centre could not read what we sent")

    def _take(self, pdu: Pdu, group: asyncio.TaskGroup) -> None:
        if self._delivering >= MAX_DELIVERING:
            return self._answer(pdu, Status.RMSGQFUL, b"\0")
        try:
            message = wire.decode_short_message(pdu.body)
        except Unreadable as error:
            return self._answer(pdu, error.status, b"\0")
        self._delivering += 1
        group.create_task(self._hand_over(pdu, message))
        return None

    async def _hand_over(self, pdu: Pdu, message: ShortMessage) -> None:
        try:
            status = await self._deliver(self, message, pdu.body)
        finally:
            self._delivering -= 1
        self.carried += 1
        self._answer(pdu, status, b"\0")

    def _answer(self, pdu: Pdu, status: Status = Status.ROK, body: bytes = b"") -> None:
        self._write(Pdu(command=pdu.command | RESPONSE, status=status, sequence=pdu.sequence, body=body))

    def _write(self, pdu: Pdu) -> None:
        self._link.write(pdu.encode())

    async def _watch(self) -> None:
        """By enquire_link (4.11)."""
        while True:
            await asyncio.sleep(self._times.enquire)
            asked = monotonic()
            try:
                await self._ask(Command.ENQUIRE_LINK)
            except Refused:  # an answer all the same
                pass
            except (Unanswered, NotSent) as error:
                raise LinkLost("no answer to enquire_link") from error
            self.confirmed = asked


def _late(late: Late) -> Callable[[Pdu], None]:
    return lambda pdu: late(pdu.status, wire.decode_id(pdu.body))
