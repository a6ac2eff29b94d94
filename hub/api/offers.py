"""What is offered to the caller, and why things wait, over HTTP."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from hub.api.endpoint import Request, Router
from hub.auth.errors import NeedsUser
from hub.auth.rights import Right
from hub.conversations import queries
from hub.conversations.errors import NoSuchConversation
from hub.ids import ConversationId, OfferId
from hub.routing.errors import NoSuchOffer, OfferGone
from hub.routing.service import MyOffer

api = Router(tag="offers")


class Accepted(msgspec.Struct):
    """What was offered is the caller's now."""

    conversation_id: ConversationId


class Waiting(msgspec.Struct):
    """Why a conversation has no agent yet; all null when it does not wait for one."""

    reason_code: str | None
    params: Mapping[str, Any]
    since: datetime | None


@api.get("/offers", needs=Right.CONVERSATIONS_REPLY, raises=(NeedsUser,))
async def list_(request: Request) -> list[MyOffer]:
    """What is offered to the caller now, oldest first."""
    return await request.hub.routing.offers(request.caller)


@api.post("/offers/{offer_id}/accept", needs=Right.CONVERSATIONS_REPLY, raises=(NoSuchOffer, OfferGone))
async def accept(request: Request, offer_id: OfferId) -> Accepted:
    """Take it. Saying it twice is saying it once."""
    return Accepted(await request.hub.routing.accept(offer_id, by=request.caller))


@api.post("/offers/{offer_id}/refuse", needs=Right.CONVERSATIONS_REPLY, raises=(NoSuchOffer,))
async def refuse(request: Request, offer_id: OfferId) -> None:
    """Leave it to somebody else."""
    await request.hub.routing.refuse(offer_id, by=request.caller)


@api.get("/conversations/{conversation_id}/waiting", needs=Right.CONVERSATIONS_READ, raises=(NoSuchConversation,))
async def waiting(request: Request, conversation_id: ConversationId) -> Waiting:
    """Why it waits."""
    await queries.conversation(request.hub.db, conversation_id, request.caller)
    reason = await request.hub.routing.waiting_reason(conversation_id)
    if reason is None:
        return Waiting(None, {}, None)
    return Waiting(reason.reason_code, reason.params, reason.since)
