"""Texts to answer with."""

from uuid import UUID

import msgspec

from hub.api.endpoint import Request, Router
from hub.auth.rights import Right

api = Router(tag="canned-replies")


class CannedReply(msgspec.Struct, kw_only=True):
    """A text, called up by `/shortcut` in the composer."""

    id: UUID
    shortcut: str
    title: str
    text: str
    locale: str


@api.get("/canned-replies", needs=Right.CONVERSATIONS_REPLY)
async def list_(request: Request) -> list[CannedReply]:
    """All of them, by shortcut."""
    rows = await request.hub.db.fetch("SELECT id, shortcut, title, text, locale FROM canned_reply ORDER BY shortcut, locale")
    return [CannedReply(**dict(row.items())) for row in rows]
