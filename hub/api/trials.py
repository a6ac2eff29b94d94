"""Trying an account by a message, over HTTP."""

from typing import Annotated

import msgspec
from msgspec import Meta

from hub.accounts.errors import AccountDisabled, NoSuchAccount
from hub.api.endpoint import Request, Router
from hub.auth.rights import Right
from hub.conversations.errors import NoSuchMessage
from hub.conversations.values import MessageView
from hub.delivery.errors import Refused
from hub.errors import Invalid
from hub.ids import AccountId, MessageId
from hub.messages.address import BadAddress

api = Router(tag="accounts")


class TestMessageCreate(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What to send for a test, and to whom."""

    to: Annotated[str, Meta(min_length=1, max_length=330)]
    text: Annotated[str, Meta(min_length=1, max_length=2_000)]


@api.post(
    "/accounts/{account_id}/test-message",
    needs=Right.ACCOUNTS_MANAGE,
    status=201,
    raises=(NoSuchAccount, AccountDisabled, BadAddress, Invalid, Refused),
)
async def send_test(request: Request, account_id: AccountId, body: TestMessageCreate) -> MessageView:
    """Send a message for real, to see that the account works. Ask for it by its id to learn what became of it."""
    return await request.hub.trials.send(account_id, body.to, body.text, by=request.caller)


@api.get("/accounts/{account_id}/test-message/{message_id}", needs=Right.ACCOUNTS_MANAGE, raises=(NoSuchMessage,))
async def sent_test(request: Request, account_id: AccountId, message_id: MessageId) -> MessageView:
    """A test message with its deliveries."""
    return await request.hub.trials.get(account_id, message_id)
