"""What agents' pages are told, live and after an interruption."""

import asyncio
import random
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4

import pytest

from hub.auth import SYSTEM
from hub.auth.rights import Right
from hub.auth.values import UserChange
from hub.conversations.naming import tell_customer_names
from hub.crm.customers import Customers, Merge, NewCustomer
from hub.db import Audience
from tests.integration.realtime.conftest import Client, Live

READ, READ_ALL, REPLY = Right.CONVERSATIONS_READ, Right.CONVERSATIONS_READ_ALL, Right.CONVERSATIONS_REPLY


@pytest.mark.covers("B-12")
async def test_an_agent_is_told_of_a_message_as_soon_as_it_is_committed(live: Live) -> None:
    _, secret = await live.user(READ)
    agent = await live.agent(secret)
    hello = await agent.heard("hello")
    talk = await live.store.conversation()

    await live.store.say(talk, "你好", direction="in")
    (event,) = await agent.until(lambda: agent.events("message.added"))

    assert event["data"]["message"]["text"] == "你好"
    assert [said["prev"] for said in agent.events()] == [hello["cursor"], *(e["cursor"] for e in agent.events())][:-1]
    assert hello["resync"] is False


@pytest.mark.covers("B-12")
async def test_who_comes_back_gets_what_was_missed_then_the_live_rest(live: Live) -> None:
    _, secret = await live.user(READ)
    talk = await live.store.conversation()
    agent = await live.agent(secret)
    cursor = (await agent.heard("hello"))["cursor"]
    await agent.close()
    for n in range(5):
        await live.store.say(talk, str(n))

    again = await live.agent(secret, cursor)
    await live.store.say(talk, "5")
    await again.until(lambda: len(again.texts()) == 6)

    assert again.texts() == [str(n) for n in range(6)]
    assert (await again.heard("hello"))["cursor"] == cursor


@pytest.mark.covers("B-12")
async def test_random_cuts_during_traffic_lose_and_double_nothing(live: Live) -> None:
    _, secret = await live.user(READ)
    talk = await live.store.conversation()
    hidden = Audience(right="users.manage")
    seen: list[str] = []
    chain: list[tuple[str, str]] = []
    first = await live.agent(secret)
    cursor = str((await first.heard("hello"))["cursor"])
    dice = random.Random(7)

    async def talk_on() -> None:
        for n in range(120):
            await live.store.say(talk, str(n), audience=hidden if n % 3 == 2 else None)
            if n % 10 == 0:
                await asyncio.sleep(dice.random() / 50)

    speaking = asyncio.create_task(talk_on())
    for _ in range(12):
        agent = await live.agent(secret, cursor)
        await asyncio.sleep(dice.random() / 20)
        cursor = await _cut(agent, seen, chain, cursor)
    await speaking
    agent = await live.agent(secret, cursor)
    wanted = [str(n) for n in range(120) if n % 3 != 2]
    await agent.until(lambda: len(seen) + len(agent.texts()) >= len(wanted))
    await _cut(agent, seen, chain, cursor)

    assert seen == wanted
    assert all(before[0] == after[1] for before, after in pairwise(chain))


async def _cut(agent: Client, seen: list[str], chain: list[tuple[str, str]], cursor: str) -> str:
    """Lose the connection without a goodbye; what was heard counts."""
    agent.sio.eio.ws._response.connection.transport.abort()
    await asyncio.sleep(0)
    seen.extend(agent.texts())
    chain.extend((event["cursor"], event["prev"]) for event in agent.events())
    events = agent.events()
    agent.told.clear()
    return events[-1]["cursor"] if events else cursor


@pytest.mark.covers("B-12")
@pytest.mark.parametrize("cursor", ["rubbish", "ffffffffffff.0.1", "a.b", "../../x.1.1"])
async def test_a_cursor_that_means_nothing_here_asks_for_a_reload(live: Live, cursor: str) -> None:
    _, secret = await live.user(READ)
    agent = await live.agent(secret, cursor)

    assert (await agent.heard("hello"))["resync"] is True
    talk = await live.store.conversation()
    await live.store.say(talk, "on")
    await agent.until(lambda: agent.texts() == ["on"])


@pytest.mark.covers("M-34")
async def test_nobody_is_told_of_a_conversation_he_may_not_see(live: Live) -> None:
    queue = uuid4()
    _, mine = await live.user(READ)
    _, supervisor = await live.user(READ_ALL)
    agent, boss = await live.agent(mine), await live.agent(supervisor)
    await agent.heard("hello")
    await boss.heard("hello")

    await live.store.say(await live.store.conversation(queue=queue), "secret")
    await live.store.say(await live.store.conversation(), "open")
    await boss.until(lambda: len(boss.texts()) == 2)
    await agent.until(lambda: agent.texts())

    assert agent.texts() == ["open"]


