"""One connection to a gateway, signed in: requests in a window, answers by sequence, the link watched from both ends.

It is never repaired: when the link is lost whoever waits is told how far his request came, and a new session is opened.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import cycle

from hub.channels.sms.cmpp.messages import Submit
from hub.channels.sms.cmpp.octets import V3, BadPdu
from hub.channels.sms.cmpp.status import LOWER_VERSION
from hub.channels.sms.cmpp.wire import (
    CONNECT_ANSWER_2,
    RESPONSE,
    Answer,
    Command,
    Connect,
    Frames,
    OutOfStep,
    Pdu,
    decode_answer,
    decode_connect_answer,
    digest,
)

MAX_DELIVERING = 500
"""DELIVER under way at a time; more are not read until some are done. A gateway has 16 without an answer."""

_UNREAD = 1 << 20  # octets a gateway may leave unread before it is taken for gone
_LATE = 1000  # requests without an answer whose answer is still listened for


class LinkLost(ConnectionError):
    """The connection is of no more use."""


class NotSent(Exception):
    """The request certainly did not leave."""


class Unanswered(Exception):
    """The request left, and no answer came: nobody knows."""


class Refused(Exception):
    """The gateway's answer is a number that is not 0: it certainly did not do what it was asked to."""

    def __init__(self, result: int) -> None:
        super().__init__(f"the gateway refused it with {result}")
        self.result = result


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """Seconds."""

    connect: float = 10.0
    response: float = 60.0
    test: float = 60.0
    misses: int = 3  # tests of the link without an answer
    landing: float = 0.4  # what was submitted may still be answered when we are told to stop
    goodbye: float = 0.2  # for the answer to TERMINATE


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """Where to connect to, and as whom. `address` passed the egress gate."""

    address: str
    port: int
    sp_id: str
    secret: str
    version: int


Deliver = Callable[[bytes, int], Awaitable[int | None]]
"""Given the body of a DELIVER and the version; returns the result to answer with once it is durable, None to leave it unanswered."""

Late = Callable[[Answer], None]
"""Given an answer that came after nobody waited for it any more."""


@asynccontextmanager
async def signed_in(
    gateway: Gateway, at: datetime, deliver: Deliver, *, window: int, times: Times | None = None
) -> "AsyncIterator[Session]":
    """A session, closed at the end; `at` is the time in China. Raises `OSError` (`LinkLost` is one) or `Refused`."""
    session = Session(deliver, version=gateway.version, window=window, times=times or Times())
    await session.connect(gateway)
    serving = asyncio.create_task(session.serve(), name=f"cmpp {gateway.address}")
    serving.add_done_callback(session.served)
    try:
        await session.sign_in(gateway, at)
        yield session
        await session.say_goodbye()
    except asyncio.CancelledError:
        await session.say_goodbye()
        raise
    finally:
        serving.cancel()
        await asyncio.wait([serving])


