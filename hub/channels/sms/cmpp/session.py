"""One connection to a gateway, signed in: requests in a window, answers by sequence, the link watched from both ends."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime

from hub.channels.sms.cmpp.messages import Submit
from hub.channels.sms.cmpp.octets import V3
from hub.channels.sms.cmpp.status import LOWER_VERSION
from hub.channels.sms.cmpp.wire import (
    CONNECT_ANSWER_2,
    RESPONSE,
    Answer,
    Command,
    Connect,
    Pdu,
    decode_answer,
    decode_connect_answer,
    digest,
    frames,
)
from hub.channels.sms.framing import BadPdu, OutOfStep
from hub.channels.sms.link import Link, LinkLost, NotSent, Refused, Unanswered
from hub.channels.sms.sender import Late
from hub.channels.sms.session import OperatorSession

MAX_DELIVERING = 500
"""DELIVER under way at a time; more are not read until some are done. A gateway has 16 without an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """Seconds."""

    connect: float = 10.0
    response: float = 60.0
    test: float = 60.0
    misses: int = 3  # tests of the link without an answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """Where to connect to, and as whom. `address` passed the egress gate."""

    address: str
    port: int
    sp_id: str
    secret: str = field(repr=False)
    version: int


Deliver = Callable[[bytes, int], Awaitable[int | None]]
"""Given the body of a DELIVER and the version; returns the result to answer with once it is durable, None to leave it unanswered."""


@asynccontextmanager
async def signed_in(
    gateway: Gateway, at: datetime, deliver: Deliver, *, window: int, times: Times | None = None
) -> "AsyncIterator[Session]":
    """A session, closed at the end; `at` is the time in China. Raises `OSError` (`LinkLost` is one) or `Refused`."""
    name = f"cmpp {gateway.address}"
    times = times or Times()
    link: Link[bytes] = await Link.open(gateway.address, gateway.port, within=times.connect)
    session = Session(link, deliver, version=gateway.version, window=window, times=times)
    async with link.served(session.serve(), session.say_goodbye, name=name):
        await session.sign_in(gateway, at)
        yield session


class Session(OperatorSession[bytes]):
    """See the module."""

    def __init__(self, link: Link[bytes], deliver: Deliver, *, version: int, window: int, times: Times) -> None:
        super().__init__(link, window=window)
        self._deliver = deliver
        self._version = version
        self._times = times
        self._delivering = asyncio.Semaphore(MAX_DELIVERING)

    async def sign_in(self, gateway: Gateway, at: datetime) -> None:
        """Raises `Refused`, `LinkLost`, and `BadPdu` for a code that cannot be sent."""
        timestamp = int(at.strftime("%m%d%H%M%S"))
        authenticator = digest(gateway.sp_id, gateway.secret, timestamp)
        connect = Connect(sp_id=gateway.sp_id, authenticator=authenticator, version=gateway.version, timestamp=timestamp)
        try:
            body = await self._ask(Command.CONNECT, connect.encode(), within=min(self._times.connect, self._times.response))
            answer = decode_connect_answer(body)
        except (NotSent, Unanswered, BadPdu) as error:
            raise LinkLost("no answer to the sign-in") from error
        if answer.result:
            raise Refused(answer.result, f"the gateway refused the sign-in with {answer.result}")
        if gateway.version >= V3 and len(body) == CONNECT_ANSWER_2:  # it takes us for what it speaks itself
            raise Refused(LOWER_VERSION, "the gateway speaks a lower version")

    async def submit(self, message: Submit, *, late: Late | None = None) -> int:
        """Hand over one short message; its Msg_Id. Raises `NotSent`, `Unanswered`, `Refused`, and `BadPdu` for what cannot be encoded."""
        body = message.encode(self._version)
        async with self._window:
            said = await self._ask(Command.SUBMIT, body, within=self._times.response, late=_late(late) if late else None)
        try:
            answer = decode_answer(said)
        except BadPdu as error:
            raise Unanswered("the answer cannot be read") from error
        if answer.result:
            raise Refused(answer.result, f"the gateway refused it with {answer.result}")
        self.carried += 1
        return answer.msg_id

    async def _take_leave(self, *, within: float) -> None:
        await self._ask(Command.TERMINATE, within=within)

    async def _ask(
        self, command: Command, body: bytes = b"", *, within: float, late: Callable[[bytes], None] | None = None
    ) -> bytes:
        def request(sequence: int) -> bytes:
            return Pdu(command=command, sequence=sequence, body=body).encode()

        return await self._link.ask(request, within=within, late=late)

    async def _read(self, group: asyncio.TaskGroup) -> None:
        reading = frames()
        while octets := await self._link.reader.read(65_536):
            try:
                for pdu in reading.feed(octets):
                    await self._handle(pdu, group)
            except OutOfStep as error:
                raise LinkLost(f"the gateway is out of step: {error}") from error
        raise LinkLost("the gateway closed the connection")

    async def _handle(self, pdu: Pdu, group: asyncio.TaskGroup) -> None:
        match pdu.command:
            case _ if pdu.command & RESPONSE:
                self._link.answered(pdu.sequence, pdu.body)
            case Command.DELIVER:
                await self._delivering.acquire()
                group.create_task(self._hand_over(pdu))
            case Command.ACTIVE_TEST:
                self._write(pdu.command | RESPONSE, pdu.sequence, b"\0")
            case Command.TERMINATE:
                self._write(pdu.command | RESPONSE, pdu.sequence)
                raise LinkLost("the gateway ended the session")
            case _:
                pass  # CMPP has no answer to what is not known

    async def _hand_over(self, pdu: Pdu) -> None:
        try:
            result = await self._deliver(pdu.body, self._version)
        finally:
            self._delivering.release()
        if result is None:
            return
        self.carried += 1
        msg_id = int.from_bytes(pdu.body[:8].ljust(8, b"\0"), "big")
        self._write(pdu.command | RESPONSE, pdu.sequence, Answer(msg_id=msg_id, result=result).encode(self._version))

    def _write(self, command: int, sequence: int, body: bytes = b"") -> None:
        self._link.write(Pdu(command=command, sequence=sequence, body=body).encode())

    async def _watch(self) -> None:
        """By ACTIVE_TEST."""
        missed = 0
        await asyncio.sleep(self._times.test)
        while missed < self._times.misses:
            try:
                await self._ask(Command.ACTIVE_TEST, within=self._times.test)
            except (Unanswered, NotSent):
                missed += 1
                continue
            missed = 0
            await asyncio.sleep(self._times.test)
        raise LinkLost(f"no answer to {missed} tests of the link")


def _late(late: Late) -> Callable[[bytes], None]:
    def said(body: bytes) -> None:
        with suppress(BadPdu):
            answer = decode_answer(body)
            late(answer.result, str(answer.msg_id))

    return said
