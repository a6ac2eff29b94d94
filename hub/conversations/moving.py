"""The parts of merging and splitting: which rows go from one conversation to the other, and what both become."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from hub import clock
from hub.auth.callers import Caller
from hub.conversations import events
from hub.conversations.lifecycle import PARTICIPANTS_KEPT, Conversation, State, WaitingFor, preview
from hub.conversations.store import insert_conversations
from hub.db import Row, Work, as_uuid
from hub.ids import ConversationId, MessageId, UserId, new_id
from hub.messages.address import ChannelKind

LINKS = {"customer": ", linked_by, linked_at", "ticket": ", linked_by, linked_at", "tag": ""}
"""The tables `conversation_…` whose rows a merge copies, and their columns beside the two ids."""


_CARRY_MENTIONS = """
INSERT INTO conversation_read (user_id, conversation_id, read_n, mentioned_n)
SELECT user_id, $2::uuid, 0, mentioned_n FROM conversation_read WHERE conversation_id = $1 AND mentioned_n > 0
ON CONFLICT (user_id, conversation_id) DO UPDATE SET mentioned_n = excluded.mentioned_n RETURNING user_id"""
_CARRY_READ = """
UPDATE conversation_read SET read_n = $3 WHERE conversation_id = $2 AND read_n >= $5 AND read_n < $3 AND user_id IN (
    SELECT user_id FROM conversation_read WHERE conversation_id = $1 AND read_n >= $4) RETURNING user_id"""
_MARKS = "SELECT user_id, read_n, mentioned_n FROM conversation_read WHERE conversation_id = $1 AND user_id = ANY($2::uuid[])"
_LATER = """
SELECT id, from_id, before FROM conversation_move
WHERE into_id = $1 AND kind = 'merge' AND undone_at IS NULL AND n > $2 ORDER BY n"""


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
    return replace(
        kept,
        **_turn_of(kept, gone),
        customer_id=kept.customer_id or gone.customer_id,
        visitor_id=kept.visitor_id or gone.visitor_id,
        participants=_union(kept.participants, gone.participants)[:PARTICIPANTS_KEPT],
        channels=_union(kept.channels, gone.channels)[:8],
        updated_at=clock.now(),
        version=kept.version + 1,
    )


def _turn_of(kept: Conversation | Kept, *gone: Conversation | Kept) -> dict[str, Any]:
    """Whose turn it is in all of them together: ours if it is in any, else as it is in the one that is kept."""
    waits = [one for one in (kept, *gone) if one.state is not State.CLOSED and one.waiting_for is WaitingFor.US]
    if not waits:
        return _turn(kept)
    return {
        "state": State.OPEN,
        "waiting_for": WaitingFor.US,
        "waiting_since": min(one.waiting_since for one in waits),
        "closed_at": None,
        "snoozed_until": None,
        "snooze_reason": None,
    }


def _turn(of: Conversation | Kept) -> dict[str, Any]:
    names = ("state", "waiting_for", "waiting_since", "closed_at", "snoozed_until", "snooze_reason")
    return {name: getattr(of, name) for name in names}


def _union(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one + other))


def parted(kept: Conversation, was: Kept, other: Kept, others: Sequence[Kept]) -> Conversation:
    """What it is without the other again; `others` were merged into it later and still are.

    Whose turn it is stays where its own customer wrote, or somebody answered, closed or snoozed it meanwhile.
    """
    turn: dict[str, Any] = {}
    if kept.last_in_n <= was.last_in_n:
        waits = kept.state is State.OPEN and kept.waiting_for is WaitingFor.US
        turn = _turn_of(was, *others) if waits else _turn_without(kept, was, other, others)
    return replace(kept, **turn, **_without(kept, was, other, others), updated_at=clock.now(), version=kept.version + 1)


def _turn_without(whole: Conversation | Kept, was: Kept, other: Kept, others: Sequence[Kept]) -> dict[str, Any]:
    """Whose turn it would have been without `other`, where nothing but merging made it what it is."""
    return _turn_of(was, *others) if _turn(whole) == _turn_of(was, other, *others) else {}


def _without(whole: Conversation | Kept, was: Kept, other: Kept, others: Sequence[Kept]) -> dict[str, Any]:
    """The people and channels of it that `other` alone brought are gone: not those it had, got by the `others`, or got since."""
    values: dict[str, Any] = {}
    for name in ("customer_id", "visitor_id"):
        values[name] = getattr(whole, name)
        if getattr(was, name) is None and values[name] == getattr(other, name):
            values[name] = next((found for one in others if (found := getattr(one, name)) is not None), None)
    for name in ("participants", "channels"):
        stay = {*getattr(was, name)}.union(*(getattr(one, name) for one in others))
        values[name] = tuple(one for one in getattr(whole, name) if one in stay or one not in getattr(other, name))
    return values


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


async def take_links(work: Work, move: Row) -> None:
    """Take the links away that a merge had copied. What a later one would have copied, had it not been there, is that one's now."""
    later = await work.fetch(_LATER, move["into_id"], move["n"])
    for what, added in move["before"]["added"].items():
        ids = [UUID(one) for one in added]
        theirs = f"SELECT {what}_id AS id FROM conversation_{what} WHERE conversation_id = $1 AND {what}_id = ANY($2::uuid[])"
        for row in later:
            found = {as_uuid(one["id"]) for one in await work.fetch(theirs, row["from_id"], ids)}
            if found:
                ids = [id for id in ids if id not in found]
                row["before"]["added"][what] += sorted(map(str, found))
                await work.execute("UPDATE conversation_move SET before = $2 WHERE id = $1", row["id"], row["before"])
        sql = f"DELETE FROM conversation_{what} WHERE conversation_id = $1 AND {what}_id = ANY($2::uuid[])"
        await work.execute(sql, move["into_id"], ids)


