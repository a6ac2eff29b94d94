"""An adapter at a centre that lives in the test, without a database."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from hub.channels.sms.smpp.adapter import SmppAdapter
from hub.channels.sms.smpp.settings import SmppSettings
from hub.devkit.smsc import Smsc
from hub.messages.events import DeliveryReport, InboundMessage
from tests.fixtures.adapters import Lent
from tests.fixtures.mail import MemorySink


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """What needs no database runs beside one of them only."""
    if config.getoption("--db", default="sqlite") == "postgres" and collection_path.name.startswith("test_"):
        return None if collection_path.name == "test_desk.py" else True
    return None


@dataclass
class Line:
    """An adapter with its centre and its sink."""

    smsc: Smsc
    lent: Lent = field(default_factory=Lent)
    sink: MemorySink = field(default_factory=MemorySink)
    settings: dict[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.lent.cursors = self.sink.cursors

    def adapter(self) -> SmppAdapter:
        """A new one."""
        wanted: dict[str, object] = {
            "host": "localhost", "port": self.smsc.port, "system_id": "hub", "password": "s3cret", "sender": "10690000",
            "response_seconds": 1.0, "enquire_seconds": 1.0,
        }  # fmt: skip
        return SmppAdapter(SmppSettings(**{**wanted, **self.settings}), self.lent.context)  # type: ignore[arg-type]

    @asynccontextmanager
    async def running(self) -> AsyncIterator[SmppAdapter]:
        """One that is connected."""
        adapter, before = self.adapter(), self.smsc.signed_in
        running = asyncio.create_task(adapter.run(self.sink))
        try:
            await until(lambda: self.smsc.signed_in > before or running.done())
            await until(lambda: bool(self.lent.states) and self.lent.states[-1][0] == "connected")
            yield adapter
        finally:
            running.cancel()
            await asyncio.wait([running])

    @property
    def texts(self) -> list[str]:
        """Of the messages that came, the first first."""
        return [event.text for event in self._events() if isinstance(event, InboundMessage)]

    @property
    def reports(self) -> list[DeliveryReport]:
        """Those that came."""
        return [event for event in self._events() if isinstance(event, DeliveryReport)]

    def _events(self) -> list[object]:
        return [event for handover in self.sink.taken.values() for event in handover.events or ()]


async def until(holds: Callable[[], bool], *, within: float = 10.0) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(within):
        while not holds():
            await asyncio.sleep(0.01)


Until = Callable[..., Awaitable[None]]


@pytest.fixture
def line(smsc: Smsc) -> Line:
    """An account at a centre that takes everything."""
    return Line(smsc)
