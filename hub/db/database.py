"""The database of this process: reads, units of work, the group committer and who is told of what was committed."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

from hub.db.committer import GroupCommitter
from hub.db.errors import NestedUnitOfWork
from hub.db.postgres import PostgresBackend
from hub.db.session import Backend, Dialect, Row
from hub.db.sqlite import SqliteBackend
from hub.db.work import Work
from hub.errors import Invalid

Topic = Literal["events", "jobs"]


class Database:
    """One a process. Opened by `app`, handed to whoever reads or writes."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._event_jobs: dict[str, Sequence[str]] = {}
        self._listeners: dict[Topic, list[Callable[[], None]]] = {"events": [], "jobs": []}
        self._holders: set[asyncio.Task[Any] | None] = set()
        self.dialect: Dialect = backend.dialect
        self.committer = GroupCommitter(lambda lock_wait: self._transaction(batch=True, lock_wait=lock_wait), self.refuse_nested)

    @classmethod
    async def open(cls, url: str, *, read_pool: int = 4, models: Sequence[str] | None = None) -> "Database":
        """Connect to `sqlite:///path` or `postgres://user:password@host:port/name`; the schema must have been migrated before.

        `models`: the modules with Tortoise models; every `hub/**/models.py` by default, and none for a program that reads and
        writes by SQL alone. Raises `DatabaseGone` when it cannot
        be reached.
        """
        path = sqlite_path(url)
        backend: Backend
        if path is not None:
            backend = await SqliteBackend.open(path, read_pool=read_pool)
        else:
            backend = await PostgresBackend.open(url, size=read_pool + 6)
        try:
            if models is None or models:
                from hub.db import orm

                await orm.bind(backend.dialect, backend.client, models)
        except BaseException:
            await backend.close()
            raise
        return cls(backend)

    async def close(self) -> None:
        """Stop committing and disconnect."""
        await self.committer.close()
        await self._backend.close()

    async def fetch(self, sql: str, *args: Any) -> list[Row]:
        """Read the last committed state; writes are refused or, at best, pointless here."""
        return await self._backend.fetch(sql, args)

    async def fetch_one(self, sql: str, *args: Any) -> Row | None:
        """The first row of a read, or None."""
        rows = await self._backend.fetch(sql, args)
        return rows[0] if rows else None

    def sql(self, *, sqlite: str, postgres: str) -> str:
        """The text for this database's dialect, where the two must differ."""
        return sqlite if self.dialect == "sqlite" else postgres

    @asynccontextmanager
    async def unit_of_work(self, lock_wait: float | None = None) -> AsyncIterator[Work]:
        """One transaction, committed when the block ends and undone if it raises. `lock_wait`: seconds to wait for a row that is locked.

        On SQLite it is the only writer meanwhile, so be quick. Raises `NestedUnitOfWork` when this task holds one already.
        """
        self.refuse_nested()
        task = asyncio.current_task()
        self._holders.add(task)
        try:
            async with self._transaction(batch=False, lock_wait=lock_wait) as work:
                yield work
        finally:
            self._holders.discard(task)

    def map_events(self, jobs: Mapping[str, Sequence[str]]) -> None:
        """From now on, announcing an event of a type writes a job of each of these names, with the event's data as its
        payload."""
        self._event_jobs.update(jobs)

    def listen(self, topic: Topic, notice: Callable[[], None]) -> Callable[[], None]:
        """Call `notice` after every commit in this process that wrote events, or jobs. Returns what ends it."""
        self._listeners[topic].append(notice)
        return lambda: self._listeners[topic].remove(notice)

    def refuse_nested(self) -> None:
        """Raise `NestedUnitOfWork` if the current task holds a unit of work."""
        if asyncio.current_task() in self._holders:
            raise NestedUnitOfWork("this task holds a unit of work already")

    @asynccontextmanager
    async def _transaction(self, *, batch: bool, lock_wait: float | None) -> AsyncIterator[Work]:
        async with self._backend.begin(batch=batch, lock_wait=lock_wait) as session:
            work = Work(session, self.dialect, self._event_jobs)
            yield work
            events, jobs = await work.commit()
        for notice in work.notices:
            notice()
        for topic, written in (("events", events), ("jobs", jobs)):
            if written:
                for notice in tuple(self._listeners[topic]):  # type: ignore[index]
                    notice()


def sqlite_path(url: str) -> Path | None:
    """The file of a `sqlite:` address, None for a PostgreSQL one; anything else raises `Invalid`.

    `sqlite:///var/hub.db` and `sqlite:////var/hub.db` are both absolute; `sqlite://var/hub.db` is relative to where we run.
    """
    scheme = urlsplit(url).scheme
    if scheme == "sqlite":
        rest = unquote(url.partition("://")[2].partition("?")[0])
        if not rest:
            raise Invalid("a sqlite address needs a path")
        return Path("/" + rest.lstrip("/") if rest.startswith("/") else rest)
    if scheme in ("postgres", "postgresql"):
        return None
    raise Invalid(f"not a database address: {scheme or 'no scheme'}://")
