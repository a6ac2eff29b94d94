"""Live counters and the database say the same, whatever was done by whomever."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from itertools import product
from typing import Any, get_args
from uuid import UUID

import pytest

from hub import clock
from hub.auth.callers import Caller
from hub.auth.rights import Right
from hub.conversations import queries
from hub.conversations.counts import Watcher
from hub.conversations.filters import Filter, View
from hub.conversations.saved import SavedView, views_for
from hub.db import DatabaseGone, head
from hub.ids import UserId, new_id
from hub.realtime.agent_links import place_of
from tests.fixtures.console import Client
from tests.fixtures.desk import Front, eventually, mail
from tests.integration.conversations.conftest import ok, place, queue
from tests.integration.conversations.test_lists import many

FILTERS = [
    Filter(view=view, **named)  # type: ignore[arg-type]
    for view, named in product(get_args(View), ({}, {"tag": "vip"}, {"unread": True}, {"priority": "urgent"}, {"overdue": True}))
    if view != "closed"
]


@asynccontextmanager
async def counted(front: Front) -> AsyncIterator[None]:
    """The hub's counters, fed by its tailer."""
    end = front.desk.parts.tailer.subscribe(front.hub.counts.apply)
    try:
        yield
    finally:
        end()


async def caught_up(front: Front) -> None:
    """Until everything committed so far was handed on."""
    end = place_of(await head(front.hub.db))
    # In the order of their transactions, which is not that of their ids.
    last = await front.hub.db.fetch_one("SELECT id FROM event_log ORDER BY xid DESC, id DESC LIMIT 1")
    async with asyncio.timeout(5):
        while True:
            cursor = front.desk.parts.tailer.cursor
            if cursor is not None and (place_of(cursor) >= end or place_of(cursor).id == (last["id"] if last else 0)):
                return
            await asyncio.sleep(0.01)


async def agree(front: Front, watcher: Watcher, caller: Caller) -> None:
    """Counters and database, as soon as nothing is being filed any more: a mail is stored a moment after it was taken."""
    await eventually(lambda: _agree(front, watcher, caller), within=5)


async def _agree(front: Front, watcher: Watcher, caller: Caller) -> None:
    await caught_up(front)
    await front.hub.counts.recall()
    front.hub.counts.settle()
    views = await views_for(front.hub.db, caller.user_id, caller.team_ids)
    stored: dict[str, Any] = dict(await queries.counts(front.hub.db, caller))
    stored["views"] = await queries.view_counts(front.hub.db, caller, views)
    assert watcher.values() == stored


Step = Callable[[], Awaitable[Any]]


def steps(front: Front, anna: Client, ids: list[str], me: str, queues: list[str], chance: random.Random) -> list[Step]:
    """Things that happen."""
    id = lambda: chance.choice(ids)  # noqa: E731
    path = lambda: f"/conversations/{id()}"  # noqa: E731
    later = (clock.now() + timedelta(days=1)).isoformat()
    count = iter(range(10**6))

    async def write() -> None:
        sender = f"c{chance.randrange(len(ids))}@example.com"
        await front.desk.receive(
            mail(sender=sender, subject=f"s{chance.randrange(len(ids))}", text=str(next(count))), mail_from=sender
        )

    async def act() -> None:
        """On several at once, and mostly taken back, by then with something between."""
        kinds = ({"kind": "read"}, {"kind": "reopen"}, {"kind": "tag", "tag": "vip"}, {"kind": "queue", "queue_id": queues[0]})
        done = await anna.post("/conversations/bulk", {"action": chance.choice(kinds), "ids": chance.sample(ids, 4)})
        await chance.choice([write, lambda: anna.patch(path(), {"state": "closed"})])()
        if chance.random() < 0.7:
            await ok(await anna.post(f"/conversations/bulk/{(await done.json())['id']}/undo"), 201)

    return [
        write,
        act,
        lambda: anna.patch(path(), {"state": "closed"}),
        lambda: anna.patch(path(), {"state": "open"}),
        lambda: anna.patch(path(), {"state": "snoozed", "snoozed_until": later}),
        lambda: anna.patch(path(), {"priority": chance.choice(["urgent", "normal"])}),
        lambda: anna.patch(path(), {"queue_id": chance.choice(queues)}),
        lambda: anna.put(f"{path()}/assignee", {"agent_id": chance.choice([me, None])}),
        lambda: anna.put(f"{path()}/tags/vip"),
        lambda: anna.delete(f"{path()}/tags/vip"),
        lambda: anna.post(f"{path()}/read", {"n": 10**9}),
        lambda: anna.put(f"{path()}/drafts/note", {"text": "x", "revision": 0}),
        lambda: anna.delete(f"{path()}/drafts/note"),
        lambda: anna.delete(f"{path()}/read"),
        lambda: anna.post(f"{path()}/messages", {"kind": "note", "text": "look", "mentions": [me]}),
        lambda: anna.post("/conversations/bulk", {"action": {"kind": "close"}, "ids": ids[:3]}),
        lambda: anna.post(f"{path()}/merge", {"into_id": id()}),
        lambda: anna.post(f"{path()}/unmerge"),
    ]


