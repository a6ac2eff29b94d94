"""Durable jobs: work to be done later, or again, by whichever worker is alive.

`work.enqueue("mail.send", key=..., lock=..., due=..., message_id=...)` writes one with the transaction that needs it. A
worker runs it:

    worker = Worker(db, {"mail.send": send_mail})       # async def send_mail(job: Job) -> None
    worker.schedule("db.prune_events", every=timedelta(hours=1))
    await worker.run()                                  # until cancelled

A handler may be run again after a crash, so it is idempotent. It raises to be tried again later (doubling pauses with
jitter); after the last attempt the job stays in state `failed`. A worker holds a job by a lease that it renews; when it
stalls so long that another takes the job, the fencing number of the lease keeps its late writes out: `await hold(work, job)`
checks it inside the handler's transaction, `await finish(work, job)` also ends the job in it. Of the jobs with one `lock`
one runs at a time, the earliest due first.
"""

from hub.jobs.job import Backoff, Handler, Job, LeaseLost
from hub.jobs.store import counts, finish, hold, retry_failed
from hub.jobs.worker import Worker

__all__ = ["Backoff", "Handler", "Job", "LeaseLost", "Worker", "counts", "finish", "hold", "retry_failed"]
