"""The group committer: what waits is written together and committed once.

Batches form by themselves while the one before is being committed; there is no timer. A batch that fails is split and tried
again, so that one bad item never fails its neighbours. When nothing could be committed for a second, everybody who waits is
told `DatabaseGone`, so that a provider can be asked to try again; the item may still have been stored, which is why every
item carries a key of its own.
"""

import asyncio
import contextvars
import copy
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from time import monotonic
from typing import Any

from hub.db.errors import DatabaseGone, DatabaseLocked
from hub.db.work import Work

BATCH = 200  # items in one transaction at most
PATIENCE = 1.0  # seconds without any commit until those who wait are told
_LOOK = PATIENCE / 4
LOCK_WAIT = 0.2  # seconds for which a batch waits for a row that somebody else has locked
_SEARCH_WAIT = 0.02  # the same for its parts while the item that waits is looked for: its neighbours have no time to lose

Writer = Callable[[Work, Sequence[Any]], Awaitable[Sequence[Any]]]
Open = Callable[[float], AbstractAsyncContextManager[Work]]
"""Begins a transaction that waits for a locked row for so many seconds."""


@dataclass(slots=True, eq=False)
class _Item:
    kind: str
    value: Any
    done: "asyncio.Future[Any]"
    since: float


class GroupCommitter:
    """Writes items of registered kinds, many submitters to one transaction, one transaction at a time."""

    def __init__(self, open_batch: Open, refuse_nested: Callable[[], None] = lambda: None) -> None:
        """`open_batch` begins a transaction; `refuse_nested` raises where waiting for one would be waiting for oneself."""
        self._open, self._refuse_nested = open_batch, refuse_nested
        self._writers: dict[str, Writer] = {}
        self._waiting: deque[_Item] = deque()
        self._flying: list[_Item] = []
        self._arrived = asyncio.Event()
        self._progress = monotonic()
        self._stalled = False
        self._task: asyncio.Task[None] | None = None
        self._watch: asyncio.TimerHandle | None = None

    def register(self, kind: str, writer: Writer) -> None:
        """Let `writer(work, items)` write items of `kind`; it returns one result an item, in order.

        A result that is an exception is raised to that submitter alone. Within a batch kinds are written in the order of
        registration. A writer may be called again with the same items, and after a roll-back: it keeps no state.
        """
        if kind in self._writers:
            raise ValueError(f"{kind} is registered already")
        self._writers[kind] = writer

    async def submit(self, kind: str, item: Any) -> Any:
        """Write `item`; returns its result only after COMMIT. Raises what the writer says about it, or `DatabaseGone`."""
        self._refuse_nested()
        if kind not in self._writers:
            raise KeyError(kind)
        waiting = _Item(kind, item, asyncio.get_running_loop().create_future(), monotonic())
        self._waiting.append(waiting)
        self._arrived.set()
        self._ensure_running()
        return await waiting.done

    async def close(self) -> None:
        """Stop; whoever still waits is told `DatabaseGone`, though what was being committed may be stored: a repeat has the same key."""
        if self._watch is not None:
            self._watch.cancel()
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        self._fail((*self._flying, *self._waiting), DatabaseGone("shutting down"))

    def _ensure_running(self) -> None:
        if self._task is None or self._task.done():
            # A fresh context: whatever context variables the first submitter had must not live on here.
            fresh = contextvars.Context()
            self._task = asyncio.get_running_loop().create_task(self._run(), name="group committer", context=fresh)
        if self._watch is None:
            self._progress = monotonic()
            self._watch = asyncio.get_running_loop().call_later(_LOOK, self._look)

    async def _run(self) -> None:
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            while self._waiting:
                self._flying = self._take()
                if self._flying:
                    await self._settle(self._flying)
                self._flying = []

    def _take(self) -> list[_Item]:
        taken = [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]
        return [item for item in taken if not item.done.done()]

    async def _settle(self, batch: list[_Item]) -> None:
        """Write `batch`, halving it as often as needed to find who is at fault."""
        started = monotonic()
        parts = [batch]
        while parts:
            part = parts.pop()
            try:
                results = await self._write(part, _SEARCH_WAIT if 1 < len(part) < len(batch) else LOCK_WAIT)
            except DatabaseGone as error:
                if not isinstance(error, DatabaseLocked) or monotonic() - started > PATIENCE - 0.2:
                    self._fail([*part, *(item for rest in parts for item in rest)], error)
                    return
                if len(part) > 1:
                    self._halve(part, parts, error)
                else:
                    parts.insert(0, part)  # after its neighbours, and until patience ends
            except Exception as error:  # noqa: BLE001 - raised to the submitter, who alone knows what it means
                self._halve(part, parts, error)
            else:
                self._progress = monotonic()
                _resolve(part, results)

    def _halve(self, part: list[_Item], parts: list[list[_Item]], error: Exception) -> None:
        if len(part) == 1:
            if not part[0].done.done():
                part[0].done.set_exception(error)
            return
        middle = len(part) // 2
        parts += [part[middle:], part[:middle]]

    async def _write(self, part: list[_Item], lock_wait: float) -> list[Any]:
        by_kind: dict[str, list[int]] = {}
        for place, item in enumerate(part):
            by_kind.setdefault(item.kind, []).append(place)
        results: list[Any] = [None] * len(part)
        async with self._open(lock_wait) as work:
            for kind in [kind for kind in self._writers if kind in by_kind]:
                places = by_kind[kind]
                answers = await self._writers[kind](work, [part[place].value for place in places])
                for place, answer in zip(places, answers, strict=True):
                    results[place] = answer
        return results

    def _look(self) -> None:
        """Four times a patience, while anybody waits: tell those who waited too long without anything being committed."""
        now = monotonic()
        waiting = [item for item in (*self._flying, *self._waiting) if not item.done.done()]
        if not waiting:
            self._watch = None
            return
        stalled = now - max(self._progress, waiting[0].since) > PATIENCE - _LOOK
        if stalled and self._stalled:  # seen twice: once may be our own loop that was held up
            late = [item for item in waiting if now - item.since > PATIENCE - _LOOK]
            self._fail(late, DatabaseGone(f"nothing could be stored for {PATIENCE:g} s"))
        self._stalled = stalled
        self._watch = asyncio.get_running_loop().call_later(_LOOK, self._look)

    @staticmethod
    def _fail(items: Iterable[_Item], error: Exception) -> None:
        for item in items:
            if not item.done.done():
                item.done.set_exception(copy.copy(error))  # one each: raising adds to an error's traceback
                item.done.exception()  # whoever waited may be gone; that is no accident to warn of


def _resolve(part: Sequence[_Item], results: Sequence[Any]) -> None:
    for item, result in zip(part, results, strict=True):
        if item.done.done():  # its submitter was cancelled
            continue
        if isinstance(result, BaseException):
            item.done.set_exception(result)
        else:
            item.done.set_result(result)
