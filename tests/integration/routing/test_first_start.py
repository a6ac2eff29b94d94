"""What a fresh hub has, however many of its processes start together."""

import asyncio

from hub.db import Database
from hub.routing.queues import ensure_defaults


async def test_processes_that_start_together_make_one_queue(database: Database) -> None:
    async def start() -> None:
        async with database.unit_of_work() as work:
            await ensure_defaults(work)
            await asyncio.sleep(0.1)

    await asyncio.gather(*(start() for _ in range(4)))

    assert [row["name"] for row in await database.fetch("SELECT name FROM queue")] == ["General"]
