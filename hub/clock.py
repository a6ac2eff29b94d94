"""The one place that asks what time it is, so that tests can say; and how to wait for something or for time to pass."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

_source: Callable[[], datetime] | None = None


def now() -> datetime:
    """The current time: aware, UTC, microseconds."""
    return _source() if _source is not None else datetime.now(UTC)


async def wait(event: asyncio.Event, seconds: float) -> None:
    """Until the event is set, but no longer than this."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()


def set_source(source: Callable[[], datetime] | None) -> None:
    """Let `source` tell the time (tests); None goes back to the system's clock."""
    global _source
    _source = source
