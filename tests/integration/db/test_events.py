"""The event log: in order, nothing skipped, and an old cursor is told so."""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from hub import clock
from hub.db import (
    Cursor,
    Database,
    Event,
    LoggedEvent,
    ResyncNeeded,
    Tailer,
    head,
    prune_events,
    raise_epoch,
    read_events,
    settle_epoch,
)


async def _announce(db: Database, *types: str) -> None:
    async with db.unit_of_work() as work:
        for kind in types:
            work.announce(Event(type=kind, data={}))


@asynccontextmanager
async def tailing(tailer: Tailer) -> AsyncIterator[None]:
    task = asyncio.create_task(tailer.run())
    try:
        async with asyncio.timeout(5):
            while tailer.cursor is None:
                await asyncio.sleep(0.01)
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def test_events_are_read_in_order_in_pages_from_any_cursor(database: Database) -> None:
    start = await head(database)
    for number in range(7):
        await _announce(database, f"e{number}")
    first = await read_events(database, start, 3)
    rest = await read_events(database, first[-1].cursor, 100)
    assert [event.type for event in (*first, *rest)] == [f"e{number}" for number in range(7)]
    assert await read_events(database, rest[-1].cursor) == []
    assert await read_events(database, await head(database)) == []


@pytest.mark.parametrize("cursor", ["", "x", "abc.1.1", "...", "'; DROP TABLE event_log; --", "a.zz.1", "0.1.1.1"])
async def test_a_cursor_that_is_not_ours_asks_for_a_resync(database: Database, cursor: str) -> None:
    with pytest.raises(ResyncNeeded):
        await read_events(database, Cursor(cursor))


async def test_a_cursor_ahead_of_the_log_asks_for_a_resync(database: Database) -> None:
    epoch = (await head(database)).partition(".")[0]
    with pytest.raises(ResyncNeeded):
        await read_events(database, Cursor(f"{epoch}.7ffffffffffffffe.7ffffffffffffffe"))


async def test_a_new_epoch_makes_old_cursors_useless(database: Database) -> None:
    old = await head(database)
    async with database.unit_of_work() as work:
        await raise_epoch(work)
    with pytest.raises(ResyncNeeded):
        await read_events(database, old)
    assert await read_events(database, await head(database)) == []


async def test_a_database_that_finds_itself_elsewhere_begins_a_new_epoch(database: Database) -> None:
    await settle_epoch(database)
    first = (await head(database)).partition(".")[0]
    await settle_epoch(database)
    assert (await head(database)).partition(".")[0] == first
    async with database.unit_of_work() as work:
        await work.execute("UPDATE hub_meta SET value = 'elsewhere' WHERE name = 'home'")
    await settle_epoch(database)
    assert (await head(database)).partition(".")[0] != first


async def test_pruned_events_are_gone_and_readers_further_back_are_told(database: Database) -> None:
    before = await head(database)
    await _announce(database, "old1", "old2")
    (last_old,) = (await read_events(database, None))[-1:]
    async with database.unit_of_work() as work:
        await work.execute("UPDATE event_log SET at = $1", clock.now() - timedelta(days=8))
    await _announce(database, "new")
    assert await prune_events(database) == 2
    assert await prune_events(database) == 0
    assert [event.type for event in await read_events(database, None)] == ["new"]
    assert [event.type for event in await read_events(database, last_old.cursor)] == ["new"]
    with pytest.raises(ResyncNeeded):
        await read_events(database, _first_half(before))


def _first_half(cursor: Cursor) -> Cursor:
    """A place that is surely before every event of this test."""
    epoch, xid, _ = cursor.split(".")
    return Cursor(f"{epoch}.{xid}.0")


async def test_a_log_pruned_to_nothing_still_knows_its_head(database: Database) -> None:
    await _announce(database, "old")
    cursor = (await read_events(database, None))[-1].cursor
    assert await prune_events(database, timedelta(seconds=-1)) == 1
    assert await read_events(database, cursor) == []
    await _announce(database, "new")
    assert [event.type for event in await read_events(database, cursor)] == ["new"]