class Session:
    """See the module. `carried` counts short messages, both ways."""

    def __init__(self, deliver: Deliver, *, version: int, window: int, times: Times) -> None:
        self._deliver = deliver
        self._version = version
        self._times = times
        self._window = asyncio.Semaphore(window)
        self._delivering = asyncio.Semaphore(MAX_DELIVERING)
        self._sequence = cycle(range(1, 0x7FFF_FFFF))
        self._pending: dict[int, asyncio.Future[bytes]] = {}
        self._late: dict[int, Late] = {}
        self._ended = asyncio.get_running_loop().create_future()
        self.carried = 0

    @property
    def is_up(self) -> bool:
        """Whether anything can still be sent."""
        return not self._ended.done()

    async def ended(self) -> None:
        """Wait for the end; raises what it was, `LinkLost` where nothing worse."""
        await asyncio.shield(self._ended)

    async def connect(self, gateway: Gateway) -> None:
        """Raises `OSError`."""
        async with asyncio.timeout(self._times.connect):
            self._reader, self._writer = await asyncio.open_connection(gateway.address, gateway.port)

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
            raise Refused(answer.result)
        if gateway.version >= V3 and len(body) == CONNECT_ANSWER_2:  # it takes us for what it speaks itself
            raise Refused(LOWER_VERSION)

    async def submit(self, message: Submit, *, late: Late | None = None) -> int:
        """Hand over one short message; its Msg_Id. Raises `NotSent`, `Unanswered`, `Refused`, and `BadPdu` for what cannot be encoded."""
        body = message.encode(self._version)
        async with self._window:
            said = await self._ask(Command.SUBMIT, body, within=self._times.response, late=late)
        try:
            answer = decode_answer(said)
        except BadPdu as error:
            raise Unanswered("the answer cannot be read") from error
        if answer.result:
            raise Refused(answer.result)
        self.carried += 1
        return answer.msg_id

    async def serve(self) -> None:
        """Read and watch until the link ends; raises why."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._watch())
            await self._read(group)

    def served(self, serving: "asyncio.Task[None]") -> None:
        """`serve` is over: everybody who waits learns it."""
        problem = None if serving.cancelled() else serving.exception()
        self._end(_simple(problem) if problem else LinkLost("closed"))

    async def say_goodbye(self) -> None:
        """Let what is under way be answered for a moment, then take leave."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._times.landing):
                while self.is_up and self._pending:
                    await asyncio.wait(list(self._pending.values()))
        with suppress(NotSent, Unanswered):
            await self._ask(Command.TERMINATE, within=self._times.goodbye)

    async def _ask(self, command: Command, body: bytes = b"", *, within: float, late: Late | None = None) -> bytes:
        if not self.is_up:
            raise NotSent
        sequence = next(self._sequence)
        answer = self._pending[sequence] = asyncio.get_running_loop().create_future()
        self._write(command, sequence, body)
        try:
            async with asyncio.timeout(within):
                said: bytes = await answer
        except TimeoutError as error:
            raise Unanswered(f"no answer within {within:g} s") from error
        finally:
            del self._pending[sequence]
            if late is not None and (answer.cancelled() or not answer.done()):
                self._listen_for(sequence, late)
        return said

    def _listen_for(self, sequence: int, late: Late) -> None:
        self._late[sequence] = late
        if len(self._late) > _LATE:
            del self._late[next(iter(self._late))]

    async def _read(self, group: asyncio.TaskGroup) -> None:
        frames = Frames()
        while octets := await self._reader.read(65_536):
            try:
                pdus = frames.feed(octets)
            except OutOfStep as error:
                raise LinkLost(f"the gateway is out of step: {error}") from error
            for pdu in pdus:
                await self._handle(pdu, group)
        raise LinkLost("the gateway closed the connection")

    async def _handle(self, pdu: Pdu, group: asyncio.TaskGroup) -> None:
        match pdu.command:
            case _ if pdu.command & RESPONSE:
                self._answered(pdu)
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

    def _answered(self, pdu: Pdu) -> None:
        answer = self._pending.get(pdu.sequence)
        if answer is not None and not answer.done():
            answer.set_result(pdu.body)
        elif late := self._late.pop(pdu.sequence, None):
            with suppress(BadPdu):
                late(decode_answer(pdu.body))

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
        """Never waits: what is written is bounded by the window, by what is being delivered, and by this."""
        if not self.is_up:
            return
        self._writer.write(Pdu(command=command, sequence=sequence, body=body).encode())
        if self._writer.transport.get_write_buffer_size() > _UNREAD:
            self._end(LinkLost("the gateway does not read"))

    async def _watch(self) -> None:
        """A link whose other half is gone looks well until somebody asks."""
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

    def _end(self, why: BaseException) -> None:
        """Once: everybody who waits for an answer learns that none will come."""
        if self._ended.done():
            return
        self._ended.set_exception(why)
        self._ended.exception()  # it may be that nobody waits
        self._writer.transport.abort()
        for answer in self._pending.values():
            if not answer.done():
                answer.set_exception(Unanswered("the link was lost before the answer"))


def _simple(problem: BaseException) -> BaseException:
    """The one error that counts: what is wrong with us before what is wrong with the link."""
    if isinstance(problem, BaseExceptionGroup):
        leaves = [_simple(one) for one in problem.exceptions]
        return next((one for one in leaves if not isinstance(one, OSError)), leaves[0])
    return LinkLost(str(problem)) if isinstance(problem, OSError) and not isinstance(problem, LinkLost) else problem
