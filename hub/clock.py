"""The one place that asks what time it is, so that tests can say."""

from collections.abc import Callable
from datetime import UTC, datetime

_source: Callable[[], datetime] | None = None


def now() -> datetime:
    """The current time: aware, UTC, microseconds."""
    return _source() if _source is not None else datetime.now(UTC)


def set_source(source: Callable[[], datetime] | None) -> None:
    """Let `source` tell the time (tests); None goes back to the system's clock."""
    global _source
    _source = source
