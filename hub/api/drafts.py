"""Drafts over HTTP: what the caller is writing, the same on every page of theirs."""

from typing import Annotated

import msgspec
from msgspec import Meta

from hub.api.endpoint import Request, Router
from hub.auth.errors import NeedsUser
from hub.auth.rights import Right
from hub.conversations.drafts import DraftContent, DraftView, Mode
from hub.conversations.errors import Merged, NoSuchConversation, NoSuchDraft
from hub.errors import Stale
from hub.ids import ConversationId

api = Router(tag="drafts")


class DraftPut(DraftContent, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """What is written so far; `revision` as last read, 0 where there was no draft."""

    revision: Annotated[int, Meta(ge=0)]


class DraftQuery(msgspec.Struct):
    """`revision` as last read: refused where the draft was changed since."""

    revision: int | None = None


@api.get("/conversations/{conversation_id}/drafts", needs=Right.CONVERSATIONS_REPLY, raises=(NoSuchConversation, NeedsUser))
async def list_(request: Request, conversation_id: ConversationId) -> list[DraftView]:
    """What the caller is writing there."""
    return await request.hub.drafts.of(conversation_id, by=request.caller)


@api.get(
    "/conversations/{conversation_id}/drafts/{mode}",
    needs=Right.CONVERSATIONS_REPLY,
    raises=(NoSuchConversation, NoSuchDraft, NeedsUser),
)
async def get(request: Request, conversation_id: ConversationId, mode: Mode) -> DraftView:
    """The caller's draft of an answer or of a note."""
    return await request.hub.drafts.get(conversation_id, mode, by=request.caller)


@api.put(
    "/conversations/{conversation_id}/drafts/{mode}",
    needs=Right.CONVERSATIONS_REPLY,
    raises=(NoSuchConversation, Merged, Stale, NeedsUser),
)
async def put(request: Request, conversation_id: ConversationId, mode: Mode, body: DraftPut) -> DraftView:
    """Keep it. 409 `stale` where another page of the caller's changed, sent or threw it away since `revision`."""
    content = msgspec.convert(body, DraftContent, from_attributes=True)
    return await request.hub.drafts.put(conversation_id, mode, content, revision=body.revision, by=request.caller)


@api.delete(
    "/conversations/{conversation_id}/drafts/{mode}",
    needs=Right.CONVERSATIONS_REPLY,
    raises=(NoSuchConversation, Stale, NeedsUser),
)
async def delete(request: Request, conversation_id: ConversationId, mode: Mode, query: DraftQuery) -> None:
    """Throw it away."""
    await request.hub.drafts.drop(conversation_id, mode, revision=query.revision, by=request.caller)
