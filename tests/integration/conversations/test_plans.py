"""No list walks over the whole table: what the database plans for each of them."""

from typing import Any, get_args

import pytest

from hub.auth.callers import Caller
from hub.auth.rights import Right
from hub.conversations import feed, listing, queries
from hub.conversations.filters import Filter, View
from hub.conversations.threading import _KEYS_SQLITE
from hub.db import Database, Row
from hub.ids import UserId, new_id

ID = new_id()
BOSS = Caller(kind="user", user_id=UserId(ID), rights=frozenset(Right))
LISTS = [Filter(view=view, sort=sort) for view in get_args(View) for sort in ("newest", "waiting")] + [  # type: ignore[arg-type]
    Filter(view=view, **named)
    for view in ("all", "closed")
    for named in ({"queue_id": ID}, {"assignee_id": ID}, {"channel": "webchat"}, {"customer_id": ID}, {"ticket_id": ID})
]


class Plans:
    """Takes statements and keeps what SQLite would do for them."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.steps: list[str] = []

    async def fetch(self, sql: str, *args: Any) -> list[Row]:
        self.steps += [row["detail"] for row in await self._database.fetch(f"EXPLAIN QUERY PLAN {sql}", *args)]
        return []


@pytest.fixture
def plans(database: Database, dialect: str) -> Plans:
    if dialect != "sqlite":
        pytest.skip("PostgreSQL plans by what is in the tables: see benchmarks")
    return Plans(database)


@pytest.mark.covers("M-01")
@pytest.mark.parametrize("wanted", LISTS, ids=str)
async def test_a_list_uses_an_index(plans: Plans, wanted: Filter) -> None:
    for cursor in (None, listing.write_cursor(("2026-11-21T00:00:00Z", 5))):
        await listing.listed(plans, BOSS, wanted, cursor=cursor, limit=50)
    assert plans.steps
    assert [step for step in plans.steps if step.startswith("SCAN c")] == []


async def test_timelines_messages_counters_and_thread_keys_use_an_index(plans: Plans) -> None:
    await queries.timeline(plans, ID, before=5)  # type: ignore[arg-type]
    await queries.timeline(plans, ID, after=5)  # type: ignore[arg-type]
    await queries.counts(plans, BOSS)
    for direction in (None, "in"):
        for channel in (None, "email"):
            await feed.messages(plans, BOSS, direction=direction, channel=channel, after=(0, 5), below=1, limit=50)
    await plans.fetch(_KEYS_SQLITE, [ID], ["<a@x>"])
    scans = [step for step in plans.steps if step.startswith("SCAN") and "VIRTUAL TABLE" not in step]
    assert scans == []
