"""Taking away what a visitor said, when he asks for it. What we said stays: it is the hub's own record."""

from dataclasses import dataclass, replace
from uuid import UUID

from hub import clock
from hub.conversations import events
from hub.conversations.lifecycle import Conversation, State, close
from hub.conversations.ratings import happening
from hub.conversations.store import insert_messages, lock_conversations, save_conversations, view_of
from hub.conversations.views import conversation_views
from hub.db import Work
from hub.ids import ConversationId, JournalId, VisitorId

_TEXT = "访客删除了聊天 · The visitor deleted the chat"
# His own conversations, and those that something of them went to by merging or splitting.
_WHERE = """
SELECT id FROM conversation WHERE visitor_id = $1 UNION
SELECT v.into_id FROM conversation_move v JOIN conversation c ON c.id = v.from_id WHERE c.visitor_id = $1"""
_HIS = "conversation_id = ANY($1::uuid[]) AND from_kind = 'visitor' AND from_value = $2"


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """What is left of it elsewhere: the journal rows it came by, and the digests of the files it named."""

    journal_ids: tuple[JournalId, ...] = ()
    digests: tuple[str, ...] = ()


async def erase_said(work: Work, visitor_id: VisitorId) -> Erased:
    """Empty every message of a visitor, end his conversations and let nobody find him by them any more.

    A note of it stands in each conversation afterwards, and a merge or split of one can no longer be undone. What colleagues
    wrote among themselves and what a customer record holds is not touched.
    """
    ids = [row["id"] for row in await work.fetch(_WHERE, visitor_id)]
    if not ids:
        return Erased()
    locked = await lock_conversations(work, ids)
    found = await work.fetch(f"SELECT n, journal_id, attachments FROM message WHERE {_HIS}", ids, str(visitor_id))
    await _empty(work, ids, visitor_id, [row["n"] for row in found])
    for conversation in locked.values():
        if conversation.visitor_id == visitor_id:
            await _end(work, conversation)
    return Erased(
        journal_ids=tuple(row["journal_id"] for row in found if row["journal_id"] is not None),
        digests=tuple(file["sha256"] for row in found for file in row["attachments"]),
    )


async def _empty(work: Work, ids: list[UUID], visitor_id: VisitorId, numbers: list[int]) -> None:
    words = ", grams = NULL" if work.dialect == "postgres" else ""
    await work.execute(
        f"""
        UPDATE message SET text = '', reply_text = '', subject = '', from_name = '', from_value = NULL, attachments = $3,
        extra = $4, client_digest = NULL{words} WHERE {_HIS}
        """,
        *(ids, str(visitor_id), [], {"erased": True}),
    )
    if work.dialect == "sqlite":
        await work.execute_many("DELETE FROM message_grams WHERE rowid = $1", [(n,) for n in numbers])
    own = "(SELECT id FROM conversation WHERE visitor_id = $1)"
    await work.execute(f"UPDATE conversation_rating SET comment = '' WHERE conversation_id IN {own}", visitor_id)
    await work.execute(
        f"UPDATE conversation_move SET undone_at = $2, before = $3 WHERE from_id IN {own} AND undone_at IS NULL",
        *(visitor_id, clock.now(), {}),
    )


async def _end(work: Work, before: Conversation) -> None:
    now = clock.now()
    ended = before if before.state is State.CLOSED else close(before, now)
    erased = replace(ended, visitor_id=None, preview="", participants=(), updated_at=now)
    await save_conversations(work, [erased])
    view = (await conversation_views(work, [erased]))[ConversationId(erased.id)]
    work.announce(events.changed(erased, view))
    entry = happening(erased, {"event": "erased"}, _TEXT)
    numbers = await insert_messages(work, [entry])
    work.announce(events.message_added(erased, view, view_of(entry, numbers[entry.id])))
