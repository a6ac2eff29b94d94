"""SQLite: one writer thread under one lock, and a few readers that never wait for it."""

import asyncio
import queue
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic
from typing import Any, Literal, TypeVar

from hub.db.errors import DatabaseGone, DatabaseLocked
from hub.db.session import Args, Insert, Row
from hub.db.sql import for_sqlite, insert_rows
from hub.db.sqlite_errors import explain
from hub.db.values import register_sqlite

T = TypeVar("T")
Call = Callable[[sqlite3.Connection], T]

BUSY_TIMEOUT = 0.9  # seconds; another process (a CLI command) may write beside us in short transactions
LOCK_TIMEOUT = 5.0  # seconds a unit of work waits for its turn in this process
_WRITER = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-16384", "journal_size_limit=67108864")
_READER = ("query_only=ON", "cache_size=-8192")

register_sqlite()


class SqliteRow(sqlite3.Row):
    """A row with the accessors that asyncpg's records have as well."""

    __slots__ = ()

    def get(self, key: str, default: Any = None) -> Any:
        """The value, or `default` where there is no such column."""
        return self[key] if key in self.keys() else default

    def values(self) -> Iterable[Any]:
        """The values in order."""
        return tuple(self)

    def items(self) -> Iterable[tuple[str, Any]]:
        """The pairs in order."""
        return zip(self.keys(), self, strict=True)


class Threads:
    """Threads with one connection each, fed from one queue in order of arrival."""

    def __init__(self, path: Path, *, size: int, read_only: bool) -> None:
        self._path, self._read_only = path, read_only
        self._calls: queue.SimpleQueue[tuple[Call[Any], asyncio.Future[Any]] | None] = queue.SimpleQueue()
        self._loop = asyncio.get_running_loop()
        role = "reader" if read_only else "writer"
        self._threads = [threading.Thread(target=self._work, name=f"sqlite {role} {n}", daemon=True) for n in range(size)]
        for thread in self._threads:
            thread.start()

    async def run(self, call: Call[T]) -> T:
        """Run `call` on a connection of its own. Cancelling does not stop it: what comes after stands behind it in the queue."""
        future: asyncio.Future[T] = self._loop.create_future()
        self._calls.put((call, future))
        return await future

    async def close(self) -> None:
        """Let what was asked for finish, then close every connection."""
        for _ in self._threads:
            self._calls.put(None)
        for thread in self._threads:
            await asyncio.to_thread(thread.join)

    def _work(self) -> None:
        connection: sqlite3.Connection | None = None
        while (item := self._calls.get()) is not None:
            call, future = item
            result, error = None, None
            try:
                connection = connection or self._connect()
                result = call(connection)
            except BaseException as raised:  # noqa: BLE001 - handed to the task that waits for it
                error = explain(raised, connection) if isinstance(raised, sqlite3.Error) else raised
            self._loop.call_soon_threadsafe(_settle, future, result, error)
        if connection is not None:
            connection.close()

    def _connect(self) -> sqlite3.Connection:
        target, uri = (f"{self._path.absolute().as_uri()}?mode=ro", True) if self._read_only else (str(self._path), False)
        connection = sqlite3.connect(
            target,
            uri=uri,
            timeout=BUSY_TIMEOUT,
            isolation_level=None,
            detect_types=sqlite3.PARSE_DECLTYPES,
            cached_statements=512,
        )
        connection.row_factory = SqliteRow
        for pragma in _READER if self._read_only else _WRITER:
            connection.execute(f"PRAGMA {pragma}")
        return connection


def _settle(future: asyncio.Future[Any], result: Any, error: BaseException | None) -> None:
    if future.done():  # its task was cancelled meanwhile
        return
    if error is None:
        future.set_result(result)
    else:
        future.set_exception(error)


