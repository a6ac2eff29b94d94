"""The CMPP adapter against the simulated gateway. Nothing of it knows a database: it runs once, beside SQLite."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hub.channels.sms.cmpp.adapter import CmppAdapter
from hub.channels.sms.cmpp.settings import CmppSettings
from hub.devkit.cmpp import CmppGateway
from hub.messages.events import DeliveryReport, InboundMessage
from tests.fixtures.adapters import Lent
from tests.fixtures.mail import MemorySink


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Nothing here depends on the dialect."""
    return True if config.getoption("--db", default="sqlite") == "postgres" else None


async def until(condition: Callable[[], Any], *, within: float = 5.0) -> None:
    """Wait until it is so."""
    async with asyncio.timeout(within):
        while not condition():
            await asyncio.sleep(0.005)


class Line:
    """A gateway, an adapter's settings for it, and what the adapter was lent and handed over."""

    def __init__(self, gateway: CmppGateway) -> None:
        self.gateway = gateway
        self.sink = MemorySink()
        self.lent = Lent(cursors=self.sink.cursors)
        self.settings = CmppSettings(
            host="localhost",
            port=gateway.port,
            sp_id=gateway.sp_id,
            shared_secret=gateway.secret,
            sender="10690000",
            response_seconds=1,
        )

    @asynccontextmanager
    async def connected(self, **changes: Any) -> AsyncIterator[CmppAdapter]:
        """An adapter that runs and is signed in."""
        adapter = CmppAdapter(msgspec.structs.replace(self.settings, **changes), self.lent.context)
        connects = self.gateway.connects
        running = asyncio.create_task(adapter.run(self.sink))
        try:
            await until(lambda: self.gateway.connects > connects and self.lent.states[-1:] == [("connected", "")])
            yield adapter
        finally:
            running.cancel()
            await asyncio.wait([running])

    @property
    def texts(self) -> list[str]:
        """Of the messages handed over."""
        return [event.text for event in self._events() if isinstance(event, InboundMessage)]

    @property
    def reports(self) -> list[DeliveryReport]:
        """The reports handed over."""
        return [event for event in self._events() if isinstance(event, DeliveryReport)]

    def _events(self) -> list[object]:
        return [event for handover in self.sink.taken.values() for event in handover.events or ()]


@pytest.fixture
async def line() -> AsyncIterator[Line]:
    """A gateway that takes everything, and nobody connected to it."""
    gateway = CmppGateway(report_after=0.0)
    await gateway.start()
    yield Line(gateway)
    await gateway.stop()
