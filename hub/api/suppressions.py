"""Addresses that are not written to."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from hub.api.endpoint import Page, Request, Router
from hub.api.paging import read_cursor, write_cursor
from hub.auth import audit
from hub.auth.rights import Right
from hub.errors import NotFound

api = Router(tag="suppressions")


class SuppressionQuery(msgspec.Struct):
    """From where on."""

    cursor: str | None = None
    limit: Annotated[int, Meta(ge=1, le=200)] = 50


class Suppression(msgspec.Struct, kw_only=True):
    """An address, since when and why it is not used."""

    id: UUID
    address_kind: str
    address_value: str
    reason: str
    evidence: str
    created_at: datetime


@api.get("/suppressions", needs=Right.SYSTEM_MANAGE)
async def list_(request: Request, query: SuppressionQuery) -> Page[Suppression]:
    """Suppressed addresses, the newest first."""
    before = read_cursor(query.cursor, UUID) or UUID(int=2**128 - 1)
    rows = await request.hub.db.fetch(
        """
        SELECT id, address_kind, address_value, reason, evidence, created_at FROM suppression
        WHERE id < $1 ORDER BY id DESC LIMIT $2
        """,
        before,
        query.limit + 1,
    )
    items = [Suppression(**dict(row.items())) for row in rows[: query.limit]]
    return Page(items=items, next_cursor=write_cursor(items[-1].id) if len(rows) > query.limit else None)


@api.delete("/suppressions/{suppression_id}", needs=Right.SYSTEM_MANAGE, raises=(NotFound,))
async def lift(request: Request, suppression_id: UUID) -> None:
    """Use the address again."""
    async with request.hub.db.unit_of_work() as work:
        row = await work.fetch_one("DELETE FROM suppression WHERE id = $1 RETURNING address_value", suppression_id)
        if row is None:
            raise NotFound("no such suppression")
        await audit.record(work, request.caller, "suppression.lift", subject=(row["address_value"], suppression_id))
