"""The table of jobs. Each claim raises the row's fencing number, and whoever writes the outcome must still hold that number."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from hub import clock
from hub.db import Database, Work
from hub.jobs.job import Job, LeaseLost

_WAITS = """
SELECT 1 AS one FROM job
WHERE (state = 'queued' AND due_at <= $1 AND name = ANY($2)) OR (state = 'running' AND lease_until < $1) LIMIT 1"""
_EXPIRE = """
UPDATE job SET state = CASE WHEN attempts >= $2 THEN 'failed' ELSE 'queued' END, lease_until = NULL, error = 'the lease ran out'
WHERE state = 'running' AND lease_until < $1"""
_CLAIM = """
WITH due AS (
    SELECT id, lock_name, due_at FROM job
    WHERE state = 'queued' AND due_at <= $1 AND name = ANY($2) AND (lock_name IS NULL OR lock_name NOT IN (
        SELECT lock_name FROM job WHERE state = 'running' AND lock_name IS NOT NULL))
    ORDER BY due_at, id LIMIT 500
), ready AS (
    SELECT id, due_at, row_number() OVER (PARTITION BY coalesce(lock_name, id::text) ORDER BY due_at, id) AS place FROM due
)
UPDATE job SET state = 'running', attempts = attempts + 1, fence = fence + 1, lease_until = $4
WHERE id IN (SELECT id FROM ready WHERE place = 1 ORDER BY due_at, id LIMIT $3)
RETURNING id, name, payload, attempts, fence, due_at"""
_MINE = "WHERE id = $1 AND fence = $2 AND state = 'running'"


async def claim(db: Database, names: Sequence[str], *, most: int, lease: timedelta, max_attempts: int) -> list[Job]:
    """Take up to `most` due jobs of these names, oldest first, at most one of each lock. Writes nothing when there is none."""
    now = clock.now()
    if await db.fetch_one(_WAITS, now, list(names)) is None:
        return []
    async with db.unit_of_work() as work:
        await work.hold("jobs")  # two claims at once could both start a job of one lock
        await work.execute(_EXPIRE, now, max_attempts)
        rows = await work.fetch(_CLAIM, now, list(names), most, now + lease)
    rows.sort(key=lambda row: (row["due_at"], row["id"]))
    return [
        Job(id=row["id"], name=row["name"], payload=row["payload"], attempts=row["attempts"], fence=row["fence"]) for row in rows
    ]


async def renew(db: Database, jobs: Sequence[Job], *, lease: timedelta) -> set[UUID]:
    """Hold on to these jobs for another lease; returns the ids of those that are still ours."""
    until = clock.now() + lease
    async with db.unit_of_work() as work:
        rows = await work.fetch_many(
            f"UPDATE job SET lease_until = $3 {_MINE} RETURNING id", [(job.id, job.fence, until) for job in jobs]
        )
    return {row["id"] for row in rows}


async def release_all(db: Database) -> None:
    """At the start of the only process there is: nothing is being done. The attempt counts: it may be what ended the last process."""
    async with db.unit_of_work() as work:
        await work.execute("UPDATE job SET lease_until = $1 WHERE state = 'running'", datetime.fromtimestamp(0, UTC))


async def hold(work: Work, job: Job) -> None:
    """Make sure, inside a transaction that writes the job's effects, that this run still owns it. Raises `LeaseLost`."""
    lock = work.sql(sqlite="", postgres=" FOR UPDATE")
    if await work.fetch_one(f"SELECT 1 AS one FROM job {_MINE}{lock}", job.id, job.fence) is None:
        raise LeaseLost(job.name)


async def finish(work: Work, job: Job) -> None:
    """End the job in the transaction that writes its effects, so that both happen or neither. Raises `LeaseLost`."""
    if not await work.execute(f"DELETE FROM job {_MINE}", job.id, job.fence):
        raise LeaseLost(job.name)


async def drop(work: Work, job: Job) -> None:
    """End the job, if it is still ours and its handler has not ended it already."""
    await work.execute(f"DELETE FROM job {_MINE}", job.id, job.fence)


async def put_back(work: Work, job: Job, *, due: datetime, error: str | None, uncounted: bool = False) -> bool:
    """Queue the job again; `uncounted` takes this attempt back. False if it is no longer ours."""
    attempts = job.attempts - 1 if uncounted else job.attempts
    sql = f"UPDATE job SET state = 'queued', lease_until = NULL, due_at = $3, error = $4, attempts = $5 {_MINE}"
    return bool(await work.execute(sql, job.id, job.fence, due, error, attempts))


async def give_up(work: Work, job: Job, *, error: str) -> bool:
    """Leave the job in state `failed`, for a person to see. False if it is no longer ours."""
    return bool(
        await work.execute(f"UPDATE job SET state = 'failed', lease_until = NULL, error = $3 {_MINE}", job.id, job.fence, error)
    )


async def retry_failed(work: Work, job_id: UUID) -> bool:
    """Queue a failed job again, from its first attempt. False if there is no such failed job."""
    sql = "UPDATE job SET state = 'queued', attempts = 0, due_at = $2, error = NULL WHERE id = $1 AND state = 'failed'"
    return bool(await work.execute(sql, job_id, clock.now()))


async def counts(db: Database) -> dict[str, int]:
    """How many jobs are in each state."""
    rows: Sequence[Any] = await db.fetch("SELECT state, count(*) AS n FROM job GROUP BY state")
    return {row["state"]: row["n"] for row in rows}
