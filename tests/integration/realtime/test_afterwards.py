"""What visitors can do beside talking: ask who answers and when, rate, have it sent, have it deleted."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from msgspec.structs import replace

from hub import clock
from hub.auth.rights import Right
from hub.db import Row
from tests.integration.realtime.conftest import Client, Live


async def _talks(live: Live, **more: Any) -> tuple[Client, dict[str, Any], UUID]:
    """A visitor who has said something: his page, its greeting, the conversation."""
    visitor = await live.visitor()
    hello = await visitor.heard("hello")
    said = await visitor.call("send", {"client_key": str(uuid4()), "text": "my secret order 4711", **more})
    assert said["ok"], said
    row = await live.db.fetch_one("SELECT id FROM conversation WHERE visitor_id = $1", UUID(hello["visitor_id"]))
    assert row is not None
    return visitor, hello, row["id"]


async def _set(live: Live, conversation: UUID, **columns: Any) -> None:
    async with live.db.unit_of_work() as work:
        for name, value in columns.items():
            await work.execute(f"UPDATE conversation SET {name} = $2 WHERE id = $1", conversation, value)


async def _one(live: Live, sql: str, *args: Any) -> Row:
    row = await live.db.fetch_one(sql, *args)
    assert row is not None
    return row


@pytest.mark.covers("M-30")
async def test_a_visitor_learns_his_place_in_the_line_and_then_who_answers(live: Live) -> None:
    user, _ = await live.user(Right.CONVERSATIONS_REPLY, name="li")
    _, _, first = await _talks(live)
    visitor, hello, second = await _talks(live)

    waiting = await visitor.call("standing", {})
    await _set(live, first, assignee_id=user.id)
    next_one = await visitor.call("standing", {})
    await _set(live, second, assignee_id=user.id)
    answered = await visitor.call("standing", {})
    greeted = await (await live.visitor(token=hello["token"])).heard("hello")

    assert (waiting["place"], waiting["agent"], waiting["open"], waiting["opens_at"]) == (2, None, True, None)
    assert next_one["place"] == 1
    assert (answered["place"], answered["agent"]) == (None, user.display_name)
    assert greeted["standing"]["agent"] == user.display_name
    assert hello["standing"]["place"] is None


@pytest.mark.covers("M-14", "M-15")
async def test_a_visitor_stands_in_the_conversation_his_next_message_belongs_to(live: Live) -> None:
    user, _ = await live.user(Right.CONVERSATIONS_REPLY, name="li")
    visitor, hello, older = await _talks(live)
    _, _, newer = await _talks(live)  # his, too; a colleague ended it and went on in the older one
    await _set(live, newer, visitor_id=UUID(hello["visitor_id"]), state="closed", closed_at=clock.now())
    await _set(live, older, assignee_id=user.id)

    assert (await visitor.call("standing", {}))["agent"] == user.display_name


@pytest.mark.covers("M-14")
async def test_a_visitor_learns_up_to_where_he_was_read(live: Live) -> None:
    user, _ = await live.user(Right.CONVERSATIONS_REPLY)
    visitor, _, talk = await _talks(live)
    unread = await visitor.call("standing", {})
    async with live.db.unit_of_work() as work:
        said = "INSERT INTO conversation_read (user_id, conversation_id, read_n) VALUES ($1, $2, $3)"
        await work.execute(said, user.id, talk, 7)

    assert (unread["read_n"], (await visitor.call("standing", {}))["read_n"]) == (0, 7)


@pytest.mark.covers("M-18", "M-30")
async def test_a_visitor_rates_once_it_is_over_and_may_change_his_mind(live: Live) -> None:
    _, secret = await live.user(Right.CONVERSATIONS_READ)
    agent = await live.agent(secret)
    visitor, hello, talk = await _talks(live)
    said = {"conversation_id": str(talk), "stars": 2, "comment": "slow"}

    too_early = await visitor.call("rate", said)
    await _set(live, talk, state="closed")
    first, again = await visitor.call("rate", said), await visitor.call("rate", {**said, "stars": 5})
    await agent.until(lambda: len(agent.events("conversation.changed")) == 2)
    await visitor.until(lambda: [e["data"]["stars"] for e in visitor.events("conversation.changed")] == [2, 5])

    assert (too_early["ok"], too_early["code"]) == (False, "not_over")
    assert first["ok"]
    assert again["ok"]
    assert agent.events("conversation.changed")[1]["data"]["conversation"]["rating"]["stars"] == 5
    rows = await live.db.fetch("SELECT stars, comment FROM conversation_rating")
    assert [(row["stars"], row["comment"]) for row in rows] == [(5, "slow")]
    noted = await live.db.fetch("SELECT extra FROM message WHERE direction = 'event' ORDER BY n")
    assert [row["extra"] for row in noted] == [{"event": "rating", "stars": 2}, {"event": "rating", "stars": 5}]
    greeted = await (await live.visitor(token=hello["token"])).heard("hello")
    assert greeted["conversation"]["stars"] == 5


@pytest.mark.covers("M-18")
@pytest.mark.parametrize("stars", [0, 6, "5", None])
async def test_a_rating_has_one_to_five_stars(live: Live, stars: Any) -> None:
    visitor, _, talk = await _talks(live)
    await _set(live, talk, state="closed")

    answer = await visitor.call("rate", {"conversation_id": str(talk), "stars": stars})

    assert (answer["ok"], answer["code"]) == (False, "bad_message")


@pytest.mark.covers("M-18")
async def test_nobody_rates_or_receives_the_conversation_of_another(live: Live) -> None:
    _, _, talk = await _talks(live)
    await _set(live, talk, state="closed")
    stranger, _, _ = await _talks(live, email="eve@example.com")

    rated = await stranger.call("rate", {"conversation_id": str(talk), "stars": 1})
    sent = await stranger.call("transcript", {"conversation_id": str(talk)})

    assert rated["code"] == "no_such_conversation"
    assert sent["code"] == "not_found"
    assert live.around.transcripts == []


@pytest.mark.covers("M-30")
async def test_a_transcript_goes_to_the_address_the_visitor_gave_and_not_without_end(live: Live) -> None:
    visitor, _, talk = await _talks(live)
    ask = {"conversation_id": str(talk)}

    without = await visitor.call("transcript", ask)
    wrong = await visitor.call("transcript", {**ask, "email": "nobody"})
    given = await visitor.call("transcript", {**ask, "email": "Ann@Example.com"})
    again = [await visitor.call("transcript", ask) for _ in range(3)]

    assert (without["code"], wrong["ok"]) == ("invalid", False)
    assert (given["ok"], given["email"]) == (True, "ann@example.com")
    assert live.around.transcripts == [(talk, "ann@example.com")] * 3
    assert [answer.get("code") for answer in again] == [None, None, "rate_limited"]


@pytest.mark.covers("M-30")
async def test_a_visitor_has_everything_of_his_deleted_and_a_note_of_it_stays(live: Live) -> None:
    visitor, hello, talk = await _talks(live, name="Ann", email="ann@example.com", phone="123456")
    other = await live.visitor(token=hello["token"], page={"url": "https://shop.example/private", "title": "x"})
    await other.heard("hello")
    await live.store.say(talk, "our answer")

    answer = await visitor.call("forget", {})
    bye = await other.heard("bye")
    back = await (await live.visitor(token=hello["token"])).heard("hello")

    assert answer["ok"] is True
    assert (bye["code"], bye["retry"]) == ("forgotten", True)
    assert back["visitor_id"] != hello["visitor_id"]
    assert back["messages"] == []
    said = await live.db.fetch("SELECT direction, text, extra FROM message ORDER BY n")
    assert [(row["direction"], row["text"]) for row in said[:2]] == [("in", ""), ("out", "our answer")]
    assert said[2]["extra"] == {"event": "erased"}
    who = await _one(live, "SELECT name, email, phone FROM visitor WHERE id = $1", UUID(hello["visitor_id"]))
    assert tuple(who.values()) == ("", "", "")
    kept = await _one(live, "SELECT state, visitor_id, preview FROM conversation WHERE id = $1", talk)
    assert (kept["state"], kept["visitor_id"], kept["preview"]) == ("closed", None, "")
    pages = "SELECT count(*) AS n FROM visit_page p JOIN visit v ON v.id = p.visit_id WHERE v.visitor_id = $1"
    assert (await _one(live, pages, UUID(hello["visitor_id"])))["n"] == 0


async def test_a_site_decides_what_its_visitors_may_do(live: Live) -> None:
    live.around.settings = replace(live.around.settings, rating=False, transcript=False, forgetting=False)
    visitor, _, talk = await _talks(live, email="ann@example.com")
    await _set(live, talk, state="closed")

    answers = [
        await visitor.call("rate", {"conversation_id": str(talk), "stars": 1}),
        await visitor.call("transcript", {"conversation_id": str(talk)}),
        await visitor.call("forget", {}),
    ]

    assert [answer["code"] for answer in answers] == ["forbidden"] * 3
