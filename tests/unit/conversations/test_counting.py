"""Counters kept by change say what counting anew would say, whatever happens in whatever order."""

from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.auth.callers import Caller
from hub.auth.rights import Right
from hub.conversations.counting import Index
from hub.conversations.filters import Filter
from hub.conversations.kinds import Counter
from hub.ids import QueueId, UserId

QUEUES = [None, *(str(UUID(int=number)) for number in (1, 2))]
USERS = [UUID(int=number) for number in (11, 12)]
AGENTS = [None, *map(str, USERS)]

ids = st.integers(0, 7).map(lambda number: f"c{number}")
fields = st.fixed_dictionaries(
    {
        "state": st.sampled_from(["open", "open", "snoozed", "closed"]),
        "waiting_for": st.sampled_from(["us", "customer", "nobody"]),
        "queue_id": st.sampled_from(QUEUES),
        "assignee_id": st.sampled_from(AGENTS),
        "channel": st.sampled_from(["email", "webchat"]),
        "priority": st.sampled_from(["normal", "urgent"]),
        "tags": st.lists(st.sampled_from(["Vip", "bug"]), unique=True, max_size=2),
        "due": st.sampled_from([None, 50.0, 500.0]),
        "last_in_n": st.integers(0, 5),
        "rev": st.integers(1, 6),
    }
)
changes = st.one_of(
    st.tuples(st.just("put"), ids, fields),
    st.tuples(st.just("read"), ids, st.tuples(st.sampled_from(USERS), st.integers(0, 5))),
    st.tuples(st.just("draft"), ids, st.tuples(st.sampled_from(USERS), st.booleans())),
    st.tuples(st.just("mention"), ids, st.sampled_from(USERS)),
    st.tuples(st.just("time"), st.just(""), st.sampled_from([60.0, 600.0])),
    st.tuples(st.just("flush"), st.just(""), st.none()),
)
filters = st.builds(
    Filter,
    view=st.sampled_from(["mine", "unassigned", "all", "snoozed", "drafts", "mentions", "unread"]),
    waiting_for=st.sampled_from([None, None, "us"]),
    queue_id=st.sampled_from([None, None, UUID(int=1)]),
    channel=st.sampled_from([None, None, "email"]),
    priority=st.sampled_from([None, None, "urgent"]),
    tag=st.sampled_from([None, None, "vip"]),
    unread=st.booleans(),
    draft=st.sampled_from([False, False, True]),
    mentioned=st.sampled_from([False, False, True]),
    overdue=st.sampled_from([False, False, True]),
)
callers = st.sampled_from(
    [
        Caller(kind="user", user_id=UserId(USERS[0]), rights=frozenset(Right)),
        Caller(kind="user", user_id=UserId(USERS[1]), rights=frozenset({Right.CONVERSATIONS_READ}), queue_ids=frozenset({QueueId(UUID(int=1))})),
        Caller(kind="token", rights=frozenset({Right.CONVERSATIONS_READ})),
        Caller(kind="user", user_id=UserId(USERS[1]), rights=frozenset()),
    ]
)  # fmt: skip


