"""The parts of merging and splitting: which rows go from one conversation to the other, and what both become."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from hub import clock
from hub.auth.callers import Caller
from hub.conversations.lifecycle import PARTICIPANTS_KEPT, Conversation, State, WaitingFor, preview
from hub.conversations.store import insert_conversations
from hub.db import Row, Work
from hub.ids import ConversationId, MessageId, new_id
from hub.messages.address import ChannelKind

LINKS = {"customer": ", linked_by, linked_at", "ticket": ", linked_by, linked_at", "tag": ""}
"""The tables `conversation_…` whose rows a merge copies, and their columns beside the two ids."""


class Kept(msgspec.Struct):
    """What undoing a merge puts back."""

    state: State
    waiting_for: WaitingFor
    waiting_since: datetime
    snoozed_until: datetime | None
    snooze_reason: str | None
    closed_at: datetime | None
    customer_id: UUID | None
    visitor_id: UUID | None
    participants: tuple[str, ...]
    channels: tuple[str, ...]
    last_in_n: int

    def put(self, conversation: Conversation) -> Conversation:
        """The conversation with these values."""
        values: dict[str, Any] = {name: value for name, value in msgspec.structs.asdict(self).items() if name != "last_in_n"}
        return replace(conversation, **values)


def kept_of(conversation: Conversation) -> Any:
    """What a conversation was, JSON-able."""
    return msgspec.to_builtins(Kept(**{name: getattr(conversation, name) for name in Kept.__struct_fields__}))


def joined(gone: Conversation, kept: Conversation) -> Conversation:
    """What a conversation is once another's messages are part of it: it waits for us if either did, since the earlier of the two."""
    waits = [c for c in (kept, gone) if c.state is not State.CLOSED and c.waiting_for is WaitingFor.US]
    turn: dict[str, Any] = {}
    if waits:
        since = min(c.waiting_since for c in waits)
        turn = {
            "state": State.OPEN,
            "waiting_for": WaitingFor.US,
            "waiting_since": since,
            "closed_at": None,
            "snoozed_until": None,
        }
    return replace(
        kept,
        **turn,
        customer_id=kept.customer_id or gone.customer_id,
        visitor_id=kept.visitor_id or gone.visitor_id,
        participants=_union(kept.participants, gone.participants)[:PARTICIPANTS_KEPT],
        channels=_union(kept.channels, gone.channels)[:8],
        updated_at=clock.now(),
        version=kept.version + 1,
    )


def _union(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one + other))


def parted(kept: Conversation, was: Kept) -> Conversation:
    """What it is without the other again. Whose turn it is stays where something happened meanwhile."""
    back = was.put(kept)
    if kept.last_in_n > was.last_in_n or kept.state is State.CLOSED:
        turn = {name: getattr(kept, name) for name in ("state", "waiting_for", "waiting_since", "closed_at", "snoozed_until")}
        back = replace(back, **turn)
    return replace(back, updated_at=clock.now(), version=kept.version + 1)


async def heard(work: Work, conversation: Conversation) -> Conversation:
    """The conversation with what lists show of its last messages, read anew after some came or went."""
    last = await work.fetch_one(
        "SELECT text, reply_text, subject, direction, created_at FROM message WHERE conversation_id = $1"
        " AND direction IN ('in', 'out') ORDER BY n DESC LIMIT 1",
        conversation.id,
    )
    came = await work.fetch_one(
        "SELECT n FROM message WHERE conversation_id = $1 AND direction = 'in' ORDER BY n DESC LIMIT 1", conversation.id
    )
    if last is None:
        return replace(conversation, last_in_n=0)
    return replace(
        conversation,
        last_in_n=came["n"] if came else 0,
        last_direction=last["direction"],
        last_message_at=last["created_at"],
        preview=preview(last["reply_text"] or last["text"] or last["subject"]),
    )


async def with_links(work: Work, conversation: Conversation) -> Conversation:
    """The conversation with its tickets and tags as the tables have them."""
    tickets = await work.fetch("SELECT ticket_id FROM conversation_ticket WHERE conversation_id = $1 ORDER BY n", conversation.id)
    tags = await work.fetch(
        "SELECT t.name FROM conversation_tag ct JOIN tag t ON t.id = ct.tag_id WHERE ct.conversation_id = $1 ORDER BY t.name_key",
        conversation.id,
    )
    return replace(
        conversation, ticket_ids=tuple(str(row["ticket_id"]) for row in tickets), tags=tuple(row["name"] for row in tags)
    )


async def copy_links(work: Work, what: str, source: ConversationId, target: ConversationId) -> list[str]:
    """Give `target` the links of `source` that it lacks; returns the ids of what it is linked to now and was not before."""
    key = f"{what}_id"
    missing = await work.fetch(
        f"SELECT {key} FROM conversation_{what} WHERE conversation_id = $1 AND {key} NOT IN"
        f" (SELECT {key} FROM conversation_{what} WHERE conversation_id = $2) ORDER BY n",
        *(source, target),
    )
    ids = [row[key] for row in missing]
    await work.execute(
        f"INSERT INTO conversation_{what} (conversation_id, {key}{LINKS[what]}) SELECT $2, {key}{LINKS[what]}"
        f" FROM conversation_{what} WHERE conversation_id = $1 AND {key} = ANY($3::uuid[]) ORDER BY n",
        *(source, target, ids),
    )
    return [str(id) for id in ids]


