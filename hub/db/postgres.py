"""PostgreSQL through asyncpg: a pool for reads and units of work, and one connection of its own for the group committer."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Literal, TypeVar

import asyncpg

from hub.db.committer import LOCK_WAIT
from hub.db.errors import DatabaseGone, DatabaseLocked, ForeignKeyViolation, UniqueViolation
from hub.db.pulse import Pulse
from hub.db.session import Args, Insert, Row
from hub.db.sql import insert_all
from hub.db.values import encode_json, register_postgres

T = TypeVar("T")

CONNECT_TIMEOUT = 0.9  # seconds, for a connection from the pool or to the server
LIMITS = {
    "application_name": "hub",
    "timezone": "UTC",
    "jit": "off",
    "statement_timeout": "10s",
    "idle_in_transaction_session_timeout": "5s",  # the oldest open transaction holds every reader of the event log back
    "lock_timeout": "900ms",
}

_LOCKED = (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError, asyncpg.SerializationError)
_GONE = (
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,  # shutting down, starting up, statement timeout
    asyncpg.InsufficientResourcesError,  # disk full, too many connections
    asyncpg.InternalClientError,
    asyncpg.exceptions.IdleInTransactionSessionTimeoutError,
    asyncpg.exceptions.ReadOnlySQLTransactionError,  # a standby that has not been promoted yet
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    OSError,
    TimeoutError,
)


_LOST = (asyncpg.PostgresConnectionError, asyncpg.OperatorInterventionError, OSError, TimeoutError)
"""What the simplest question ends with when the server is gone (and not with: too many connections)."""


_CLOSED = re.compile("closed|closing|released back")  # asyncpg has one class for this and for mistakes of ours


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.0f}ms"


def explain(error: Exception) -> Exception:
    """The hub's error for PostgreSQL's; what is our own mistake (bad SQL, NOT NULL) stays as it is."""
    match error:
        case asyncpg.UniqueViolationError():
            return UniqueViolation(error.constraint_name or "")
        case asyncpg.ForeignKeyViolationError():
            return ForeignKeyViolation(error.constraint_name or "")
    if isinstance(error, _LOCKED):
        return DatabaseLocked("a row is locked")
    if isinstance(error, _GONE) or (isinstance(error, asyncpg.InterfaceError) and _CLOSED.search(str(error))):
        return DatabaseGone("the database does not answer")
    return error


def _columns(insert: Insert) -> list[Sequence[Any]]:
    columns = zip(*insert.rows, strict=True)
    return [_json_texts(c) if kind == "jsonb" else c for kind, c in zip(insert.columns.values(), columns, strict=True)]


def _json_texts(column: Sequence[Any]) -> list[str | None]:
    """A list inside an array of JSON would be taken for one more dimension of the array."""
    return [value if value is None or isinstance(value, str) else encode_json(value) for value in column]


async def _said(call: Callable[..., Awaitable[T]], *args: Any) -> T:
    """Call it; what asyncpg raises, some of it before there is anything to await, comes as the hub's error."""
    try:
        return await call(*args)
    except (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError, TimeoutError) as error:
        explained = explain(error)
        if explained is error:
            raise
        raise explained from error


