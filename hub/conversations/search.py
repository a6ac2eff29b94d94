"""Full-text search over messages, Chinese and English, newest first, within what the caller may see."""

from dataclasses import dataclass
from datetime import datetime

import msgspec

from hub.auth.callers import Caller
from hub.conversations.listing import views_by_id
from hub.conversations.policy import Args, visible_to
from hub.conversations.values import ConversationView
from hub.db import Database, Row
from hub.ids import MessageId
from hub.messages.grams import query

NEWEST = 1_000
"""Messages among which hits are looked for first: a common word fills a page from them."""

COMMON = 3
"""Hits among the `NEWEST` from which a word counts as common. Below, so few messages hold it that the index names all at once."""

SNIPPET = 160


_COLUMNS = "m.id, m.n, m.conversation_id, m.subject, m.text, m.created_at"
_FTS5 = f"""
SELECT {_COLUMNS} FROM message_grams g JOIN message m ON m.n = g.rowid JOIN conversation c ON c.id = m.conversation_id
WHERE g.message_grams MATCH $1 AND g.rowid < $2 AND {{seen}} ORDER BY g.rowid DESC LIMIT $3"""

# PostgreSQL guesses badly how many messages hold a word, and both of its ways are a thousand times too slow for the wrong one: so
# each statement leaves it only one.
_AMONG_NEWEST = f"""
SELECT {_COLUMNS}, {{seen}} AS seen, (SELECT n FROM message WHERE n < $2 ORDER BY n DESC OFFSET {NEWEST - 1} LIMIT 1) AS oldest FROM (
    SELECT * FROM (SELECT * FROM message WHERE n < $2 ORDER BY n DESC LIMIT {NEWEST}) newest
    WHERE grams @@ $1::text::tsquery ORDER BY n DESC LIMIT $3
) m JOIN conversation c ON c.id = m.conversation_id ORDER BY m.n DESC"""
_WALK = f"""
SELECT m.* FROM (SELECT n, grams FROM message WHERE n < $2 ORDER BY n DESC OFFSET 0) newest CROSS JOIN LATERAL (
    SELECT {_COLUMNS} FROM message m JOIN conversation c ON c.id = m.conversation_id WHERE m.n = newest.n AND {{seen}} LIMIT 1
) m WHERE newest.grams @@ $1::text::tsquery LIMIT $3"""
_BY_INDEX = f"""
WITH hit AS MATERIALIZED (SELECT n FROM message WHERE grams @@ $1::text::tsquery)
SELECT m.* FROM (SELECT n FROM hit WHERE n < $2 ORDER BY n DESC OFFSET 0) newest CROSS JOIN LATERAL (
    SELECT {_COLUMNS} FROM message m JOIN conversation c ON c.id = m.conversation_id WHERE m.n = newest.n AND {{seen}} LIMIT 1
) m LIMIT $3"""


class FoundMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A message that holds the words, with what stands around the first of them."""

    id: MessageId
    n: int
    snippet: str
    created_at: datetime


class Hit(msgspec.Struct, frozen=True, kw_only=True):
    """A message and the conversation it is in."""

    conversation: ConversationView
    message: FoundMessage


@dataclass(frozen=True, slots=True, kw_only=True)
class Hits:
    """A page of hits; `before` is where the next one begins."""

    items: list[Hit]
    before: int | None


async def search(db: Database, caller: Caller, text: str, *, before: int | None, limit: int) -> Hits:
    """Messages that hold every word of `text`, newest first."""
    asked = query(text, db.dialect)
    if asked is None:
        return Hits(items=[], before=None)
    rows = await _found(db, caller, asked, 2**62 if before is None else before, limit + 1)
    page = rows[:limit]
    found = {row["conversation_id"] for row in page}
    shown = await views_by_id(db, found, caller)
    items = [
        Hit(
            conversation=shown[row["conversation_id"]],
            message=FoundMessage(
                id=row["id"], n=row["n"], snippet=snippet(row["subject"], row["text"], text), created_at=row["created_at"]
            ),
        )
        for row in page
    ]
    return Hits(items=items, before=page[-1]["n"] if len(rows) > limit else None)


async def _found(db: Database, caller: Caller, asked: str, before: int, count: int) -> list[Row]:
    args = Args([asked, before, count])
    seen = visible_to(caller, args)
    if db.dialect == "sqlite":
        return await db.fetch(_FTS5.format(seen=seen), *args)
    newest = await db.fetch(_AMONG_NEWEST.format(seen=seen), *args)
    if len(newest) < min(COMMON, count):
        return await db.fetch(_BY_INDEX.format(seen=seen), *args)
    found = [row for row in newest if row["seen"]]
    beyond = newest[-1]["n"] if len(newest) == count else newest[-1]["oldest"]
    if len(found) == count or beyond is None:  # None: there are no more than these
        return found
    return found + await db.fetch(_WALK.format(seen=seen), asked, beyond, count - len(found), *args[3:])


def snippet(subject: str, text: str, asked: str) -> str:
    """The text around the first word found, on one line; the beginning where none stands there literally."""
    flat = " ".join(f"{subject} — {text}".split()) if subject else " ".join(text.split())
    low = flat.casefold()
    places = [place for word in asked.casefold().split() if (place := low.find(word)) >= 0]
    start = max(0, min(places) - SNIPPET // 4) if places else 0
    return ("…" if start else "") + flat[start : start + SNIPPET] + ("…" if start + SNIPPET < len(flat) else "")
