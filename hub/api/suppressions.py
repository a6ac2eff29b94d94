"""Addresses that are not written to, over HTTP."""

from uuid import UUID

import msgspec

from hub.api.endpoint import Page, Request, Router
from hub.api.paging import Cursor, Limit, page
from hub.auth.rights import Right
from hub.db.keyset import BadCursor, read_cursor
from hub.delivery.suppressions import Suppression, lift, listed
from hub.errors import NotFound

api = Router(tag="suppressions")


class SuppressionQuery(msgspec.Struct):
    """From where on."""

    cursor: Cursor | None = None
    limit: Limit = 50


@api.get("/suppressions", needs=Right.SYSTEM_MANAGE, raises=(BadCursor,))
async def list_(request: Request, query: SuppressionQuery) -> Page[Suppression]:
    """Suppressed addresses, the newest first."""
    found = await listed(request.hub.db, before=read_cursor(query.cursor, UUID), limit=query.limit + 1)
    return page(found, query.limit, view=lambda one: one, key=lambda one: one.id)


@api.delete("/suppressions/{suppression_id}", needs=Right.SYSTEM_MANAGE, raises=(NotFound,))
async def lift_(request: Request, suppression_id: UUID) -> None:
    """Use the address again."""
    await lift(request.hub.db, suppression_id, by=request.caller)
