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
from tests.integration.conversations.conftest import ok, queue
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

    return [
        write,
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
    for place, wanted in enumerate(FILTERS):
        view = SavedView(
            id=new_id(),
            name=f"v{place}",
            scope="everybody",
            team_id=None,
            filter=wanted,
            sort="newest",
            position=place,
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
