"""The database away, stuck or full: said within about a second, and used again as soon as it is back."""

import asyncio
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

import pytest

from hub.db import Database, DatabaseGone, DatabaseLocked, GroupCommitter, Work, migrate
from hub.db.database import sqlite_path

if TYPE_CHECKING:
    from tests.fixtures.postgres import Cluster

_INSERT = "INSERT INTO hub_meta (name, value) VALUES ($1, $2)"


async def _write(db: Database, name: str) -> None:
    async with db.unit_of_work() as work:
        await work.execute(_INSERT, name, "x")


async def _store(work: Work, items: Sequence[str]) -> list[str]:
    await work.insert_many("hub_meta", {"name": "text", "value": "text"}, [(item, item) for item in items])
    return list(items)


async def _is_refused(within: float, call: Awaitable[Any]) -> None:
    began = monotonic()
    with pytest.raises(DatabaseGone):
        await call
    assert monotonic() - began < within


async def _works_again(call: Callable[[], Awaitable[Any]], within: float) -> None:
    async with asyncio.timeout(within):
        while True:
            try:
                await call()
                return
            except DatabaseGone:
                await asyncio.sleep(0.05)


async def test_opening_what_is_not_there_fails_at_once(dialect: str) -> None:
    url = "sqlite:////dev/null/hub.db" if dialect == "sqlite" else "postgres://postgres@127.0.0.1:1/hub"
    await _is_refused(1.2, Database.open(url))


@pytest.fixture
def own_postgres(dialect: str) -> Iterator["Cluster"]:
    if dialect == "sqlite":
        pytest.skip("a server's matter")
    from tests.fixtures.postgres import running_cluster

    with running_cluster() as cluster:
        yield cluster


@pytest.fixture
async def on_own(own_postgres: "Cluster") -> AsyncIterator[Database]:
    url = own_postgres.url("postgres")
    await migrate(url)
    db = await Database.open(url)
    db.committer.register("t", _store)
    await db.committer.submit("t", "before")
    yield db
    await db.close()


async def test_a_restart_of_the_server_is_survived(own_postgres: "Cluster", on_own: Database) -> None:
    await asyncio.to_thread(own_postgres.stop)
    await _is_refused(1.3, on_own.fetch("SELECT 1"))
    await _is_refused(1.3, _write(on_own, "lost"))
    await _is_refused(1.3, on_own.committer.submit("t", "lost"))
    await asyncio.to_thread(own_postgres.start)
    began = monotonic()
    assert await on_own.fetch("SELECT 1 AS one")
    await _write(on_own, "a")
    await on_own.committer.submit("t", "b")
    assert monotonic() - began < 1


async def test_a_stop_in_the_middle_of_a_unit_of_work_is_told_as_such(own_postgres: "Cluster", on_own: Database) -> None:
    async def work_long() -> None:
        async with on_own.unit_of_work() as work:
            await work.fetch("SELECT pg_sleep(10)")

    working = asyncio.create_task(work_long())
    await asyncio.sleep(0.2)
    await asyncio.to_thread(own_postgres.stop)
    await _is_refused(0.5, working)


async def test_a_restart_between_two_reads_is_not_even_noticed(own_postgres: "Cluster", on_own: Database) -> None:
    await asyncio.gather(*(on_own.fetch("SELECT pg_sleep(0.05)") for _ in range(4)))
    await asyncio.to_thread(own_postgres.stop, signal.SIGQUIT)
    await asyncio.to_thread(own_postgres.start)
    assert len(await on_own.fetch("SELECT 1 AS one")) == 1
    await _write(on_own, "a")


async def test_a_server_that_hangs_is_reported_by_the_committer_within_a_second_or_so(
    own_postgres: "Cluster", on_own: Database
) -> None:
    own_postgres.signal(signal.SIGSTOP)
    try:
        await _is_refused(1.6, on_own.committer.submit("t", "hung"))
        await _is_refused(1.6, on_own.committer.submit("t", "hung2"))
    finally:
        own_postgres.signal(signal.SIGCONT)
    await _works_again(lambda: on_own.committer.submit("t", "after"), 3)


async def test_a_locked_row_is_reported_within_a_second_and_its_neighbours_are_stored(database: Database) -> None:
    if database.dialect == "sqlite":
        pytest.skip("SQLite locks the file, see below")
    database.committer.register("t", _touch)
    for name in ("a", "b"):
        await _write(database, name)
    async with database.unit_of_work() as work:
        await work.fetch("SELECT * FROM hub_meta WHERE name = 'a' FOR UPDATE")
        began = monotonic()
        task = asyncio.gather(*(database.committer.submit("t", name) for name in ("a", "b")), return_exceptions=True)
        results = await task
        assert monotonic() - began < 1.6
        assert isinstance(results[0], DatabaseLocked | DatabaseGone)
        assert results[1] == "b"
        await _is_refused(1.3, asyncio.create_task(_lock(database, "a")))


