"""The live counters of this process: read once from the database, then kept by the event log."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from hub import clock
from hub.auth.callers import Caller
from hub.conversations.counting import Index
from hub.conversations.filters import Filter
from hub.conversations.kinds import Counter, Reader
from hub.conversations.saved import SavedView, views_for
from hub.conversations.store import conversation_of
from hub.db import Database, LoggedEvent, Row
from hub.errors import HubError

_CHUNK = 1_000
_ROWS = "SELECT * FROM conversation WHERE state IN ('open', 'snoozed') AND n > $1 ORDER BY n LIMIT $2"
_READ = """
SELECT r.conversation_id, r.read_n, r.mentioned_n FROM conversation_read r JOIN conversation c ON c.id = r.conversation_id
WHERE r.user_id = $1 AND c.state IN ('open', 'snoozed')"""
_MARKS = """
SELECT user_id, conversation_id, read_n, mentioned_n FROM conversation_read
WHERE conversation_id = ANY($1::uuid[]) AND user_id = ANY($2::uuid[])"""
_DRAFTS = "SELECT conversation_id, mode FROM draft WHERE user_id = $1 AND content IS NOT NULL"

_HELD = {  # what the inbox shows beside the saved views: by name and by whose turn it is
    (name, turn): Filter(view=name, waiting_for=turn)
    for name in ("mine", "unassigned", "all", "snoozed")
    for turn in ("us", "customer", "nobody")
}


class Watcher:
    """The counters one connection shows."""

    def __init__(self, caller: Caller, counters: Mapping[tuple[str, str], Counter]) -> None:
        self.caller, self.counters = caller, counters
        self._told: dict[str, dict[str, int]] = {}

    def values(self) -> dict[str, dict[str, int]]:
        """All of them, by group (`mine`, …, `views`) and name."""
        values: dict[str, dict[str, int]] = {"mine": {}, "unassigned": {}, "all": {}, "snoozed": {}, "views": {}}
        for (group, name), counter in self.counters.items():
            if counter.value or group == "views":
                values[group][name] = counter.value
        return values

    def news(self) -> dict[str, dict[str, int]]:
        """What is other than told last: whole groups, of the views only those that changed."""
        now, told = self.values(), self._told
        news = {group: values for group, values in now.items() if group != "views" and values != told.get(group)}
        before = told.get("views", {})
        views = {name: value for name, value in now["views"].items() if value != before.get(name)}
        self._told = now
        return {**news, "views": views} if views else news


class LiveCounts:
    """Loaded when the first agent connects. `apply` has to be given every event of the log from then on, in order."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._index: Index | None = None
        self._waiting: list[LoggedEvent] | None = None  # told while the snapshot is read
        self._lock = asyncio.Lock()
        self._watchers: dict[Any, Watcher] = {}
        self._returned: set[str] = set()  # conversations that were closed, and whose readers are not known
        self.on_change: Callable[[], None] = lambda: None

    async def watch(self, key: Any, caller: Caller) -> Watcher:
        """Count for this connection, named by `key`, from now on; again after its rights or its views changed."""
        index = await self._ready()
        views = await views_for(self._db, caller.user_id, caller.team_ids)
        async with self._lock:
            reader = await self._reader(index, caller.user_id) if caller.user_id is not None else None
            if reader is not None:
                reader.watched += 1  # from here on: his last other connection may end while this one begins
            watcher = Watcher(caller, await self._counters(index, caller, views))
            before = self._watchers.get(key)
            self._watchers[key] = watcher
            if before is not None:
                self._forget(before)
        return watcher

    async def _reader(self, index: Index, user_id: UUID) -> Reader | None:
        if index.reader(user_id) is None:
            await self._load_reader(index, user_id)
        return index.reader(user_id)

    def unwatch(self, key: Any) -> None:
        """The connection is gone."""
        if (watcher := self._watchers.pop(key, None)) is not None:
            self._forget(watcher)

    def of(self, caller: Caller) -> dict[str, dict[str, int]] | None:
        """The counters of a caller somebody watches for, with the same rights; None where they are not at hand."""
        for watcher in self._watchers.values():
            other = watcher.caller
            if (other.user_id, other.token_id, other.rights, other.queue_ids, other.team_ids) == (
                caller.user_id, caller.token_id, caller.rights, caller.queue_ids, caller.team_ids,
            ):  # fmt: skip
                self.settle()
                return watcher.values()
        return None

    def apply(self, events: Sequence[LoggedEvent]) -> None:
        """What happened."""
        if self._waiting is not None:
            self._waiting += events
        elif self._index is not None:
            now = clock.now().timestamp()
            for event in events:
                if (id := _apply(self._index, event, now)) is not None:
                    self._returned.add(id)
            self.on_change()

    async def recall(self) -> None:
        """Look up who had read what was closed when his marks were read, and is open again. To be awaited before `settle`."""
        if self._index is None or not self._returned:
            return
        ids, self._returned = self._returned, set()
        try:
            rows = await self._db.fetch(_MARKS, [UUID(id) for id in ids], self._index.user_ids)
        except HubError:
            self._returned |= ids  # the next time
            return
        for row in rows:
            self._index.recall(row["user_id"], str(row["conversation_id"]), row["read_n"], mentioned=row["mentioned_n"] > 0)

    def settle(self) -> bool:
        """Bring every counter up to date with what was applied and with the time; True where one changed."""
        if self._index is None:
            return False
        self._index.pass_time(clock.now().timestamp())
        return self._index.flush()

    @property
    def next_due(self) -> float | None:
        """When time alone will change a counter (seconds since 1970)."""
        return self._index.next_due if self._index else None

    async def _ready(self) -> Index:
        async with self._lock:
            if self._index is None:
                waiting: list[LoggedEvent] = []  # what is told from here on is in the snapshot or comes after it
                self._waiting = waiting
                try:
                    self._index = await self._load()
                finally:
                    self._waiting = None
                self.apply(waiting)
            return self._index

    async def _load(self) -> Index:
        index, last, now = Index(), 0, clock.now().timestamp()
        while rows := await self._db.fetch(_ROWS, last, _CHUNK):
            for row in rows:
                index.put(str(row["id"]), _fields(row), now)
            last = rows[-1]["n"]
            await asyncio.sleep(0)
        index.flush()
        return index

    async def _load_reader(self, index: Index, user_id: UUID) -> None:
        waiting: list[LoggedEvent] = []  # what is told meanwhile comes after
        self._waiting = waiting
        try:
            rows = await self._db.fetch(_READ, user_id)
            drafts = await self._db.fetch(_DRAFTS, user_id)
            index.add_reader(
                user_id,
                ((str(row["conversation_id"]), row["read_n"]) for row in rows),
                ((str(row["conversation_id"]), row["mode"]) for row in drafts),
                (str(row["conversation_id"]) for row in rows if row["mentioned_n"]),
            )
        finally:
            self._waiting = None
            self.apply(waiting)  # also where this failed: everybody else's counters live on

    async def _counters(self, index: Index, caller: Caller, views: Sequence[SavedView]) -> dict[tuple[str, str], Counter]:
        counters = {key: index.watch(wanted, caller) for key, wanted in _HELD.items()}
        for view in views:
            if view.filter.view != "closed":  # without end
                counters["views", str(view.id)] = index.watch(view.filter, caller)
                await asyncio.sleep(0)
        return counters

    def _forget(self, watcher: Watcher) -> None:
        if self._index is None:
            return
        for counter in watcher.counters.values():
            self._index.unwatch(counter)
        user_id = watcher.caller.user_id
        if user_id is not None and (reader := self._index.reader(user_id)) is not None:
            reader.watched -= 1
            if not reader.watched:
                self._index.drop_reader(user_id)


