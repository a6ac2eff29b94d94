"""Every socket event over every identity: nobody gets further than the table of events says."""

from typing import Any
from uuid import uuid4

import pytest

from hub.auth.rights import Right
from hub.realtime.events import EVENTS, Access, SocketEvent, declared
from hub.realtime.frames import AGENT, VISITOR
from tests.integration.realtime.conftest import Client, Live

SAID: dict[tuple[str, str], Any] = {
    (AGENT, "presence"): {"state": "online"},
    (AGENT, "typing"): {"conversation_id": str(uuid4()), "typing": True},
    (AGENT, "viewing"): {"conversation_id": str(uuid4())},
    (AGENT, "ping_cursor"): {},
    (VISITOR, "send"): {"client_key": str(uuid4()), "text": "hi"},
    (VISITOR, "typing"): {"typing": True},
    (VISITOR, "read"): {"n": 1},
    (VISITOR, "seen"): {"message_ids": [str(uuid4())]},
    (VISITOR, "history"): {"before": 1},
    (VISITOR, "page"): {"url": "https://shop.example/", "title": ""},
    (VISITOR, "standing"): {},
    (VISITOR, "rate"): {"conversation_id": str(uuid4()), "stars": 5},
    (VISITOR, "transcript"): {"conversation_id": str(uuid4()), "email": "ann@example.com"},
    (VISITOR, "forget"): {},
}


def test_the_walk_knows_every_event() -> None:
    assert {(event.namespace, event.name) for event in EVENTS if event.name != "connect"} == SAID.keys()


async def _ask(client: Client, event: SocketEvent) -> str:
    """The code of the refusal; `ok`, or `nothing` where no answer comes."""
    try:
        said = SAID[event.namespace, event.name]
        answer = await client.sio.call(event.name, said, namespace=event.namespace, timeout=0.3)
    except Exception:  # noqa: BLE001 - python-socketio raises one kind or another once the server hung up
        return "nothing"
    return "ok" if answer["ok"] else str(answer["code"])


@pytest.mark.covers("M-34", "M-36")
@pytest.mark.parametrize("event", [e for e in declared(AGENT) if e.name != "connect"], ids=lambda e: e.name)
async def test_agents_events_need_their_right(live: Live, event: SocketEvent) -> None:
    needed = event.needs if isinstance(event.needs, Right) else Right.TICKETS_READ
    others = set(Right) - ({needed} if isinstance(event.needs, Right) else set())
    _, has = await live.user(needed)
    _, has_not = await live.user(*others)

    allowed, refused = await live.agent(has), await live.agent(has_not)
    nobody, wrong = await live.agent(""), await live.agent("x" * 43)

    # With the right it is about the object: a conversation that is not there looks like one that is somebody else's.
    assert await _ask(allowed, event) in ("ok", "not_found")
    expected = {"forbidden"} if isinstance(event.needs, Right) else {"ok"}
    assert await _ask(refused, event) in expected
    assert await _ask(nobody, event) == await _ask(wrong, event) == "nothing"


@pytest.mark.covers("M-34")
async def test_visitors_events_are_for_visitors_and_reach_nothing_of_agents(live: Live) -> None:
    visitor = await live.visitor()
    await visitor.heard("hello")
    outside = await live.visitor(origin="https://evil.example")

    for event in declared(VISITOR):
        if event.name != "connect":
            assert event.needs is Access.VISITOR
            # What is about a conversation looks as if it were not there; `forget`, the last of the table, ends the visit.
            assert await _ask(visitor, event) in ("ok", "not_found", "no_such_conversation")
            assert await _ask(outside, event) == "nothing"


@pytest.mark.covers("M-36")
async def test_a_session_that_ended_is_worth_nothing_on_a_new_socket(live: Live) -> None:
    _, secret = await live.user(Right.CONVERSATIONS_READ)
    agent = await live.agent(secret)
    await agent.heard("hello")
    caller = next(iter(live.realtime.agent_links)).caller
    assert caller.session_id is not None

    await live.auth.sessions.end(caller, caller.session_id)
    late = await live.agent(secret)

    assert (await agent.heard("bye"))["code"] == (await late.heard("bye"))["code"] == "unauthorised"
