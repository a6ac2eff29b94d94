"""One text of SQL for both dialects: written for PostgreSQL, translated for SQLite."""

import re
from collections.abc import Mapping
from functools import lru_cache

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


def insert_each(table: str, columns: Mapping[str, str], suffix: str) -> str:
    """An INSERT of one row, for SQLite."""
    places = ", ".join(f"?{n}" for n in range(1, len(columns) + 1))
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places}) {suffix}"


def insert_all(table: str, columns: Mapping[str, str], suffix: str) -> str:
    """An INSERT of any number of rows given as one array a column, for PostgreSQL."""
    arrays = ", ".join(f"${n}::{kind}[]" for n, kind in enumerate(columns.values(), 1))
    names = ", ".join(columns)
    return f"INSERT INTO {table} ({names}) SELECT * FROM unnest({arrays}) {suffix}"
