"""What one was told."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from hub.api.endpoint import SIGNED_IN, Page, Request, Router
from hub.api.paging import Cursor, Limit, page
from hub.auth.errors import NeedsUser
from hub.conversations.queries import seen_among
from hub.db.keyset import BadCursor, Number, read_cursor
from hub.errors import Invalid
from hub.ids import ConversationId, MessageId, UserId
from hub.notifications.service import Notification
from hub.notifications.telling import Kind

api = Router(tag="notifications")


class NotificationView(msgspec.Struct, kw_only=True):
    """One thing one was told. `text`: how the note begins, or what the conversation is about; empty where it is out of sight now."""

    id: UUID
    kind: Kind
    conversation_id: ConversationId
    message_id: MessageId | None
    by_id: UserId | None
    by_name: str
    text: str
    at: datetime
    read: bool


class NotificationQuery(msgspec.Struct, kw_only=True):
    """All, or those not read."""

    unread: bool = False
    cursor: Cursor | None = None
    limit: Limit = 50


class ReadNotifications(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Which ones were read: some, or all."""

    ids: Annotated[list[UUID], Meta(max_length=200)] = []
    all: bool = False


class UnreadCount(msgspec.Struct, kw_only=True):
    """How many were not read."""

    unread: int


@api.get("/notifications", needs=SIGNED_IN, raises=(NeedsUser, BadCursor))
async def list_(request: Request, query: NotificationQuery) -> Page[NotificationView]:
    """What one was told, newest first."""
    found = await request.hub.notifications.listed(
        request.caller, unread=query.unread, before_n=read_cursor(query.cursor, Number), limit=query.limit + 1
    )
    ids = {one.conversation_id for one in found}
    seen = await seen_among(request.hub.db, ids, request.caller)
    return page(found, query.limit, view=lambda one: _view(one, one.conversation_id in seen), key=lambda one: one.n)


@api.get("/notifications/count", needs=SIGNED_IN, raises=(NeedsUser,))
async def count(request: Request) -> UnreadCount:
    """How many were not read."""
    return UnreadCount(unread=await request.hub.notifications.unread(request.caller))


@api.post("/notifications/read", needs=SIGNED_IN, raises=(NeedsUser, Invalid))
async def read(request: Request, body: ReadNotifications) -> UnreadCount:
    """Some, or all, were read; how many are left. Reading a conversation does the same for what was told of it."""
    if body.all == bool(body.ids):
        raise Invalid("give either ids, or all")
    return UnreadCount(unread=await request.hub.notifications.read(request.caller, None if body.all else body.ids))


def _view(one: Notification, is_seen: bool) -> NotificationView:
    return NotificationView(
        id=one.id,
        kind=one.kind,
        conversation_id=one.conversation_id,
        message_id=one.message_id,
        by_id=one.by_id,
        by_name=one.by_name,
        text=one.text if is_seen else "",
        at=one.at,
        read=one.read_at is not None,
    )
