"""The redacted record of what was said to providers: written behind the sender's back, since nothing waits for it."""

import asyncio
from collections import deque
from logging import getLogger

from hub.channels.contract import Exchange
from hub.db import Database, DatabaseGone
from hub.ids import AccountId, new_id
from hub.messages import plain

log = getLogger(__name__)

KEPT_WAITING = 5_000
_COLUMNS = {
    "id": "uuid", "account_id": "uuid", "message_id": "uuid", "at": "timestamptz", "duration": "double precision",
    "request": "text", "response": "text",
}  # fmt: skip


class ExchangeLog:
    """`record` never waits and never fails; `run` writes. What does not fit into the queue is counted and dropped: it is a record, no truth."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._waiting: deque[tuple[AccountId, Exchange]] = deque(maxlen=KEPT_WAITING)
        self._arrived = asyncio.Event()

    def record(self, account_id: AccountId, exchange: Exchange) -> None:
        """Keep one exchange."""
        self._waiting.append((account_id, exchange))
        self._arrived.set()

    async def run(self) -> None:
        """Write until cancelled."""
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            batch = [self._waiting.popleft() for _ in range(len(self._waiting))]
            try:
                async with self._db.unit_of_work() as work:
                    await work.insert_many("exchange", _COLUMNS, [_row(account_id, exchange) for account_id, exchange in batch])
            except DatabaseGone:
                log.warning("exchanges were not kept", extra={"lost": len(batch)})
            except Exception:
                log.exception("exchanges were not kept", extra={"lost": len(batch)})
            await asyncio.sleep(0.2)


def _row(account_id: AccountId, e: Exchange) -> tuple[object, ...]:
    return new_id(), account_id, e.message_id, e.at, e.duration, plain.block(e.request, 2000), plain.block(e.response, 2000)
