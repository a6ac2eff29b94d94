"""One reader of the event log a process: woken after commits, and at least once a second."""

import asyncio
from collections.abc import Callable, Sequence
from time import monotonic

from hub import clock
from hub.db.database import Database
from hub.db.errors import DatabaseGone
from hub.db.events import Cursor, LoggedEvent, Position, _cursor, epoch_of, head_position, read_page
from hub.ops.metrics import gauge

POLL = 1.0  # seconds, in case a notice was lost
HELD_BACK = 0.01  # seconds, while committed events stand above the oldest open transaction
_PAGE = 500

_lag = gauge("event_log_lag_seconds", "How long committed events have been held back by an older open transaction")

Callback = Callable[[Sequence[LoggedEvent]], None]


class Tailer:
    """Hands every event of the log, from the time it was started, once and in order, to each subscriber of this process."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._callbacks: list[Callback] = []
        self._woken = asyncio.Event()
        self._held_since: float | None = None
        self._epoch = ""
        self._position: Position | None = None

    def subscribe(self, callback: Callback) -> Callable[[], None]:
        """Call `callback` with each batch of new events; it must be quick and not raise. Returns what ends it."""
        self._callbacks.append(callback)
        return lambda: self._callbacks.remove(callback)

    def wake(self) -> None:
        """There may be something new (a notice from another process)."""
        self._woken.set()

    @property
    def cursor(self) -> Cursor | None:
        """The place up to which everything was handed on; None before the start."""
        return None if self._position is None else _cursor(self._epoch, self._position)

    @property
    def lag(self) -> float:
        """Seconds for which committed events have been held back by an older open transaction."""
        return 0.0 if self._held_since is None else monotonic() - self._held_since

    async def run(self) -> None:
        """Tail until cancelled. While the database is gone it tries again each second and then goes on where it stopped."""
        stop = self._db.listen("events", self.wake)
        try:
            while True:
                self._woken.clear()
                pause = await self._read_all()
                if pause:
                    await clock.wait(self._woken, pause)
        finally:
            stop()

    async def _read_all(self) -> float:
        """Read and hand on what there is; returns how long to wait, 0 when there may be more."""
        try:
            position = await self._start() if self._position is None else self._position
            page = await read_page(self._db, self._epoch, position, _PAGE)
        except DatabaseGone:
            return POLL
        if page.events:
            self._position = _position(page.events[-1])
            for callback in tuple(self._callbacks):
                callback(page.events)
        self._held_since = (self._held_since or monotonic()) if page.waits else None
        _lag.set(self.lag)
        if page.waits:
            await asyncio.sleep(HELD_BACK)
            return 0.0
        return 0.0 if len(page.events) == _PAGE else POLL

    async def _start(self) -> Position:
        self._epoch = await epoch_of(self._db)
        self._position = await head_position(self._db)
        return self._position


def _position(event: LoggedEvent) -> Position:
    _, xid, row_id = event.cursor.split(".")
    return Position(int(xid, 16), int(row_id, 16))
