"""Messages that have not left yet: sent for later, or with some seconds to take them back.

The row of `held_message` is what decides: whoever deletes it, the worker that lets the message go or the author who takes it back,
does so in the transaction that also does the rest. So a message leaves or comes back, never both, whenever a process dies.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from hub.conversations.drafts import FILES_KEPT, DraftContent
from hub.conversations.lifecycle import Conversation, Snooze, close, snooze
from hub.db import Work
from hub.errors import Invalid
from hub.ids import MessageId, UserId
from hub.messages.address import Address, ChannelKind

UNDO_AT_MOST = 30
"""Seconds."""


class Then(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What becomes of the conversation once this is said."""

    state: Literal["closed", "snoozed"]
    snoozed_until: Annotated[datetime, Meta(tz=True)] | None = None
    snooze_reason: Snooze | None = None

    def check(self, now: datetime) -> None:
        """Raise `Invalid` where a time is missing, past, or given for what has none."""
        needs_time = self.state == "snoozed" and self.snooze_reason is not Snooze.REPLY
        if needs_time and (self.snoozed_until is None or self.snoozed_until <= now):
            raise Invalid("a snoozed conversation needs a time to come back at", path="then.snoozed_until")
        if not needs_time and self.snoozed_until is not None:
            raise Invalid("only a snoozed conversation comes back at a time", path="then.snoozed_until")

    def apply(self, conversation: Conversation, at: datetime) -> Conversation:
        """The conversation after it."""
        if self.state == "closed":
            return close(conversation, at)
        reason = self.snooze_reason or Snooze.TIME
        return snooze(conversation, None if reason is Snooze.REPLY else self.snoozed_until, at, reason=reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Until when a message waits. One for later changes its conversation when it leaves, one that may be undone at once."""

    until: datetime
    is_later: bool


class Recipient(msgspec.Struct, frozen=True, kw_only=True):
    """One to whom it will go, in a role: to, cc or bcc."""

    address: Address
    role: str


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be done when the message leaves, and what to give back when it does not."""

    purpose: str
    recipients: tuple[Recipient, ...]
    participants: tuple[str, ...]
    agent_id: UserId | None
    is_later: bool
    then: Then | None
    draft: DraftContent | None
    before: Conversation | None = None  # the conversation as it was, where the message changed it at once
    version: int = 0  # and the version it got

    @property
    def only_to(self) -> str | None:
        """The address it goes to, where that is one alone."""
        return self.recipients[0].address.value if len(self.recipients) == 1 else None


_COLUMNS = {"message_id": "uuid", "release_at": "timestamptz", "only_to": "text", "plan": "jsonb"}


async def hold(work: Work, held: Sequence[tuple[MessageId, datetime, Plan]]) -> None:
    """Keep these back. Their drafts' files are kept too: they may come back."""
    rows = [(id, until, plan.only_to, msgspec.to_builtins(plan)) for id, until, plan in held]
    await work.insert_many("held_message", _COLUMNS, rows)
    for _, until, plan in held:
        if plan.draft is not None and plan.draft.attachment_ids:
            sql = "UPDATE upload SET keep_until = $2 WHERE id = ANY($1::uuid[])"
            await work.execute(sql, list(plan.draft.attachment_ids), until + FILES_KEPT)


async def bring_forward(work: Work, channel: ChannelKind, address: Address, *, to: datetime) -> None:
    """Let what waits for this address alone leave at `to`: it meets the consent gate then."""
    sql = """
    UPDATE held_message SET release_at = $3 WHERE only_to = $1
    AND EXISTS (SELECT 1 FROM message m WHERE m.id = held_message.message_id AND m.channel = $2)
    """
    await work.execute(sql, address.value, channel.value, to)


async def take(work: Work, id: MessageId, *, due: datetime | None = None) -> Plan | None:
    """Decide over a held message: its plan, or None where it is not (or not yet) there to be decided over."""
    row = await work.fetch_one(
        "DELETE FROM held_message WHERE message_id = $1 AND ($2::timestamptz IS NULL OR release_at <= $2) RETURNING plan", id, due
    )
    return None if row is None else msgspec.convert(row["plan"], Plan)


_RESTORED = (
    "state", "waiting_for", "waiting_since", "snoozed_until", "snooze_reason", "woken", "closed_at", "assignee_id", "preview",
    "last_direction", "last_message_at",
)  # fmt: skip


def restored(now: Conversation, plan: Plan, said_at: datetime, at: datetime) -> Conversation:
    """The conversation as if it had not been said; left as it is where something else happened in it since, or it is another one
    by merging."""
    before = plan.before
    if before is None or before.id != now.id or now.version != plan.version or now.last_message_at > said_at:
        return now
    values: dict[str, Any] = {name: getattr(before, name) for name in _RESTORED}
    return replace(now, **values, updated_at=at, version=now.version + 1)


def hold_of(send_at: datetime | None, undo_seconds: int, now: datetime) -> Hold | None:
    """What a sender's wishes come to."""
    if send_at is not None and send_at > now:
        return Hold(until=send_at, is_later=True)
    return Hold(until=now + timedelta(seconds=undo_seconds), is_later=False) if undo_seconds else None
