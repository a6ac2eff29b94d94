"""Reading one conversation, and messages. No statement here counts or skips over a whole table."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import msgspec

from hub.auth.callers import Caller
from hub.conversations.errors import NoSuchConversation, NoSuchMessage
from hub.conversations.filters import conditions
from hub.conversations.lifecycle import Conversation
from hub.conversations.policy import Args, visible_to
from hub.conversations.saved import SavedView
from hub.conversations.store import conversation_of
from hub.conversations.values import AttachmentView, MessageView, Party
from hub.db import Audience, Reads, Row
from hub.ids import ConversationId, MessageId, UserId
from hub.messages.address import AddressKind, ChannelKind
from hub.messages.content import Direction, MessageKind
from hub.messages.states import DeliveryState, SendFailure

MESSAGE = """
    m.id, m.n, m.conversation_id, m.channel, m.account_id, m.direction, m.kind, m.from_kind, m.from_value, m.from_name, m.author_id,
    m.recipients, m.subject, m.text, m.reply_text, m.has_html, m.attachments, m.status, m.status_detail, m.failure, m.notices, m.extra,
    m.client_key, m.journal_id, m.created_at, m.send_at, m.undo_until
"""


async def conversation(reads: Reads, id: ConversationId, caller: Caller) -> Conversation:
    """One conversation as stored; raises `NoSuchConversation` where the caller may not see it."""
    args = Args([id])
    rows = await reads.fetch(f"SELECT c.* FROM conversation c WHERE c.id = $1 AND {visible_to(caller, args)}", *args)
    if not rows:
        raise NoSuchConversation()
    return conversation_of(rows[0])


async def audience(reads: Reads, id: UUID) -> Audience | None:
    """Who may see a conversation now, for `sight.may_see`; None where it is not there."""
    row = await reads.fetch_one("SELECT queue_id, assignee_id, visitor_id FROM conversation WHERE id = $1", id)
    return None if row is None else Audience(conversation_id=id, **dict(row.items()))


async def seen_among(reads: Reads, ids: Iterable[ConversationId], caller: Caller) -> set[ConversationId]:
    """Those of `ids` that the caller may see."""
    args = Args([list(ids)])
    sql = f"SELECT c.id FROM conversation c WHERE c.id = ANY($1::uuid[]) AND {visible_to(caller, args)}"
    return {row["id"] for row in await reads.fetch(sql, *args)}


async def read_mark(reads: Reads, user_id: UserId | None, id: ConversationId) -> int:
    """The number of the last message that came in and that this user has read; 0 for none."""
    if user_id is None:
        return 0
    row = await reads.fetch_one("SELECT read_n FROM conversation_read WHERE user_id = $1 AND conversation_id = $2", user_id, id)
    return row["read_n"] if row else 0


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


async def view_counts(reads: Reads, caller: Caller, views: Sequence[SavedView]) -> dict[str, int]:
    """How many conversations each saved view finds, by its id: one statement for all. Views of closed ones are not counted."""
    counted = [view for view in views if view.filter.view != "closed"]
    if not counted:
        return {}
    args = Args()
    read = f"LEFT JOIN conversation_read r ON r.conversation_id = c.id AND r.user_id = {args.add(caller.user_id)}::uuid"
    sums = [
        f"coalesce(sum(CASE WHEN {' AND '.join(conditions(view.wanted, caller, args))} THEN 1 ELSE 0 END), 0) AS v{place}"
        for place, view in enumerate(counted)
    ]
    sql = f"""
        SELECT {", ".join(sums)} FROM conversation c {read}
        WHERE c.state IN ('open', 'snoozed') AND {visible_to(caller, args)}
    """
    row = await reads.fetch_one(sql, *args)
    return {str(view.id): int(row[f"v{place}"]) for place, view in enumerate(counted)} if row else {}


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
        send_at=row["send_at"],
        undo_until=row["undo_until"],
    )


def _parties(stored: Any) -> tuple[Party, ...]:
    return msgspec.convert(stored or (), tuple[Party, ...])


async def message(reads: Reads, id: MessageId, caller: Caller) -> MessageView:
    """One message; raises `NoSuchMessage` where the caller may not see its conversation."""
    args = Args([id])
    rows = await reads.fetch(
        f"""
        SELECT {MESSAGE} FROM message m JOIN conversation c ON c.id = m.conversation_id
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
        sql = f"SELECT {MESSAGE} FROM message m WHERE m.conversation_id = $1 AND m.n > $2 ORDER BY m.n LIMIT $3"
        return [message_of(row) for row in await reads.fetch(sql, id, after, limit)]
    sql = f"SELECT {MESSAGE} FROM message m WHERE m.conversation_id = $1 AND m.n < $2 ORDER BY m.n DESC LIMIT $3"
    rows = await reads.fetch(sql, id, before if before is not None else 2**62, limit)
    return [message_of(row) for row in reversed(rows)]


async def html(reads: Reads, id: MessageId) -> tuple[str, tuple[AttachmentView, ...]] | None:
    """The cleaned HTML of a message whose sight has been checked, and the files it may show."""
    sql = "SELECT h.html, m.attachments FROM message_html h JOIN message m ON m.id = h.message_id WHERE h.message_id = $1"
    row = await reads.fetch_one(sql, id)
    return None if row is None else (row["html"], msgspec.convert(row["attachments"], tuple[AttachmentView, ...]))
