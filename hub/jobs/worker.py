"""The worker: claims due jobs, runs their handlers, and stores how each ended."""

import asyncio
import contextvars
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from hub import clock
from hub.db import Database, DatabaseGone, Work
from hub.jobs import store
from hub.jobs.job import Backoff, Handler, Job
from hub.jobs.schedules import enqueue_due

log = logging.getLogger(__name__)

POLL = 1.0  # seconds, in case a notice was lost
_ERROR_LENGTH = 2000  # characters kept of an error
_BACKOFF = Backoff()


@dataclass(slots=True)
class _Run:
    """A job in hand; `deadline` may be moved only while the handler runs."""

    job: Job
    deadline: asyncio.Timeout
    handling: bool = False


class Worker:
    """Runs jobs of the names it has handlers for. Several may run at once, in one process or in many."""

    def __init__(
        self,
        db: Database,
        handlers: Mapping[str, Handler],
        *,
        concurrency: int = 8,
        lease: timedelta = timedelta(seconds=60),
        max_attempts: int = 12,
        backoff: Backoff = _BACKOFF,
        alone: bool = False,
    ) -> None:
        self._db, self._handlers = db, dict(handlers)
        self._concurrency, self._lease = concurrency, lease
        self._max_attempts, self._backoff = max_attempts, backoff
        self._alone = alone  # the only process: at start nobody else can be doing anything
        self._schedules: dict[str, timedelta] = {}
        self._running: dict[UUID, _Run] = {}
        self._woken = asyncio.Event()

    def schedule(self, name: str, *, every: timedelta) -> None:
        """Enqueue job `name` at this interval, the first time at once; one is queued at most, however many workers there are."""
        self._schedules[name] = every

    def wake(self) -> None:
        """There may be something to do (a notice)."""
        self._woken.set()

    async def run(self) -> None:
        """Work until cancelled; what is running then is given back, to be run again by whoever comes next."""
        if self._alone:
            await store.release_all(self._db)
        stop = self._db.listen("jobs", self.wake)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._each(POLL, self._keep_schedules), name="job schedules")
                group.create_task(self._each(self._lease.total_seconds() / 3, self._renew), name="job leases")
                await self._claim_forever(group)
        finally:
            stop()

    async def _each(self, seconds: float, action: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await action()
            except DatabaseGone:
                log.warning("database gone, trying again")
            await asyncio.sleep(seconds)

    async def _keep_schedules(self) -> None:
        await enqueue_due(self._db, self._schedules)

    async def _renew(self) -> None:
        held = list(self._running.values())
        if not held:
            return
        ours = await store.renew(self._db, [run.job for run in held], lease=self._lease)
        for run in held:
            if run.job.id not in ours and run.handling:
                run.deadline.reschedule(asyncio.get_running_loop().time())  # ends the handler: another worker has its job

    async def _claim_forever(self, group: asyncio.TaskGroup) -> None:
        while True:
            self._woken.clear()
            free = self._concurrency - len(self._running)
            jobs = await self._claim(free) if free else []
            for job in jobs:
                run = self._running[job.id] = _Run(job, asyncio.timeout(None))
                # A fresh context: nothing of one job lives on in the next.
                group.create_task(self._perform(run), name=f"job {job.name}", context=contextvars.Context())
            if not free or len(jobs) < free:
                await clock.wait(self._woken, POLL)

    async def _claim(self, most: int) -> list[Job]:
        """Told to stop meanwhile it gives back what is claimed: nobody would have it until its lease ends."""
        names = list(self._handlers)
        claiming = asyncio.create_task(
            store.claim(self._db, names, most=most, lease=self._lease, max_attempts=self._max_attempts)
        )
        try:
            return await asyncio.shield(claiming)
        except DatabaseGone:
            return []
        except asyncio.CancelledError:
            await asyncio.wait([claiming])
            for job in claiming.result() if claiming.exception() is None else ():
                await self._give_back(job)
            raise

    async def _perform(self, run: _Run) -> None:
        try:
            error = await self._handle(run)
            await self._settle(run, error)
        except asyncio.CancelledError:
            await self._give_back(run.job)
            raise
        finally:
            del self._running[run.job.id]
            self._woken.set()

    async def _handle(self, run: _Run) -> Exception | None:
        try:
            async with run.deadline:
                run.handling = True
                try:
                    await self._handlers[run.job.name](run.job)
                finally:
                    run.handling = False
        except Exception as error:  # noqa: BLE001 - the boundary: whatever a handler raises is stored, and it is tried again
            return error
        return None

    async def _settle(self, run: _Run, error: Exception | None) -> None:
        """Store how it ended, however long the database is gone; the fencing number keeps that from doing harm."""
        job = run.job
        if run.deadline.expired():
            log.warning("job lease lost", extra={"job_id": str(job.id), "job": job.name})
            return
        if error is not None:
            log.error("job failed", exc_info=error, extra={"job_id": str(job.id), "job": job.name, "attempts": job.attempts})
        while True:
            try:
                async with self._db.unit_of_work() as work:
                    await self._store(work, job, error)
                return
            except DatabaseGone:
                await asyncio.sleep(POLL)

    async def _store(self, work: Work, job: Job, error: Exception | None) -> None:
        if error is None:
            await store.drop(work, job)
            return
        text = f"{type(error).__name__}: {error}".replace("\0", "")[:_ERROR_LENGTH].encode(errors="replace").decode()
        if job.attempts >= self._max_attempts:
            await store.give_up(work, job, error=text)
        else:
            await store.put_back(work, job, due=clock.now() + self._backoff.after(job.attempts), error=text)

    async def _give_back(self, job: Job) -> None:
        try:
            async with self._db.unit_of_work() as work:
                await store.put_back(work, job, due=clock.now(), error=None, uncounted=True)
        except DatabaseGone:
            log.warning("job left to its lease", extra={"job_id": str(job.id), "job": job.name})
