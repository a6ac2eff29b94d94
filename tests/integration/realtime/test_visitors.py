"""What visitors' pages say and are told."""

import asyncio
from uuid import UUID, uuid4

import jwt
import pytest
from msgspec.structs import replace

from hub import clock
from hub.auth.rights import Right
from hub.db import Audience
from hub.messages.content import StoredFile
from hub.messages.events import DeliveryReport
from hub.messages.states import DeliveryState
from tests.integration.realtime.conftest import PAGE, SITE, Live

SECRET = "s" * 40


def _message(text: str, **more: object) -> dict[str, object]:
    return {"client_key": str(uuid4()), "text": text, **more}


@pytest.mark.covers("W-01")
async def test_a_message_is_acknowledged_with_its_number_after_it_is_stored_and_shown_to_agents(live: Live) -> None:
    _, secret = await live.user(Right.CONVERSATIONS_READ)
    agent, visitor = await live.agent(secret), await live.visitor()
    await agent.heard("hello")
    hello = await visitor.heard("hello")
    said = _message("你好")

    answer = await visitor.call("send", said)
    await agent.until(lambda: agent.texts() == ["你好"])

    assert answer["ok"] is True
    stored = await live.db.fetch_one("SELECT n FROM message WHERE id = $1", UUID(answer["message"]["id"]))
    assert stored is not None
    assert answer["message"]["n"] == stored["n"]
    assert (answer["message"]["client_key"], answer["message"]["direction"]) == (said["client_key"], "in")
    assert (hello["messages"], hello["conversation"], hello["unread"]) == ([], None, 0)
    assert (hello["site"]["name"], hello["site"]["choice"][0]["name"]) == ("Shop", "Sales")


@pytest.mark.covers("W-01")
async def test_a_retried_message_is_one_message(live: Live) -> None:
    visitor = await live.visitor()
    await visitor.heard("hello")
    said = _message("once")

    first, again = await visitor.call("send", said), await visitor.call("send", said)

    assert first["message"]["id"] == again["message"]["id"]
    row = await live.db.fetch_one("SELECT count(*) AS stored FROM message")
    assert row is not None
    assert row["stored"] == 1


@pytest.mark.covers("M-30")
async def test_what_a_site_asks_for_is_asked_of_who_passes_its_panel_by_too(live: Live) -> None:
    live.around.settings = replace(live.around.settings, ask_name="required", ask_email="required", ask_phone="optional")
    visitor = await live.visitor()
    hello = await visitor.heard("hello")

    refused = [
        await visitor.call("send", _message("hi")),
        await visitor.call("send", _message("hi", name="  ", email="ann@example.com")),
        await visitor.call("send", _message("hi", name="Ann", email="nobody")),
    ]
    untouched = await live.db.fetch_one("SELECT name, email FROM visitor WHERE id = $1", UUID(hello["visitor_id"]))
    taken = await visitor.call("send", _message("hi", name="Ann", email="ann@example.com"))
    await visitor.until(lambda: visitor.events("message.added"))
    more = await visitor.call("send", _message("and this"))
    back = await live.visitor(token=hello["token"])
    await back.heard("hello")

    assert [(answer["code"], answer["retry"]) for answer in refused] == [("introduction_needed", False)] * 3
    assert [answer["detail"].rpartition(": ")[2] for answer in refused] == ["name, email", "name", "email"]
    assert untouched is not None
    assert tuple(untouched.values()) == ("", "")
    assert (taken["ok"], more["ok"], (await back.call("send", _message("again")))["ok"]) == (True, True, True)


@pytest.mark.covers("M-30")
async def test_while_nobody_is_there_one_address_is_enough_and_none_is_too_few(live: Live) -> None:
    live.around.settings, live.around.online = replace(live.around.settings, offline_contact="required"), False
    visitor, other = await live.visitor(), await live.visitor()
    await visitor.heard("hello")
    await other.heard("hello")

    refused = await visitor.call("send", _message("hi", name="Ann"))
    by_phone = await visitor.call("send", _message("hi", phone="123456"))
    live.around.online = True
    while_there = await other.call("send", _message("hi"))

    assert (refused["ok"], refused["code"]) == (False, "introduction_needed")
    assert (by_phone["ok"], while_there["ok"]) == (True, True)


@pytest.mark.covers("M-30")
async def test_who_is_in_a_talk_already_is_asked_nothing_when_the_site_begins_to_ask(live: Live) -> None:
    visitor = await live.visitor()
    hello = await visitor.heard("hello")
    await visitor.call("send", _message("hi"))
    live.around.settings = replace(live.around.settings, ask_name="required")
    again = await live.visitor(token=hello["token"])
    await again.heard("hello")

    during = await again.call("send", _message("still here"))
    await visitor.until(lambda: len(visitor.events("message.added")) == 2)  # filed: it would open again what is closed
    async with live.db.unit_of_work() as work:
        await work.execute("UPDATE conversation SET state = 'closed'")
    later = await live.visitor(token=hello["token"])
    await later.heard("hello")

    assert during["ok"] is True
    assert (await later.call("send", _message("something else")))["code"] == "introduction_needed"


