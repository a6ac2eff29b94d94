"""Reads of customers and tickets: where from, and lists by key set, from the newest on, by the number `n`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from hub.db import Row
from hub.db.keyset import LAST, Number, read_cursor, write_cursor

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A piece of a list; `next_cursor` is None at its end."""

    items: list[T]
    next_cursor: str | None


def after(cursor: str | None) -> int:
    """The number below which the page begins. Raises `BadCursor`."""
    found: int | None = read_cursor(cursor, Number)
    return LAST if found is None else found


def page(rows: Sequence[Row], limit: int) -> tuple[Sequence[Row], str | None]:
    """What to show of `limit` + 1 rows, and the cursor of the rest."""
    shown = rows[:limit]
    return shown, write_cursor(shown[-1]["n"]) if len(rows) > limit else None