async def move_all(work: Work, gone: Conversation, kept: Conversation, before: Any, by: Caller) -> None:
    """Every message, and every draft that does not meet one of the same user's there."""
    move_id = await _record(work, "merge", gone, kept, before, by)
    sql = "INSERT INTO moved_message (move_id, message_id) SELECT $1, id FROM message WHERE conversation_id = $2 ORDER BY n"
    await work.execute(sql, move_id, gone.id)
    await work.execute("UPDATE message SET conversation_id = $2 WHERE conversation_id = $1", gone.id, kept.id)
    await work.execute(
        "UPDATE draft SET conversation_id = $2 WHERE conversation_id = $1 AND NOT EXISTS (SELECT 1 FROM draft d"
        " WHERE d.conversation_id = $2 AND d.user_id = draft.user_id AND d.mode = draft.mode)",
        *(gone.id, kept.id),
    )


async def move_some(work: Work, source: Conversation, target: Conversation, ids: Sequence[MessageId], by: Caller) -> None:
    """These messages, and what will be answered to them."""
    move_id = await _record(work, "split", source, target, {}, by)
    await work.execute("DELETE FROM moved_message WHERE message_id = ANY($1::uuid[])", list(ids))
    await work.insert_many("moved_message", {"move_id": "uuid", "message_id": "uuid"}, [(move_id, id) for id in ids])
    await work.execute("UPDATE message SET conversation_id = $2 WHERE id = ANY($1::uuid[])", list(ids), target.id)
    await work.execute("UPDATE thread_key SET conversation_id = $2 WHERE message_id = ANY($1::uuid[])", list(ids), target.id)


async def move_back(work: Work, move: Row) -> None:
    """What a merge moved, and what came in for it since; a message that was split off meanwhile stays where it is."""
    await work.execute(
        "UPDATE message SET conversation_id = $2 WHERE conversation_id = $3"
        " AND id IN (SELECT message_id FROM moved_message WHERE move_id = $1)",
        *(move["id"], move["from_id"], move["into_id"]),
    )
    await work.execute("DELETE FROM moved_message WHERE move_id = $1", move["id"])
    await work.execute("UPDATE conversation_move SET undone_at = $2 WHERE id = $1", move["id"], clock.now())


async def carry_marks(work: Work, gone: Conversation, kept: Conversation) -> None:
    """Who had read both has read the one they become."""
    await work.execute(
        """
        UPDATE conversation_read SET read_n = $3 WHERE conversation_id = $2 AND read_n >= $5 AND read_n < $3 AND user_id IN (
            SELECT user_id FROM conversation_read WHERE conversation_id = $1 AND read_n >= $4)
        """,
        *(gone.id, kept.id, max(gone.last_in_n, kept.last_in_n), gone.last_in_n, kept.last_in_n),
    )


async def last_merge(work: Work, id: ConversationId) -> Row | None:
    """The merge by which a conversation became an alias, if it is one."""
    return await work.fetch_one(
        "SELECT * FROM conversation_move WHERE from_id = $1 AND kind = 'merge' AND undone_at IS NULL ORDER BY n DESC LIMIT 1", id
    )


async def begin(work: Work, before: Conversation, rows: Sequence[Row]) -> Conversation:
    """A new conversation for messages of `before`: of the same customer and queue, open, ours to answer where the customer spoke last."""
    now, last = clock.now(), rows[-1]
    is_ours = last["direction"] == "in"
    made = Conversation(
        id=ConversationId(new_id()),
        waiting_for=WaitingFor.US if is_ours else WaitingFor.CUSTOMER,
        waiting_since=last["created_at"],
        priority=before.priority,
        subject=next((row["subject"] for row in rows if row["subject"]), before.subject),
        channel=ChannelKind(last["channel"]),
        channels=_union(tuple(row["channel"] for row in rows), ()),
        account_id=last["account_id"] or before.account_id,
        queue_id=before.queue_id,
        assignee_id=before.assignee_id,
        visitor_id=before.visitor_id,
        customer_id=before.customer_id,
        participants=before.participants,
        follows_id=before.id,
        link_reason="split",
        last_message_at=last["created_at"],
        created_at=now,
        updated_at=now,
    )
    return replace(made, n=(await insert_conversations(work, [made]))[made.id])


async def note_alias(work: Work, arrived: Iterable[tuple[ConversationId, MessageId]]) -> None:
    """What came in for a merged conversation goes back with it when the merge is undone."""
    await work.execute_many(
        "INSERT INTO moved_message (move_id, message_id) SELECT id, $2::uuid FROM conversation_move"
        " WHERE from_id = $1 AND kind = 'merge' AND undone_at IS NULL ON CONFLICT (move_id, message_id) DO NOTHING",
        list(arrived),
    )


async def _record(work: Work, kind: str, source: Conversation, target: Conversation, before: Any, by: Caller) -> UUID:
    move_id = new_id()
    await work.execute(
        "INSERT INTO conversation_move (id, kind, from_id, into_id, before, moved_by, moved_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        *(move_id, kind, source.id, target.id, before, by.author_id, clock.now()),
    )
    return move_id
