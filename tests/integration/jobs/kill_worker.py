"""A process to be killed: does jobs, each with one effect in the transaction that ends it."""

import asyncio
import sys
from datetime import timedelta

from hub.db import Database
from hub.ids import new_id
from hub.jobs import Job, Worker, finish


async def main(url: str) -> None:
    db = await Database.open(url, models=["hub.db.models"])

    async def handle(job: Job) -> None:
        async with db.unit_of_work() as work:
            await work.execute(
                "INSERT INTO hub_meta (name, value) VALUES ($1, $2)", str(new_id()), f"job {job.payload['number']}"
            )
            await asyncio.sleep(0.002)
            await finish(work, job)

    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await Worker(db, {"t": handle}, lease=timedelta(seconds=1), max_attempts=1000).run()


asyncio.run(main(*sys.argv[1:]))
