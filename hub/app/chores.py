"""Durable jobs: what their names mean, and when they come round."""

from datetime import timedelta

from hub import clock
from hub.api.hub import Hub
from hub.conversations.uploads import KEPT
from hub.db import prune_events
from hub.jobs import Job, Worker
from hub.messages.jobs import PRUNE_EVENTS, PRUNE_UPLOADS, WAKE_SNOOZED


def job_worker(hub: Hub) -> Worker:
    """The worker with every handler of this hub."""

    async def prune(_: Job) -> None:
        await prune_events(hub.db, timedelta(days=hub.settings.event_days))

    async def prune_uploads(_: Job) -> None:
        async with hub.db.unit_of_work() as work:
            await work.execute("DELETE FROM upload WHERE created_at < $1", clock.now() - KEPT)
            await work.execute("DELETE FROM exchange WHERE at < $1", clock.now() - timedelta(days=30))

    async def wake_snoozed(_: Job) -> None:
        while await hub.conversations.wake_snoozed():
            pass

    worker = Worker(hub.db, {PRUNE_EVENTS: prune, PRUNE_UPLOADS: prune_uploads, WAKE_SNOOZED: wake_snoozed})
    worker.schedule(PRUNE_EVENTS, every=timedelta(hours=1))
    worker.schedule(PRUNE_UPLOADS, every=timedelta(hours=1))
    worker.schedule(WAKE_SNOOZED, every=timedelta(seconds=30))
    return worker
