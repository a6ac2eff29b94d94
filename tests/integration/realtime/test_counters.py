"""Counters on agents' pages: all at first, then what changed."""

from typing import Any
from uuid import UUID

import pytest

from hub.auth.callers import Caller
from hub.auth.rights import Right
from hub.conversations.filters import Filter
from hub.conversations.saved import SavedView, SavedViews
from hub.db import Audience, Database
from hub.ids import new_id
from tests.integration.realtime.conftest import Client, Live

READ, READ_ALL, REPLY = Right.CONVERSATIONS_READ, Right.CONVERSATIONS_READ_ALL, Right.CONVERSATIONS_REPLY


def told(agent: Client) -> dict[str, Any]:
    """What the page shows, from all notices so far."""
    shown: dict[str, Any] = {"views": {}}
    for event, data in agent.told:
        if event == "notice" and data["topic"] == "counts":
            news = data["data"]
            shown = shown | news | {"views": shown["views"] | news.get("views", {})}
    return shown


async def change(live: Live, id: UUID, *, rev: int, **fields: Any) -> None:
    """The event that tells of a change."""
    view = {
        "id": str(id), "rev": rev, "state": "open", "waiting_for": "us", "queue_id": None, "assignee_id": None, "channel": "webchat",
        "priority": "normal", "tags": [], "response_due_at": None, "last_in_n": 0, **fields,
    }  # fmt: skip
    await live.store.announce("conversation.changed", {"conversation": view}, Audience(conversation_id=id))


@pytest.mark.covers("M-01")
async def test_a_page_is_told_its_counters_and_then_what_changed_of_them(live: Live, database: Database) -> None:
    ids = [await live.store.conversation() for _ in range(3)]
    user, secret = await live.user(READ, READ_ALL, REPLY)
    agent = await live.agent(secret)
    await agent.until(lambda: sum(told(agent).get("all", {}).values()) == 3)

    await change(live, ids[0], rev=50, state="closed")
    await change(live, ids[1], rev=50, state="open", assignee_id=str(user.id), waiting_for="us")
    await agent.until(lambda: told(agent).get("mine") == {"us": 1})
    assert sum(told(agent)["all"].values()) == 2

    view = SavedView(
        id=new_id(), name="Mine", scope="mine", team_id=None, filter=Filter(view="mine"), sort="newest", position=0, version=1
    )
    view = await SavedViews(database).add(view, by=Caller(kind="user", user_id=user.id, rights=frozenset({READ})))
    await agent.until(lambda: told(agent)["views"] == {str(view.id): 1})
    await change(live, ids[1], rev=51, assignee_id=None)
    await agent.until(lambda: told(agent)["views"] == {str(view.id): 0})
    assert told(agent)["mine"] == {}
