"""SQLite's errors in the words of `hub.db.errors`."""

import re
import sqlite3

from hub.db.errors import DatabaseGone, DatabaseLocked, ForeignKeyViolation, UniqueViolation

_LOCKED = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_GONE = {
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_PROTOCOL,
}
_KEYS = {sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY, sqlite3.SQLITE_CONSTRAINT_ROWID}
_NAMED = re.compile(r"CONSTRAINT\s+\"?(\w+)\"?\s+(?:UNIQUE|PRIMARY\s+KEY)\s*\(([^)]*)\)", re.IGNORECASE)
_INLINE = re.compile(r"[(,]\s*\"?(\w+)\"?\s[^,]*?\bCONSTRAINT\s+\"?(\w+)\"?\s+(?:UNIQUE|PRIMARY\s+KEY)\b", re.IGNORECASE)


def explain(error: sqlite3.Error, connection: sqlite3.Connection | None) -> Exception:
    """The hub's error for SQLite's; what is our own mistake (bad SQL, NOT NULL) stays as it is."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    if code in _KEYS and connection is not None:
        return _because(UniqueViolation(_constraint(str(error), code, connection)), error)
    if code == sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
        return _because(ForeignKeyViolation(""), error)
    if code & 0xFF in _LOCKED:
        return _because(DatabaseLocked("the database file is locked"), error)
    if code & 0xFF in _GONE:
        return _because(DatabaseGone("the database file cannot be used"), error)
    return error


def _because(error: Exception, cause: sqlite3.Error) -> Exception:
    error.__cause__ = cause
    return error


def _constraint(message: str, code: int, connection: sqlite3.Connection) -> str:
    """The declared name for "UNIQUE constraint failed: t.a, t.b"; PostgreSQL's default name where none was declared."""
    failed = message.partition("failed: ")[2]
    if failed.startswith("index '"):
        return failed[7:-1]
    columns = [name.strip() for name in failed.split(",")]
    table = columns[0].partition(".")[0]
    names = tuple(column.partition(".")[2] for column in columns)
    declared = _declared(table, connection).get(names)
    is_primary = code != sqlite3.SQLITE_CONSTRAINT_UNIQUE
    return declared or (f"{table}_pkey" if is_primary else f"{table}_{'_'.join(names)}_key")


def _declared(table: str, connection: sqlite3.Connection) -> dict[tuple[str, ...], str]:
    found: dict[tuple[str, ...], str] = {}
    for name, unique, origin in connection.execute(
        "SELECT name, \"unique\", origin FROM pragma_index_list(?) WHERE origin = 'c'", (table,)
    ):
        if unique and origin:
            found[tuple(row[0] for row in connection.execute("SELECT name FROM pragma_index_info(?)", (name,)))] = name
    text = connection.execute("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?", (table,)).fetchone()
    ddl = re.sub(r"--[^\n]*", "", text[0]) if text else ""
    found.update({(column,): name for column, name in _INLINE.findall(ddl)})
    found.update({tuple(part.strip(' "') for part in columns.split(",")): name for name, columns in _NAMED.findall(ddl)})
    return found