class PostgresSession:
    """One transaction on one connection. It takes the connection and begins with its first statement.

    A round trip costs more than the rows it brings, so inserts wait for the next statement or the commit and go as one; a
    transaction that holds nothing else is that one statement, without BEGIN and COMMIT.
    """

    def __init__(self, pool: Any, pulse: Pulse, lock_wait: float | None) -> None:
        self._pool, self._pulse = pool, pulse
        self._opening = "BEGIN;" if lock_wait is None else f"BEGIN; SET LOCAL lock_timeout = '{_milliseconds(lock_wait)}';"
        self._begun = False
        self._waiting: list[Insert] = []
        self.connection: Any = None
        self._using: Any = None

    @property
    def using(self) -> Any:
        """This transaction for Tortoise."""
        if self._using is None:
            from hub.db.orm import PostgresWrites  # at first use: Tortoise is a fifth of the start, and seldom used

            self._using = PostgresWrites(self, explain)
        return self._using

    async def fetch(self, sql: str, args: Args) -> list[Row]:
        await self.ready()
        return await _said(self.connection.fetch, sql, *args)

    async def fetch_many(self, sql: str, rows: Sequence[Args]) -> list[Row]:
        await self.ready()
        return await _said(self.connection.fetchmany, sql, rows)

    async def execute(self, sql: str, args: Args) -> int:
        await self.ready()
        tag = await _said(self.connection.execute, sql, *args)
        last: str = tag.rpartition(" ")[2]
        return int(last) if last.isdecimal() else 0

    async def execute_many(self, sql: str, rows: Sequence[Args]) -> None:
        await self.ready()
        await _said(self.connection.executemany, sql, rows)

    async def insert(self, insert: Insert) -> None:
        if any(waiting.table == insert.table for waiting in self._waiting):  # two parts of one statement have no order
            await self.ready()
        self._waiting.append(insert)

    async def insert_returning(self, insert: Insert) -> list[Row]:
        await self.insert(insert)
        if not self._begun:
            await self._begin()
        rows: list[Row] = await self._write_waiting()
        return rows

    async def hold(self, keys: Sequence[int]) -> None:
        """Advisory locks until the end of the transaction, taken in this order; with BEGIN where it begins with them."""
        text = f"SELECT pg_advisory_xact_lock(k) FROM unnest('{{{','.join(map(str, keys))}}}'::bigint[]) AS k"
        if self._begun:
            await self.execute(text, ())
        else:
            await self._begin(text)

    async def ready(self) -> None:
        """Begin if that was not done yet, and write the inserts that wait."""
        if not self._begun:
            await self._begin()
        await self._write_waiting()

    async def commit(self, last: Sequence[Insert]) -> None:
        """Write what waits and `last`, and commit."""
        for insert in last:
            await self.insert(insert)
        if not self._begun and self._waiting:
            self.connection = await _said(self._connect)
        await self._write_waiting()
        if self._begun:
            self._begun = False
            if await _said(self.connection.execute, "COMMIT") != "COMMIT":  # it is the server's word that counts
                raise RuntimeError("an error was passed over outside of a savepoint: the transaction was undone")
            self._pulse.hear()

    async def close(self) -> None:
        """Undo what was not committed and give the connection back."""
        if self.connection is not None:
            await self._give_back(self.connection, undo=self._begun)

    async def _write_waiting(self) -> list[Row]:
        """Write them by one statement; what the last one returns."""
        if not self._waiting:
            return []
        inserts, self._waiting = self._waiting, []
        columns = [column for insert in inserts for column in _columns(insert)]
        rows: list[Row] = await _said(self.connection.fetch, insert_all(inserts), *columns)
        self._pulse.hear()
        return rows

    async def _connect(self) -> Any:
        await self._pulse.check()
        return await self._pool.acquire(timeout=CONNECT_TIMEOUT)

    async def _begin(self, first: str = "") -> None:
        """BEGIN and, in the same round trip, `first`."""
        for again in (True, False):
            connection = await _said(self._connect)
            try:
                await _said(connection.execute, f"{self._opening} {first}")
            except BaseException as error:
                died = isinstance(error, DatabaseGone) and not isinstance(error, DatabaseLocked)
                await self._give_back(connection, undo=True)
                if again and died:  # a connection that died while it lay in the pool
                    continue
                raise
            self.connection, self._begun = connection, True
            return

    async def _give_back(self, connection: Any, *, undo: bool) -> None:
        """Into the pool, with no transaction open on it."""
        try:
            if undo:
                await _said(connection.execute, "ROLLBACK")
        except DatabaseGone:
            pass  # so the server has undone it
        finally:
            await self._pool.release(connection)


class PostgresBackend:
    """One PostgreSQL database."""

    dialect: Literal["sqlite", "postgres"] = "postgres"

    def __init__(self, pool: Any, batches: Any, pulse: Pulse) -> None:
        self._pool, self._batches, self._pulse = pool, batches, pulse
        self._client: Any = None

    @property
    def client(self) -> Any:
        """The database for Tortoise."""
        if self._client is None:
            from hub.db.orm import PostgresReads  # at first use: Tortoise is a fifth of the start, and seldom used

            self._client = PostgresReads(self._pool, explain)
        return self._client

    @classmethod
    async def open(cls, url: str, *, size: int) -> "PostgresBackend":
        """Connect; raises `DatabaseGone` within about a second when that cannot be done."""
        pulse = Pulse(lambda: asyncpg.connect(url, timeout=CONNECT_TIMEOUT), _LOST)
        pool = await _said(_pool, url, pulse, size, LIMITS)
        batches = await _said(_pool, url, pulse, 1, LIMITS | {"lock_timeout": _milliseconds(LOCK_WAIT)})
        pulse.start()
        return cls(pool, batches, pulse)

    async def fetch(self, sql: str, args: Args) -> list[Row]:
        """Read outside a transaction; once more if the connection turns out to be dead (after a restart of the server)."""
        try:
            return await _said(self._fetch, sql, args)
        except DatabaseLocked:
            raise
        except DatabaseGone as error:
            if not isinstance(error.__cause__, asyncpg.PostgresConnectionError | asyncpg.AdminShutdownError):
                raise
        return await _said(self._fetch, sql, args)

    async def _fetch(self, sql: str, args: Args) -> list[Row]:
        await self._pulse.check()
        async with self._pool.acquire(timeout=CONNECT_TIMEOUT) as connection:
            rows: list[Row] = await connection.fetch(sql, *args)
            self._pulse.hear()
            return rows

    @asynccontextmanager
    async def begin(self, *, batch: bool, lock_wait: float | None) -> AsyncIterator[PostgresSession]:
        """A transaction; rolled back unless it was committed. `batch` takes the committer's own connection."""
        session = PostgresSession(self._batches if batch else self._pool, self._pulse, lock_wait)
        try:
            yield session
        finally:
            await session.close()

    async def close(self) -> None:
        """Give running statements a second, then cut them."""
        await self._pulse.stop()
        for pool in (self._pool, self._batches):
            try:
                async with asyncio.timeout(1):
                    await pool.close()
            except TimeoutError:
                pool.terminate()


async def _keep(_connection: object) -> None:
    """No reset when a connection goes back to its pool: we never change a session's state, and it would cost a round trip
    each."""


async def _pool(url: str, pulse: Pulse, size: int, settings: dict[str, str]) -> Any:
    async def begin(connection: Any) -> None:
        await register_postgres(connection)
        pulse.watch(connection)

    return await asyncpg.create_pool(
        url,
        min_size=1,
        max_size=size,
        timeout=CONNECT_TIMEOUT,
        command_timeout=12,
        statement_cache_size=500,
        server_settings=settings,
        init=begin,
        reset=_keep,
    )
