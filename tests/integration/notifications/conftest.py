"""A served desk whose jobs are done."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from hub.app.chores import job_worker
from tests.fixtures.desk import Front
from tests.integration.conversations.conftest import anna, talks

__all__ = ["anna", "talks"]


@pytest.fixture
async def working(front: Front) -> AsyncIterator[None]:
    """Run the job worker beside the desk."""
    task = asyncio.create_task(job_worker(front.hub).run())
    yield
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
