"""What is counted: kinds of conversations, what is one user's own, and a counter of one filter for one sight. See `counting`."""

from collections import Counter as Tally
from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple
from uuid import UUID

from hub.auth.callers import Caller
from hub.auth.rights import Right
from hub.conversations.filters import Filter, tag_key


class Kind(NamedTuple):
    """What filters look at; ids as text, as the event log has them."""

    state: str
    waiting_for: str
    queue_id: str | None
    assignee_id: str | None
    channel: str
    priority: str
    tags: tuple[str, ...]
    is_overdue: bool
    was_written_to: bool  # by somebody outside: only then can anything be unread


class Entry(NamedTuple):
    """One conversation. `rev` orders its changes."""

    kind: Kind
    rev: int
    last_in_n: int
    due_at: float | None


class Reader:
    """What one user has read, is writing, and is named in."""

    __slots__ = ("drafts", "groups", "mentions", "read", "watched")

    def __init__(self) -> None:
        self.read: dict[str, int] = {}  # by conversation: up to which message
        self.groups: Tally[Kind] = Tally()  # of those, what has nothing unread
        self.drafts: set[tuple[str, str]] = set()  # conversation and mode
        self.mentions: set[str] = set()
        self.watched = 0  # how many connections of his show counters

    def has_own(self, id: str) -> bool:
        """The user writes in it or is named in it."""
        return id in self.mentions or (id, "reply") in self.drafts or (id, "note") in self.drafts


def is_read(entry: Entry, read_n: int) -> bool:
    """Nothing in it is unread to who has read so far."""
    return entry.kind.was_written_to and entry.last_in_n <= read_n


Sight = Literal["all", "nothing"] | tuple[frozenset[str], str | None]
"""What decides which conversations a caller sees: all, none, or those of some queues and of a user. Those with the same share counters."""


def sight_of(caller: Caller) -> Sight:
    """The caller's, as `policy.sees` has it."""
    if caller.may(Right.CONVERSATIONS_READ_ALL):
        return "all"
    if not caller.may(Right.CONVERSATIONS_READ):
        return "nothing"
    user = str(caller.user_id) if caller.user_id else None
    return (frozenset(map(str, caller.queue_ids)), user)


def _sees(sight: Sight) -> Callable[[Kind], bool]:
    if isinstance(sight, str):
        return lambda _: sight == "all"
    queues, user = sight
    return lambda kind: kind.queue_id is None or kind.queue_id in queues or (user is not None and kind.assignee_id == user)


_STATES = {
    "mine": ("open",),
    "unassigned": ("open",),
    "all": ("open",),
    "unread": ("open",),
    "snoozed": ("snoozed",),
    "drafts": ("open", "snoozed"),
    "mentions": ("open", "snoozed"),
    "closed": (),
}


def matcher(wanted: Filter, user_id: UUID | None) -> Callable[[Kind], bool]:
    """The filter as a test of a kind; what is the user's own is left to the counter. Says the same as `filters.conditions`."""
    states = _STATES[wanted.view]
    exact: list[tuple[int, Any]] = []
    for name in ("waiting_for", "queue_id", "assignee_id", "channel", "priority"):
        if (value := getattr(wanted, name)) is not None:
            exact.append((Kind._fields.index(name), str(value)))
    if wanted.view == "unassigned":
        exact.append((Kind._fields.index("assignee_id"), None))
    if wanted.view == "mine":
        exact.append((Kind._fields.index("assignee_id"), str(user_id) if user_id else ""))
    if wanted.overdue:
        exact.append((Kind._fields.index("is_overdue"), True))
    if wanted.wants_unread:
        exact.append((Kind._fields.index("was_written_to"), True))
    tag = tag_key(wanted.tag) if wanted.tag is not None else None
    places, values = tuple(place for place, _ in exact), tuple(value for _, value in exact)

    def matches(kind: Kind) -> bool:
        if kind.state not in states:
            return False
        for place, value in zip(places, values, strict=True):
            if kind[place] != value:
                return False
        return tag is None or tag in kind.tags

    return matches


class Counter:
    """How many conversations one filter finds for one sight."""

    __slots__ = ("_matches", "is_own", "is_unread", "key", "reader", "sees", "users", "value", "wanted")

    def __init__(self, key: Any, wanted: Filter, sight: Sight, user_id: UUID | None, reader: Reader | None) -> None:
        self.key, self.wanted, self.reader = key, wanted, reader
        self.sees, self._matches = _sees(sight), matcher(wanted, user_id)
        self.is_unread = wanted.wants_unread
        self.is_own = wanted.wants_draft or wanted.wants_mentioned  # few: counted anew whenever one of them changes
        self.value = 0
        self.users = 0

    def holds(self, kind: Kind) -> bool:
        """Whether a conversation of this kind is counted, as far as its kind says."""
        return self._matches(kind) and self.sees(kind)

    def add(self, changes: Mapping[Kind, int], read_changes: Mapping[Kind, int]) -> bool:
        """Take part in a change; True where the value is another."""
        before = self.value
        for kind, by in changes.items():
            if self.holds(kind):
                self.value += by
        for kind, by in read_changes.items() if self.is_unread else ():
            if self.holds(kind):
                self.value -= by
        return self.value != before