@pytest.mark.covers("M-01")
@pytest.mark.timeout(120)
async def test_counters_kept_by_change_equal_what_the_database_counts(front: Front, anna: Client) -> None:
    chance = random.Random(7)
    ids = await many(front, 12)
    await ok(await anna.post("/tags", {"name": "Vip"}), 201)
    queues = [await queue(front, name) for name in ("Sales", "Support")]
    ben = await front.user("ben", "agent")
    boss = Caller(
        kind="user",
        name="anna",
        user_id=UserId(UUID((await ok(await anna.get("/session")))["user"]["id"])),
        rights=frozenset(Right),
    )
    agent = Caller(
        kind="user", name="ben", user_id=ben.id, rights=frozenset({Right.CONVERSATIONS_READ}), queue_ids=frozenset(queues[:1])
    )
    for position, wanted in enumerate(FILTERS):
        view = SavedView(
            id=new_id(),
            name=f"v{position}",
            scope="everybody",
            team_id=None,
            filter=wanted,
            sort="newest",
            position=position,
            version=1,
        )
        await front.hub.views.add(view, by=boss)
    async with counted(front):
        watchers = [(await front.hub.counts.watch(who.name, who), who) for who in (boss, agent)]
        for _ in range(12):
            for step in chance.sample(steps(front, anna, ids, str(ben.id), list(map(str, queues)), chance), 6):
                answer = await step()
                assert answer is None or answer.status < 500
            for watcher, who in watchers:
                await agree(front, watcher, who)
        again = await front.hub.counts.watch("late", boss)  # who comes later is told the same
        await agree(front, again, boss)


