"""One bound connection to a centre (an ESME's side of SMPP 3.4): requests in a window, answers by sequence, the link watched from both ends.

It is never repaired: when the link is lost whoever waits is told how far his request came, and a new session is opened.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from itertools import cycle
from time import monotonic

from hub.channels.sms.smpp import wire
from hub.channels.sms.smpp.status import Status, name_of
from hub.channels.sms.smpp.wire import RESPONSE, BadPdu, Bind, Command, Frames, OutOfStep, Pdu, Query, QueryAnswer, ShortMessage

MAX_DELIVERING = 1000
"""deliver_sm under way at a time; more are answered with "queue full", and the centre sends them again."""

_UNREAD = 1 << 20  # octets a centre may leave unread before it is taken for gone
_LATE = 1000  # requests without an answer whose answer is still listened for


class LinkLost(ConnectionError):
    """The connection is of no more use."""


class NotSent(Exception):
    """The request certainly did not leave."""


class Unanswered(Exception):
    """The request left, and no answer came: nobody knows."""


class Refused(Exception):
    """The centre's answer is an error: it certainly did not do what it was asked to."""

    def __init__(self, status: int) -> None:
        super().__init__(name_of(status))
        self.status = status


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """Seconds."""

    connect: float = 10.0
    response: float = 10.0
    enquire: float = 30.0
    landing: float = 0.4  # what was submitted may still be answered when we are told to stop
    goodbye: float = 0.2  # for the answer to unbind


@dataclass(frozen=True, slots=True, kw_only=True)
class Centre:
    """Where to connect to. `address` passed the egress gate; `host` is the name TLS checks."""

    host: str
    address: str
    port: int
    tls: ssl.SSLContext | None = None


Deliver = Callable[["Session", ShortMessage, bytes], Awaitable[Status]]
"""Given a deliver_sm and its body; returns the status to answer with once it is durable."""

Late = Callable[[str, int], None]
"""Given the id and the status of an answer that came after nobody waited for it any more."""


@asynccontextmanager
async def bound(
    centre: Centre, command: Command, bind: Bind, deliver: Deliver, *, window: int, times: Times | None = None
) -> "AsyncIterator[Session]":
    """A session that is bound, closed at the end. Raises `OSError` (`LinkLost` is one) or `Refused`."""
    session = Session(deliver, window=window, times=times or Times())
    await session.connect(centre)
    serving = asyncio.create_task(session.serve(), name=f"smpp {centre.host}")
    serving.add_done_callback(session.served)
    try:
        await session.bind(command, bind)
        yield session
        await session.say_goodbye()
    except asyncio.CancelledError:
        await session.say_goodbye()
        raise
    finally:
        serving.cancel()
        await asyncio.wait([serving])


