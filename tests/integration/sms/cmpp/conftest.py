"""The CMPP adapter against the simulated gateway. Nothing of it knows a database: it runs once, beside SQLite."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hub.channels.sms.cmpp.adapter import CmppAdapter
from hub.channels.sms.cmpp.settings import CmppSettings
from hub.devkit.cmpp import CmppGateway
from tests.fixtures.operators import OperatorLine


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Nothing here depends on the dialect."""
    return True if config.getoption("--db", default="sqlite") == "postgres" else None


class Line(OperatorLine):
    """A gateway, and an adapter's settings for it."""

    def __init__(self, gateway: CmppGateway) -> None:
        super().__init__()
        self.gateway = gateway
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
        async with self.signed_in(adapter):
            yield adapter


@pytest.fixture
async def line() -> AsyncIterator[Line]:
    """A gateway that takes everything, and nobody connected to it."""
    gateway = CmppGateway(report_after=0.0)
    await gateway.start()
    yield Line(gateway)
    await gateway.stop()
