"""Lists by key set: a cursor names the last item shown, so nothing is skipped or repeated when items come and go."""

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Annotated, Any, TypeVar

import msgspec

from hub.api.endpoint import Page
from hub.api.problems import BadField

T = TypeVar("T")
V = TypeVar("V")
Key = TypeVar("Key")

Limit = Annotated[int, msgspec.Meta(ge=1, le=200)]
Cursor = Annotated[str, msgspec.Meta(max_length=1000)]
SearchText = Annotated[str, msgspec.Meta(max_length=200)]


def page(found: Sequence[T], limit: int, *, view: Callable[[T], V], key: Callable[[T], Any]) -> Page[V]:
    """A page of what was asked for with `limit + 1`; `key` is JSON-able and orders the list."""
    shown = found[:limit]
    more = len(found) > limit
    return Page(items=[view(one) for one in shown], next_cursor=write_cursor(key(shown[-1])) if more else None)


def write_cursor(key: Any) -> str:
    """An opaque cursor."""
    return base64.urlsafe_b64encode(msgspec.json.encode(key)).decode().rstrip("=")


def read_cursor(cursor: str | None, kind: type[Key]) -> Key | None:
    """The key in a cursor of `write_cursor`; None for none. Raises `BadField`."""
    if cursor is None:
        return None
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        return msgspec.json.decode(raw, type=kind)
    except (ValueError, binascii.Error, msgspec.DecodeError) as error:
        raise BadField("$query.cursor", "is not one of our cursors") from error