class Session:
    """See the module. `confirmed` is a moment (monotonic): what was acknowledged before has been read by the centre. `carried` counts short
    messages, both ways."""

    def __init__(self, deliver: Deliver, *, window: int, times: Times) -> None:
        self._deliver = deliver
        self._times = times
        self._window = asyncio.Semaphore(window)
        self._sequence = cycle(range(1, 0x7FFF_FFFF))
        self._pending: dict[int, asyncio.Future[Pdu]] = {}
        self._late: dict[int, Late] = {}
        self._delivering = 0
        self._ended = asyncio.get_running_loop().create_future()
        self.confirmed = float("-inf")
        self.carried = 0

    @property
    def is_up(self) -> bool:
        """Whether anything can still be sent."""
        return not self._ended.done()

    async def ended(self) -> None:
        """Wait for the end; raises what it was, `LinkLost` where nothing worse."""
        await asyncio.shield(self._ended)

    async def connect(self, centre: Centre) -> None:
        """Raises `OSError`."""
        name = centre.host if centre.tls else None
        async with asyncio.timeout(self._times.connect):
            self._reader, self._writer = await asyncio.open_connection(
                centre.address, centre.port, ssl=centre.tls, server_hostname=name
            )

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
            answer = await self._ask(Command.SUBMIT_SM, body, late=late)
        self.carried += 1
        return wire.decode_id(answer.body)

    async def query(self, query: Query) -> QueryAnswer:
        """What became of a message. Raises as `submit` does."""
        return wire.decode_query_answer((await self._ask(Command.QUERY_SM, query.encode())).body)

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
        """Let what is under way be answered for a moment, then unbind."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._times.landing):
                while self.is_up and self._pending:
                    await asyncio.wait(list(self._pending.values()))
        with suppress(NotSent, Unanswered, Refused, TimeoutError):
            async with asyncio.timeout(self._times.goodbye):
                await self._ask(Command.UNBIND)

    async def _ask(self, command: Command, body: bytes = b"", *, late: Late | None = None) -> Pdu:
        if not self.is_up:
            raise NotSent
        sequence = next(self._sequence)
        answer = self._pending[sequence] = asyncio.get_running_loop().create_future()
        self._write(Pdu(command=command, sequence=sequence, body=body))
        try:
            async with asyncio.timeout(self._times.response):
                pdu: Pdu = await answer
        except TimeoutError as error:
            raise Unanswered(f"no answer within {self._times.response:g} s") from error
        finally:
            del self._pending[sequence]
            if late is not None and (answer.cancelled() or not answer.done()):
                self._listen_for(sequence, late)
        if pdu.status:
            raise Refused(pdu.status)
        return pdu

    def _listen_for(self, sequence: int, late: Late) -> None:
        self._late[sequence] = late
        if len(self._late) > _LATE:
            del self._late[next(iter(self._late))]

    async def _read(self, group: asyncio.TaskGroup) -> None:
        frames = Frames()
        while True:
            octets = await self._reader.read(65_536)
            if not octets:
                raise LinkLost("the centre closed the connection")
            try:
                for pdu in frames.feed(octets):
                    self._handle(pdu, group)
            except OutOfStep as error:
                self._write(Pdu(command=Command.NACK, status=error.status, sequence=0))
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
        answer = self._pending.get(pdu.sequence)
        if answer is not None and not answer.done():
            answer.set_result(pdu)
        elif late := self._late.pop(pdu.sequence, None):
            late(wire.decode_id(pdu.body), pdu.status)
        elif pdu.command == Command.NACK and pdu.sequence == 0:
            raise LinkLost("the centre could not read what we sent")

    def _take(self, pdu: Pdu, group: asyncio.TaskGroup) -> None:
        if self._delivering >= MAX_DELIVERING:
            return self._answer(pdu, Status.RMSGQFUL, b"\0")
        try:
            message = wire.decode_short_message(pdu.body)
        except BadPdu as error:
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
        """Never waits: what is written is bounded by the window, by what is being delivered, and by this."""
        self._writer.write(pdu.encode())
        if self._writer.transport.get_write_buffer_size() > _UNREAD:
            self._end(LinkLost("the centre does not read"))

    async def _watch(self) -> None:
        """A link whose other half is gone looks well until somebody asks (4.11)."""
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

    def _end(self, why: BaseException) -> None:
        """Once: everybody who waits for an answer learns that none will come."""
        if self._ended.done():
            return
        self._ended.set_exception(why)
        self._ended.exception()  # it may be that nobody waits
        if self._writer.transport.get_write_buffer_size():
            self._writer.transport.abort()
        else:
            self._writer.close()  # what was said last arrives
        for answer in self._pending.values():
            if not answer.done():
                answer.set_exception(Unanswered("the link was lost before the answer"))


def _simple(problem: BaseException) -> BaseException:
    """The one error that counts: what is wrong with us before what is wrong with the link."""
    if isinstance(problem, BaseExceptionGroup):
        leaves = [_simple(one) for one in problem.exceptions]
        return next((one for one in leaves if not isinstance(one, OSError)), leaves[0])
    return LinkLost(str(problem)) if isinstance(problem, OSError) and not isinstance(problem, LinkLost) else problem
