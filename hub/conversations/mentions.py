"""Whom a conversation concerns beyond who works on it: those a note names, and who is given it by somebody else."""

from collections.abc import Sequence

from hub.auth.callers import Caller
from hub.conversations.lifecycle import Conversation
from hub.conversations.values import MessageView
from hub.db import Work
from hub.ids import ConversationId, UserId
from hub.notifications import Kind, Telling, tell
from hub.notifications.service import read_conversations

_MARK = """
INSERT INTO conversation_read (user_id, conversation_id, read_n, mentioned_n) SELECT id, $2, 0, $3 FROM auth_user WHERE id = $1
ON CONFLICT (user_id, conversation_id) DO UPDATE SET mentioned_n = excluded.mentioned_n
"""
_WITH_ALIASES = """
WITH RECURSIVE alias (id) AS (
    SELECT id FROM conversation WHERE id = $1
    UNION SELECT c.id FROM conversation c JOIN alias a ON c.merged_into = a.id
) SELECT id FROM alias"""


async def mention(work: Work, note: MessageView, user_ids: Sequence[UserId], *, by: Caller) -> None:
    """A note names these users: mark the conversation for them, and have them told."""
    named = sorted(set(user_ids))  # in one order: two at once must not wait in a ring
    for user_id in named:
        await work.execute(_MARK, user_id, note.conversation_id, note.n)
    tell(
        work,
        Telling(
            kind=Kind.MENTION,
            key=f"mention {note.id}",
            user_ids=named,
            conversation_id=note.conversation_id,
            message_id=note.id,
            by_id=by.author_id,
            by_name=by.name,
            text=note.text,
        ),
    )


def tell_assignee(work: Work, before: Conversation, now: Conversation, *, by: Caller | None) -> None:
    """Who was given the conversation by another person is told; not who took it, nor whom routing chose: they were offered it."""
    given = now.assignee_id is not None and now.assignee_id != before.assignee_id
    if now.assignee_id is None or not given or by is None or by.kind not in ("user", "token") or by.user_id == now.assignee_id:
        return
    tell(
        work,
        Telling(
            kind=Kind.ASSIGNED,
            key=f"assigned {now.id} {now.version}",
            user_ids=(now.assignee_id,),
            conversation_id=now.id,
            by_id=by.author_id,
            by_name=by.name,
            text=now.subject or now.preview,
        ),
    )


async def read_mentions(work: Work, user_id: UserId, conversation_id: ConversationId) -> bool:
    """Who reads a conversation has seen what named them there, or in what was merged into it. True where there was such a mark."""
    rows = await work.fetch(_WITH_ALIASES, conversation_id)
    await read_conversations(work, user_id, [row["id"] for row in rows])
    sql = "UPDATE conversation_read SET mentioned_n = 0 WHERE user_id = $1 AND conversation_id = $2 AND mentioned_n > 0"
    return await work.execute(sql, user_id, conversation_id) > 0