async def test_what_happens_while_a_newcomer_cannot_be_read_is_counted_all_the_same(
    front: Front, anna: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = await many(front, 2)
    me = UserId(UUID((await ok(await anna.get("/session")))["user"]["id"]))
    anybody = Caller(kind="token", name="program", rights=frozenset(Right))
    boss = Caller(kind="user", name="anna", user_id=me, rights=frozenset(Right))
    db, fetch = front.hub.db, front.hub.db.fetch

    async def goes_away(sql: str, *args: Any) -> Any:
        if "conversation_read r" in sql and args == (me,):
            await ok(await anna.patch(f"/conversations/{ids[0]}", {"state": "closed"}))
            await caught_up(front)
            raise DatabaseGone("it is away")
        return await fetch(sql, *args)

    async with counted(front):
        watcher = await front.hub.counts.watch("first", anybody)
        with monkeypatch.context() as away:
            away.setattr(db, "fetch", goes_away)
            with pytest.raises(DatabaseGone):
                await front.hub.counts.watch("newcomer", boss)
        await agree(front, watcher, anybody)


async def _boss(front: Front, anna: Client) -> Caller:
    me = UserId(UUID((await ok(await anna.get("/session")))["user"]["id"]))
    return Caller(kind="user", name="anna", user_id=me, rights=frozenset(Right))


async def _view(front: Front, boss: Caller, name: str, **wanted: Any) -> str:
    view = SavedView(
        id=new_id(), name=name, scope="mine", team_id=None, filter=Filter(**wanted), sort="newest", position=0, version=1
    )
    return str((await front.hub.views.add(view, by=boss)).id)


@pytest.mark.covers("M-01")
async def test_what_was_read_and_closed_long_ago_and_is_opened_again_is_not_counted_as_unread(front: Front, anna: Client) -> None:
    (id,) = await many(front, 1)
    boss = await _boss(front, anna)
    note = {"kind": "note", "text": "look", "mentions": [str(boss.user_id)]}
    ben = await front.signed_in("ben", "administrator")
    for view in ("unread", "mentions"):
        await _view(front, boss, view, view=view)
    await ok(await anna.post(f"/conversations/{id}/read", {"n": 10**9}), 204)
    await ok(await ben.post(f"/conversations/{id}/messages", note), 201)
    await ok(await anna.patch(f"/conversations/{id}", {"state": "closed"}))
    async with counted(front):
        watcher = await front.hub.counts.watch("anna", boss)
        await ok(await ben.patch(f"/conversations/{id}", {"state": "open"}))
        await agree(front, watcher, boss)
        assert sorted(watcher.values()["views"].values()) == [0, 1]


@pytest.mark.covers("M-01", "M-16")
async def test_marks_set_by_an_action_on_many_or_by_an_older_page_are_counted_as_they_are(front: Front, anna: Client) -> None:
    (id,) = await many(front, 1)
    boss = await _boss(front, anna)
    ben = await front.signed_in("ben", "administrator")
    for view in ("unread", "mentions"):
        await _view(front, boss, view, view=view)
    note = {"kind": "note", "text": "look", "mentions": [str(boss.user_id)]}
    async with counted(front):
        watcher = await front.hub.counts.watch("anna", boss)
        await ok(await ben.post(f"/conversations/{id}/messages", note), 201)
        await ok(await anna.post("/conversations/bulk", {"action": {"kind": "read"}, "ids": [id]}), 201)
        await agree(front, watcher, boss)
        await ok(await anna.delete(f"/conversations/{id}/read"), 204)
        await agree(front, watcher, boss)
        assert list(watcher.values()["views"].values()) == [1, 1]
        await ok(await anna.post("/conversations/bulk", {"action": {"kind": "read"}, "ids": [id]}), 201)
        await ok(await anna.post(f"/conversations/{id}/read", {"n": 0}), 204)  # a page that has seen less
        await agree(front, watcher, boss)
        assert list(watcher.values()["views"].values()) == [0, 0]


@pytest.mark.covers("M-01", "M-15")
async def test_what_goes_with_a_merged_conversation_is_counted_where_it_is(front: Front, anna: Client) -> None:
    kept, gone = await many(front, 2)
    boss = await _boss(front, anna)
    for view in ("unread", "drafts"):
        await _view(front, boss, view, view=view)
    async with counted(front):
        watcher = await front.hub.counts.watch("anna", boss)
        await ok(await anna.put(f"/conversations/{gone}/drafts/note", {"text": "x", "revision": 0}))
        for id in (kept, gone):
            await ok(await anna.post(f"/conversations/{id}/read", {"n": 10**9}), 204)
        for verb, body in (("merge", {"into_id": kept}), ("unmerge", None)):
            await ok(await anna.post(f"/conversations/{gone}/{verb}", body))
            await agree(front, watcher, boss)
            assert sorted(watcher.values()["views"].values()) == [0, 1]


@pytest.mark.covers("M-01")
async def test_a_page_that_ends_while_the_next_begins_takes_nothing_from_it(front: Front, anna: Client) -> None:
    (id,) = await many(front, 1)
    boss = await _boss(front, anna)
    for name in ("one", "two"):
        await _view(front, boss, name, view="unread")
    async with counted(front):
        await front.hub.counts.watch("old", boss)
        begins = asyncio.create_task(front.hub.counts.watch("new", boss))
        while not front.hub.counts._lock.locked():
            await asyncio.sleep(0)
        front.hub.counts.unwatch("old")
        assert not begins.done()
        watcher = await begins
        await agree(front, watcher, boss)
        await ok(await anna.post(f"/conversations/{id}/read", {"n": 10**9}), 204)
        await agree(front, watcher, boss)
        front.hub.counts.unwatch("new")
        index = front.hub.counts._index
        assert index is not None
        assert index.user_ids == []


@pytest.mark.covers("M-01", "M-10", "M-16")
async def test_a_promise_is_told_again_with_the_wait_it_was_given_for(front: Front, anna: Client) -> None:
    (id,) = await many(front, 1)
    boss = await _boss(front, anna)
    await _view(front, boss, "late", overdue=True)
    await place(front, id, await queue(front, "Sales"))
    async with front.hub.db.unit_of_work() as work:
        await work.execute(
            "UPDATE conversation SET clock_since = waiting_since, clock_queue_id = queue_id, response_due_at = $2 WHERE id = $1",
            *(UUID(id), clock.now() - timedelta(minutes=1)),
        )
    async with counted(front):
        watcher = await front.hub.counts.watch("anna", boss)
        done = await ok(await anna.post("/conversations/bulk", {"action": {"kind": "close"}, "ids": [id]}), 201)
        await agree(front, watcher, boss)
        await ok(await anna.post(f"/conversations/bulk/{done['id']}/undo"), 201)
        await agree(front, watcher, boss)
        assert list(watcher.values()["views"].values()) == [1]