async def test_the_tailer_hands_on_each_event_once_and_in_order(database: Database) -> None:
    await _announce(database, "before")
    seen: list[str] = []
    tailer = Tailer(database)
    tailer.subscribe(lambda events: seen.extend(event.type for event in events))
    async with tailing(tailer):
        for number in range(20):
            await _announce(database, f"e{number}")
        async with asyncio.timeout(0.5):  # woken by the commit, not by the clock
            while len(seen) < 20:
                await asyncio.sleep(0.005)
    assert seen == [f"e{number}" for number in range(20)]


async def test_the_tailer_finds_what_it_was_not_told_of(database_url: str, database: Database) -> None:
    seen: list[str] = []
    tailer = Tailer(database)
    tailer.subscribe(lambda events: seen.extend(event.type for event in events))
    async with tailing(tailer):
        other = await Database.open(database_url)
        await _announce(other, "from another process")
        await other.close()
        async with asyncio.timeout(3):
            while not seen:
                await asyncio.sleep(0.02)
    assert seen == ["from another process"]


async def test_no_reader_skips_an_event_however_many_write_at_once(database: Database) -> None:
    """16 writers with pauses inside their transactions; readers by page and by tailer see all of it, in the same order."""
    writers, each = 16, 60 if database.dialect == "sqlite" else 250
    tailed: list[LoggedEvent] = []
    tailer = Tailer(database)
    tailer.subscribe(tailed.extend)
    start = await head(database)
    done = asyncio.Event()

    async def write(writer: int) -> None:
        chance = random.Random(writer)
        for number in range(0, each, 2):
            async with database.unit_of_work() as work:
                work.announce(Event(type="e", data={"writer": writer, "number": number}))
                work.announce(Event(type="e", data={"writer": writer, "number": number + 1}))
                await work.fetch("SELECT 1")
                if database.dialect == "postgres":
                    await work.fetch("SELECT pg_current_xact_id()")
                    await asyncio.sleep(chance.random() * 0.004)

    async def page() -> list[LoggedEvent]:
        cursor, found = start, list[LoggedEvent]()
        while True:
            finished = done.is_set()
            events = await read_events(database, cursor, 37)
            found += events
            cursor = events[-1].cursor if events else cursor
            if finished and not events:
                return found
            await asyncio.sleep(0 if events else 0.002)

    async with tailing(tailer):
        reading = asyncio.create_task(page())
        await asyncio.gather(*(write(writer) for writer in range(writers)))
        done.set()
        paged = await reading
        async with asyncio.timeout(5):
            while len(tailed) < writers * each:
                await asyncio.sleep(0.02)
    _all_and_in_order(paged, writers, each)
    assert [event.cursor for event in tailed] == [event.cursor for event in paged]


def _all_and_in_order(events: Sequence[LoggedEvent], writers: int, each: int) -> None:
    assert len(events) == writers * each
    assert len({event.cursor for event in events}) == len(events)
    for writer in range(writers):
        numbers = [event.data["number"] for event in events if event.data["writer"] == writer]
        assert numbers == list(range(each))


async def test_an_older_open_transaction_holds_events_back_and_the_tailer_shows_it(database: Database) -> None:
    if database.dialect == "sqlite":
        pytest.skip("SQLite has one writer: nothing can be older")
    start, seen = await head(database), list[str]()
    tailer = Tailer(database)
    tailer.subscribe(lambda events: seen.extend(event.type for event in events))
    async with tailing(tailer), database.unit_of_work() as older:
        await older.fetch("SELECT pg_current_xact_id()")
        await asyncio.create_task(_announce(database, "held back"))
        await asyncio.sleep(0.2)
        assert await read_events(database, start) == []
        assert seen == []
        assert tailer.lag > 0.1
    assert [event.type for event in await read_events(database, start)] == ["held back"]
