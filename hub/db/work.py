"""A unit of work: one transaction, and what it announces."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from itertools import count
from typing import TYPE_CHECKING, Any

from hub import clock
from hub.db.announce import EVENT_COLUMNS, EVERYBODY, JOB_COLUMNS, JOB_CONFLICT, Event, NewJob
from hub.db.session import Args, Dialect, Row, Session
from hub.db.values import encode_json
from hub.ids import new_id

if TYPE_CHECKING:
    from tortoise.backends.base.client import BaseDBAsyncClient

_savepoints = count(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Rows for one table, to be written by one statement."""

    table: str
    columns: Mapping[str, str]
    rows: Sequence[Args]
    suffix: str = ""


class Work:
    """One open transaction. Lives only inside its `async with`; no network call belongs there, and no task is started there."""

    def __init__(self, session: Session, dialect: Dialect, event_jobs: Mapping[str, Sequence[str]]) -> None:
        self._session, self._event_jobs = session, event_jobs
        self._events: list[Event] = []
        self._jobs: list[NewJob] = []
        self._held: frozenset[str] = frozenset()
        self.dialect = dialect
        self.notices: list[Callable[[], None]] = []

    @property
    def using(self) -> "BaseDBAsyncClient":
        """This transaction for Tortoise: `await Model.create(..., using_db=work.using)`."""
        return self._session.using

    def sql(self, *, sqlite: str, postgres: str) -> str:
        """The text for this database's dialect, where the two must differ."""
        return sqlite if self.dialect == "sqlite" else postgres

    async def fetch(self, sql: str, *args: Any) -> list[Row]:
        """All rows of a query, or of a write with RETURNING."""
        return await self._session.fetch(sql, args)

    async def fetch_one(self, sql: str, *args: Any) -> Row | None:
        """The first row, or None."""
        rows = await self._session.fetch(sql, args)
        return rows[0] if rows else None

    async def fetch_many(self, sql: str, rows: Sequence[Args]) -> list[Row]:
        """Run one statement for each of `rows` in one go; what they return, one after the other."""
        return await self._session.fetch_many(sql, rows) if rows else []

    async def execute(self, sql: str, *args: Any) -> int:
        """Run a statement; returns the number of rows it touched."""
        return await self._session.execute(sql, args)

    async def execute_many(self, sql: str, rows: Sequence[Args]) -> None:
        """Run one statement for each of `rows` in one go."""
        if rows:
            await self._session.execute_many(sql, rows)

    async def insert_many(self, table: str, columns: Mapping[str, str], rows: Sequence[Args], *, suffix: str = "") -> None:
        """Write `rows` by the fastest statement of the dialect, together with the next statement or the commit.

        `columns` maps each name to its PostgreSQL type; `suffix` is an ON CONFLICT. What is wrong with a row is raised when it
        is written: put a `savepoint` around what may fail.
        """
        if rows:
            await self._session.insert(Rows(table=table, columns=columns, rows=rows, suffix=suffix))

    async def insert_returning(self, table: str, columns: Mapping[str, str], rows: Sequence[Args], *, suffix: str) -> list[Row]:
        """As `insert_many`, at once; what `suffix` (a RETURNING) says of the rows that were written, in any order."""
        return await self._session.insert_returning(Rows(table=table, columns=columns, rows=rows, suffix=suffix)) if rows else []

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        """A part that may fail alone: what it wrote is undone if it raises. After an error PostgreSQL takes nothing else
        outside of one.

        Events and jobs announced inside are taken back too.
        """
        name, events, jobs, held = f"part_{next(_savepoints)}", len(self._events), len(self._jobs), self._held
        await self._session.execute(f"SAVEPOINT {name}", ())
        try:
            yield
            await self._session.ready()
        except BaseException:
            del self._events[events:], self._jobs[jobs:]
            self._held = held
            await self._session.execute(f"ROLLBACK TO SAVEPOINT {name}", ())
            raise
        await self._session.execute(f"RELEASE SAVEPOINT {name}", ())

    async def hold(self, *names: str) -> None:
        """Let no other transaction hold any of these names until this one ends: what has no row to lock yet.

        Taken in one order by all, so that none waits in a ring; first of all in a transaction it costs nothing, nor where they are
        held already. On SQLite there is one writer at a time anyway.
        """
        if wanted := frozenset(names) - self._held:
            await self._session.hold(sorted(map(_lock_key, wanted)))
            self._held |= wanted

    async def try_hold(self, name: str) -> bool:
        """As `hold`, but without waiting; False where another transaction holds it."""
        if self.dialect == "sqlite":
            return True
        row = await self.fetch_one("SELECT pg_try_advisory_xact_lock($1) AS held", _lock_key(name))
        return row is not None and bool(row["held"])

    def announce(self, event: Event) -> None:
        """Write `event` to the log, and a job for each name mapped to its type, at the end of this transaction."""
        self._events.append(event)
        for name in self._event_jobs.get(event.type, ()):
            self._jobs.append(NewJob(name=name, payload=event.data))

    def enqueue(
        self, job: str, *, key: str | None = None, due: datetime | None = None, lock: str | None = None, **payload: Any
    ) -> None:
        """Write a durable job. `key`: nothing is written while a queued or running job has it; `lock`: one runs at a time
        for each."""
        self._jobs.append(NewJob(name=job, payload=payload, key=key, due=due, lock=lock))

    def after_commit(self, notice: Callable[[], None]) -> None:
        """Call `notice` once this is committed: hints only (wake somebody up), must not raise."""
        self.notices.append(notice)

    async def commit(self) -> tuple[bool, bool]:
        """Write what was announced and commit (the `Database` calls this). Returns whether there were events, and jobs."""
        now = clock.now()
        last = []
        if self._events:
            last.append(_event_rows(self._events, now))
        if self._jobs:
            last.append(_job_rows(self._jobs, now))
        await self._session.commit(last)
        return bool(self._events), bool(self._jobs)


def _lock_key(name: str) -> int:
    return int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), signed=True)


def _event_rows(events: Sequence[Event], now: datetime) -> Rows:
    rows = [
        (event.type, encode_json(event.data), "{}" if event.audience is EVERYBODY else encode_json(event.audience.to_json()), now)
        for event in events
    ]
    return Rows(table="event_log", columns=EVENT_COLUMNS, rows=rows)


def _job_rows(jobs: Sequence[NewJob], now: datetime) -> Rows:
    rows = [(new_id(), job.name, encode_json(job.payload), job.key, job.lock, job.due or now, now) for job in jobs]
    has_key = any(job.key is not None for job in jobs)  # looking for conflicts costs, even where there can be none
    return Rows(table="job", columns=JOB_COLUMNS, rows=rows, suffix=JOB_CONFLICT if has_key else "")