@pytest.mark.covers("W-03")
async def test_the_answer_reaches_every_page_of_the_visitor_and_of_nobody_else(live: Live) -> None:
    visitor, stranger = await live.visitor(), await live.visitor()
    hello = await visitor.heard("hello")
    await stranger.heard("hello")
    second = await live.visitor(token=hello["token"])
    await second.heard("hello")
    await visitor.call("send", _message("hi"))
    talk = (await visitor.until(lambda: visitor.events("message.added")))[0]

    row = await live.db.fetch_one("SELECT id FROM conversation")
    assert row is not None
    await live.store.say(row["id"], "answer")
    await second.until(lambda: len(second.events("message.added")) == 2)
    await visitor.until(lambda: len(visitor.events("message.added")) == 2)

    answer = visitor.events("message.added")[1]
    assert (answer["data"]["text"], answer["data"]["author"], answer["data"]["direction"]) == ("answer", "Li", "out")
    assert answer["prev"] == talk["cursor"]
    assert stranger.events() == []


@pytest.mark.covers("W-01", "B-12")
async def test_a_visitor_who_returns_finds_the_history(live: Live) -> None:
    visitor = await live.visitor()
    token = (await visitor.heard("hello"))["token"]
    await visitor.call("send", _message("before"))
    await visitor.close()
    row = await live.db.fetch_one("SELECT id FROM conversation")
    assert row is not None
    await live.store.say(row["id"], "while away")
    for n in range(60):
        await live.store.say(row["id"], str(n))

    back = await live.visitor(token=token)
    hello = await back.heard("hello")
    older = await back.call("history", {"before": hello["messages"][0]["n"]})

    assert "token" not in hello
    assert [message["text"] for message in hello["messages"]] == [str(n) for n in range(10, 60)]
    assert [message["text"] for message in older["messages"]][:2] == ["before", "while away"]
    assert (older["has_more"], hello["unread"]) == (False, 50)


async def test_notes_and_other_channels_are_not_shown_to_the_visitor(live: Live) -> None:
    visitor = await live.visitor()
    visitor_id = UUID((await visitor.heard("hello"))["visitor_id"])
    talk = await live.store.conversation(visitor=visitor_id)

    await live.store.say(talk, "a note", direction="note")
    await live.store.say(talk, "seen")
    await visitor.until(lambda: visitor.events("message.added"))

    assert [event["data"]["text"] for event in visitor.events("message.added")] == ["seen"]
    assert [message["text"] for message in (await visitor.call("history", {"before": 2**50}))["messages"]] == ["seen"]


@pytest.mark.covers("M-14")
async def test_delivered_and_read_come_back_as_reports_of_own_messages_only(live: Live) -> None:
    visitor = await live.visitor()
    visitor_id = UUID((await visitor.heard("hello"))["visitor_id"])
    talk = await live.store.conversation(visitor=visitor_id)
    foreign, _ = await live.store.say(await live.store.conversation(), "not yours")
    message, n = await live.store.say(talk, "hello")
    await visitor.until(lambda: visitor.events("message.added"))

    await visitor.call("seen", {"message_ids": [str(message), str(foreign)]})
    await visitor.call("read", {"n": n})
    await visitor.call("read", {"n": n})

    reports = [(r.state, r.message_id) for r in live.store.reports if isinstance(r, DeliveryReport)]
    assert reports == [(DeliveryState.DELIVERED, str(message)), (DeliveryState.READ, str(message))]


@pytest.mark.covers("M-14")
async def test_typing_is_shown_both_ways(live: Live) -> None:
    _, secret = await live.user(Right.CONVERSATIONS_READ, Right.CONVERSATIONS_REPLY, name="li")
    agent, visitor = await live.agent(secret), await live.visitor()
    await agent.heard("hello")
    await visitor.heard("hello")
    await visitor.call("send", _message("hi"))
    await visitor.until(lambda: visitor.events("message.added"))
    row = await live.db.fetch_one("SELECT id FROM conversation")
    assert row is not None

    await visitor.call("typing", {"typing": True})
    notice = await agent.heard("notice")
    await agent.call("typing", {"conversation_id": str(row["id"]), "typing": True})

    assert (notice["topic"], notice["data"]["conversation_id"]) == ("typing", str(row["id"]))
    assert await visitor.heard("typing") == {"typing": True, "name": "li"}