@pytest.mark.covers("M-34")
async def test_a_moved_conversation_appears_changes_or_vanishes_for_each(live: Live) -> None:
    queue = uuid4()
    holder, holds = await live.user(READ)
    _, other = await live.user(READ)
    _, boss = await live.user(READ_ALL)
    clients = [await live.agent(secret) for secret in (holds, other, boss)]
    for client in clients:
        await client.heard("hello")
    talk = await live.store.conversation(queue=queue, assignee=holder.id)
    data = {"conversation": {"id": talk, "state": "open", "preview": "secret"}}

    def moved(**after: Any) -> Audience:
        return Audience(conversation_id=talk, queue_id=queue, moved=True, **after)

    await live.store.announce("conversation.moved", data, moved(assignee_id=holder.id))
    await live.store.announce("conversation.moved", data, moved(before_queue_id=queue, before_assignee_id=holder.id))
    for client in clients:
        await live.store.announce("user.changed", {}, Audience())
        await client.until(lambda client=client: client.events("user.changed"))

    told = [[event["type"] for event in client.events() if "user" not in event["type"]] for client in clients]
    assert told[0] == ["conversation.changed", "conversation.vanished"]
    assert told[1] == ["conversation.vanished"]
    assert told[2] == ["conversation.changed", "conversation.changed"]
    vanished = clients[0].events("conversation.vanished")[0]["data"]
    assert vanished == {"conversation_id": str(talk)}


@pytest.mark.covers("M-36")
@pytest.mark.parametrize("by_bus", [True, False])
async def test_a_revoked_session_is_cut_within_a_second_and_hears_nothing_after(live: Live, by_bus: bool) -> None:
    user, secret = await live.user(READ)
    agent = await live.agent(secret)
    await agent.heard("hello")
    talk = await live.store.conversation()
    if not by_bus:
        live.bus.subscribe = live.bus.publish = lambda *_: None  # type: ignore[method-assign,assignment,return-value]

    await live.auth.users.change(SYSTEM, user.id, UserChange(disabled=True), version=user.version)
    await live.store.say(talk, "after")
    bye = await agent.until(lambda: next((d for n, d in agent.told if n == "bye"), None), within=1)

    assert bye["code"] == "unauthorised"
    assert len(live.realtime.agent_links) == 0
    assert agent.texts() == []


@pytest.mark.parametrize("secret", ["", "wrong"])
async def test_nobody_comes_in_without_a_session(live: Live, secret: str) -> None:
    agent = await live.agent(secret)

    assert (await agent.heard("bye"))["code"] == "unauthorised"
    assert not [name for name, _ in agent.told if name == "hello"]


@pytest.mark.covers("M-14")
async def test_typing_reaches_colleagues_who_may_see_and_nobody_else(live: Live) -> None:
    queue = uuid4()
    _, one = await live.user(READ, REPLY, READ_ALL)
    _, two = await live.user(READ_ALL)
    _, three = await live.user(READ)
    clients = [await live.agent(secret) for secret in (one, two, three)]
    for client in clients:
        await client.heard("hello")
    talk = await live.store.conversation(queue=queue)

    assert await clients[0].call("typing", {"conversation_id": str(talk), "typing": True}) == {"ok": True}
    notice = await clients[1].heard("notice")

    assert (notice["topic"], notice["data"]["typing"]) == ("typing", True)
    refused = await clients[2].call("typing", {"conversation_id": str(talk), "typing": True})
    assert refused["code"] == "forbidden"
    assert (await clients[2].call("viewing", {"conversation_id": str(talk)}))["code"] == "not_found"
    assert not [name for name, _ in clients[2].told if name == "notice"]


async def test_what_is_not_declared_or_has_another_shape_is_refused(live: Live) -> None:
    _, secret = await live.user(READ, REPLY)
    agent = await live.agent(secret)
    await agent.heard("hello")

    assert (await agent.call("presence", {"state": "king"}))["code"] == "bad_message"
    assert (await agent.call("presence", ["x"]))["code"] == "bad_message"
    with pytest.raises(Exception):  # noqa: B017, PT011 - no answer: there is no such event
        await agent.sio.call("rm", {}, namespace="/agent", timeout=0.3)
    assert (await agent.call("presence", {"state": "online"})) == {"ok": True}


async def test_who_asks_too_often_is_told_to_wait(live: Live) -> None:
    _, secret = await live.user(READ)
    agent = await live.agent(secret)
    await agent.heard("hello")

    answers = [await agent.call("ping_cursor") for _ in range(25)]

    assert answers[0]["ok"] is True
    assert answers[-1]["code"] == "rate_limited"
    assert answers[-1]["retry"] is True


