"""Jobs that come back at a fixed interval, once for all workers together."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from hub import clock
from hub.db import Database


async def enqueue_due(db: Database, schedules: Mapping[str, timedelta]) -> None:
    """Enqueue each job whose time has come (a new one at once) and set its next time."""
    if not schedules:
        return
    rows = await db.fetch("SELECT name, next_at FROM job_schedule WHERE name = ANY($1)", list(schedules))
    known = {row["name"]: row["next_at"] for row in rows}
    now = clock.now()
    for name, every in schedules.items():
        planned = known.get(name)
        # A time further off than one interval was set by a clock that ran ahead.
        if planned is None or planned <= now or planned > now + every:
            await _enqueue(db, name, planned, _next(planned, every, now))


def _next(planned: datetime | None, every: timedelta, now: datetime) -> datetime:
    if planned is None or planned > now:
        return now + every
    return planned + every * ((now - planned) // every + 1)


async def _enqueue(db: Database, name: str, planned: datetime | None, following: datetime) -> None:
    async with db.unit_of_work() as work:
        if planned is None:
            sql = "INSERT INTO job_schedule (name, next_at) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING"
            ours = await work.execute(sql, name, following)
        else:
            sql = "UPDATE job_schedule SET next_at = $2 WHERE name = $1 AND next_at = $3"
            ours = await work.execute(sql, name, following, planned)
        if ours:
            work.enqueue(name, key=f"schedule:{name}")
