"""Tortoise on our own connections: its models may be used inside any unit of work through `work.using`, and read outside of one.

Tortoise's own clients open deferred transactions on one SQLite connection, and keep the open transaction in a context
variable that leaks into tasks started inside it. Ours never touch that variable: a model write names its transaction
(`using_db=work.using`), and one that does not is refused.
"""

import asyncio
import importlib
import sqlite3
from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path
from typing import Any, NoReturn, Protocol, TypeVar

from tortoise.backends.asyncpg.client import AsyncpgDBClient, TransactionWrapper
from tortoise.backends.base.client import (
    BaseDBAsyncClient,
    NestedTransactionContext,
    TransactionalDBClient,
    TransactionContext,
)
from tortoise.backends.sqlite.client import SqliteClient
from tortoise.context import TortoiseContext

import hub
from hub.db.session import Dialect
from hub.db.values import register_sqlite

register_sqlite()  # again: Tortoise has just registered adapters of its own, and ours shall have the last word

T = TypeVar("T")
_savepoints = count(1)


class Runs(Protocol):
    """Where calls on a `sqlite3` connection are run."""

    async def run(self, call: Callable[[sqlite3.Connection], T]) -> T: ...


def _refuse() -> NoReturn:
    raise RuntimeError("a model is written only inside a unit of work: pass using_db=work.using")


class PostgresTransaction(Protocol):
    """A transaction that takes its connection when first needed."""

    connection: Any

    async def ready(self) -> None: ...
    async def execute(self, sql: str, args: Sequence[Any]) -> int: ...


class SqliteReads(SqliteClient):
    """Models read outside a unit of work."""

    def __init__(self, runs: Runs) -> None:
        BaseDBAsyncClient.__init__(self, "sqlite")
        self._runs = runs

    async def execute_query(self, query: str, values: list[Any] | None = None) -> tuple[int, Sequence[Any]]:
        if not query.lstrip().upper().startswith(("SELECT", "WITH")):
            _refuse()
        rows = await self._runs.run(lambda connection: connection.execute(query, values or ()).fetchall())
        return len(rows), rows

    async def execute_query_dict(self, query: str, values: list[Any] | None = None) -> list[dict[str, Any]]:
        return [dict(row) for row in (await self.execute_query(query, values))[1]]

    async def execute_insert(self, query: str, values: list[Any]) -> NoReturn:
        _refuse()

    async def execute_many(self, query: str, values: list[list[Any]]) -> NoReturn:
        _refuse()

    async def execute_script(self, query: str) -> NoReturn:
        _refuse()

    def _in_transaction(self) -> NoReturn:
        _refuse()

    async def close(self) -> None:
        """Nothing: the connections belong to the `Database`."""


class _Savepoints:
    """`in_transaction` of Tortoise's own (bulk_create) becomes a savepoint."""

    _finalized = False
    _name = ""

    async def _say(self, sql: str) -> None:
        raise NotImplementedError

    async def savepoint(self) -> None:
        self._name = f"orm_{next(_savepoints)}"
        await self._say(f"SAVEPOINT {self._name}")

    async def savepoint_rollback(self) -> None:
        await self._say(f"ROLLBACK TO {self._name}")
        await self.release_savepoint()

    async def release_savepoint(self) -> None:
        await self._say(f"RELEASE {self._name}")
        self._finalized = True


class SqliteWrites(_Savepoints, SqliteReads, TransactionalDBClient):
    """Models inside a unit of work."""

    async def execute_query(self, query: str, values: list[Any] | None = None) -> tuple[int, Sequence[Any]]:
        def call(connection: sqlite3.Connection) -> tuple[int, Sequence[Any]]:
            before = connection.total_changes
            rows = connection.execute(query, values or ()).fetchall()
            return (connection.total_changes - before) or len(rows), rows

        return await self._runs.run(call)

    async def execute_insert(self, query: str, values: list[Any]) -> int:  # type: ignore[override]
        return await self._runs.run(lambda connection: connection.execute(query, values).lastrowid or 0)

    async def execute_many(self, query: str, values: list[list[Any]]) -> None:  # type: ignore[override]
        await self._runs.run(lambda connection: connection.executemany(query, values))

    def _in_transaction(self) -> TransactionContext:  # type: ignore[override]
        return NestedTransactionContext(SqliteWrites(self._runs))

    async def begin(self) -> NoReturn:
        _refuse()

    async def commit(self) -> NoReturn:
        _refuse()

    async def rollback(self) -> NoReturn:
        _refuse()

    async def _say(self, sql: str) -> None:
        await self._runs.run(lambda connection: connection.execute(sql))


