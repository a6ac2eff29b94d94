"""These tests know no database, so they run once: beside SQLite."""

from pathlib import Path

import pytest


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Nothing here depends on the dialect."""
    return True if config.getoption("--db", default="sqlite") == "postgres" else None
