"""A process to be killed: stores numbered items through the group committer and says which ones were acknowledged."""

import asyncio
import sys
from collections.abc import Sequence

from hub.db import Database, Event, Work


async def _store(work: Work, items: Sequence[str]) -> list[str]:
    await work.insert_many("hub_meta", {"name": "text", "value": "text"}, [(item, "x") for item in items])
    for item in items:
        work.announce(Event(type="stored", data={"item": item}))
        work.enqueue("t", item=item)
    return list(items)


async def main(url: str, prefix: str) -> None:
    db = await Database.open(url, models=["hub.db.models"])
    db.committer.register("t", _store)

    async def submit(lane: int) -> None:
        number = 0
        while True:
            acknowledged = await db.committer.submit("t", f"{prefix}-{lane}-{number}")
            sys.stdout.write(acknowledged + "\n")
            sys.stdout.flush()
            number += 1

    await asyncio.gather(*(submit(lane) for lane in range(16)))


asyncio.run(main(*sys.argv[1:]))
