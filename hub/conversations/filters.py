"""Which conversations a list, a saved view or an action on many means."""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from hub import clock
from hub.auth.callers import Caller
from hub.conversations.policy import Args
from hub.crm.customers.queries import everybody_of

View = Literal["mine", "unassigned", "all", "snoozed", "closed", "drafts", "mentions", "unread"]
Sort = Literal["newest", "waiting"]


class Filter(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Which conversations a list shows. `sort`: newest first, or the longest waiting first (closed ones wait no more: newest first)."""

    view: View = "all"
    waiting_for: str | None = None
    queue_id: UUID | None = None
    assignee_id: UUID | None = None
    channel: str | None = None
    priority: str | None = None
    tag: str | None = None
    unread: bool = False
    draft: bool = False
    mentioned: bool = False
    overdue: bool = False
    customer_id: UUID | None = None
    ticket_id: UUID | None = None
    sort: Sort = "newest"

    @property
    def by_waiting(self) -> bool:
        """The longest waiting first."""
        return self.sort == "waiting" and self.view != "closed"

    @property
    def wants_unread(self) -> bool:
        """Only what the user has not read."""
        return self.unread or self.view == "unread"

    @property
    def wants_draft(self) -> bool:
        """Only what the user is writing in."""
        return self.draft or self.view == "drafts"

    @property
    def wants_mentioned(self) -> bool:
        """Only where somebody asked for the user and he has not looked yet."""
        return self.mentioned or self.view == "mentions"


DRAFTED = "SELECT d.conversation_id FROM draft d WHERE d.user_id = {user} AND d.content IS NOT NULL"
MENTIONED = "SELECT o.conversation_id FROM conversation_read o WHERE o.user_id = {user} AND o.mentioned_n > 0"
_TAGGED = """SELECT ct.conversation_id FROM conversation_tag ct JOIN tag t ON t.id = ct.tag_id WHERE t.name_key = {key}"""
_OVERDUE = """c.state = 'open' AND c.waiting_for = 'us' AND c.response_due_at <= {now}
    AND c.clock_since = c.waiting_since AND c.clock_queue_id = c.queue_id"""


def tag_key(name: str) -> str:
    """By what a tag is recognised, however it is written."""
    return " ".join(name.split()).casefold()


def conditions(wanted: Filter, caller: Caller, args: Args, *, now: datetime | None = None) -> list[str]:
    """The filter as SQL conditions on `conversation AS c`, with the user's row of `conversation_read AS r` beside it."""
    return [*_state(wanted, caller, args), *_columns(wanted, args), *_own(wanted, caller, args), *_linked(wanted, args, now)]


def _state(wanted: Filter, caller: Caller, args: Args) -> Iterable[str]:
    match wanted.view:
        case "mine":
            yield f"c.state = 'open' AND c.assignee_id = {args.add(caller.user_id)}::uuid"
        case "unassigned":
            yield "c.state = 'open' AND c.assignee_id IS NULL"
        case "unread":
            yield "c.state = 'open'"
        case "snoozed" | "closed":
            yield f"c.state = '{wanted.view}'"
            if wanted.view == "closed":
                yield "c.merged_into IS NULL"
        case "drafts" | "mentions":
            yield "c.state IN ('open', 'snoozed')"
        case "all":
            is_everything = wanted.customer_id is not None or wanted.ticket_id is not None
            yield "c.merged_into IS NULL" if is_everything else "c.state = 'open'"


def _columns(wanted: Filter, args: Args) -> Iterable[str]:
    for column in ("waiting_for", "queue_id", "assignee_id", "channel", "priority"):
        value = getattr(wanted, column)
        if value is not None:
            yield f"c.{column} = {args.add(value)}"


def _own(wanted: Filter, caller: Caller, args: Args) -> Iterable[str]:
    if wanted.wants_unread:
        yield "c.last_in_n > coalesce(r.read_n, 0)" if caller.user_id else "FALSE"
    for is_wanted, ids in ((wanted.wants_draft, DRAFTED), (wanted.wants_mentioned, MENTIONED)):
        if is_wanted:
            yield f"c.id IN ({ids.format(user=args.add(caller.user_id))})" if caller.user_id else "FALSE"


def _linked(wanted: Filter, args: Args, now: datetime | None) -> Iterable[str]:
    if wanted.overdue:
        yield _OVERDUE.format(now=args.add(now or clock.now()))
    if wanted.tag is not None:
        yield f"c.id IN ({_TAGGED.format(key=args.add(tag_key(wanted.tag)))})"
    if wanted.customer_id is not None:
        everybody = everybody_of(args.add(wanted.customer_id))
        yield f"c.id IN (SELECT conversation_id FROM conversation_customer WHERE customer_id IN ({everybody}))"
    if wanted.ticket_id is not None:
        yield f"c.id IN (SELECT conversation_id FROM conversation_ticket WHERE ticket_id = {args.add(wanted.ticket_id)})"