class SqliteSession:
    """One transaction on the writer thread; it begins with its first statement. Inserts wait for the next visit to the thread."""

    def __init__(self, writer: Threads) -> None:
        self._writer = writer
        self._state: Literal["new", "open", "over"] = "new"
        self._waiting: list[Insert] = []
        self._using: Any = None

    @property
    def using(self) -> Any:
        """This transaction for Tortoise."""
        if self._using is None:
            from hub.db.orm import SqliteWrites  # at first use: Tortoise is a fifth of the start, and seldom used

            self._using = SqliteWrites(self)
        return self._using

    async def run(self, call: Call[T]) -> T:
        """Run `call` inside the transaction."""
        return await self._writer.run(lambda connection: call(self._inside(connection)))

    async def fetch(self, sql: str, args: Args) -> list[Row]:
        text = for_sqlite(sql)
        return await self.run(lambda connection: connection.execute(text, args).fetchall())

    async def fetch_many(self, sql: str, rows: Sequence[Args]) -> list[Row]:
        text = for_sqlite(sql)
        return await self.run(lambda connection: [row for args in rows for row in connection.execute(text, args).fetchall()])

    async def execute(self, sql: str, args: Args) -> int:
        text = for_sqlite(sql)
        return await self.run(lambda connection: max(connection.execute(text, args).rowcount, 0))

    async def execute_many(self, sql: str, rows: Sequence[Args]) -> None:
        text = for_sqlite(sql)
        await self.run(lambda connection: connection.executemany(text, rows))

    async def insert(self, insert: Insert) -> None:
        self._waiting.append(insert)

    async def insert_returning(self, insert: Insert) -> list[Row]:
        return await self.run(
            lambda connection: [row for text, args in insert_rows(insert) for row in connection.execute(text, args).fetchall()]
        )

    async def hold(self, keys: Sequence[int]) -> None:
        """Nothing: there is one writer at a time."""

    async def ready(self) -> None:
        """Write the inserts that wait."""
        await self.run(lambda connection: None)

    async def commit(self, last: Sequence[Insert]) -> None:
        """Write `last` and commit, in one visit to the thread; nothing at all if nothing was asked for."""
        self._waiting += last
        if self._state == "open" or self._waiting:
            await self.run(self._finish)

    async def rollback(self) -> None:
        await self._writer.run(self._undo)

    def _inside(self, connection: sqlite3.Connection) -> sqlite3.Connection:
        if self._state == "new":
            connection.execute("BEGIN IMMEDIATE")
            self._state = "open"
        elif not connection.in_transaction:  # SQLite undoes it by itself, for example on a full disk
            raise DatabaseGone("the transaction is over")
        inserts, self._waiting = self._waiting, []
        for insert in inserts:
            for text, args in insert_rows(insert):
                connection.execute(text, args)
        return connection

    def _finish(self, connection: sqlite3.Connection) -> None:
        connection.execute("COMMIT")
        self._state = "over"

    def _undo(self, connection: sqlite3.Connection) -> None:
        if self._state == "open" and connection.in_transaction:
            connection.execute("ROLLBACK")
        self._state = "over"


class SqliteBackend:
    """One SQLite file, for the one process that serves it."""

    dialect: Literal["sqlite", "postgres"] = "sqlite"

    def __init__(self, writer: Threads, readers: Threads) -> None:
        self._writer, self._readers = writer, readers
        self._lock = asyncio.Lock()
        self._locked_at = 0.0  # when a transaction last found the file locked by another process (monotonic)
        self._client: Any = None

    @property
    def client(self) -> Any:
        """The database for Tortoise."""
        if self._client is None:
            from hub.db.orm import SqliteReads  # at first use: Tortoise is a fifth of the start, and seldom used

            self._client = SqliteReads(self._readers)
        return self._client

    @classmethod
    async def open(cls, path: Path, *, read_pool: int) -> "SqliteBackend":
        """Open or create the file; raises `DatabaseGone` when that cannot be done."""
        writer = Threads(path, size=1, read_only=False)
        try:
            await writer.run(lambda connection: connection.execute("PRAGMA user_version").fetchone())
        except BaseException:
            await writer.close()
            raise
        return cls(writer, Threads(path, size=read_pool, read_only=True))

    async def fetch(self, sql: str, args: Args) -> list[Row]:
        """Read on one of the readers: the last committed state."""
        text = for_sqlite(sql)
        return await self._readers.run(lambda connection: connection.execute(text, args).fetchall())

    @asynccontextmanager
    async def begin(self, *, batch: bool, lock_wait: float | None) -> AsyncIterator[SqliteSession]:
        """A transaction under the process-wide write lock; rolled back unless it was committed. There are no locked rows to wait for."""
        await self._take_turn()
        session = SqliteSession(self._writer)
        try:
            yield session
        except DatabaseLocked:
            self._locked_at = monotonic()
            raise
        finally:
            try:
                await session.rollback()
            finally:
                self._lock.release()

    async def close(self) -> None:
        """Close readers first, so that the writer, leaving last, folds the WAL into the file."""
        await self._readers.close()
        await self._writer.close()

    async def _take_turn(self) -> None:
        began = monotonic()
        try:
            async with asyncio.timeout(LOCK_TIMEOUT):
                await self._lock.acquire()
        except TimeoutError:
            raise DatabaseLocked(f"no turn to write within {LOCK_TIMEOUT:g} s") from None
        if began < self._locked_at:  # who waits behind one that waited in vain would do so in turn, one after the other
            self._lock.release()
            raise DatabaseLocked("another process holds the database")
