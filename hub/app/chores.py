"""Durable jobs: what their names mean, and when they come round."""

from datetime import timedelta
from uuid import UUID

from hub import clock
from hub.api.hub import Hub
from hub.conversations import uploads
from hub.conversations.naming import tell_customer_names
from hub.conversations.waits import tell_waits
from hub.db import prune_events
from hub.delivery import reports
from hub.delivery.alerting import Alerting
from hub.delivery.opted_out import OptOutAnswers
from hub.ids import CustomerId, QueueId
from hub.intake.unnamed import UnnamedBytes
from hub.jobs import Handler, Job, Worker
from hub.messages.jobs import (
    ANSWER_OPT_OUT,
    BULK,
    DROP_BYTES,
    FORGET_EARLY_REPORTS,
    PRUNE_EVENTS,
    PRUNE_NOTIFICATIONS,
    PRUNE_UPLOADS,
    RETAG,
    SEND_ALERT,
    TELL_NAMES,
    TELL_USERS,
    TELL_WAITS,
    WAKE_SNOOZED,
)
from hub.notifications import alerts


def job_worker(hub: Hub) -> Worker:
    """The worker with every handler of this hub."""

    async def prune(_: Job) -> None:
        await prune_events(hub.db, timedelta(days=hub.settings.event_days))

    async def prune_uploads(_: Job) -> None:
        async with hub.db.unit_of_work() as work:
            await uploads.prune_uploads(work)
            await work.execute("DELETE FROM exchange WHERE at < $1", clock.now() - timedelta(days=30))

    async def prune_notifications(_: Job) -> None:
        await hub.notifications.prune()
        async with hub.db.unit_of_work() as work:
            await alerts.prune(work)
        await hub.bulk.prune()

    async def forget_early_reports(_: Job) -> None:
        await reports.forget_early(hub.db, now=clock.now())

    async def wake_snoozed(_: Job) -> None:
        while await hub.conversations.wake_snoozed():
            pass

    async def retag(job: Job) -> None:
        named = job.payload
        await hub.tags.retag(UUID(named["tag_id"]), named["beyond"])

    async def tell_names(job: Job) -> None:
        await tell_customer_names(hub.db, [CustomerId(UUID(id)) for id in job.payload["customer_ids"]])

    async def tell_waiting(job: Job) -> None:
        queues = [QueueId(UUID(id)) for id in job.payload["queue_ids"]]
        await tell_waits(hub.db, queues, job.payload["beyond"])

    async def bulk(job: Job) -> None:
        await hub.bulk.run(UUID(job.payload["bulk_id"]))

    handlers: dict[str, Handler] = {
        PRUNE_EVENTS: prune,
        PRUNE_UPLOADS: prune_uploads,
        PRUNE_NOTIFICATIONS: prune_notifications,
        TELL_USERS: hub.notifications.perform,
        WAKE_SNOOZED: wake_snoozed,
        FORGET_EARLY_REPORTS: forget_early_reports,
        RETAG: retag,
        TELL_NAMES: tell_names,
        TELL_WAITS: tell_waiting,
        BULK: bulk,
        DROP_BYTES: UnnamedBytes(hub.db, hub.media).perform,
        SEND_ALERT: Alerting(hub.db, hub.carriers, hub.delivery, hub.auth.preferences).perform,
        ANSWER_OPT_OUT: OptOutAnswers(hub.db, hub.carriers, hub.delivery).perform,
    }
    worker = Worker(hub.db, handlers, alone=hub.db.dialect == "sqlite")
    worker.schedule(PRUNE_EVENTS, every=timedelta(hours=1))
    worker.schedule(PRUNE_UPLOADS, every=timedelta(hours=1))
    worker.schedule(PRUNE_NOTIFICATIONS, every=timedelta(days=1))
    worker.schedule(WAKE_SNOOZED, every=timedelta(seconds=30))
    worker.schedule(FORGET_EARLY_REPORTS, every=timedelta(minutes=1))
    return worker
