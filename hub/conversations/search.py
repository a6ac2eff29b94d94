"""Full-text search over messages, Chinese and English, newest first, within what the caller may see."""

from dataclasses import dataclass
from datetime import datetime

import msgspec

from hub.auth.callers import Caller
from hub.conversations.policy import Args, visible_to
from hub.conversations.queries import views
from hub.conversations.store import conversation_of
from hub.conversations.values import ConversationView
from hub.db import Database
from hub.ids import MessageId
from hub.messages.grams import query

RARE = 1_000
"""Up to so many hits a word counts as rare: then the index is asked first. Above, walking back from the newest message is faster."""

SNIPPET = 160


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
    args = Args([asked, before if before is not None else 2**62])
    seen = visible_to(caller, args)
    size = args.add(limit + 1)
    rows = await db.fetch(await _statement(db, asked, seen, size), *args)
    page = rows[:limit]
    found = {row["conversation_id"] for row in page}
    stored = await db.fetch("SELECT * FROM conversation WHERE id = ANY($1::uuid[])", sorted(found))
    shown = {view.id: view for view in await views(db, [conversation_of(row) for row in stored], caller)}
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


async def _statement(db: Database, asked: str, seen: str, size: str) -> str:
    columns = "m.id, m.n, m.conversation_id, m.subject, m.text, m.created_at"
    if db.dialect == "sqlite":
        return f"""
            SELECT {columns} FROM message_grams g JOIN message m ON m.n = g.rowid JOIN conversation c ON c.id = m.conversation_id
            WHERE g.message_grams MATCH $1 AND g.rowid < $2 AND {seen} ORDER BY g.rowid DESC LIMIT {size}
        """
    if not await _is_rare(db, asked):
        return f"""
            SELECT {columns} FROM message m JOIN conversation c ON c.id = m.conversation_id
            WHERE m.grams @@ $1::text::tsquery AND m.n < $2 AND {seen} ORDER BY m.n DESC LIMIT {size}
        """
    # Left to itself the planner walks back from the newest message and reads nearly all of them to find a rare word.
    return f"""
        WITH hit AS MATERIALIZED (SELECT n FROM message WHERE grams @@ $1::text::tsquery AND n < $2)
        SELECT {columns} FROM hit JOIN message m ON m.n = hit.n JOIN conversation c ON c.id = m.conversation_id
        WHERE {seen} ORDER BY m.n DESC LIMIT {size}
    """


async def _is_rare(db: Database, asked: str) -> bool:
    """Counts hits up to `RARE` and no further. A common word is found among the newest messages at once, so the count ends early."""
    rows = await db.fetch(
        f"""
        SELECT count(*) AS hits FROM (
            SELECT 1 FROM message WHERE grams @@ $1::text::tsquery
            AND n > (SELECT coalesce(max(n), 0) - {RARE * 20} FROM message) LIMIT 50) AS newest
        """,
        asked,
    )
    return int(rows[0]["hits"]) < 50


def snippet(subject: str, text: str, asked: str) -> str:
    """The text around the first word found, on one line; the beginning where none stands there literally."""
    flat = " ".join(f"{subject} — {text}".split()) if subject else " ".join(text.split())
    low = flat.casefold()
    places = [place for word in asked.casefold().split() if (place := low.find(word)) >= 0]
    start = max(0, min(places) - SNIPPET // 4) if places else 0
    return ("…" if start else "") + flat[start : start + SNIPPET] + ("…" if start + SNIPPET < len(flat) else "")
