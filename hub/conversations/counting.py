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
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from hub.auth.callers import Caller
from hub.conversations.filters import Filter, tag_key
from hub.conversations.kinds import Counter, Entry, Kind, Reader, is_read, sight_of

FORGOTTEN_AFTER = 20_000  # closed conversations whose last state is remembered, in case an older change is told late


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

    def __contains__(self, id: str) -> bool:
        return id in self._entries

    @property
    def user_ids(self) -> list[UUID]:
        """Whose marks are known here."""
        return list(self._readers)

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

    def mark_read(self, user_id: UUID, id: str, n: int, *, mentioned: bool = False) -> None:
        """The user has read so far; `mentioned`: what names him there he has not looked at."""
        if (reader := self._readers.get(user_id)) is None:
            return
        entry = self._entries.get(id)
        self._swap_read(user_id, reader, (entry, reader.read.get(id, 0)), (entry, n))
        reader.read[id] = n
        self._own_changed.add(user_id)
        (reader.mentions.add if mentioned else reader.mentions.discard)(id)

    def recall(self, user_id: UUID, id: str, n: int, *, mentioned: bool) -> None:
        """What a user had read of a conversation that is open again, as the database has it; what was told of him since counts."""
        reader = self._readers.get(user_id)
        if reader is not None and id not in reader.read:
            self.mark_read(user_id, id, n, mentioned=mentioned or id in reader.mentions)

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
