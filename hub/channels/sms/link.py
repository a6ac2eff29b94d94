"""One connection to an operator, whatever is spoken on it: requests under way, answers by sequence, and one end for everybody.

It is never repaired: when it is lost whoever waits is told how far his request came, and a new one is opened.
"""

import asyncio
import random
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from itertools import cycle
from time import monotonic
from typing import Any, Generic, NoReturn, TypeVar

from hub.errors import Unavailable

T = TypeVar("T")  # what an answer is given as

_UNREAD = 1 << 20  # octets the other side may leave unread before it is taken for gone
_LATE = 1000  # requests without an answer whose answer is still listened for
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 60.0  # seconds until the next try to connect
_SETTLED = 30.0  # seconds a connection stood,
_USEFUL = 10  # or messages it carried, after which the next trouble begins with a short pause


class LinkLost(ConnectionError):
    """The connection is of no more use."""


class NotSent(Exception):
    """The request certainly did not leave."""


class Unanswered(Exception):
    """The request left, and no answer came: nobody knows."""


class Refused(Exception):
    """The answer is an error, `status` in the protocol's numbers: what was asked was certainly not done."""

    def __init__(self, status: int, said: str) -> None:
        super().__init__(said)
        self.status = status


class Link(Generic[T]):
    """An open connection and the requests under way on it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self._writer = writer
        self._sequence = cycle(range(1, 0x7FFF_FFFF))
        self._pending: dict[int, asyncio.Future[T]] = {}
        self._late: dict[int, Callable[[T], None]] = {}
        self._ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @classmethod
    async def open(
        cls, address: str, port: int, *, within: float, tls: ssl.SSLContext | None = None, name: str | None = None
    ) -> "Link[T]":
        """Connect to an address that passed the egress gate; `name` is what TLS checks. Raises `OSError`."""
        async with asyncio.timeout(within):
            return cls(*await asyncio.open_connection(address, port, ssl=tls, server_hostname=name if tls else None))

    @property
    def is_up(self) -> bool:
        """Whether anything can still be sent."""
        return not self._ended.done()

    async def ended(self) -> None:
        """Wait for the end; raises what it was, `LinkLost` where nothing worse."""
        await asyncio.shield(self._ended)

    @asynccontextmanager
    async def served(
        self, serve: Coroutine[Any, Any, None], leave: Callable[[], Awaitable[None]], *, name: str
    ) -> AsyncIterator[None]:
        """Let `serve` read while the block runs; then, unless it failed, `leave`. The end of `serve` is the end of the link."""
        serving = asyncio.create_task(serve, name=name)
        serving.add_done_callback(self._served)
        try:
            yield
            await leave()
        except asyncio.CancelledError:
            await leave()
            raise
        finally:
            serving.cancel()
            await asyncio.wait([serving])

    async def ask(self, request: Callable[[int], bytes], *, within: float, late: Callable[[T], None] | None = None) -> T:
        """Send what `request` makes of a sequence number; the answer. `late` hears one that comes after `within` seconds.

        Raises `NotSent` and `Unanswered`.
        """
        if not self.is_up:
            raise NotSent
        sequence = next(self._sequence)
        answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._pending[sequence] = answer
        self.write(request(sequence))
        try:
            async with asyncio.timeout(within):
                return await answer
        except TimeoutError as error:
            raise Unanswered(f"no answer within {within:g} s") from error
        finally:
            del self._pending[sequence]
            if late is not None and (answer.cancelled() or not answer.done()):
                self._listen_for(sequence, late)

    def answered(self, sequence: int, said: T) -> bool:
        """An answer came; whether anybody wanted it."""
        answer = self._pending.get(sequence)
        if answer is not None and not answer.done():
            answer.set_result(said)
        elif late := self._late.pop(sequence, None):
            late(said)
        else:
            return False
        return True

    async def landed(self, within: float) -> None:
        """Wait until nothing is under way, for so many seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within):
                while self.is_up and self._pending:
                    await asyncio.wait(list(self._pending.values()))

    def write(self, octets: bytes) -> None:
        """Never waits: what is written is bounded by the window, by what is being delivered, and by this."""
        if not self.is_up:
            return
        self._writer.write(octets)
        if self._writer.transport.get_write_buffer_size() > _UNREAD:
            self._end(LinkLost("the other side does not read"))

    def _listen_for(self, sequence: int, late: Callable[[T], None]) -> None:
        self._late[sequence] = late
        if len(self._late) > _LATE:
            del self._late[next(iter(self._late))]

    def _served(self, serving: "asyncio.Task[None]") -> None:
        problem = None if serving.cancelled() else serving.exception()
        self._end(_simple(problem) if problem else LinkLost("closed"))

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


async def stay_connected(
    live: Callable[[], Awaitable[NoReturn]], *, carried: Callable[[], int], lost: Callable[[Exception], None]
) -> NoReturn:
    """Live one connection after the other, with longer and longer pauses while none stands and none is of use.

    `live` raises what ended its connection, `carried` tells how many messages went over it, and `lost` hears why it ended. What is not the
    connection's fault is raised.
    """
    pause = _FIRST_PAUSE
    while True:
        began = monotonic()
        try:
            await live()
        except (Refused, OSError, Unavailable) as error:
            lost(error)
        if monotonic() - began > _SETTLED or carried() > _USEFUL:
            pause = _FIRST_PAUSE
        await asyncio.sleep(pause * random.uniform(0.5, 1.0))
        pause = min(pause * 2, _LONGEST_PAUSE)


def _simple(problem: BaseException) -> BaseException:
    """The one error that counts: what is wrong with us before what is wrong with the link."""
    if isinstance(problem, BaseExceptionGroup):
        leaves = [_simple(one) for one in problem.exceptions]
        return next((one for one in leaves if not isinstance(one, OSError)), leaves[0])
    return LinkLost(str(problem)) if isinstance(problem, OSError) and not isinstance(problem, LinkLost) else problem
