"""One transaction: what it writes, what it announces, how it ends."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime

import pytest

from hub import clock
from hub.db import Audience, Database, Event, NestedUnitOfWork, UniqueViolation, Work, head, read_events
from hub.db.models import HubMeta
from hub.ids import new_id

_INSERT = "INSERT INTO hub_meta (name, value) VALUES ($1, $2)"


async def _names(db: Database) -> list[str]:
    rows = await db.fetch("SELECT name FROM hub_meta WHERE name LIKE 't%' ORDER BY name")
    return [row["name"] for row in rows]


async def test_a_finished_block_is_committed_and_a_failed_one_leaves_nothing(database: Database) -> None:
    async with database.unit_of_work() as work:
        await work.execute(_INSERT, "t1", "kept")

    async def fail() -> None:
        async with database.unit_of_work() as work:
            await work.execute(_INSERT, "t2", "lost")
            work.announce(Event(type="t", data={}))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert await _names(database) == ["t1"]
    assert await database.fetch("SELECT id FROM event_log") == []


async def test_a_cancelled_block_leaves_nothing_and_the_next_one_works(database: Database) -> None:
    async def hold() -> None:
        async with database.unit_of_work() as work:
            await work.execute(_INSERT, "t1", "lost")
            await asyncio.sleep(30)

    task = asyncio.create_task(hold())
    await asyncio.sleep(0.05)
    task.cancel()
    await asyncio.wait([task])
    async with database.unit_of_work() as work:
        await work.execute(_INSERT, "t2", "kept")
    assert await _names(database) == ["t2"]


async def test_a_read_outside_sees_the_last_commit_and_does_not_wait_for_a_writer(database: Database) -> None:
    async with database.unit_of_work() as work:
        await work.execute(_INSERT, "t1", "x")
        async with asyncio.timeout(0.5):
            assert await _names(database) == []
        inside = await work.fetch("SELECT name FROM hub_meta WHERE name = $1", "t1")
        assert len(inside) == 1
    assert await _names(database) == ["t1"]


async def test_events_jobs_and_notices_appear_with_the_commit_and_not_before(database: Database) -> None:
    seen: list[str] = []
    database.map_events({"ticket.closed": ("survey.send", "report.count")})
    database.listen("events", lambda: seen.append("events"))
    database.listen("jobs", lambda: seen.append("jobs"))
    ticket, at = new_id(), clock.now()
    start = await head(database)
    async with database.unit_of_work() as work:
        work.announce(Event(type="ticket.closed", data={"ticket_id": ticket, "at": at}, audience=Audience(queue_id=ticket)))
        work.enqueue("mail.send", to="a@example.org")
        work.after_commit(lambda: seen.append("notice"))
        assert seen == []
    assert seen == ["notice", "events", "jobs"]
    (event,) = await read_events(database, start)
    assert event.data == {"ticket_id": str(ticket), "at": at.isoformat()}
    assert event.audience == Audience(queue_id=ticket)
    jobs = {row["name"]: row["payload"] for row in await database.fetch("SELECT name, payload FROM job")}
    assert jobs == {
        "survey.send": event.data,
        "report.count": event.data,
        "mail.send": {"to": "a@example.org"},
    }


async def test_a_job_with_the_key_of_a_waiting_one_is_not_written_again(database: Database) -> None:
    for number in (1, 2):
        async with database.unit_of_work() as work:
            work.enqueue("mail.send", key="k", number=number)
            work.enqueue("mail.send", key="k", number=number)
    rows = await database.fetch("SELECT payload FROM job")
    assert [row["payload"] for row in rows] == [{"number": 1}]


async def test_a_transaction_that_the_server_undid_is_not_called_committed(database: Database) -> None:
    if database.dialect == "sqlite":
        pytest.skip("SQLite undoes the statement alone")

    async def pass_over() -> None:
        async with database.unit_of_work() as work:
            await work.execute(_INSERT, "t1", "lost")
            with suppress(UniqueViolation):
                await work.execute(_INSERT, "t1", "x")

    with pytest.raises(RuntimeError, match="undone"):
        await pass_over()
    assert await _names(database) == []


async def test_a_savepoint_takes_back_its_own_part_only(database: Database) -> None:
    async with database.unit_of_work() as work:
        await work.execute(_INSERT, "t1", "kept")
        work.announce(Event(type="kept", data={}))
        with pytest.raises(UniqueViolation) as caught:
            await _part_that_fails(work)
        assert caught.value.constraint == "hub_meta_pkey"
        await work.execute(_INSERT, "t3", "kept")
    assert await _names(database) == ["t1", "t3"]
    assert [event.type for event in await read_events(database, None)] == ["kept"]


async def _part_that_fails(work: Work) -> None:
    async with work.savepoint():
        await work.execute(_INSERT, "t2", "lost")
        work.announce(Event(type="lost", data={}))
        await work.execute(_INSERT, "t1", "double")


async def test_models_write_in_the_same_transaction_and_nowhere_else(database: Database) -> None:
    async def fail() -> None:
        async with database.unit_of_work() as work:
            await HubMeta.create(name="t1", value="lost", using_db=work.using)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    async with database.unit_of_work() as work:
        await HubMeta.create(name="t2", value="kept", using_db=work.using)
        await HubMeta.bulk_create([HubMeta(name=name, value="bulk") for name in ("t3", "t4")], using_db=work.using)
        assert await HubMeta.filter(name="t2").using_db(work.using).update(value="changed") == 1
        with pytest.raises(UniqueViolation):
            async with work.savepoint():
                await HubMeta.create(name="t2", value="double", using_db=work.using)
    assert await _names(database) == ["t2", "t3", "t4"]
    assert (await HubMeta.get(name="t2")).value == "changed"
    for write in (lambda: HubMeta.create(name="t5", value=""), lambda: HubMeta.filter(name="t2").delete()):
        with pytest.raises(RuntimeError, match="using_db"):
            await write()


async def test_a_task_started_inside_does_not_inherit_the_transaction(database: Database) -> None:
    async with database.unit_of_work() as work:
        await HubMeta.create(name="t1", value="", using_db=work.using)
        outside = await asyncio.create_task(_count_models())
    assert outside == 0


async def _count_models() -> int:
    return await HubMeta.filter(name__startswith="t").count()


async def test_a_second_unit_of_work_in_the_same_task_is_refused_at_once(database: Database) -> None:
    database.committer.register("t", _echo)
    async with database.unit_of_work():
        with pytest.raises(NestedUnitOfWork):
            async with database.unit_of_work():
                pass
        with pytest.raises(NestedUnitOfWork):
            await database.committer.submit("t", 1)


async def _echo(work: object, items: list[object]) -> list[object]:
    return items


async def test_writers_in_many_tasks_take_turns(database: Database) -> None:
    async def add(number: int) -> None:
        async with database.unit_of_work() as work:
            row = await work.fetch_one(
                "SELECT value FROM hub_meta WHERE name = 't'" + work.sql(sqlite="", postgres=" FOR UPDATE")
            )
            assert row is not None
            await work.execute("UPDATE hub_meta SET value = $1 WHERE name = 't'", str(int(row["value"]) + 1))

    async with database.unit_of_work() as work:
        await work.execute(_INSERT, "t", "0")
    await asyncio.gather(*(add(number) for number in range(50)))
    row = await database.fetch_one("SELECT value FROM hub_meta WHERE name = 't'")
    assert row is not None
    assert row["value"] == "50"


async def test_values_come_back_as_they_went_in(database: Database) -> None:
    job, due = new_id(), datetime(2026, 1, 2, 3, 4, 5, 0, tzinfo=UTC)
    async with database.unit_of_work() as work:
        await work.execute(
            "INSERT INTO job (id, name, payload, due_at, created_at) VALUES ($1, $2, $3, $4, $4)", job, "n", {"a": [1, "é"]}, due
        )
    row = await database.fetch_one("SELECT * FROM job WHERE id = ANY($1) AND due_at <= $2", [job], due)
    assert row is not None
    assert (row["id"], row["payload"], row["due_at"], row.get("lock_name")) == (job, {"a": [1, "é"]}, due, None)
    assert await database.fetch_one("SELECT id FROM job WHERE id <> ALL($1)", [job]) is None
    async with database.unit_of_work() as work:
        found = await work.fetch_many(
            "UPDATE job SET attempts = $2 WHERE id = $1 RETURNING id, due_at", [(job, 1), (new_id(), 2)]
        )
    assert [(row["id"], row["due_at"]) for row in found] == [(job, due)]
