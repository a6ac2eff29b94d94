"""Counters kept by change: how many conversations each filter finds, without ever counting rows again.

All conversations that are not closed are known in memory by what filters look at. Those alike in all of it form one *group*, so a
change is "one less of this kind, one more of that", and a counter takes part in it only if it holds one kind and not the other.
What is a user's own is laid over it: whatever a user has read is subtracted from what is unread to everybody.

Nothing here reads or writes: rows come from a snapshot (`start`, `put`), then from the event log in its order (`apply`). A change
told twice, or after a newer one, does nothing.
"""

import heapq
from collections import Counter as Tally
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from hub.auth.callers import Caller
from hub.auth.rights import Right
from hub.conversations.filters import Filter, tag_key

FORGOTTEN_AFTER = 20_000  # closed conversations whose last state is remembered, in case an older change is told late


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
        self.watched = 0

    def has_own(self, id: str) -> bool:
        """The user writes in it or is named in it."""
        return id in self.mentions or (id, "reply") in self.drafts or (id, "note") in self.drafts


def is_read(entry: Entry, read_n: int) -> bool:
    """Nothing in it is unread to who has read so far."""
    return entry.kind.was_written_to and entry.last_in_n <= read_n


def sight_of(caller: Caller) -> Any:
    """What decides whom a caller sees: callers with the same are counted for once."""
    if caller.may(Right.CONVERSATIONS_READ_ALL):
        return "all"
    if not caller.may(Right.CONVERSATIONS_READ):
        return "nothing"
    user = str(caller.user_id) if caller.user_id else None
    return (frozenset(map(str, caller.queue_ids)), user)


def _sees(sight: Any) -> Callable[[Kind], bool]:
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

    def __init__(self, key: Any, wanted: Filter, sight: Any, user_id: UUID | None, reader: Reader | None) -> None:
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