async def _touch(work: Work, items: Sequence[str]) -> list[str]:
    await work.execute_many("UPDATE hub_meta SET value = 'touched' WHERE name = $1", [(item,) for item in items])
    return list(items)


@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize("at", [0, 10, 63])
async def test_one_locked_row_among_many_refuses_its_own_item_alone(database: Database, at: int, own: bool) -> None:
    if database.dialect == "sqlite":
        pytest.skip("SQLite locks the file, see below")
    names = [f"t{number:02}" for number in range(64)]
    async with database.unit_of_work() as work:
        await work.insert_many("hub_meta", {"name": "text", "value": "text"}, [(name, "") for name in names])

    async def write(work: Work, items: Sequence[str]) -> list[str]:
        await work.fetch("SELECT name FROM hub_meta WHERE name = ANY($1::text[]) ORDER BY name FOR UPDATE", list(items))
        return list(items)

    committer = GroupCommitter(database.unit_of_work, database.refuse_nested) if own else database.committer
    committer.register("t", write)
    async with database.unit_of_work() as work:
        await work.fetch("SELECT * FROM hub_meta WHERE name = $1 FOR UPDATE", names[at])
        results = await asyncio.gather(*(committer.submit("t", name) for name in names), return_exceptions=True)

    assert [name for name, result in zip(names, results, strict=True) if result != name] == [names[at]]
    assert isinstance(results[at], DatabaseGone)
    await committer.close()


async def _lock(db: Database, name: str) -> None:
    async with db.unit_of_work() as work:
        await work.execute("UPDATE hub_meta SET value = 'x' WHERE name = $1", name)


async def test_another_process_that_keeps_the_file_locked_is_reported_within_a_second(
    database: Database, database_url: str
) -> None:
    if database.dialect == "postgres":
        pytest.skip("a file's matter")
    other = sqlite3.connect(sqlite_path(database_url) or "", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    await _is_refused(1.3, _write(database, "a"))
    assert len(await database.fetch("SELECT 1 AS one")) == 1  # reads go on
    other.execute("ROLLBACK")
    other.close()
    await _write(database, "a")


async def test_another_process_may_write_in_between(database: Database, database_url: str) -> None:
    """The command line writes beside the server: a deferred BEGIN would fail here at once."""
    if database.dialect == "postgres":
        pytest.skip("a file's matter")
    script = (
        "import sqlite3, sys\n"
        "db = sqlite3.connect(sys.argv[1], timeout=10, isolation_level=None)\n"
        "for n in range(100):\n"
        "    db.execute('BEGIN IMMEDIATE')\n"
        "    db.execute('INSERT INTO hub_meta VALUES (?, ?)', (f'o{n}', 'x'))\n"
        "    db.execute('COMMIT')\n"
    )
    other = await asyncio.create_subprocess_exec(sys.executable, "-c", script, str(sqlite_path(database_url)))
    for number in range(100):
        async with database.unit_of_work() as work:
            await work.fetch("SELECT count(*) FROM hub_meta")
            await work.execute(_INSERT, f"m{number}", "x")
    assert await other.wait() == 0
    (row,) = await database.fetch("SELECT count(*) AS n FROM hub_meta WHERE name LIKE 'o%' OR name LIKE 'm%'")
    assert row["n"] == 200


async def test_a_full_disk_is_reported_and_nothing_is_half_stored(tmp_path: Path, dialect: str) -> None:
    if dialect == "postgres":
        pytest.skip("a file's matter")
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(disk)], capture_output=True).returncode:
        pytest.skip("no right to mount a small disk here")
    try:
        await _fill(disk)
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


async def _fill(disk: Path) -> None:
    url = f"sqlite:///{disk / 'hub.db'}"
    await migrate(url)
    db = await Database.open(url)
    db.committer.register("t", _store)
    (disk / "ballast").write_bytes(b"x" * max(shutil.disk_usage(disk).free - 60_000, 0))
    stored: list[str] = []
    for number in range(2000):
        try:
            stored.append(await db.committer.submit("t", f"{number:04}" + "y" * 400))
        except DatabaseGone:
            break
    else:
        pytest.fail("the disk never was full")
    (disk / "ballast").unlink()
    await _works_again(lambda: db.committer.submit("t", "after"), 5)
    rows = await db.fetch("SELECT name FROM hub_meta WHERE name LIKE '%yyy' ORDER BY name")
    assert [row["name"] for row in rows] == stored
    assert [row[0] for row in await db.fetch("PRAGMA integrity_check")] == ["ok"]
    await db.close()
