"""Full-text search over HTTP."""

from typing import Annotated

import msgspec
from msgspec import Meta

from hub.api.endpoint import Page, Request, Router
from hub.auth.rights import Right
from hub.conversations.search import Hit, search
from hub.db.keyset import BadCursor, Number, read_cursor, write_cursor

api = Router(tag="search")


class SearchQuery(msgspec.Struct):
    """What to look for: every word must be there; words may be Chinese."""

    q: Annotated[str, Meta(min_length=1, max_length=200)]
    cursor: str | None = None
    limit: Annotated[int, Meta(ge=1, le=100)] = 20


@api.get("/search", needs=Right.CONVERSATIONS_READ, raises=(BadCursor,))
async def find(request: Request, query: SearchQuery) -> Page[Hit]:
    """Messages with these words, newest first."""
    before = read_cursor(query.cursor, Number)
    hits = await search(request.hub.db, request.caller, query.q, before=before, limit=query.limit)
    return Page(items=hits.items, next_cursor=write_cursor(hits.before) if hits.before is not None else None)
