"""The kit every adapter has to pass. It knows no database, so it runs once: beside SQLite."""

from collections.abc import AsyncIterator
from importlib import import_module
from pathlib import Path

import pytest

from hub.channels import catalog
from hub.channels.catalog import ENTRIES
from tests.contract.kit import Rig


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Nothing here depends on the dialect."""
    return True if config.getoption("--db", default="sqlite") == "postgres" else None


@pytest.fixture(params=[entry.provider for entry in ENTRIES])
async def rig(request: pytest.FixtureRequest) -> AsyncIterator[Rig]:
    """An adapter of every provider of the catalog, in turn, with a provider to talk to: see `rigs/`."""
    entry = catalog.entry(request.param)
    module = import_module(f"tests.contract.rigs.{entry.provider}")
    async with module.open_rig(entry, request.getfixturevalue) as made:
        yield made
        await made.lent.close()
