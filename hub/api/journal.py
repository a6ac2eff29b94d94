"""What arrived and could not be filed, and reading anew what was."""

from typing import Annotated, Literal

import msgspec
from aiohttp import web
from msgspec import Meta

from hub.api.endpoint import Page, Request, Router
from hub.api.files import disposition
from hub.auth import audit
from hub.auth.rights import Right
from hub.db.keyset import BadCursor, Number, read_cursor, write_cursor
from hub.ids import JournalId
from hub.intake.errors import NoSuchJournalEntry, NothingToRead, ParserFailed
from hub.intake.queries import JournalView, listed, raw_of

api = Router(tag="journal")


class JournalQuery(msgspec.Struct):
    """Which entries."""

    state: Literal["pending", "filed", "poison"] = "poison"
    cursor: str | None = None
    limit: Annotated[int, Meta(ge=1, le=200)] = 50


class Replayed(msgspec.Struct, kw_only=True):
    """What became of the entry: "pending" (will be filed again) or "filed" (its message was read anew)."""

    state: str


@api.get("/journal", needs=Right.SYSTEM_MANAGE, raises=(BadCursor,))
async def list_(request: Request, query: JournalQuery) -> Page[JournalView]:
    """Entries of the journal, the oldest first."""
    after = read_cursor(query.cursor, Number) or 0
    items, following = await listed(request.hub.db, state=query.state, after=after, limit=query.limit)
    return Page(items=items, next_cursor=write_cursor(following) if following is not None else None)


@api.get(
    "/journal/{journal_id}/raw", needs=Right.SYSTEM_MANAGE, raises=(NoSuchJournalEntry,), produces="application/octet-stream"
)
async def raw(request: Request, journal_id: JournalId) -> web.Response:
    """The bytes as received."""
    content = await raw_of(request.hub.db, request.hub.media, journal_id)
    headers = {"Content-Type": "application/octet-stream", "Content-Disposition": disposition("message.eml")}
    return web.Response(body=content, headers=headers)


@api.post("/journal/{journal_id}/replay", needs=Right.SYSTEM_MANAGE, raises=(NoSuchJournalEntry, NothingToRead, ParserFailed))
async def replay(request: Request, journal_id: JournalId) -> Replayed:
    """Read the entry once more."""
    state = await request.hub.replay.again(journal_id)
    async with request.hub.db.unit_of_work() as work:
        await audit.record(work, request.caller, "journal.replay", subject=("journal", journal_id))
    return Replayed(state=state)
