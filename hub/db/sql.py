"""One text of SQL for both dialects: written for PostgreSQL, translated for SQLite."""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from hub.db.session import Insert

_TOKEN = re.compile(
    r"(?P<text>'(?:[^']|'')*')"
    r"|(?P<any>=\s*ANY\s*\(\s*\$(?P<any_n>\d+)(?:::\w+(?:\[\])?)?\s*\))"
    r"|(?P<all>(?:<>|!=)\s*ALL\s*\(\s*\$(?P<all_n>\d+)(?:::\w+(?:\[\])?)?\s*\))"
    r"|(?P<cast>::\w+(?:\[\])?)"
    r"|\$(?P<n>\d+)",
    re.IGNORECASE,
)


@lru_cache(maxsize=2048)
def for_sqlite(sql: str) -> str:
    """`$1` becomes `?1`; `::type` is dropped; `= ANY($1)` and `<> ALL($1)` look into the list given as JSON. Text in quotes
    is left alone."""
    return _TOKEN.sub(_translate, sql)


def _translate(match: re.Match[str]) -> str:
    if match["text"] is not None:
        return match["text"]
    if match["any"] is not None:
        return f"IN (SELECT value FROM json_each(?{match['any_n']}))"
    if match["all"] is not None:
        return f"NOT IN (SELECT value FROM json_each(?{match['all_n']}))"
    return "" if match["cast"] is not None else f"?{match['n']}"


def insert_rows(insert: Insert) -> Iterator[tuple[str, list[Any]]]:
    """Statements for SQLite that write up to 64 rows each, and their arguments: few visits to the library, each without the GIL.

    The numbers of rows are powers of two, so that few texts have to be prepared.
    """
    start, columns = 0, tuple(insert.columns)
    while start < len(insert.rows):
        size = min(64, 1 << ((len(insert.rows) - start).bit_length() - 1))
        chunk = insert.rows[start : start + size]
        yield _insert_rows(insert.table, columns, insert.suffix, size), [value for row in chunk for value in row]
        start += size


@lru_cache(maxsize=512)
def _insert_rows(table: str, columns: tuple[str, ...], suffix: str, size: int) -> str:
    row = f"({', '.join('?' * len(columns))})"
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES {', '.join([row] * size)} {suffix}"


def insert_all(inserts: Sequence[Insert]) -> str:
    """One statement for all of `inserts`, each into another table; its arguments are one array a column, for PostgreSQL."""
    return _insert_all(tuple((insert.table, tuple(insert.columns.items()), insert.suffix) for insert in inserts))


@lru_cache(maxsize=512)
def _insert_all(inserts: tuple[tuple[str, tuple[tuple[str, str], ...], str], ...]) -> str:
    texts, place = [], 1
    for table, columns, suffix in inserts:
        arrays = ", ".join(f"${place + n}::{kind}[]" for n, (_, kind) in enumerate(columns))
        names = ", ".join(name for name, _ in columns)
        texts.append(f"INSERT INTO {table} ({names}) SELECT * FROM unnest({arrays}) {suffix}")
        place += len(columns)
    parts = ", ".join(f"part{n} AS ({text})" for n, text in enumerate(texts[:-1]))
    return f"WITH {parts} {texts[-1]}" if parts else texts[-1]
