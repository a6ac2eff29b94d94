"""PostgreSQL through asyncpg: a pool for reads and units of work, and one connection of its own for the group committer."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Any, Literal, TypeVar

import asyncpg

from hub.db.errors import DatabaseGone, DatabaseLocked, ForeignKeyViolation, UniqueViolation
from hub.db.orm import PostgresReads, PostgresWrites
from hub.db.session import Args, Insert, Row
from hub.db.sql import insert_all
from hub.db.values import register_postgres

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
BATCH_LOCK_TIMEOUT = "200ms"

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


def explain(error: Exception) -> Exception:
    """The hub's error for PostgreSQL's; what is our own mistake (bad SQL, NOT NULL) stays as it is."""
    match error:
        case asyncpg.UniqueViolationError():
            return UniqueViolation(error.constraint_name or "")
        case asyncpg.ForeignKeyViolationError():
            return ForeignKeyViolation(error.constraint_name or "")
    if isinstance(error, _LOCKED):
        return DatabaseLocked("a row is locked")
    if isinstance(error, _GONE) or (isinstance(error, asyncpg.InterfaceError) and "clos" in str(error)):
        return DatabaseGone("the database does not answer")
    return error


async def _said(call: Coroutine[Any, Any, T]) -> T:
    try:
        return await call
    except (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError, TimeoutError) as error:
        explained = explain(error)
        if explained is error:
            raise
        raise explained from error


class PostgresSession:
    """One transaction on one connection."""

    def __init__(self, parent: PostgresReads, connection: Any, transaction: Any) -> None:
        self._connection, self._transaction = connection, transaction
        self._open = True
        self.using = PostgresWrites(parent, connection)

    async def fetch(self, sql: str, args: Args) -> list[Row]:
        return await _said(self._connection.fetch(sql, *args))

    async def fetch_many(self, sql: str, rows: Sequence[Args]) -> list[Row]:
        return await _said(self._connection.fetchmany(sql, rows))

    async def execute(self, sql: str, args: Args) -> int:
        tag = await _said(self._connection.execute(sql, *args))
        last: str = tag.rpartition(" ")[2]
        return int(last) if last.isdecimal() else 0

    async def execute_many(self, sql: str, rows: Sequence[Args]) -> None:
        await _said(self._connection.executemany(sql, rows))

    async def insert(self, insert: Insert) -> None:
        columns = list(zip(*insert.rows, strict=True))
        await _said(self._connection.execute(insert_all(insert.table, insert.columns, insert.suffix), *columns))

    async def commit(self, last: Sequence[Insert]) -> None:
        for insert in last:
            await self.insert(insert)
        self._open = False
        await _said(self._transaction.commit())

    async def rollback(self) -> None:
        if self._open and not self._connection.is_closed():
            self._open = False
            await _said(self._transaction.rollback())


class PostgresBackend:
    """One PostgreSQL database."""

    dialect: Literal["sqlite", "postgres"] = "postgres"

    def __init__(self, pool: Any, batches: Any) -> None:
        self._pool, self._batches = pool, batches
        self.client = PostgresReads(pool, explain)

    @classmethod
    async def open(cls, url: str, *, size: int) -> "PostgresBackend":
        """Connect; raises `DatabaseGone` within about a second when that cannot be done."""
        pool = await _said(_pool(url, size=size, settings=LIMITS))
        batches = await _said(_pool(url, size=1, settings=LIMITS | {"lock_timeout": BATCH_LOCK_TIMEOUT}))
        return cls(pool, batches)

    async def fetch(self, sql: str, args: Args) -> list[Row]:
        """Read outside a transaction; once more if the connection turns out to be dead (after a restart of the server)."""
        try:
            return await _said(self._fetch(sql, args))
        except DatabaseLocked:
            raise
        except DatabaseGone as error:
            if not isinstance(error.__cause__, asyncpg.PostgresConnectionError | asyncpg.AdminShutdownError):
                raise
        return await _said(self._fetch(sql, args))

    async def _fetch(self, sql: str, args: Args) -> list[Row]:
        async with self._pool.acquire(timeout=CONNECT_TIMEOUT) as connection:
            rows: list[Row] = await connection.fetch(sql, *args)
            return rows

    @asynccontextmanager
    async def begin(self, *, batch: bool) -> AsyncIterator[PostgresSession]:
        """A transaction; rolled back unless it was committed. `batch` takes the committer's own connection."""
        pool = self._batches if batch else self._pool
        connection, transaction = await self._start(pool)
        session = PostgresSession(self.client, connection, transaction)
        try:
            yield session
        finally:
            try:
                await session.rollback()
            finally:
                await pool.release(connection)

    async def _start(self, pool: Any) -> tuple[Any, Any]:
        for again in (True, False):
            connection = await _said(pool.acquire(timeout=CONNECT_TIMEOUT))
            transaction = connection.transaction()
            try:
                await _said(transaction.start())
            except BaseException as error:
                await pool.release(connection)
                if again and isinstance(error, DatabaseGone):  # a connection that died while it lay in the pool
                    continue
                raise
            return connection, transaction
        raise AssertionError("unreachable")

    async def close(self) -> None:
        """Give running statements a second, then cut them."""
        for pool in (self._pool, self._batches):
            try:
                async with asyncio.timeout(1):
                    await pool.close()
            except TimeoutError:
                pool.terminate()


async def _keep(_connection: object) -> None:
    """No reset when a connection goes back to its pool: we never change a session's state, and it would cost a round trip
    each."""


def _pool(url: str, *, size: int, settings: dict[str, str]) -> Coroutine[Any, Any, Any]:
    async def create() -> Any:
        return await asyncpg.create_pool(
            url,
            min_size=1,
            max_size=size,
            timeout=CONNECT_TIMEOUT,
            command_timeout=12,
            statement_cache_size=500,
            server_settings=settings,
            init=register_postgres,
            reset=_keep,
        )

    return create()
