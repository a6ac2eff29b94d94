"""Actions on many conversations over HTTP; merge and split."""

from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from hub.api.endpoint import Request, Router
from hub.auth.rights import Right
from hub.conversations.actions import Action
from hub.conversations.bulk import BulkView
from hub.conversations.errors import (
    Merged,
    NoSuchAgent,
    NoSuchBulk,
    NoSuchConversation,
    NoSuchMessage,
    NoSuchTag,
    NotMergeable,
    NotUndoable,
)
from hub.conversations.filters import Filter
from hub.conversations.values import ConversationView
from hub.errors import Invalid
from hub.ids import ConversationId, MessageId, QueueId
from hub.routing.errors import NoSuchQueue

api = Router(tag="bulk")


class BulkCreate(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What to do with the conversations named, or with all that a filter finds (as `GET /conversations` takes it)."""

    action: Action
    ids: Annotated[list[ConversationId], Meta(max_length=1_000)] | None = None
    filter: Filter | None = None


class MergeInto(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The conversation that stays."""

    into_id: ConversationId


class SplitOff(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The messages that go."""

    message_ids: Annotated[list[MessageId], Meta(min_length=1, max_length=500)]


class Split(msgspec.Struct, kw_only=True):
    """What a split made."""

    conversation: ConversationView


@api.post(
    "/conversations/bulk", needs=Right.CONVERSATIONS_REPLY, status=201, raises=(NoSuchQueue, NoSuchAgent, NoSuchTag, Invalid)
)
async def start(request: Request, body: BulkCreate) -> BulkView:
    """Do one thing to many conversations; those the caller cannot see are left out. What takes longer goes on by itself."""
    if (body.ids is None) == (body.filter is None):
        raise Invalid("give either ids or a filter", path="ids")
    if body.action.kind == "assign":
        request.caller.require(Right.CONVERSATIONS_ASSIGN)
    if body.action.queue_id is not None:
        await request.hub.routing.queues.get(QueueId(body.action.queue_id))
    what = body.filter if body.filter is not None else body.ids or []
    return await request.hub.bulk.start(what, body.action, by=request.caller)


@api.get("/conversations/bulk/{bulk_id}", needs=Right.CONVERSATIONS_REPLY, raises=(NoSuchBulk,))
async def get(request: Request, bulk_id: UUID) -> BulkView:
    """How far it is."""
    return await request.hub.bulk.get(bulk_id, by=request.caller)


@api.post("/conversations/bulk/{bulk_id}/undo", needs=Right.CONVERSATIONS_REPLY, status=201, raises=(NoSuchBulk, NotUndoable))
async def undo(request: Request, bulk_id: UUID) -> BulkView:
    """Put everything back where nothing happened since; an action of its own, with its own progress."""
    return await request.hub.bulk.undo(bulk_id, by=request.caller)


@api.post(
    "/conversations/{conversation_id}/merge",
    needs=Right.CONVERSATIONS_REPLY,
    raises=(NoSuchConversation, Merged, NotMergeable),
)
async def merge(request: Request, conversation_id: ConversationId, body: MergeInto) -> ConversationView:
    """Move everything into another conversation, which is returned; this one stays as an alias of it."""
    return await request.hub.merging.merge(conversation_id, body.into_id, by=request.caller)


@api.post("/conversations/{conversation_id}/unmerge", needs=Right.CONVERSATIONS_REPLY, raises=(NoSuchConversation, NotMergeable))
async def unmerge(request: Request, conversation_id: ConversationId) -> ConversationView:
    """Separate a merged conversation again; it is returned."""
    return await request.hub.merging.unmerge(conversation_id, by=request.caller)


@api.post(
    "/conversations/{conversation_id}/split",
    needs=Right.CONVERSATIONS_REPLY,
    status=201,
    raises=(NoSuchConversation, NoSuchMessage, Merged, Invalid),
)
async def split(request: Request, conversation_id: ConversationId, body: SplitOff) -> Split:
    """Move some messages into a new conversation; merging that one back undoes it."""
    made = await request.hub.merging.split(conversation_id, body.message_ids, by=request.caller)
    return Split(conversation=made)
