"""The one fence round libraries that read strangers' bytes."""

from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def attempt(read: Callable[[], T]) -> T | None:
    """What `read` returns, or None when it raises.

    Parsers of calendars, TNEF and bounces raise whatever their code stumbles over (KeyError, struct.error,
    RecursionError, …): the list is theirs, not ours, and none of it may cost the mail it came in.
    """
    try:
        return read()
    except Exception:  # noqa: BLE001
        return None
