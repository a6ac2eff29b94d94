"""Whether PostgreSQL answers at all: a server that hangs, or a network that swallows, looks like a slow statement to each."""

import asyncio
import weakref
from collections.abc import Callable, Coroutine
from time import monotonic
from typing import Any

from hub.db.errors import DatabaseGone

EVERY = 0.25  # seconds between beats
AGAIN = 0.05  # seconds, while there is none
PATIENCE = 0.35  # seconds, waited twice: once may be our own loop that was held up

Connect = Callable[[], Coroutine[Any, Any, Any]]


class Pulse:
    """Asks the server for a sign of life over a connection of its own. Where none comes, every `watched` connection is cut, so
    that nobody waits on, and new work is refused at once until there is one again.
    """

    def __init__(self, connect: Connect, lost: tuple[type[BaseException], ...]) -> None:
        """`connect` makes the connection; `lost` is what it raises when the server is gone."""
        self._connect, self._lost = connect, lost
        self._watched: weakref.WeakSet[Any] = weakref.WeakSet()
        self._own: Any = None
        self._beats = True
        self._heard = 0.0  # when anybody last had an answer (monotonic)
        self._beaten = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Beat until `stop`."""
        self._task = asyncio.get_running_loop().create_task(self._run(), name="pulse of PostgreSQL")

    async def stop(self) -> None:
        """No more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
            self._beaten.set()
        self._cut(self._own)

    def watch(self, connection: Any) -> None:
        """Cut `connection` when the server hangs."""
        self._watched.add(connection)

    def hear(self) -> None:
        """Somebody had an answer: busy is not gone."""
        self._heard = monotonic()

    async def check(self) -> None:
        """Raise `DatabaseGone` if the server gave no sign of life and gives none now."""
        if not self._beats:
            await self._beaten.wait()
            if not self._beats:
                raise DatabaseGone("the database does not answer")

    async def _run(self) -> None:
        while True:
            self._beats = await self._beat()
            self._beaten.set()  # whoever waits goes on, whoever comes waits for the next
            self._beaten.clear()
            if not self._beats:
                for connection in tuple(self._watched):
                    self._cut(connection)
            await asyncio.sleep(EVERY if self._beats else AGAIN)

    async def _beat(self) -> bool:
        began, ask = monotonic(), asyncio.ensure_future(self._ask())
        try:
            for _ in range(2):
                await asyncio.wait([ask], timeout=PATIENCE)
            if ask.done():
                return not isinstance(ask.exception(), self._lost)
        finally:
            if not ask.done():
                self._cut(self._own)
                ask.cancel()
                await asyncio.gather(ask, return_exceptions=True)
        return self._heard > began

    async def _ask(self) -> None:
        if self._own is None or self._own.is_closed():
            self._own = await self._connect()
        await self._own.execute("SELECT 1")

    @staticmethod
    def _cut(connection: Any) -> None:
        if connection is not None and not connection.is_closed():
            connection.terminate()
