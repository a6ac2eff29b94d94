"""Cursors of lists by key set: a cursor names the last item shown, so nothing is skipped or repeated when items come and go."""

import base64
import binascii
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from hub.errors import Invalid

Number = Annotated[int, Meta(ge=0, le=2**63 - 1)]
"""The `n` of a row, as a cursor may hold it."""

LAST: Final = 2**63 - 1


class BadCursor(Invalid):
    """Not a cursor of this list."""

    code = "bad_cursor"


def write_cursor(key: Any) -> str:
    """An opaque cursor of a JSON-able key, safe in URLs."""
    return base64.urlsafe_b64encode(msgspec.json.encode(key)).decode().rstrip("=")


def read_cursor(cursor: str | None, kind: Any) -> Any:
    """The key in a cursor of `write_cursor`, of type `kind` (a type as msgspec takes it); None for none. Raises `BadCursor`."""
    if not cursor:
        return None
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        if b"\\u0000" in raw:  # which PostgreSQL cannot compare with
            raise ValueError("a cursor holds no U+0000")
        return msgspec.json.decode(raw, type=kind)
    except (ValueError, binascii.Error, msgspec.DecodeError) as error:
        raise BadCursor("this is no cursor of this list") from error
