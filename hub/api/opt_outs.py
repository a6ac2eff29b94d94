"""Who wants no more short messages, over HTTP."""

from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from hub.api.endpoint import Page, Request, Router
from hub.api.paging import Cursor, Limit, page
from hub.auth.rights import Right
from hub.db.keyset import BadCursor, read_cursor
from hub.delivery.opt_outs import OptOutView, lift, listed
from hub.errors import NotFound
from hub.ids import CustomerId

api = Router(tag="customers")


class OptOutQuery(msgspec.Struct):
    """Of whom: a customer's addresses, one address in normal form, or everybody; and from where on."""

    customer_id: CustomerId | None = None
    address: Annotated[str, Meta(max_length=330)] | None = None
    cursor: Cursor | None = None
    limit: Limit = 50


class OptOutLift(msgspec.Struct, forbid_unknown_fields=True):
    """Why they may be written to again: how and when they said so."""

    reason: Annotated[str, Meta(min_length=1, max_length=500)]


@api.get("/opt-outs", needs=Right.CUSTOMERS_READ, raises=(BadCursor,))
async def opt_outs(request: Request, query: OptOutQuery) -> Page[OptOutView]:
    """Those that stand, the newest first."""
    found = await listed(
        request.hub.db,
        customer_id=query.customer_id,
        address=query.address,
        before=read_cursor(query.cursor, UUID),
        limit=query.limit + 1,
    )
    return page(found, query.limit, view=lambda one: one, key=lambda one: one.id)


@api.post("/opt-outs/{opt_out_id}/lift", needs=Right.CUSTOMERS_WRITE, raises=(NotFound,))
async def lift_opt_out(request: Request, opt_out_id: UUID, body: OptOutLift) -> None:
    """Note that they want our messages again; it ends all their opt-outs on that channel, and it is noted who said so."""
    await lift(request.hub.db, opt_out_id, why=body.reason, by=request.caller)