class PostgresReads(AsyncpgDBClient):
    """Models read outside a unit of work, on the pool of the `Database`."""

    def __init__(self, pool: Any, explain: Callable[[Exception], Exception]) -> None:
        super().__init__(connection_name="postgres")
        self._pool, self._explain = pool, explain

    async def _translate_exceptions(self, func: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return await func(self, *args, **kwargs)
        except Exception as error:
            raise self._explain(error) from error

    async def execute_query(self, query: str, values: list[Any] | None = None) -> tuple[int, list[Any]]:
        if not query.lstrip().upper().startswith(("SELECT", "WITH")):
            _refuse()
        return await super().execute_query(query, values)  # type: ignore[no-any-return]

    async def execute_insert(self, query: str, values: list[Any]) -> NoReturn:
        _refuse()

    async def execute_many(self, query: str, values: list[Any]) -> NoReturn:
        _refuse()

    async def execute_script(self, query: str) -> NoReturn:
        _refuse()

    def _in_transaction(self) -> NoReturn:
        _refuse()

    async def close(self) -> None:
        """Nothing: the connections belong to the `Database`."""


class PostgresWrites(_Savepoints, TransactionWrapper):
    """Models inside a unit of work."""

    def __init__(self, session: PostgresTransaction, explain: Callable[[Exception], Exception]) -> None:
        AsyncpgDBClient.__init__(self, connection_name="postgres")
        self._lock = asyncio.Lock()
        self._session, self._explain = session, explain

    def _in_transaction(self) -> TransactionContext:
        return NestedTransactionContext(PostgresWrites(self._session, self._explain))

    async def _say(self, sql: str) -> None:
        await self._session.execute(sql, ())

    async def _translate_exceptions(self, func: Any, *args: Any, **kwargs: Any) -> Any:
        await self._session.ready()
        self._connection = self._session.connection
        try:
            return await func(self, *args, **kwargs)
        except Exception as error:
            raise self._explain(error) from error


_newest: dict[Dialect, BaseDBAsyncClient] = {}
_context: tuple[Dialect, tuple[str, ...], TortoiseContext] | None = None


def get_client_class(_info: dict[str, Any]) -> Callable[..., BaseDBAsyncClient]:
    """What Tortoise asks this module for, as its «engine»: it gets the client of the `Database` opened last."""
    return lambda **named: _newest[named["connection_name"]]


def model_modules() -> tuple[str, ...]:
    """Every `models.py` under `hub`, by module name."""
    root = Path(hub.__file__).parent
    found = (path.relative_to(root.parent).with_suffix("") for path in root.rglob("models.py"))
    return tuple(sorted(".".join(path.parts) for path in found))


async def bind(dialect: Dialect, client: BaseDBAsyncClient, modules: Sequence[str] | None = None) -> None:
    """Make `client` the one that models use outside a unit of work. Tortoise itself is set up once a process and dialect.

    The alias is the dialect's name, since Tortoise keeps each model's SQL by alias for the life of the process.
    """
    global _context
    _newest[dialect] = client
    wanted = tuple(modules if modules is not None else model_modules())
    if _context is not None and _context[:2] == (dialect, wanted):
        _context[2].connections.discard(dialect)
        return
    if _context is not None:
        await _context[2].close_connections()
    context = TortoiseContext()
    with context:
        await context.init(config=_config(dialect, wanted), _enable_global_fallback=True)
    _context = (dialect, wanted, context)


def _config(dialect: Dialect, modules: Sequence[str]) -> dict[str, Any]:
    for module in modules:
        importlib.import_module(module)
    return {
        "connections": {dialect: {"engine": __name__, "credentials": {}}},
        "apps": {"models": {"models": list(modules), "default_connection": dialect}},
    }
