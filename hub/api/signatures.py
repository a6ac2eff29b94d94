"""What an account adds to what is written, over HTTP."""

from hub.accounts.errors import AccountDisabled, NoSuchAccount
from hub.api.endpoint import Request, Router
from hub.auth.rights import Right
from hub.delivery.signatures import Signature, signature
from hub.ids import AccountId

api = Router(tag="accounts")


@api.get("/accounts/{account_id}/signature", needs=Right.CONVERSATIONS_REPLY, raises=(NoSuchAccount, AccountDisabled))
async def signed(request: Request, account_id: AccountId) -> Signature:
    """What will stand below a message by this account."""
    return await signature(request.hub.carriers, account_id)
