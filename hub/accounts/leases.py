"""Who runs which account: a lease in the database, so that two processes never read one mailbox.

Time is the database's on PostgreSQL (hosts' clocks differ), and ours on SQLite, which one process serves: there a new
process takes what a killed one held at once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from hub import clock
from hub.accounts.values import RunState
from hub.db import Database, Work
from hub.ids import AccountId


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """An enabled account, its version, and whether another process holds it now."""

    account_id: AccountId
    version: int
    is_free: bool


class Leases:
    """The leases of one holder, named uniquely for every start of a process."""

    def __init__(self, db: Database, *, holder: str, seconds: float) -> None:
        self._db, self._holder, self._length = db, holder, timedelta(seconds=seconds)

    async def due(self) -> list[Due]:
        """All enabled accounts."""
        rows = await self._db.fetch(
            "SELECT a.id, a.version, r.holder, r.lease_until FROM account a"
            " LEFT JOIN account_run r ON r.account_id = a.id WHERE a.enabled = $1 AND a.deleted_at IS NULL ORDER BY a.n",
            True,
        )
        now = await self._now(self._db) if any(row["holder"] for row in rows) else clock.now()
        return [Due(account_id=row["id"], version=row["version"], is_free=self._is_free(row, now)) for row in rows]

    async def acquire(self, account_id: AccountId) -> int | None:
        """Take a free lease; returns its fence, None where somebody was faster."""
        async with self._db.unit_of_work() as work:
            now = await self._now(work)
            await work.execute(
                "INSERT INTO account_run (account_id, fence, state, state_detail, state_at) VALUES ($1, 0, $2, '', $3)"
                " ON CONFLICT (account_id) DO NOTHING",
                *(account_id, str(RunState.STOPPED), now),
            )
            free = work.sql(sqlite="$4 = $4", postgres="(holder IS NULL OR holder = $2 OR lease_until < $4)")
            row = await work.fetch_one(
                "UPDATE account_run SET holder = $2, fence = fence + 1, lease_until = $3"
                f" WHERE account_id = $1 AND {free} RETURNING fence",
                *(account_id, self._holder, now + self._length, now),
            )
            return None if row is None else row["fence"]

    async def renew(self) -> dict[AccountId, int]:
        """Prolong all that are still ours; returns their fences."""
        async with self._db.unit_of_work() as work:
            now = await self._now(work)
            rows = await work.fetch(
                "UPDATE account_run SET lease_until = $2 WHERE holder = $1 RETURNING account_id, fence",
                *(self._holder, now + self._length),
            )
            return {row["account_id"]: row["fence"] for row in rows}

    async def write_states(self, work: Work, states: Mapping[AccountId, tuple[int, RunState, str]]) -> list[AccountId]:
        """Note how accounts fare, each with its fence; what a later holder runs is not touched. Returns those that changed."""
        return [
            account_id
            for account_id, (fence, state, detail) in states.items()
            if await self._write(work, account_id, fence, state, detail)
        ]

    async def release(self, work: Work, accounts: Sequence[tuple[AccountId, int]]) -> None:
        """Give leases back, so that another process need not wait for their end."""
        await work.execute_many(
            "UPDATE account_run SET holder = NULL, lease_until = NULL WHERE account_id = $1 AND fence = $2",
            list(accounts),
        )

    async def _write(self, work: Work, account_id: AccountId, fence: int, state: RunState, detail: str) -> bool:
        return bool(
            await work.execute(
                "UPDATE account_run SET state_at = CASE WHEN state = $3 THEN state_at ELSE $5 END,"
                " state = $3, state_detail = $4"
                " WHERE account_id = $1 AND fence = $2 AND (state <> $3 OR state_detail <> $4)",
                *(account_id, fence, str(state), detail, clock.now()),
            )
        )

    def _is_free(self, row: Any, now: datetime) -> bool:
        if self._db.dialect == "sqlite":
            return True
        return row["holder"] in (None, self._holder) or row["lease_until"] < now

    async def _now(self, source: Database | Work) -> datetime:
        if self._db.dialect == "sqlite":
            return clock.now()
        row = await source.fetch_one("SELECT clock_timestamp() AS now")
        assert row is not None
        now: datetime = row["now"]
        return now
