"""A simulated Twilio, and an adapter that talks to it. No database: these run once, beside SQLite."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from hub.channels.sms.twilio.adapter import TwilioAdapter
from hub.channels.sms.twilio.settings import TwilioSettings
from hub.devkit.twilio import TwilioSimulator, simulator
from tests.fixtures.adapters import Lent

NUMBER, CUSTOMER = "+14155550100", "+14155552671"

MakeAdapter = Callable[..., TwilioAdapter]


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Nothing here depends on the dialect."""
    return True if config.getoption("--db", default="sqlite") == "postgres" else None


@pytest.fixture
async def twilio() -> AsyncIterator[TwilioSimulator]:
    """Nobody listens at its number's hook unless a test says who."""
    async with simulator(numbers={NUMBER: "http://127.0.0.1:1/hooks"}) as running:
        yield running


@pytest.fixture
async def lent() -> AsyncIterator[Lent]:
    lent = Lent()
    yield lent
    await lent.close()


@pytest.fixture
def make_adapter(twilio: TwilioSimulator, lent: Lent) -> MakeAdapter:
    """An adapter of the simulated account."""

    def make(**settings: Any) -> TwilioAdapter:
        known = {"account_sid": twilio.account_sid, "auth_token": twilio.tokens[0], "sender": NUMBER, "base_url": twilio.url}
        return TwilioAdapter(TwilioSettings(**known | settings), lent.context)

    return make


@pytest.fixture
def adapter(make_adapter: MakeAdapter) -> TwilioAdapter:
    return make_adapter()
