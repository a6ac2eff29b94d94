"""Tags over HTTP."""

from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from hub.api.endpoint import Request, Router
from hub.auth.rights import Right
from hub.conversations.errors import Merged, NoSuchConversation, NoSuchTag, TagNameTaken
from hub.conversations.tags import Tag
from hub.conversations.values import ConversationView
from hub.errors import Invalid
from hub.ids import ConversationId

api = Router(tag="tags")

Name = Annotated[str, Meta(min_length=1, max_length=50)]
Colour = Annotated[str, Meta(pattern="^(#[0-9a-fA-F]{6}|[a-z]{1,16})$")]


class TagCreate(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A tag to be made; `colour` as `#rrggbb` or a name of the palette."""

    name: Name
    colour: Colour = "grey"


class TagPatch(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What shall be different."""

    name: Name | None = None
    colour: Colour | None = None


@api.get("/tags", needs=Right.CONVERSATIONS_READ)
async def list_(request: Request) -> list[Tag]:
    """All tags, by name."""
    return await request.hub.tags.listed()


@api.post("/tags", needs=Right.QUEUES_MANAGE, status=201, raises=(TagNameTaken, Invalid))
async def create(request: Request, body: TagCreate) -> Tag:
    """Make a tag."""
    return await request.hub.tags.add(body.name, body.colour, by=request.caller)


@api.patch("/tags/{tag_id}", needs=Right.QUEUES_MANAGE, raises=(NoSuchTag, TagNameTaken, Invalid))
async def change(request: Request, tag_id: UUID, body: TagPatch) -> Tag:
    """Rename or recolour a tag, in all its conversations."""
    return await request.hub.tags.change(tag_id, name=body.name, colour=body.colour, by=request.caller)


@api.delete("/tags/{tag_id}", needs=Right.QUEUES_MANAGE, raises=(NoSuchTag,))
async def remove(request: Request, tag_id: UUID) -> None:
    """Delete a tag, and take it from its conversations."""
    await request.hub.tags.remove(tag_id, by=request.caller)


@api.put(
    "/conversations/{conversation_id}/tags/{name}",
    needs=Right.CONVERSATIONS_REPLY,
    raises=(NoSuchConversation, NoSuchTag, Merged),
)
async def put(request: Request, conversation_id: ConversationId, name: str) -> ConversationView:
    """Mark a conversation."""
    return await request.hub.tags.put(conversation_id, name, by=request.caller)


@api.delete(
    "/conversations/{conversation_id}/tags/{name}",
    needs=Right.CONVERSATIONS_REPLY,
    status=200,
    raises=(NoSuchConversation, Merged),
)
async def take(request: Request, conversation_id: ConversationId, name: str) -> ConversationView:
    """Take the mark away."""
    return await request.hub.tags.take(conversation_id, name, by=request.caller)
