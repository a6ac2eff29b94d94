"""Reads of customers and tickets: where from, and lists by key set, from the newest on, by the number `n`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from hub.db import Database, Row, Work
from hub.errors import Invalid

T = TypeVar("T")
Reads = Database | Work
"""Where a query reads: the last commit, or inside a transaction."""

_FIRST = 2**63 - 1


class BadCursor(Invalid):
    """Not a cursor of this list."""

    code = "bad_cursor"


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A piece of a list; `next_cursor` is None at its end."""

    items: list[T]
    next_cursor: str | None


def after(cursor: str | None) -> int:
    """The number below which the page begins."""
    if cursor is None or not cursor:
        return _FIRST
    if not (cursor.isascii() and cursor.isdecimal() and len(cursor) < 19):
        raise BadCursor("not a cursor of this list")
    return int(cursor)


def page(rows: Sequence[Row], limit: int) -> tuple[Sequence[Row], str | None]:
    """What to show of `limit` + 1 rows, and the cursor of the rest."""
    shown = rows[:limit]
    return shown, str(shown[-1]["n"]) if len(rows) > limit else None
