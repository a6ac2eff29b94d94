"""Migrations: forward only, each once, and never past a file that was changed."""

import asyncio
from pathlib import Path

import pytest

from hub.db import DatabaseGone, MigrationError, migrate
from hub.db.migrate import FOLDER
from tests.integration.db.introspect import read_schema, run_script

_SUFFIXES = ("sqlite", "pg")


def _write(folder: Path, name: str, script: str) -> None:
    for suffix in _SUFFIXES:
        (folder / f"{name}.{suffix}.sql").write_text(script)


async def test_each_is_applied_once_and_in_order(empty_url: str, tmp_path: Path) -> None:
    _write(tmp_path, "0001_one", "CREATE TABLE one (a INT PRIMARY KEY);\n")
    assert [step.name for step in await migrate(empty_url, folder=tmp_path)] == ["one"]
    _write(tmp_path, "0002_two", "INSERT INTO one VALUES (1);\nALTER TABLE one ADD COLUMN b TEXT;\n")
    assert [step.name for step in await migrate(empty_url, folder=tmp_path)] == ["two"]
    assert await migrate(empty_url, folder=tmp_path) == []
    assert set((await read_schema(empty_url))["one"].columns) == {"a", "b"}


async def test_two_that_start_together_apply_each_once(empty_url: str) -> None:
    first, second = await asyncio.gather(migrate(empty_url), migrate(empty_url))
    assert sorted((bool(first), bool(second))) == [False, True]


async def test_a_failing_one_leaves_nothing_of_itself(empty_url: str, tmp_path: Path) -> None:
    _write(tmp_path, "0001_one", "CREATE TABLE one (a INT PRIMARY KEY);\nCREATE TABLE one (a INT PRIMARY KEY);\n")
    with pytest.raises(Exception, match="already exists"):
        await migrate(empty_url, folder=tmp_path)
    assert "one" not in await read_schema(empty_url)
    _write(tmp_path, "0001_one", "CREATE TABLE one (a INT PRIMARY KEY);\n")
    assert len(await migrate(empty_url, folder=tmp_path)) == 1


async def test_a_changed_file_and_an_unknown_number_are_refused(empty_url: str, tmp_path: Path) -> None:
    _write(tmp_path, "0001_one", "CREATE TABLE one (a INT PRIMARY KEY);\n")
    await migrate(empty_url, folder=tmp_path)
    _write(tmp_path, "0001_one", "CREATE TABLE one (a BIGINT PRIMARY KEY);\n")
    with pytest.raises(MigrationError, match="0001_one was changed"):
        await migrate(empty_url, folder=tmp_path)
    for suffix in _SUFFIXES:
        (tmp_path / f"0001_one.{suffix}.sql").unlink()
    with pytest.raises(MigrationError, match="does not know"):
        await migrate(empty_url, folder=tmp_path)


async def test_rebuilding_a_parent_table_on_sqlite_keeps_its_children(empty_url: str, dialect: str, tmp_path: Path) -> None:
    """What Tortoise's own migrations get wrong: a cascade deletes the children when the old table is dropped."""
    if dialect == "postgres":
        pytest.skip("PostgreSQL changes a column in place")
    _write(
        tmp_path,
        "0001_one",
        "CREATE TABLE parent (id INT PRIMARY KEY, name TEXT);\n"
        "CREATE TABLE child (id INT PRIMARY KEY, parent_id INT REFERENCES parent ON DELETE CASCADE);\n"
        "INSERT INTO parent VALUES (1, 'a');\nINSERT INTO child VALUES (1, 1);\n",
    )
    await migrate(empty_url, folder=tmp_path)
    _write(
        tmp_path,
        "0002_rebuild",
        "CREATE TABLE wider (id INT PRIMARY KEY, name TEXT NOT NULL);\nINSERT INTO wider SELECT * FROM parent;\n"
        "DROP TABLE parent;\nALTER TABLE wider RENAME TO parent;\nUPDATE child SET id = 2 WHERE parent_id = 1;\n",
    )
    await migrate(empty_url, folder=tmp_path)
    with pytest.raises(Exception, match="UNIQUE"):  # the child is still there
        await run_script(empty_url, "INSERT INTO child VALUES (2, 1);")


async def test_one_that_orphans_rows_is_refused(empty_url: str, dialect: str, tmp_path: Path) -> None:
    _write(
        tmp_path,
        "0001_one",
        "CREATE TABLE parent (id INT PRIMARY KEY);\nCREATE TABLE child (id INT PRIMARY KEY, parent_id INT REFERENCES parent);\n"
        "INSERT INTO parent VALUES (1);\nINSERT INTO child VALUES (1, 1);\nDELETE FROM parent;\n",
    )
    with pytest.raises(Exception, match="without a parent" if dialect == "sqlite" else "foreign key"):
        await migrate(empty_url, folder=tmp_path)


async def test_a_database_out_of_reach_is_said_so() -> None:
    for url in ("sqlite:////dev/null/hub.db", "postgres://postgres@127.0.0.1:1/hub"):
        with pytest.raises(DatabaseGone):
            await migrate(url)


def test_both_dialects_have_the_same_migrations_with_unbroken_numbers() -> None:
    names = {suffix: {path.name.partition(".")[0] for path in FOLDER.glob(f"*.{suffix}.sql")} for suffix in _SUFFIXES}
    assert names["sqlite"] == names["pg"]
    assert sorted(int(name[:4]) for name in names["pg"]) == list(range(1, len(names["pg"]) + 1))
