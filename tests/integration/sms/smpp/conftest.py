"""An adapter at a centre that lives in the test, without a database."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from hub.channels.sms.smpp.adapter import SmppAdapter
from hub.channels.sms.smpp.settings import SmppSettings
from hub.devkit.smsc import Smsc
from tests.fixtures.operators import OperatorLine


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """What needs no database runs beside one of them only."""
    if config.getoption("--db", default="sqlite") == "postgres" and collection_path.name.startswith("test_"):
        return None if collection_path.name == "test_desk.py" else True
    return None


class Line(OperatorLine):
    """An account at a centre; `settings` are those that differ from the usual."""

    def __init__(self, smsc: Smsc) -> None:
        super().__init__()
        self.smsc = smsc
        self.settings: dict[str, object] = {}

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
        adapter = self.adapter()
        async with self.signed_in(adapter):
            yield adapter


@pytest.fixture
def line(smsc: Smsc) -> Line:
    """An account at a centre that takes everything."""
    return Line(smsc)