@pytest.mark.covers("M-20")
async def test_presence_follows_the_connection(live: Live) -> None:
    user, secret = await live.user(READ)
    agent = await live.agent(secret)
    await agent.heard("hello")
    assert list(live.around.present.values()) == [user.id]

    await agent.close()
    async with asyncio.timeout(2):
        while live.around.present:
            await asyncio.sleep(0.01)


async def test_a_connection_cut_while_it_is_greeted_leaves_nobody_present(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    _, secret = await live.user(READ)
    connected = live.around.connected

    async def meanwhile_the_session_ends(user_id: UUID, link: UUID) -> None:
        caller = await live.auth.callers.by_session(secret)
        await live.auth.sessions.end(caller, caller.session_id)
        async with asyncio.timeout(2):
            while len(live.realtime.agent_links):
                await asyncio.sleep(0.01)
        await connected(user_id, link)

    monkeypatch.setattr(live.around, "connected", meanwhile_the_session_ends)
    agent = await live.agent(secret)
    assert (await agent.heard("bye"))["code"] == "unauthorised"
    await asyncio.sleep(0.2)

    assert live.around.present == {}


@pytest.mark.covers("M-36")
async def test_a_right_taken_away_reaches_the_open_socket(live: Live) -> None:
    user, secret = await live.user(READ)
    agent = await live.agent(secret)
    await agent.heard("hello")
    talk = await live.store.conversation()
    await live.store.say(talk, "before")
    await agent.until(lambda: agent.texts() == ["before"])

    await live.auth.roles.change(SYSTEM, user.role_ids[0], rights=[Right.TICKETS_READ], version=1)
    await live.store.say(talk, "after")
    await agent.heard("resync")
    await live.store.announce("user.changed", {"id": user.id, "last": True}, Audience())
    await agent.until(lambda: [event for event in agent.events("user.changed") if event["data"].get("last")])

    assert agent.texts() == ["before"]


@pytest.mark.covers("M-36")
async def test_fifty_revocations_let_nothing_through_afterwards(live: Live) -> None:
    user, _ = await live.user(READ)
    talk = await live.store.conversation()
    late = []
    for n in range(50):
        agent = await live.agent(await live.session(user))
        await agent.heard("hello")
        caller = next(iter(live.realtime.agent_links)).caller
        assert caller.session_id is not None
        await live.auth.sessions.end(caller, caller.session_id)
        await live.store.say(talk, f"late {n}")
        await agent.until(lambda agent=agent: [name for name, _ in agent.told if name == "bye"], within=1)
        late += [text for text in agent.texts() if text == f"late {n}"]  # the one before may still have been on its way
        await agent.close()

    assert late == []


@pytest.mark.covers("M-15")
async def test_open_pages_are_told_who_became_one_and_which_rows_show_another_name(live: Live) -> None:
    customers = Customers(live.db)
    gone, kept = [await customers.create(NewCustomer(name=name), by=SYSTEM) for name in ("Fang", "王芳")]
    talk = await live.store.conversation()
    async with live.db.unit_of_work() as work:
        await work.execute("UPDATE conversation SET customer_id = $2 WHERE id = $1", talk, gone.id)
        await work.execute(
            "INSERT INTO conversation_customer (conversation_id, customer_id, linked_at) VALUES ($1, $2, $3)",
            *(talk, gone.id, gone.created_at),
        )
    _, secret = await live.user(READ, Right.CUSTOMERS_READ)
    _, other_secret = await live.user(READ)
    agent, other = await live.agent(secret), await live.agent(other_secret)
    await agent.heard("hello"), await other.heard("hello")

    await customers.merge(gone.id, Merge(into_id=kept.id, version=1, into_version=1), by=SYSTEM)
    await tell_customer_names(live.db, [gone.id])
    (customer,) = await agent.until(lambda: agent.events("customer.changed"))
    (row,) = await agent.until(lambda: agent.events("conversation.changed"))
    assert [one["id"] for one in customer["data"]["customer"]["merged"]] == [str(gone.id)]
    assert row["data"]["conversation"]["customer"] == {"id": str(kept.id), "number": kept.number, "name": "王芳"}

    await customers.unmerge(gone.id, by=SYSTEM)
    await tell_customer_names(live.db, [gone.id, kept.id])
    told = await agent.until(lambda: agent.events("customer.changed")[1:] if len(agent.events("customer.changed")) == 3 else None)
    assert [(one["data"]["customer"]["id"], one["data"]["customer"]["merged"]) for one in told] == [
        (str(kept.id), []),
        (str(gone.id), []),
    ]
    last = await agent.until(lambda: agent.events("conversation.changed")[1:])
    assert last[0]["data"]["conversation"]["contact"] == "Fang"
    await other.until(lambda: len(other.events("conversation.changed")) == 2)
    assert other.events("customer.changed") == []  # without the right to read customers