def _fields(row: Row) -> dict[str, Any]:
    """A stored conversation as an event would tell it."""
    stored = conversation_of(row)
    names = ("queue_id", "assignee_id")
    ids = {name: str(id) if (id := getattr(stored, name)) else None for name in names}
    return {
        "state": stored.state.value,
        "waiting_for": stored.waiting_for.value,
        "channel": stored.channel.value,
        "priority": stored.priority.value,
        "tags": stored.tags,
        "response_due_at": stored.due_at,
        "last_in_n": stored.last_in_n,
        "rev": stored.rev,
        **ids,
    }


def _apply(index: Index, event: LoggedEvent, now: float) -> str | None:
    """Returns the id of a conversation that was closed before, or unknown."""
    data, user_id = event.data, event.audience.user_id
    if event.type == "conversation.read" and user_id is not None:
        mentioned = bool(data.get("mentioned"))
        index.mark_read(user_id, str(data["conversation_id"]), int(data["n"]), mentioned=mentioned)
    elif event.type == "draft.changed" and user_id is not None:
        index.mark_draft(user_id, str(data["conversation_id"]), data["mode"], there=data["draft"] is not None)
    elif isinstance(view := data.get("conversation"), dict) and "rev" in view:
        id = str(view["id"])
        was_known = id in index
        index.put(id, view, now)
        for named in _named_in(data.get("message")):
            index.mark_mention(UUID(named), id)
        return id if id in index and not was_known and event.type != "conversation.created" else None
    return None


def _named_in(message: Any) -> Sequence[str]:
    if isinstance(message, dict) and message.get("direction") == "note":
        mentions: Sequence[str] = message["extra"].get("mentions", ())
        return [id for id in mentions if id != message.get("author_id")]
    return ()
