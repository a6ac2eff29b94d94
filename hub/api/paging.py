"""Lists by key set, over HTTP."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any, TypeVar

import msgspec

from hub.api.endpoint import Page
from hub.db.keyset import write_cursor

T = TypeVar("T")
V = TypeVar("V")

Limit = Annotated[int, msgspec.Meta(ge=1, le=200)]
Cursor = Annotated[str, msgspec.Meta(max_length=1000)]
SearchText = Annotated[str, msgspec.Meta(max_length=200)]


def page(found: Sequence[T], limit: int, *, view: Callable[[T], V], key: Callable[[T], Any]) -> Page[V]:
    """A page of what was asked for with `limit + 1`; `key` is JSON-able and orders the list."""
    shown = found[:limit]
    more = len(found) > limit
    return Page(items=[view(one) for one in shown], next_cursor=write_cursor(key(shown[-1])) if more else None)