async def move_all(work: Work, gone: Conversation, kept: Conversation, before: Any, by: Caller) -> None:
    """Every message."""
    move_id = await _record(work, "merge", gone, kept, before, by)
    sql = "INSERT INTO moved_message (move_id, message_id) SELECT $1, id FROM message WHERE conversation_id = $2 ORDER BY n"
    await work.execute(sql, move_id, gone.id)
    await work.execute("UPDATE message SET conversation_id = $2 WHERE conversation_id = $1", gone.id, kept.id)


async def move_some(work: Work, source: Conversation, target: Conversation, ids: Sequence[MessageId], by: Caller) -> None:
    """These messages, and what will be answered to them."""
    move_id = await _record(work, "split", source, target, {}, by)
    await work.execute("DELETE FROM moved_message WHERE message_id = ANY($1::uuid[])", list(ids))
    await work.insert_many("moved_message", {"move_id": "uuid", "message_id": "uuid"}, [(move_id, id) for id in ids])
    await work.execute("UPDATE message SET conversation_id = $2 WHERE id = ANY($1::uuid[])", list(ids), target.id)
    await work.execute("UPDATE thread_key SET conversation_id = $2 WHERE message_id = ANY($1::uuid[])", list(ids), target.id)


async def later_merges(work: Work, move: Row, was: Kept, other: Kept) -> list[Kept]:
    """What was merged into the same conversation later and still is. What undoing those puts back is from now on without `other`."""
    others: list[Kept] = []
    for row in await work.fetch(_LATER, move["into_id"], move["n"]):
        before, into = row["before"], msgspec.convert(row["before"]["into"], Kept)
        changes = _turn_without(into, was, other, others) | _without(into, was, other, others)
        before["into"] = msgspec.to_builtins(msgspec.structs.replace(into, **changes))
        await work.execute("UPDATE conversation_move SET before = $2 WHERE id = $1", row["id"], before)
        others.append(msgspec.convert(before["from"], Kept))
    return others


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
    """Who had read both has read the one they become, and is told so; who was named in one that he has not read is named in it."""
    last = max(gone.last_in_n, kept.last_in_n)
    named = await work.fetch(_CARRY_MENTIONS, gone.id, kept.id)
    read = await work.fetch(_CARRY_READ, gone.id, kept.id, last, gone.last_in_n, kept.last_in_n)
    for row in await work.fetch(_MARKS, kept.id, sorted({row["user_id"] for row in [*named, *read]})):
        told = events.read(kept, UserId(row["user_id"]), row["read_n"], mentioned=row["mentioned_n"] > 0)
        work.announce(told)


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
