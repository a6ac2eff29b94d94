"""Who may see and change a conversation. One rule, used by lists, search, routes, socket events and the tailer."""

from typing import Any

from hub.auth.callers import Caller
from hub.auth.rights import Right
from hub.conversations.errors import NoSuchConversation
from hub.conversations.lifecycle import Conversation


class Args(list[Any]):
    """The values of a statement under construction: `add` gives the placeholder."""

    def add(self, value: Any) -> str:
        """`$n` for `value`."""
        self.append(value)
        return f"${len(self)}"


def visible_to(caller: Caller, args: Args, *, alias: str = "c") -> str:
    """The rule as an SQL condition on the table `conversation AS alias`."""
    if caller.may(Right.CONVERSATIONS_READ_ALL):
        return "TRUE"
    if not caller.may(Right.CONVERSATIONS_READ):
        return "FALSE"
    queues = args.add(sorted(caller.queue_ids))
    mine = f"{alias}.queue_id IS NULL OR {alias}.queue_id = ANY({queues}::uuid[])"
    if caller.user_id is not None:
        mine += f" OR {alias}.assignee_id = {args.add(caller.user_id)}"
    return f"({mine})"


def sees(caller: Caller, conversation: Conversation) -> bool:
    """The same rule on one conversation in hand."""
    if caller.may(Right.CONVERSATIONS_READ_ALL):
        return True
    if not caller.may(Right.CONVERSATIONS_READ):
        return False
    mine = caller.user_id is not None and conversation.assignee_id == caller.user_id
    return mine or conversation.queue_id is None or conversation.queue_id in caller.queue_ids


def require_sight(caller: Caller, conversation: Conversation | None) -> Conversation:
    """The conversation, or `NoSuchConversation`: "not yours" and "not there" look alike."""
    if conversation is None or not sees(caller, conversation):
        raise NoSuchConversation()
    return conversation
