"""What stands in the way of writing to somebody first, over HTTP."""

from typing import Annotated

import msgspec
from msgspec import Meta

from hub.accounts.errors import AccountDisabled, NoSuchAccount
from hub.api.endpoint import Request, Router
from hub.auth.rights import Right
from hub.delivery.reach import Reach, reach
from hub.ids import AccountId
from hub.messages.address import BadAddress

api = Router(tag="accounts")


class ReachQuery(msgspec.Struct):
    """An address as somebody typed it."""

    address: Annotated[str, Meta(min_length=1, max_length=330)]


@api.get(
    "/accounts/{account_id}/reach",
    needs=Right.CONVERSATIONS_REPLY,
    raises=(NoSuchAccount, AccountDisabled, BadAddress),
)
async def reached(request: Request, account_id: AccountId, query: ReachQuery) -> Reach:
    """How an address is understood, whose it is, and whether this account may write to it."""
    hub = request.hub
    found = await reach(hub.db, hub.carriers, account_id, query.address, region=hub.settings.phone_region)
    return found if request.caller.may(Right.CUSTOMERS_READ) else msgspec.structs.replace(found, customer=None)
