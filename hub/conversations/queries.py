"""Reading conversations and messages: lists by key set, timelines, counters. No statement here counts or skips over a whole table."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from hub.auth.callers import Caller
from hub.conversations.errors import NoSuchConversation, NoSuchMessage
from hub.conversations.lifecycle import Conversation
from hub.conversations.policy import Args, visible_to
from hub.conversations.store import conversation_of
from hub.conversations.values import AttachmentView, ConversationView, MessageView, Party
from hub.conversations.views import conversation_views
from hub.db import Reads, Row
from hub.db.keyset import Number, read_cursor, write_cursor
from hub.ids import ConversationId, MessageId, UserId
from hub.messages.address import AddressKind, ChannelKind
from hub.messages.content import Direction, MessageKind
from hub.messages.states import DeliveryState, SendFailure

View = Literal["mine", "unassigned", "all", "snoozed", "closed"]

_MESSAGE = """
    m.id, m.n, m.conversation_id, m.channel, m.account_id, m.direction, m.kind, m.from_kind, m.from_value, m.from_name, m.author_id,
    m.recipients, m.subject, m.text, m.reply_text, m.has_html, m.attachments, m.status, m.status_detail, m.failure, m.notices, m.extra,
    m.client_key, m.journal_id, m.created_at
"""


_Key = tuple[Annotated[datetime, Meta(tz=True)], Number]
"""What orders a list of conversations."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which conversations a list shows. `sort`: newest first, or the longest waiting first (closed ones wait no more: newest first)."""

    view: View = "all"
    waiting_for: str | None = None
    queue_id: UUID | None = None
    assignee_id: UUID | None = None
    channel: str | None = None
    customer_id: UUID | None = None
    ticket_id: UUID | None = None
    sort: Literal["newest", "waiting"] = "newest"


async def conversation(reads: Reads, id: ConversationId, caller: Caller) -> Conversation:
    """One conversation as stored; raises `NoSuchConversation` where the caller may not see it."""
    args = Args([id])
    rows = await reads.fetch(f"SELECT c.* FROM conversation c WHERE c.id = $1 AND {visible_to(caller, args)}", *args)
    if not rows:
        raise NoSuchConversation()
    return conversation_of(rows[0])


async def view(reads: Reads, id: ConversationId, caller: Caller) -> ConversationView:
    """One conversation as the caller sees it."""
    found = await conversation(reads, id, caller)
    return (await views(reads, [found], caller))[0]


async def views(reads: Reads, found: Sequence[Conversation], caller: Caller) -> list[ConversationView]:
    """Conversations as the caller sees them, in the order given."""
    marks = await _read_marks(reads, caller.user_id, [c.id for c in found])
    by_id = await conversation_views(reads, found, read_marks=marks)
    return [by_id[c.id] for c in found]


async def _read_marks(reads: Reads, user_id: UserId | None, ids: Sequence[ConversationId]) -> dict[ConversationId, int] | None:
    if user_id is None or not ids:
        return None
    rows = await reads.fetch(
        "SELECT conversation_id, read_n FROM conversation_read WHERE user_id = $1 AND conversation_id = ANY($2::uuid[])",
        user_id,
        list(ids),
    )
    return {row["conversation_id"]: row["read_n"] for row in rows}


async def read_mark(reads: Reads, user_id: UserId | None, id: ConversationId) -> int:
    """The number of the last message that came in and that this user has read; 0 for none."""
    return (await _read_marks(reads, user_id, [id]) or {}).get(id, 0)


async def listed(
    reads: Reads, caller: Caller, wanted: Filter, *, cursor: str | None, limit: int
) -> tuple[list[ConversationView], str | None]:
    """A page of conversations and the cursor of the next; a deep page costs what the first one costs."""
    args = Args()
    where = [visible_to(caller, args), *_conditions(wanted, caller, args)]
    key, direction, beyond = ("waiting_since", "ASC", ">") if _by_waiting(wanted) else ("last_message_at", "DESC", "<")
    if cursor:
        at, n = read_cursor(cursor, _Key)
        where.append(f"(c.{key}, c.n) {beyond} ({args.add(at)}, {args.add(n)})")
    sql = f"""
        SELECT c.* FROM conversation c WHERE {" AND ".join(where)}
        ORDER BY c.{key} {direction}, c.n {direction} LIMIT {args.add(limit + 1)}
    """
    found = [conversation_of(row) for row in await reads.fetch(sql, *args)]
    page = found[:limit]
    last = page[-1] if len(found) > limit else None
    next_cursor = write_cursor((getattr(last, key), last.n)) if last else None
    return await views(reads, page, caller), next_cursor


def _by_waiting(wanted: Filter) -> bool:
    return wanted.sort == "waiting" and wanted.view != "closed"


def _conditions(wanted: Filter, caller: Caller, args: Args) -> list[str]:
    where = []
    match wanted.view:
        case "mine":
            where += ["c.state = 'open'", f"c.assignee_id = {args.add(caller.user_id)}"]
        case "unassigned":
            where += ["c.state = 'open'", "c.assignee_id IS NULL"]
        case "snoozed":
            where.append("c.state = 'snoozed'")
        case "closed":
            where.append("c.state = 'closed'")
        case "all":
            if wanted.customer_id is None and wanted.ticket_id is None:
                where.append("c.state = 'open'")
    for column, value in (
        ("waiting_for", wanted.waiting_for),
        ("queue_id", wanted.queue_id),
        ("assignee_id", wanted.assignee_id),
        ("channel", wanted.channel),
    ):
        if value is not None:
            where.append(f"c.{column} = {args.add(value)}")
    for table, value in (("customer", wanted.customer_id), ("ticket", wanted.ticket_id)):
        if value is not None:
            linked = f"SELECT conversation_id FROM conversation_{table} WHERE {table}_id = {args.add(value)}"
            where.append(f"c.id IN ({linked})")
    return where