class Naive:
    """The same, kept as plainly as can be and counted from the beginning each time."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, Any]] = {}
        self.read: dict[tuple[UUID, str], int] = {}
        self.drafts: set[tuple[UUID, str]] = set()
        self.mentions: set[tuple[UUID, str]] = set()
        self.now = 0.0

    def count(self, wanted: Filter, caller: Caller) -> int:
        return sum(self._found(id, row, wanted, caller) for id, row in self.rows.items())

    def _found(self, id: str, row: dict[str, Any], wanted: Filter, caller: Caller) -> bool:
        user, me = caller.user_id, str(caller.user_id) if caller.user_id else None
        states = {"snoozed": ["snoozed"], "drafts": ["open", "snoozed"], "mentions": ["open", "snoozed"]}.get(
            wanted.view, ["open"]
        )
        named = all(
            getattr(wanted, name) is None or row[name] == str(getattr(wanted, name))
            for name in ("waiting_for", "queue_id", "channel", "priority")
        )
        seen = caller.may(Right.CONVERSATIONS_READ_ALL) or (
            caller.may(Right.CONVERSATIONS_READ)
            and (
                row["queue_id"] is None or row["queue_id"] in set(map(str, caller.queue_ids)) or (me and row["assignee_id"] == me)
            )
        )
        unread = user is not None and row["last_in_n"] > self.read.get((user, id), 0)
        return bool(
            seen
            and named
            and row["state"] in states
            and (wanted.view != "mine" or (me and row["assignee_id"] == me))
            and (wanted.view != "unassigned" or row["assignee_id"] is None)
            and (wanted.tag is None or wanted.tag in [tag.casefold() for tag in row["tags"]])
            and (not wanted.wants_unread or unread)
            and (not wanted.wants_draft or (user, id) in self.drafts)
            and (not wanted.wants_mentioned or (user, id) in self.mentions)
            and (not wanted.overdue or (row["due"] is not None and row["due"] <= self.now))
        )


def _do(index: Index, naive: Naive, what: str, id: str, value: Any) -> None:
    match what:
        case "put":
            _put(index, naive, id, value)
        case "read":
            user_id, n = value
            index.mark_read(user_id, id, n)
            naive.read[user_id, id] = n
            naive.mentions.discard((user_id, id))
        case "draft":
            user_id, there = value
            index.mark_draft(user_id, id, "reply", there=there)
            (naive.drafts.add if there else naive.drafts.discard)((user_id, id))
        case "mention":
            index.mark_mention(value, id)
            naive.mentions.add((value, id))
        case "time":
            naive.now = max(naive.now, value)
            index.pass_time(naive.now)
        case _:
            index.flush()


def _put(index: Index, naive: Naive, id: str, row: dict[str, Any]) -> None:
    from datetime import UTC, datetime

    due = row["due"]
    index.put(id, {**row, "response_due_at": None if due is None else datetime.fromtimestamp(due, UTC).isoformat()}, naive.now)
    if row["rev"] >= naive.rows.get(id, {"rev": 0})["rev"]:
        naive.rows[id] = row


@pytest.mark.covers("M-01")
@settings(max_examples=200, deadline=None)
@given(st.lists(changes, max_size=40), st.lists(st.tuples(filters, callers), min_size=1, max_size=6), st.integers(0, 40))
def test_kept_by_change_is_what_counting_says(
    happened: list[tuple[str, str, Any]], watched: list[tuple[Filter, Caller]], watched_from: int
) -> None:
    index, naive = Index(), Naive()
    for user_id in USERS:
        index.add_reader(user_id, (), (), ())
    counters: list[Counter] = []
    for place, change in enumerate(happened):
        if place == watched_from:
            counters = [index.watch(wanted, caller) for wanted, caller in watched]
        _do(index, naive, *change)
    counters = counters or [index.watch(wanted, caller) for wanted, caller in watched]
    index.pass_time(naive.now)
    index.flush()

    assert [counter.value for counter in counters] == [naive.count(wanted, caller) for wanted, caller in watched]


def test_a_change_told_late_or_twice_does_nothing() -> None:
    index, boss = Index(), Caller(kind="user", rights=frozenset(Right))
    counter = index.watch(Filter(view="all"), boss)
    row = {
        "state": "open", "waiting_for": "us", "queue_id": None, "assignee_id": None, "channel": "email", "priority": "normal", "tags": [],
        "response_due_at": None, "last_in_n": 1,
    }  # fmt: skip
    for change in ({**row, "rev": 2}, {**row, "rev": 2}, {**row, "rev": 4, "state": "closed"}, {**row, "rev": 3}):
        index.put("c", change, 0.0)
    index.flush()
    assert counter.value == 0
    index.put("c", {**row, "rev": 5}, 0.0)
    index.flush()
    assert counter.value == 1


def test_counters_alike_are_counted_once_and_forgotten_with_the_last_who_looks() -> None:
    index = Index()
    callers = [Caller(kind="user", user_id=UserId(id), rights=frozenset(Right)) for id in USERS]
    one, other = (index.watch(Filter(view="unassigned"), caller) for caller in callers)
    assert one is other
    index.unwatch(one)
    assert index.watch(Filter(view="unassigned"), callers[0]) is one
    index.unwatch(one)
    index.unwatch(one)
    assert index.watch(Filter(view="unassigned"), callers[0]) is not one
