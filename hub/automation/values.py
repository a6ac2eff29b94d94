"""What a macro does. Structs, not dataclasses: they are stored, and shown, as they are."""

from dataclasses import dataclass
from typing import Annotated

import msgspec
from msgspec import Meta

from hub.automation.policy import Scope
from hub.conversations.lifecycle import Priority
from hub.ids import QueueId, TeamId, UserId

Text = Annotated[str, Meta(min_length=1, max_length=20_000)]
TagName = Annotated[str, Meta(min_length=1, max_length=50)]


class _Action(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    """One step."""


class ReplyAction(_Action, tag="reply", frozen=True, kw_only=True):
    """Answer on the default way. `{{customer.name}}` and its like are filled in."""

    text: Text


class NoteAction(_Action, tag="note", frozen=True, kw_only=True):
    """Leave a note for colleagues."""

    text: Text


class TagAction(_Action, tag="tag", frozen=True, kw_only=True):
    """Put a tag on it."""

    name: TagName


class UntagAction(_Action, tag="untag", frozen=True, kw_only=True):
    """Take a tag off."""

    name: TagName


class AssignAction(_Action, tag="assign", frozen=True, kw_only=True):
    """Give it to an agent; `me` to whoever runs the macro; neither: to nobody."""

    agent_id: UserId | None = None
    me: bool = False


class QueueAction(_Action, tag="queue", frozen=True, kw_only=True):
    """Put it into a queue."""

    queue_id: QueueId


class PriorityAction(_Action, tag="priority", frozen=True, kw_only=True):
    """Say how much it matters."""

    priority: Priority


class CloseAction(_Action, tag="close", frozen=True, kw_only=True):
    """No work is left."""


class ReopenAction(_Action, tag="reopen", frozen=True, kw_only=True):
    """There is work again."""


class SnoozeAction(_Action, tag="snooze", frozen=True, kw_only=True):
    """Out of sight for some minutes, at most a year, or until the customer writes."""

    minutes: Annotated[int, Meta(ge=1, le=525_600)]


Action = (
    ReplyAction
    | NoteAction
    | TagAction
    | UntagAction
    | AssignAction
    | QueueAction
    | PriorityAction
    | CloseAction
    | ReopenAction
    | SnoozeAction
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MacroText:
    """What a macro does, under which title and key, and who has it."""

    title: str
    key: str  # as the console writes it: `g m`, `mod+1`; empty: none
    scope: Scope
    actions: tuple[Action, ...]
    team_id: TeamId | None = None


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one action. `code` and `detail` say why it failed."""

    kind: str
    ok: bool
    code: str = ""
    detail: str = ""
