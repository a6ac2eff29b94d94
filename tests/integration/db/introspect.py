"""What a database really holds: its tables, read from the catalogue of either dialect."""

import re
import sqlite3
from dataclasses import dataclass, field
from typing import Any

import asyncpg

from hub.db.database import sqlite_path

Columns = tuple[str, ...]


@dataclass(slots=True)
class Table:
    """A table in words both dialects share. `indexes` holds by name the columns of each plain one, None for any other kind."""

    columns: dict[str, tuple[str, bool]] = field(default_factory=dict)  # name: (type, nullable)
    primary_key: Columns = ()
    uniques: set[Columns] = field(default_factory=set)
    foreign_keys: set[tuple[Columns, str, Columns, str]] = field(default_factory=set)
    indexes: dict[str, Columns | None] = field(default_factory=dict)
    triggers: set[str] = field(default_factory=set)


async def read_schema(url: str) -> dict[str, Table]:
    """Every table of the database at `url`."""
    path = sqlite_path(url)
    if path is None:
        return await _read_postgres(url)
    connection = sqlite3.connect(path)
    try:
        return _read_sqlite(connection)
    finally:
        connection.close()


async def run_script(url: str, script: str) -> None:
    """Run SQL statements as they are."""
    path = sqlite_path(url)
    if path is None:
        connection = await asyncpg.connect(url)
        await connection.execute(script)
        await connection.close()
        return
    file = sqlite3.connect(path)
    file.executescript(script)
    file.close()


def _type(declared: str) -> str:
    """One word for text of any declared length; SQLite's integers are all one."""
    name = re.sub(r"\s+", " ", declared.strip().lower())
    if name.startswith(("varchar", "character varying", "text")):
        return "text"
    return name


def _read_sqlite(connection: sqlite3.Connection) -> dict[str, Table]:
    names = connection.execute(
        "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type IN ('table', 'virtual') AND name NOT LIKE 'sqlite_%'"
    )
    return {name: _sqlite_table(connection, name) for (name,) in names.fetchall()}


def _sqlite_table(connection: sqlite3.Connection, name: str) -> Table:
    table, key = Table(), dict[int, str]()
    for _, column, declared, not_null, _, place in connection.execute("SELECT * FROM pragma_table_info(?)", (name,)):
        kind = "integer" if re.fullmatch(r"(?i)(big|small)?int(eger)?", declared) else _type(declared)
        table.columns[column] = (kind, not not_null and not place)
        if place:
            key[place] = column
    table.primary_key = tuple(key[place] for place in sorted(key))
    for _, index, unique, origin, partial in connection.execute("SELECT * FROM pragma_index_list(?)", (name,)).fetchall():
        columns = tuple(row[0] for row in connection.execute("SELECT name FROM pragma_index_info(?)", (index,)))
        plain = not partial and None not in columns
        if unique and plain:
            if origin != "pk":
                table.uniques.add(columns)
        else:
            table.indexes[index] = columns if plain else None
    grouped: dict[int, list[Any]] = {}
    for row in connection.execute("SELECT * FROM pragma_foreign_key_list(?) ORDER BY id, seq", (name,)):
        grouped.setdefault(row[0], []).append(row)
    for rows in grouped.values():
        target = tuple(row[4] or "id" for row in rows)
        table.foreign_keys.add((tuple(row[3] for row in rows), rows[0][2], target, rows[0][6]))
    triggers = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = ?", (name,))
    table.triggers = {trigger for (trigger,) in triggers}
    return table


_COLUMNS = """
SELECT c.relname AS table_name, a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type, a.attnotnull AS not_null
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped"""
_NAMES = "(SELECT array_agg(attname::text ORDER BY place) FROM unnest({key}) WITH ORDINALITY k(n, place) \
JOIN pg_attribute ON attrelid = {table} AND attnum = n)"
_CONSTRAINTS = f"""
SELECT conrelid::regclass::text AS table_name, contype::text AS kind, confdeltype::text AS on_delete,
    confrelid::regclass::text AS target, {_NAMES.format(key="conkey", table="conrelid")} AS columns,
    {_NAMES.format(key="confkey", table="confrelid")} AS target_columns
FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype IN ('p', 'u', 'f')"""
_INDEXES = f"""
SELECT i.indrelid::regclass::text AS table_name, c.relname AS name, i.indisunique AS is_unique, am.amname AS method,
    i.indpred IS NULL AND i.indexprs IS NULL AS plain, {_NAMES.format(key="i.indkey::int2[]", table="i.indrelid")} AS columns
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am am ON am.oid = c.relam
WHERE c.relnamespace = 'public'::regnamespace
    AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conindid = c.oid AND contype IN ('p', 'u'))"""
_TRIGGERS = "SELECT tgrelid::regclass::text AS table_name, tgname::text AS name FROM pg_trigger WHERE NOT tgisinternal"
_ON_DELETE = {"a": "NO ACTION", "r": "RESTRICT", "c": "CASCADE", "n": "SET NULL", "d": "SET DEFAULT"}


async def _read_postgres(url: str) -> dict[str, Table]:
    connection = await asyncpg.connect(url)
    try:
        found = [await connection.fetch(query) for query in (_COLUMNS, _CONSTRAINTS, _INDEXES, _TRIGGERS)]
    finally:
        await connection.close()
    columns, constraints, indexes, triggers = found
    tables: dict[str, Table] = {row["table_name"]: Table() for row in columns}
    for row in columns:
        tables[row["table_name"]].columns[row["name"]] = (_type(row["type"]), not row["not_null"])
    for row in constraints:
        _add_constraint(tables[row["table_name"]], row)
    for row in indexes:
        table, names = tables[row["table_name"]], tuple(row["columns"] or ())
        if row["is_unique"] and row["plain"]:
            table.uniques.add(names)
        else:
            table.indexes[row["name"]] = names if row["plain"] and row["method"] == "btree" else None
    for row in triggers:
        tables[row["table_name"]].triggers.add(row["name"])
    return tables


def _add_constraint(table: Table, row: Any) -> None:
    names = tuple(row["columns"])
    if row["kind"] == "p":
        table.primary_key = names
    elif row["kind"] == "u":
        table.uniques.add(names)
    else:
        table.foreign_keys.add((names, row["target"], tuple(row["target_columns"]), _ON_DELETE[row["on_delete"]]))
