"""Asking for users to be told something."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from hub import clock
from hub.db import Work
from hub.ids import ConversationId, MessageId, UserId
from hub.messages.jobs import TELL_USERS
from hub.messages.plain import line

LONGEST = 200  # characters of `text` that are kept


class Kind(StrEnum):
    """Why somebody is told."""

    MENTION = "mention"  # a note names them
    ASSIGNED = "assigned"  # somebody else gave them a conversation
    OVERDUE = "overdue"  # an answer of theirs is late


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """Whom to tell what. `key` names the happening: a user is told of it once, however often it is asked for."""

    kind: Kind
    key: str
    user_ids: Sequence[UserId]
    conversation_id: ConversationId
    message_id: MessageId | None = None
    by_id: UserId | None = None
    by_name: str = ""
    text: str = ""


def tell(work: Work, telling: Telling) -> None:
    """Ask for it with the transaction of what happened. Who may not see the conversation by then is not told."""
    if not telling.user_ids:
        return
    work.enqueue(
        TELL_USERS,
        key=f"{TELL_USERS} {telling.key}",
        lock=f"{TELL_USERS} {telling.conversation_id}",  # in the order in which it happened there
        kind=telling.kind.value,
        at=clock.now(),
        about=telling.key,
        user_ids=list(dict.fromkeys(telling.user_ids)),
        conversation_id=telling.conversation_id,
        message_id=telling.message_id,
        by_id=telling.by_id,
        by_name=line(telling.by_name, 100),
        text=line(telling.text, LONGEST),
    )