class Index:
    """All conversations that are not closed, and the counters over them."""

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}
        self._gone: OrderedDict[str, int] = OrderedDict()
        self._groups: Tally[Kind] = Tally()
        self._readers: dict[UUID, Reader] = {}
        self._counters: dict[Any, Counter] = {}
        self._due: list[tuple[float, str]] = []
        self._changes: Tally[Kind] = Tally()  # not yet given to the counters
        self._read_changes: dict[UUID, Tally[Kind]] = {}
        self._own_changed: set[UUID] = set()

    def __len__(self) -> int:
        return len(self._entries)

    def put(self, id: str, fields: Mapping[str, Any], now: float) -> None:
        """What a conversation is now: `fields` as in its view, ids as text."""
        before, rev = self._entries.get(id), int(fields["rev"])
        if rev < (before.rev if before else self._gone.get(id, -1)):
            return
        if fields["state"] == "closed":
            self._gone[id] = rev
            self._gone.move_to_end(id)
            if len(self._gone) > FORGOTTEN_AFTER:
                self._gone.popitem(last=False)
            self._swap(id, before, None)
            return
        self._gone.pop(id, None)
        due = fields["response_due_at"]
        due_at = None if due is None else _seconds(due)
        kind = Kind(
            fields["state"], fields["waiting_for"], fields["queue_id"], fields["assignee_id"], fields["channel"], fields["priority"],
            tuple(map(tag_key, fields["tags"])), due_at is not None and due_at <= now, fields["last_in_n"] > 0,
        )  # fmt: skip
        self._swap(id, before, Entry(kind, rev, fields["last_in_n"], due_at))
        if due_at is not None and due_at > now and (before is None or before.due_at != due_at):
            heapq.heappush(self._due, (due_at, id))

    @property
    def next_due(self) -> float | None:
        """When the next conversation becomes overdue."""
        return self._due[0][0] if self._due else None

    def pass_time(self, now: float) -> None:
        """Those whose time has come are overdue."""
        while self._due and self._due[0][0] <= now:
            due_at, id = heapq.heappop(self._due)
            entry = self._entries.get(id)
            if entry is not None and entry.due_at == due_at and not entry.kind.is_overdue:
                self._swap(id, entry, entry._replace(kind=entry.kind._replace(is_overdue=True)))

    def _swap(self, id: str, before: Entry | None, now: Entry | None) -> None:
        if now is None:
            self._entries.pop(id, None)
        else:
            self._entries[id] = now
        if before is not None and now is not None and before.kind == now.kind and before.last_in_n == now.last_in_n:
            return
        for entry, by in ((before, -1), (now, 1)):
            if entry is not None:
                self._shift(self._groups, entry.kind, by)
                self._shift(self._changes, entry.kind, by)
        for user_id, reader in self._readers.items():
            read_n = reader.read.get(id)
            if read_n is not None:
                self._swap_read(user_id, reader, (before, read_n), (now, read_n))
            if reader.has_own(id):
                self._own_changed.add(user_id)

    def _swap_read(self, user_id: UUID, reader: Reader, before: tuple[Entry | None, int], now: tuple[Entry | None, int]) -> None:
        changes = self._read_changes.setdefault(user_id, Tally())
        for (entry, read_n), by in ((before, -1), (now, 1)):
            if entry is not None and is_read(entry, read_n):
                self._shift(reader.groups, entry.kind, by)
                self._shift(changes, entry.kind, by)

    @staticmethod
    def _shift(tally: Tally[Kind], kind: Kind, by: int) -> None:
        total = tally[kind] + by
        if total:
            tally[kind] = total
        else:
            del tally[kind]

    # What is a user's own.

    def reader(self, user_id: UUID) -> Reader | None:
        """The marks of a user somebody watches for."""
        return self._readers.get(user_id)

    def add_reader(
        self, user_id: UUID, read: Iterable[tuple[str, int]], drafts: Iterable[tuple[str, str]], mentions: Iterable[str]
    ) -> None:
        """A user's marks, as just read from the database."""
        reader = self._readers[user_id] = Reader()
        reader.drafts.update(drafts)
        reader.mentions.update(mentions)
        for id, n in read:
            reader.read[id] = n
            entry = self._entries.get(id)
            if entry is not None and is_read(entry, n):
                self._shift(reader.groups, entry.kind, 1)

    def mark_read(self, user_id: UUID, id: str, n: int) -> None:
        """The user has read so far (and seen what named him)."""
        if (reader := self._readers.get(user_id)) is None:
            return
        entry = self._entries.get(id)
        self._swap_read(user_id, reader, (entry, reader.read.get(id, 0)), (entry, n))
        reader.read[id] = n
        self._own_changed.add(user_id)
        reader.mentions.discard(id)

    def mark_draft(self, user_id: UUID, id: str, mode: str, *, there: bool) -> None:
        """The user began to write, or ended."""
        if (reader := self._readers.get(user_id)) is not None:
            (reader.drafts.add if there else reader.drafts.discard)((id, mode))
            self._own_changed.add(user_id)

    def mark_mention(self, user_id: UUID, id: str) -> None:
        """Somebody named the user."""
        if (reader := self._readers.get(user_id)) is not None:
            reader.mentions.add(id)
            self._own_changed.add(user_id)

    # Counters.

    def watch(self, wanted: Filter, caller: Caller) -> Counter:
        """The counter of a filter for a caller, counted now unless somebody has it already. Give it back with `unwatch`."""
        sight, needs_user = (
            sight_of(caller),
            wanted.view == "mine" or wanted.wants_unread or wanted.wants_draft or wanted.wants_mentioned,
        )
        key = (wanted, sight, caller.user_id if needs_user else None)
        counter = self._counters.get(key)
        if counter is None:
            reader = self._readers.get(caller.user_id) if caller.user_id and needs_user else None
            counter = self._counters[key] = Counter(key, wanted, sight, caller.user_id, reader)
            self.flush()  # so that what comes next is on top of what is counted now
            counter.value = self._count(counter)
        counter.users += 1
        return counter

    def unwatch(self, counter: Counter) -> None:
        """Nobody looks at it any more."""
        counter.users -= 1
        if counter.users == 0:
            self._counters.pop(counter.key, None)

    def drop_reader(self, user_id: UUID) -> None:
        """Nobody watches for this user any more."""
        self._readers.pop(user_id, None)
        self._read_changes.pop(user_id, None)
        self._own_changed.discard(user_id)

    def flush(self) -> bool:
        """Give what changed to the counters; True where any has another value now."""
        changes, read_changes, own = self._changes, self._read_changes, self._own_changed
        self._changes, self._read_changes, self._own_changed = Tally(), {}, set()
        if not (changes or read_changes or own):
            return False
        by_reader = {id(self._readers[user_id]): tally for user_id, tally in read_changes.items() if user_id in self._readers}
        own_readers = {id(self._readers[user_id]) for user_id in own if user_id in self._readers}
        changed = False
        for counter in self._counters.values():
            if counter.is_own:
                if id(counter.reader) in own_readers:
                    before, counter.value = counter.value, self._count(counter)
                    changed = changed or counter.value != before
            elif counter.add(changes, by_reader.get(id(counter.reader), _NOTHING)):
                changed = True
        return changed

    def _count(self, counter: Counter) -> int:
        reader = counter.reader
        if counter.is_own:
            return self._count_own(counter, reader) if reader else 0
        if counter.is_unread and reader is None:
            return 0
        total = sum(count for kind, count in self._groups.items() if counter.holds(kind))
        if counter.is_unread and reader is not None:
            total -= sum(count for kind, count in reader.groups.items() if counter.holds(kind))
        return total

    def _count_own(self, counter: Counter, reader: Reader) -> int:
        ids = {id for id, _ in reader.drafts} if counter.wanted.wants_draft else reader.mentions
        if counter.wanted.wants_draft and counter.wanted.wants_mentioned:
            ids = ids & reader.mentions
        found = 0
        for id in ids:
            entry = self._entries.get(id)
            if entry is not None and counter.holds(entry.kind):
                found += not (counter.is_unread and is_read(entry, reader.read.get(id, 0)))
        return found


_NOTHING: Mapping[Kind, int] = {}


def _seconds(at: str | datetime) -> float:
    return (datetime.fromisoformat(at) if isinstance(at, str) else at).timestamp()
