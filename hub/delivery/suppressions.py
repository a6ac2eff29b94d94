"""Addresses that are not written to, for those who look after them."""

from datetime import datetime
from uuid import UUID

import msgspec

from hub.auth import Caller, audit
from hub.db import Database
from hub.errors import NotFound


class Suppression(msgspec.Struct, frozen=True, kw_only=True):
    """An address, since when and why it is not used."""

    id: UUID
    address_kind: str
    address_value: str
    reason: str
    evidence: str
    created_at: datetime


async def listed(db: Database, *, before: UUID | None, limit: int) -> list[Suppression]:
    """Suppressed addresses, the newest first."""
    rows = await db.fetch(
        """
        SELECT id, address_kind, address_value, reason, evidence, created_at FROM suppression
        WHERE id < $1 ORDER BY id DESC LIMIT $2
        """,
        before or UUID(int=2**128 - 1),
        limit,
    )
    return [Suppression(**dict(row.items())) for row in rows]


async def lift(db: Database, id: UUID, *, by: Caller) -> None:
    """Use the address again; it is noted who said so. Raises `NotFound`."""
    async with db.unit_of_work() as work:
        row = await work.fetch_one("DELETE FROM suppression WHERE id = $1 RETURNING address_value", id)
        if row is None:
            raise NotFound("no such suppression")
        await audit.record(work, by, "suppression.lift", subject=("suppression", id), detail={"address": row["address_value"]})
