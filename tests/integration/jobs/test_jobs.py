"""Durable jobs: each is done, once at a time, and again when it failed."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest

from hub import clock
from hub.db import Database
from hub.jobs import Backoff, Handler, Job, LeaseLost, Worker, counts, finish, hold, retry_failed, store
from hub.jobs.store import claim

_FAST = Backoff(first=timedelta(milliseconds=20), most=timedelta(milliseconds=50))


@asynccontextmanager
async def working(worker: Worker) -> AsyncIterator[None]:
    task = asyncio.create_task(worker.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def until(condition: Callable[[], bool], seconds: float = 10) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


async def until_empty(db: Database) -> None:
    async with asyncio.timeout(10):
        while await counts(db):
            await asyncio.sleep(0.02)


async def enqueue(db: Database, name: str = "t", *, lock: str | None = None, count: int = 1, key: str | None = None) -> None:
    async with db.unit_of_work() as work:
        for number in range(count):
            work.enqueue(name, lock=lock, key=key, number=number)


async def test_every_job_is_run_and_then_gone(database: Database) -> None:
    seen: list[int] = []

    async def handle(job: Job) -> None:
        seen.append(job.payload["number"])

    await enqueue(database, count=50)
    async with working(Worker(database, {"t": handle})):
        await until_empty(database)
    assert sorted(seen) == list(range(50))


async def test_a_job_written_while_the_worker_sleeps_starts_at_once(database: Database) -> None:
    started = asyncio.Event()

    async def handle(job: Job) -> None:
        started.set()

    async with working(Worker(database, {"t": handle})):
        await asyncio.sleep(0.2)
        await enqueue(database)
        async with asyncio.timeout(0.5):
            await started.wait()


async def test_a_job_of_nobodys_name_is_left_alone(database: Database) -> None:
    await enqueue(database, "other")
    async with working(Worker(database, {"t": _nothing})):
        await asyncio.sleep(0.3)
    assert await counts(database) == {"queued": 1}


async def _nothing(job: Job) -> None:
    return


async def test_a_job_is_tried_again_until_it_succeeds(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    attempts: list[int] = []

    async def handle(job: Job) -> None:
        attempts.append(job.attempts)
        if job.attempts < 3:
            raise ValueError("not yet")

    await enqueue(database)
    async with working(Worker(database, {"t": handle}, backoff=_FAST)):
        await until_empty(database)
    assert attempts == [1, 2, 3]
    assert [record.getMessage() for record in caplog.records] == ["job failed", "job failed"]


async def test_after_the_last_attempt_it_stays_as_failed_and_can_be_queued_again(database: Database) -> None:
    async def fail(job: Job) -> None:
        raise ValueError("no\0pe")

    await enqueue(database)
    async with working(Worker(database, {"t": fail}, backoff=_FAST, max_attempts=2)):
        async with asyncio.timeout(10):
            while await counts(database) != {"failed": 1}:
                await asyncio.sleep(0.02)
    row = await database.fetch_one("SELECT id, attempts, error FROM job")
    assert row is not None
    assert (row["attempts"], row["error"]) == (2, "ValueError: nope")
    async with database.unit_of_work() as work:
        assert await retry_failed(work, row["id"])
    async with working(Worker(database, {"t": _nothing})):
        await until_empty(database)


async def test_of_one_lock_one_job_runs_at_a_time_in_order_of_due_time(database: Database) -> None:
    running, most, seen = 0, 0, []

    async def handle(job: Job) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.01)
        seen.append(job.payload["number"])
        running -= 1

    for number in range(8):
        async with database.unit_of_work() as work:
            work.enqueue("t", lock="one", number=number)
    async with working(Worker(database, {"t": handle})), working(Worker(database, {"t": handle})):
        await until_empty(database)
    assert most == 1
    assert seen == list(range(8))


async def test_workers_side_by_side_never_take_the_same_job(database: Database) -> None:
    await enqueue(database, count=200)
    taken = await asyncio.gather(
        *(claim(database, ["t"], most=20, lease=timedelta(minutes=1), max_attempts=3) for _ in range(10))
    )
    ids = [job.id for jobs in taken for job in jobs]
    assert len(ids) == len(set(ids)) == 200


async def test_a_job_not_yet_due_waits(database: Database) -> None:
    async with database.unit_of_work() as work:
        work.enqueue("t", due=clock.now() + timedelta(minutes=1))
    assert await claim(database, ["t"], most=1, lease=timedelta(minutes=1), max_attempts=3) == []


async def test_a_worker_that_stalls_loses_the_job_and_its_late_writes_are_kept_out(database: Database) -> None:
    await enqueue(database)
    (stalled,) = await claim(database, ["t"], most=1, lease=timedelta(0), max_attempts=3)
    (taken,) = await claim(database, ["t"], most=1, lease=timedelta(minutes=1), max_attempts=3)
    assert (taken.id, taken.fence, taken.attempts) == (stalled.id, stalled.fence + 1, 2)
    for late in (hold, finish):
        with pytest.raises(LeaseLost):
            await _in_work(database, late, stalled)
    await _in_work(database, hold, taken)
    await _in_work(database, finish, taken)
    assert await counts(database) == {}


async def _in_work(db: Database, verb: Callable[..., object], job: Job) -> None:
    async with db.unit_of_work() as work:
        await verb(work, job)  # type: ignore[misc]


async def test_a_running_handler_is_ended_when_its_lease_is_lost(database: Database) -> None:
    ended: list[BaseException] = []

    async def handle(job: Job) -> None:
        try:
            await asyncio.sleep(30)
        except asyncio.CancelledError as error:
            ended.append(error)
            raise

    await enqueue(database)
    async with working(Worker(database, {"t": handle}, lease=timedelta(seconds=0.6))):
        async with asyncio.timeout(5):
            while await counts(database) != {"running": 1}:
                await asyncio.sleep(0.02)
        async with database.unit_of_work() as work:
            await work.execute("UPDATE job SET fence = fence + 1, lease_until = $1", clock.now() + timedelta(minutes=1))
        await until(lambda: len(ended) == 1)
    assert await counts(database) == {"running": 1}


async def test_a_long_job_keeps_its_lease(database: Database) -> None:
    runs: list[int] = []

    async def handle(job: Job) -> None:
        runs.append(job.attempts)
        await asyncio.sleep(1.2)

    await enqueue(database)
    lease = timedelta(seconds=0.5)
    async with working(Worker(database, {"t": handle}, lease=lease)), working(Worker(database, {"t": handle}, lease=lease)):
        await until_empty(database)
    assert runs == [1]


async def test_a_job_that_kills_its_worker_each_time_ends_as_failed(database: Database) -> None:
    await enqueue(database)
    for _ in range(2):
        assert len(await claim(database, ["t"], most=1, lease=timedelta(0), max_attempts=2)) == 1
    assert await claim(database, ["t"], most=1, lease=timedelta(0), max_attempts=2) == []
    assert await counts(database) == {"failed": 1}


async def test_a_stopped_worker_gives_its_job_back_uncounted(database: Database) -> None:
    started = asyncio.Event()

    async def handle(job: Job) -> None:
        started.set()
        await asyncio.sleep(30)

    await enqueue(database)
    async with working(Worker(database, {"t": handle})):
        await started.wait()
    row = await database.fetch_one("SELECT state, attempts FROM job")
    assert row is not None
    assert (row["state"], row["attempts"]) == ("queued", 0)


async def test_a_worker_that_is_told_to_stop_while_it_claims_gives_back_what_it_claimed(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    claimed = asyncio.Event()

    async def slowly(*args: Any, **named: Any) -> list[Job]:
        found = await claim(*args, **named)
        if found:
            claimed.set()
            await asyncio.sleep(0.2)  # the answer to COMMIT is on its way
        return found

    monkeypatch.setattr(store, "claim", slowly)
    await enqueue(database)
    async with working(Worker(database, {"t": _nothing})):
        await claimed.wait()
    row = await database.fetch_one("SELECT state, attempts FROM job")
    assert row is not None
    assert (row["state"], row["attempts"]) == ("queued", 0)


async def test_what_a_killed_process_did_is_done_at_once_by_the_next_where_there_is_one_at_a_time(database: Database) -> None:
    await enqueue(database, lock="one", count=2)
    assert len(await claim(database, ["t"], most=1, lease=timedelta(minutes=1), max_attempts=3)) == 1
    async with working(Worker(database, {"t": _nothing}, alone=True)):
        await until_empty(database)


async def test_an_error_that_no_database_stores_ends_its_job_alone(database: Database) -> None:
    async def fail(job: Job) -> None:
        if job.payload["number"] == 0:
            raise ValueError("a file called \udcff")

    await enqueue(database, count=2)
    async with working(Worker(database, {"t": fail}, max_attempts=1)):
        async with asyncio.timeout(5):
            while await counts(database) != {"failed": 1}:
                await asyncio.sleep(0.02)


async def test_a_schedule_runs_its_job_once_an_interval_for_all_workers(database: Database) -> None:
    runs: list[object] = []

    async def handle(job: Job) -> None:
        runs.append(job.id)

    workers = [Worker(database, {"t": handle}) for _ in range(3)]
    for worker in workers:
        worker.schedule("t", every=timedelta(hours=1))
    async with working(workers[0]), working(workers[1]), working(workers[2]):
        await until(lambda: len(runs) == 1)
        async with database.unit_of_work() as work:  # as if the hour were over
            await work.execute("UPDATE job_schedule SET next_at = $1", clock.now() - timedelta(hours=5))
        await until(lambda: len(runs) == 2)
        await asyncio.sleep(1.2)
    assert len(runs) == 2
    row = await database.fetch_one("SELECT next_at FROM job_schedule")
    assert row is not None
    assert timedelta(0) < row["next_at"] - clock.now() <= timedelta(hours=1)


async def test_effects_and_end_of_a_job_are_one_transaction(database: Database) -> None:
    async def handle(job: Job) -> None:
        async with database.unit_of_work() as work:
            await work.execute("INSERT INTO hub_meta (name, value) VALUES ('effect', 'x')")
            await finish(work, job)

    handlers: dict[str, Handler] = {"t": handle}
    await enqueue(database)
    async with working(Worker(database, handlers)):
        await until_empty(database)
    assert len(await database.fetch("SELECT name FROM hub_meta WHERE name = 'effect'")) == 1
