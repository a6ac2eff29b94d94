"""Numbered, forward-only SQL files for each dialect, applied in order, once, under a lock, with their checksums kept.

Tortoise's own migrations rebuild a SQLite table by dropping it, which deletes its children's rows; these do what the file says.
On SQLite foreign keys are off while a file runs (so that it may rebuild a table) and checked before it is committed.
"""

import asyncio
import hashlib
import re
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import asyncpg

from hub import clock
from hub.db.database import Database, sqlite_path
from hub.db.errors import DatabaseGone, MigrationError, NotMigrated
from hub.db.postgres import CONNECT_TIMEOUT, explain
from hub.db.session import Dialect
from hub.db.sqlite_errors import explain as explain_sqlite

FOLDER = Path(__file__).parent / "migrations"
_NAME = re.compile(r"(\d{4})_(\w+)\.(sqlite|pg)\.sql")
_SUFFIX: Mapping[Dialect, str] = {"sqlite": "sqlite", "postgres": "pg"}
_ADVISORY_LOCK = 0x68756264  # "hubd": no other meaning
_TABLE = """CREATE TABLE IF NOT EXISTS schema_migration (
    number {integer} NOT NULL PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL, applied_at {time} NOT NULL
)"""
_HAS_TABLE_SQLITE = "SELECT name FROM sqlite_master WHERE name = 'schema_migration'"
_HAS_TABLE_POSTGRES = "SELECT to_regclass('schema_migration')::text AS name"


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """One file."""

    number: int
    name: str
    script: str

    @property
    def checksum(self) -> str:
        """SHA-256 of the text, in hex."""
        return hashlib.sha256(self.script.encode()).hexdigest()


def migrations(dialect: Dialect, folder: Path = FOLDER) -> list[Migration]:
    """All files of a dialect, in order. Raises `MigrationError` when two have one number."""
    found = []
    for path in sorted(folder.glob(f"*.{_SUFFIX[dialect]}.sql")):
        match = _NAME.fullmatch(path.name)
        if match is None:
            raise MigrationError(f"{path.name} is not NNNN_name.dialect.sql")
        found.append(Migration(number=int(match[1]), name=match[2], script=path.read_text("utf-8")))
    if len({migration.number for migration in found}) != len(found):
        raise MigrationError("two migrations have the same number")
    return found


async def migrate(url: str, *, folder: Path = FOLDER) -> list[Migration]:
    """Bring the database at `url` up to date (a SQLite file is created); returns what was applied now.

    Raises `MigrationError` when the database was migrated by another or a newer program, `DatabaseGone` when it cannot be
    reached.
    """
    path = sqlite_path(url)
    if path is not None:
        return await asyncio.to_thread(_migrate_sqlite, path, migrations("sqlite", folder))
    try:
        return await _migrate_postgres(url, migrations("postgres", folder))
    except (OSError, TimeoutError, asyncpg.PostgresConnectionError, asyncpg.OperatorInterventionError) as error:
        raise explain(error) from error


async def unapplied(database: Database) -> list[Migration]:
    """What `migrate` would still do to an open database; raises `MigrationError` as it would."""
    found = await database.fetch_one(database.sql(sqlite=_HAS_TABLE_SQLITE, postgres=_HAS_TABLE_POSTGRES))
    applied = await database.fetch("SELECT number, checksum FROM schema_migration") if found and found["name"] else []
    return pending(migrations(database.dialect), {row["number"]: row["checksum"] for row in applied})


async def open_migrated(url: str) -> Database:
    """Open a database with this program's schema: a SQLite file is brought up to date first, on PostgreSQL `hub migrate` does that.

    Raises `NotMigrated`, and what `migrate` and `Database.open` raise.
    """
    if sqlite_path(url) is not None:
        await migrate(url)
    database = await Database.open(url, models=())
    try:
        if await unapplied(database):
            raise NotMigrated("the database is not up to date: run `hub migrate` first")
    except BaseException:
        await database.close()
        raise
    return database


def pending(known: list[Migration], applied: Mapping[int, str]) -> list[Migration]:
    """Those to apply, given the checksums of what was applied. Raises `MigrationError` where history and files disagree."""
    by_number = {migration.number: migration for migration in known}
    for number, checksum in sorted(applied.items()):
        migration = by_number.get(number)
        if migration is None:
            raise MigrationError(f"the database has migration {number:04}, which this program does not know")
        if migration.checksum != checksum:
            raise MigrationError(f"migration {number:04}_{migration.name} was changed after it was applied")
    return [migration for migration in known if migration.number not in applied]


async def _migrate_postgres(url: str, known: list[Migration]) -> list[Migration]:
    connection = await asyncpg.connect(url, timeout=CONNECT_TIMEOUT, server_settings={"timezone": "UTC"})
    try:
        await connection.execute("SELECT pg_advisory_lock($1)", _ADVISORY_LOCK)
        await connection.execute(_TABLE.format(integer="INT", time="TIMESTAMPTZ"))
        rows = await connection.fetch("SELECT number, checksum FROM schema_migration")
        todo = pending(known, {row["number"]: row["checksum"] for row in rows})
        for migration in todo:
            async with connection.transaction():
                await connection.execute(migration.script)
                await connection.execute("INSERT INTO schema_migration VALUES ($1, $2, $3, $4)", *_record(migration))
        return todo
    finally:
        await connection.close()


def _migrate_sqlite(path: Path, known: list[Migration]) -> list[Migration]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(path, timeout=10, isolation_level=None)
    except (sqlite3.Error, OSError) as error:
        raise DatabaseGone("the database file cannot be opened") from error
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=OFF")
        return _apply_all(connection, known)
    except sqlite3.OperationalError as error:
        raise explain_sqlite(error, None) from error
    finally:
        connection.close()


def _apply_all(connection: sqlite3.Connection, known: list[Migration]) -> list[Migration]:
    connection.execute("BEGIN EXCLUSIVE")
    try:
        connection.execute(_TABLE.format(integer="INT", time="TIMESTAMP"))
        todo = pending(known, dict(connection.execute("SELECT number, checksum FROM schema_migration").fetchall()))
        for migration in todo:
            _apply(connection, migration)
        connection.execute("COMMIT")
        return todo
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _apply(connection: sqlite3.Connection, migration: Migration) -> None:
    for statement in statements(migration.script):
        connection.execute(statement)
    broken = connection.execute("PRAGMA foreign_key_check").fetchone()
    if broken is not None:
        raise MigrationError(f"migration {migration.number:04}_{migration.name} leaves rows of {broken[0]} without a parent")
    connection.execute("INSERT INTO schema_migration VALUES (?, ?, ?, ?)", _record(migration))


def _record(migration: Migration) -> tuple[int, str, str, datetime]:
    return migration.number, migration.name, migration.checksum, clock.now()


def statements(script: str) -> Iterator[str]:
    """The statements of a script, each ending at the end of a line (so that triggers stay whole)."""
    gathered = ""
    for line in script.splitlines(keepends=True):
        gathered += line
        if sqlite3.complete_statement(gathered):
            yield gathered
            gathered = ""
    rest = re.sub(r"--[^\n]*", "", gathered).strip()
    if rest:
        raise MigrationError(f"a statement without an end: {rest[:60]}")
