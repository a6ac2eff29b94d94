"""The group committer: many submitters, one transaction, and nobody fails for his neighbour."""

import asyncio
from collections.abc import Sequence
from time import monotonic
from typing import Any

from hub.db import Database, DatabaseGone, Event, UniqueViolation, Work, read_events

_COLUMNS = {"name": "text", "value": "text"}


async def _write(work: Work, items: Sequence[str]) -> list[Any]:
    await work.insert_many("hub_meta", _COLUMNS, [(f"t{item}", item) for item in items])
    for item in items:
        work.announce(Event(type="stored", data={"item": item}))
    return [item.upper() for item in items]


async def _stored(db: Database) -> list[str]:
    return [row["value"] for row in await db.fetch("SELECT value FROM hub_meta WHERE name LIKE 't%' ORDER BY value")]


async def _submit(db: Database, items: Sequence[str]) -> list[Any]:
    return await asyncio.gather(*(db.committer.submit("t", item) for item in items), return_exceptions=True)


async def test_what_waits_is_written_in_one_transaction_and_each_gets_its_own_result(database: Database) -> None:
    batches: list[int] = []

    async def write(work: Work, items: Sequence[str]) -> list[Any]:
        batches.append(len(items))
        return await _write(work, items)

    database.committer.register("t", write)
    items = [f"{number:03}x" for number in range(300)]
    assert await _submit(database, items) == [item.upper() for item in items]
    assert batches == [200, 100]
    assert await _stored(database) == items


async def test_one_bad_item_fails_alone(database: Database) -> None:
    database.committer.register("t", _write)
    await database.committer.submit("t", "b")
    results = await _submit(database, ["a", "b", "c"])
    assert results[0] == "A"
    assert isinstance(results[1], UniqueViolation)
    assert results[2] == "C"
    assert await _stored(database) == ["a", "b", "c"]
    assert sorted(event.data["item"] for event in await read_events(database, None)) == ["a", "b", "c"]


async def test_an_exception_as_result_is_raised_to_that_submitter_and_the_rest_is_kept(database: Database) -> None:
    async def write(work: Work, items: Sequence[str]) -> list[Any]:
        await _write(work, items)
        return [KeyError(item) if item == "b" else item for item in items]

    database.committer.register("t", write)
    results = await _submit(database, ["a", "b", "c"])
    assert [type(result) for result in results] == [str, KeyError, str]
    assert await _stored(database) == ["a", "b", "c"]


async def test_kinds_are_written_in_the_order_of_registration_in_one_transaction(database: Database) -> None:
    order: list[str] = []

    def writer(kind: str) -> Any:
        async def write(work: Work, items: Sequence[str]) -> list[Any]:
            order.append(kind)
            return await _write(work, items)

        return write

    for kind in ("journal", "message"):
        database.committer.register(kind, writer(kind))
    await asyncio.gather(database.committer.submit("message", "m"), database.committer.submit("journal", "j"))
    assert order == ["journal", "message"]
    rows = await database.fetch("SELECT DISTINCT at FROM event_log")
    assert len(rows) == 1


async def test_a_failing_batch_leaves_nothing_of_itself_behind(database: Database) -> None:
    async def write(work: Work, items: Sequence[str]) -> list[Any]:
        await _write(work, items)
        raise ZeroDivisionError

    database.committer.register("t", write)
    results = await _submit(database, ["a", "b"])
    assert [type(result) for result in results] == [ZeroDivisionError, ZeroDivisionError]
    assert await _stored(database) == []
    assert await read_events(database, None) == []


async def test_a_submitter_that_was_cancelled_disturbs_nobody(database: Database) -> None:
    database.committer.register("t", _write)
    gone = asyncio.create_task(database.committer.submit("t", "a"))
    await asyncio.sleep(0)
    gone.cancel()
    assert await database.committer.submit("t", "b") == "B"
    assert gone.cancelled()


async def test_when_nothing_can_be_committed_those_who_wait_are_told_within_a_second_or_so(database: Database) -> None:
    release = asyncio.Event()

    async def write(work: Work, items: Sequence[str]) -> list[Any]:
        await release.wait()
        return list(items)

    database.committer.register("t", write)
    began = monotonic()
    results = await _submit(database, ["a", "b"])
    assert [type(result) for result in results] == [DatabaseGone, DatabaseGone]
    assert 0.9 < monotonic() - began < 1.6
    release.set()
    assert await database.committer.submit("t", "c") == "c"


async def test_closing_tells_those_who_wait(database: Database) -> None:
    async def write(work: Work, items: Sequence[str]) -> list[Any]:
        await asyncio.sleep(30)
        return list(items)

    database.committer.register("t", write)
    waiting = [asyncio.create_task(database.committer.submit("t", item)) for item in ("a", "b")]
    await asyncio.sleep(0.05)
    await database.committer.close()
    results = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(result) for result in results] == [DatabaseGone, DatabaseGone]
