"""What a fresh hub has before anybody configured anything."""

from hub.accounts.service import ensure_defaults as ensure_accounts
from hub.app.build import Parts
from hub.routing.queues import ensure_defaults as ensure_queues


async def first_start(parts: Parts) -> None:
    """Idempotent: run at every start."""
    async with parts.hub.db.unit_of_work() as work:
        await ensure_accounts(work)
        await ensure_queues(work)
