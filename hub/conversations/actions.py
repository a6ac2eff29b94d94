"""What can be done to many conversations at once, and how it is taken back."""

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from hub import clock
from hub.auth.callers import Caller
from hub.conversations import events
from hub.conversations.filters import tag_key
from hub.conversations.lifecycle import Conversation, Priority, Snooze, State, WaitingFor, close, reopen
from hub.conversations.queries import read_mark
from hub.conversations.service import require_agent, snoozed
from hub.conversations.tags import tagged, untagged
from hub.conversations.writing import store
from hub.db import Work
from hub.errors import Invalid, Stale
from hub.ids import QueueId, UserId

Kind = Literal["assign", "queue", "snooze", "tag", "untag", "close", "reopen", "priority", "read"]


class Action(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One thing to do. `assign` takes `agent_id` (null for nobody), `queue` a `queue_id`, `snooze` a `reason` and mostly `until`,
    `tag` and `untag` a `tag`, `priority` a `priority`.
    """

    kind: Kind
    agent_id: UUID | None = None
    queue_id: UUID | None = None
    until: Annotated[datetime, Meta(tz=True)] | None = None
    reason: Snooze = Snooze.TIME
    tag: str | None = None
    priority: Priority | None = None

    def check(self, now: datetime) -> None:
        """Raise `Invalid` where something is missing that the kind needs."""
        match self.kind:
            case "queue" if self.queue_id is None:
                raise Invalid("into which queue?", path="action.queue_id")
            case "tag" | "untag" if not self.tag:
                raise Invalid("which tag?", path="action.tag")
            case "priority" if self.priority is None:
                raise Invalid("which priority?", path="action.priority")
            case "snooze" if self.reason is not Snooze.REPLY and (self.until is None or self.until <= now):
                raise Invalid("until when?", path="action.until")
            case _:
                pass


_RESTORED = ("state", "snoozed_until", "snooze_reason", "woken", "closed_at", "waiting_for", "waiting_since", "assignee_id", "queue_id",
             "priority")  # fmt: skip


class _Before(msgspec.Struct):
    """The values an action may change, as they were."""

    state: State
    snoozed_until: datetime | None
    snooze_reason: str | None
    woken: str | None
    closed_at: datetime | None
    waiting_for: WaitingFor
    waiting_since: datetime
    assignee_id: UUID | None
    queue_id: UUID | None
    priority: Priority
    tag: str | None = None  # the one to put back or take away
    tag_was_there: bool = False
    read_n: int | None = None  # up to where it was read, and is read by the action
    read_to: int | None = None


async def snapshot(work: Work, conversation: Conversation, action: Action, by: Caller) -> Any:
    """What `restore` needs to take `action` back, JSON-able."""
    values: dict[str, Any] = {name: getattr(conversation, name) for name in _RESTORED}
    if action.tag is not None:
        key = tag_key(action.tag)
        values |= {"tag": action.tag, "tag_was_there": any(tag_key(name) == key for name in conversation.tags)}
    if action.kind == "read":
        values |= {"read_n": await read_mark(work, by.person, conversation.id), "read_to": conversation.last_in_n}
    return msgspec.to_builtins(_Before(**values))


async def act(work: Work, before: Conversation, action: Action, *, by: Caller) -> bool:
    """Do it to a locked conversation; False where nothing was to be done. Raises `NoSuchAgent`, `NoSuchTag`, `Invalid`."""
    if action.kind == "read":
        if await read_mark(work, by.person, before.id) >= before.last_in_n:
            return False
        await _read(work, before, by, before.last_in_n)
        return True
    if action.kind in ("tag", "untag"):
        now = await (tagged if action.kind == "tag" else untagged)(work, before, action.tag or "")
    else:
        now = await _changed(work, before, action)
    if now != before:
        await store(work, before, now, by=by)
    return now != before


async def _changed(work: Work, before: Conversation, action: Action) -> Conversation:
    at = clock.now()
    match action.kind:
        case "close":
            return before if before.state is State.CLOSED else close(before, at)
        case "reopen":
            return before if before.state is State.OPEN else reopen(before, at)
        case "snooze":
            return snoozed(before, action.until, action.reason, at)
        case "assign":
            to = UserId(action.agent_id) if action.agent_id else None
            await require_agent(work, to)
            changed = replace(before, assignee_id=to)
        case "queue":
            # That it means a queue was checked at the door: the table is routing's, above us.
            changed = replace(before, queue_id=QueueId(action.queue_id) if action.queue_id else None)
        case "priority":
            changed = replace(before, priority=action.priority or before.priority)
        case _:
            raise AssertionError(action.kind)
    return before if changed == before else replace(changed, updated_at=at, version=before.version + 1)


async def _read(work: Work, conversation: Conversation, by: Caller, n: int) -> None:
    row = await work.fetch_one(
        """
        INSERT INTO conversation_read (user_id, conversation_id, read_n) VALUES ($1, $2, $3)
        ON CONFLICT (user_id, conversation_id) DO UPDATE SET read_n = excluded.read_n RETURNING mentioned_n
        """,
        *(by.person, conversation.id, n),
    )
    work.announce(events.read(conversation, by.person, n, mentioned=row is not None and row["mentioned_n"] > 0))


def as_before(now: Conversation, stored: Any) -> Conversation:
    """A conversation as it will be where and whose it was."""
    before = msgspec.convert(stored, _Before)
    queue_id, assignee_id = before.queue_id, before.assignee_id
    return replace(
        now, queue_id=QueueId(queue_id) if queue_id else None, assignee_id=UserId(assignee_id) if assignee_id else None
    )


async def restore(work: Work, now: Conversation, stored: Any, *, rev_after: int, by: Caller) -> None:
    """Put a locked conversation back as it was. Raises `Stale` where something happened to it since."""
    before = msgspec.convert(stored, _Before)
    if before.read_n is not None:
        if before.read_to not in (None, await read_mark(work, by.person, now.id)):
            raise Stale("more of it was read since")
        await _read(work, now, by, before.read_n)
        return
    if now.rev != rev_after + 1:  # the lock counts one on
        raise Stale("something happened to it since")
    changed = now
    if before.tag is not None:
        changed = await (tagged if before.tag_was_there else untagged)(work, changed, before.tag)
    else:
        old: dict[str, Any] = {name: getattr(before, name) for name in _RESTORED}
        changed = replace(changed, **old, updated_at=clock.now(), version=now.version + 1)
    await store(work, now, changed, by=by)