async def counts(reads: Reads, caller: Caller) -> dict[str, dict[str, int]]:
    """Open and snoozed conversations by holder and by whose turn it is. Closed ones, which are without end, are not counted."""
    args = Args()
    seen = visible_to(caller, args)
    mine = args.add(caller.user_id)
    rows = await reads.fetch(
        f"""
        SELECT c.state, c.waiting_for, CASE WHEN c.assignee_id IS NULL THEN 'unassigned'
               WHEN c.assignee_id = {mine}::uuid THEN 'mine' ELSE 'others' END AS holder, count(*) AS total
        FROM conversation c WHERE c.state IN ('open', 'snoozed') AND {seen} GROUP BY 1, 2, 3
        """,
        *args,
    )
    totals: dict[str, dict[str, int]] = {name: {} for name in ("mine", "unassigned", "all", "snoozed")}
    for row in rows:
        for name in _counted_in(row["state"], row["holder"]):
            totals[name][row["waiting_for"]] = totals[name].get(row["waiting_for"], 0) + row["total"]
    return totals


def _counted_in(state: str, holder: str) -> tuple[str, ...]:
    if state == "snoozed":
        return ("snoozed",)
    return ("all",) if holder == "others" else ("all", holder)


def message_of(row: Row) -> MessageView:
    """A message from its row."""
    recipients = row["recipients"]
    return MessageView(
        id=row["id"],
        n=row["n"],
        conversation_id=row["conversation_id"],
        channel=ChannelKind(row["channel"]),
        account_id=row["account_id"],
        direction=Direction(row["direction"]),
        kind=MessageKind(row["kind"]),
        from_=Party(
            kind=AddressKind(row["from_kind"]) if row["from_kind"] else None,
            address=row["from_value"] or "",
            name=row["from_name"],
            user_id=row["author_id"],
        ),
        to=_parties(recipients.get("to")),
        cc=_parties(recipients.get("cc")),
        subject=row["subject"],
        text=row["text"],
        reply_text=row["reply_text"],
        has_html=row["has_html"],
        attachments=msgspec.convert(row["attachments"], tuple[AttachmentView, ...]),
        status=DeliveryState(row["status"]) if row["status"] else None,
        status_detail=row["status_detail"],
        failure=SendFailure(row["failure"]) if row["failure"] else None,
        notices=tuple(row["notices"]),
        extra=row["extra"],
        author_id=row["author_id"],
        client_key=row["client_key"],
        journal_id=row["journal_id"],
        created_at=row["created_at"],
    )


def _parties(stored: Any) -> tuple[Party, ...]:
    return msgspec.convert(stored or (), tuple[Party, ...])


async def message(reads: Reads, id: MessageId, caller: Caller) -> MessageView:
    """One message; raises `NoSuchMessage` where the caller may not see its conversation."""
    args = Args([id])
    rows = await reads.fetch(
        f"""
        SELECT {_MESSAGE} FROM message m JOIN conversation c ON c.id = m.conversation_id
        WHERE m.id = $1 AND {visible_to(caller, args)}
        """,
        *args,
    )
    if not rows:
        raise NoSuchMessage()
    return message_of(rows[0])


async def timeline(
    reads: Reads, id: ConversationId, *, before: int | None = None, after: int | None = None, limit: int = 50
) -> list[MessageView]:
    """The messages of a conversation next to a number, oldest first: the last `limit` where neither bound is given.

    The caller's sight of the conversation has been checked.
    """
    if after is not None:
        sql = f"SELECT {_MESSAGE} FROM message m WHERE m.conversation_id = $1 AND m.n > $2 ORDER BY m.n LIMIT $3"
        return [message_of(row) for row in await reads.fetch(sql, id, after, limit)]
    sql = f"SELECT {_MESSAGE} FROM message m WHERE m.conversation_id = $1 AND m.n < $2 ORDER BY m.n DESC LIMIT $3"
    rows = await reads.fetch(sql, id, before if before is not None else 2**62, limit)
    return [message_of(row) for row in reversed(rows)]


async def messages(
    reads: Reads, caller: Caller, *, direction: str | None, channel: str | None, after: int, limit: int
) -> list[MessageView]:
    """Messages of all conversations the caller sees, oldest first, from a number on."""
    args = Args([after])
    where = ["m.n > $1", visible_to(caller, args)]
    if direction is not None:
        where.append(f"m.direction = {args.add(direction)}")
    if channel is not None:
        where.append(f"m.channel = {args.add(channel)}")
    sql = f"""
        SELECT {_MESSAGE} FROM message m JOIN conversation c ON c.id = m.conversation_id
        WHERE {" AND ".join(where)} ORDER BY m.n LIMIT {args.add(limit)}
    """
    return [message_of(row) for row in await reads.fetch(sql, *args)]


async def html(reads: Reads, id: MessageId) -> str | None:
    """The cleaned HTML of a message whose sight has been checked."""
    rows = await reads.fetch("SELECT html FROM message_html WHERE message_id = $1", id)
    return rows[0]["html"] if rows else None