async def test_files_come_with_the_message_and_only_ones_own(live: Live) -> None:
    visitor = await live.visitor()
    visitor_id = (await visitor.heard("hello"))["visitor_id"]
    upload = uuid4()
    stored = StoredFile(filename="a.txt", content_type="text/plain", size=2, sha256="ab" * 32)
    live.around.files[upload] = (f"visitor:{visitor_id}", stored, b"hi")

    answer = await visitor.call("send", _message("", files=[str(upload)]))

    assert answer["ok"] is True


async def test_our_own_trouble_is_said_to_be_worth_a_retry_and_nothing_is_acknowledged(live: Live) -> None:
    visitor = await live.visitor()
    await visitor.heard("hello")
    live.store.is_gone = True
    said = _message("later")

    answer = await visitor.call("send", said)
    live.store.is_gone = False

    assert (answer["ok"], answer["code"], answer["retry"]) == (False, "unavailable", True)
    assert (await visitor.call("send", said))["ok"] is True


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"origin": "https://evil.example"}, "foreign_origin"),
        ({"origin": "https://shop.example.evil.net"}, "foreign_origin"),
        ({"site": str(uuid4())}, "unknown_site"),
        ({"site": "x"}, "bad_message"),
        ({"identity": "rubbish"}, "bad_identity"),
    ],
)
async def test_who_may_not_come_in_is_told_why(live: Live, changes: dict[str, str], code: str) -> None:
    visitor = await live.visitor(**changes)

    bye = await visitor.heard("bye")

    assert (bye["code"], bye["retry"]) == (code, False)
    assert len(live.realtime.visitor_links) == 0


async def test_a_wrong_token_makes_a_new_visitor_and_shows_nothing_of_another(live: Live) -> None:
    first = await live.visitor()
    token = (await first.heard("hello"))["token"]
    await first.call("send", _message("private"))

    other = await live.visitor(token=token[:-1] + ("A" if token[-1] != "A" else "B"))
    hello = await other.heard("hello")

    assert hello["messages"] == []
    assert hello["token"] != token


def _identity(**claims: object) -> str:
    now = int(clock.now().timestamp())
    return jwt.encode({"sub": "42", "site": str(SITE), "iat": now, "exp": now + 600, **claims}, SECRET)


@pytest.mark.covers("W-01")
async def test_who_is_identified_later_stays_the_same_and_finds_himself_on_another_computer(live: Live) -> None:
    live.around.settings = replace(live.around.settings, identity_secret=SECRET)
    nameless = await live.visitor()
    first = await nameless.heard("hello")
    known = await (await live.visitor(token=first["token"], identity=_identity(name="Li"))).heard("hello")
    elsewhere = await (await live.visitor(identity=_identity(name="Li"))).heard("hello")
    shared = await (await live.visitor(token=first["token"])).heard("hello")

    assert first["visitor_id"] == known["visitor_id"] == elsewhere["visitor_id"]
    assert shared["visitor_id"] != first["visitor_id"]


async def test_a_site_for_signed_in_visitors_refuses_the_nameless(live: Live) -> None:
    live.around.settings = replace(live.around.settings, identity_secret=SECRET, identified_only=True)

    assert (await (await live.visitor()).heard("bye"))["code"] == "identity_needed"
    assert (await (await live.visitor(identity=_identity())).heard("hello"))["visitor_id"]


async def test_the_chat_closes_when_its_site_is_switched_off(live: Live) -> None:
    visitor = await live.visitor()
    await visitor.heard("hello")
    live.around.is_on = False

    await live.store.announce("account.changed", {"account": {"id": SITE}}, Audience(right="accounts.manage"))

    assert (await visitor.heard("bye"))["code"] == "unknown_site"


async def test_a_visitor_opens_only_so_many_windows(live: Live) -> None:
    first = await live.visitor()
    token = (await first.heard("hello"))["token"]
    for _ in range(4):
        await (await live.visitor(token=token)).heard("hello")

    bye = await (await live.visitor(token=token)).heard("bye")

    assert (bye["code"], bye["retry"]) == ("too_many_pages", True)


@pytest.mark.covers("W-01")
async def test_messages_of_one_visitor_keep_their_order(live: Live) -> None:
    visitor = await live.visitor()
    await visitor.heard("hello")

    answers = await asyncio.gather(*(visitor.call("send", _message(str(n))) for n in range(15)))

    numbers = [answer["message"]["n"] for answer in answers]
    assert numbers == sorted(numbers)


async def test_pages_looked_at_make_a_visit(live: Live) -> None:
    visitor = await live.visitor(page={"url": f"{PAGE}/a", "title": "A"})
    visitor_id = UUID((await visitor.heard("hello"))["visitor_id"])
    await visitor.call("page", {"url": f"{PAGE}/b", "title": "B"})

    rows = await live.db.fetch(
        "SELECT p.url FROM visit_page p JOIN visit v ON v.id = p.visit_id WHERE v.visitor_id = $1", visitor_id
    )
    assert sorted(row["url"] for row in rows) == [f"{PAGE}/a", f"{PAGE}/b"]
