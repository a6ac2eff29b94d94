"""Macros over HTTP: several actions in order, each by the rights of who runs it."""

from uuid import UUID, uuid4

import pytest

from hub.auth import SYSTEM, Right
from hub.auth.values import UserChange
from hub.ids import UserId
from tests.fixtures.console import Client
from tests.fixtures.desk import Front, eventually
from tests.fixtures.next_hop import NextHop
from tests.integration.conversations.conftest import Json, Talks, ok, place, queue, refused

NOBODY = "0197a000-0000-7000-8000-000000000000"


async def add(client: Client, *actions: Json, **more: object) -> Json:
    made: Json = await ok(await client.post("/macros", {"title": "m", "actions": list(actions)} | more), 201)
    return made


async def run(client: Client, conversation_id: str, macro: Json, **body: object) -> Json:
    ran: Json = await ok(await client.post(f"/conversations/{conversation_id}/macros/{macro['id']}", body))
    return ran


async def said(client: Client, id: str) -> list[tuple[str, str]]:
    items = (await ok(await client.get(f"/conversations/{id}/messages")))["items"]
    return [(item["direction"], item["text"].strip()) for item in items if item["direction"] != "event"]


@pytest.mark.covers("M-06")
async def test_one_key_answers_notes_tags_assigns_and_snoozes(
    front: Front, anna: Client, talks: Talks, next_hop: NextHop
) -> None:
    (id,) = await talks.began("Alice <alice@example.com>")
    here = await queue(front, "Flowers")
    await ok(await anna.post("/tags", {"name": "late", "colour": "red"}), 201)
    macro = await add(
        anna,
        {"kind": "reply", "text": "Dear {{customer.name}}, it is {{ agent.name }} of {{queue.name}}."},
        {"kind": "note", "text": "about {{conversation.number}} and {{ticket.number}}"},
        {"kind": "tag", "name": "late"},
        {"kind": "queue", "queue_id": str(here)},
        {"kind": "assign", "me": True},
        {"kind": "priority", "priority": "high"},
        {"kind": "snooze", "minutes": 90},
        key="g l",
    )
    await place(front, id, here)
    ticket = await ok(await anna.post("/tickets", {"title": "Flowers", "conversation_id": id}), 201)

    ran = await run(anna, id, macro, client_key=str(uuid4()))

    assert (ran["finished"], [outcome["kind"] for outcome in ran["done"]]) == (
        True,
        ["reply", "note", "tag", "queue", "assign", "priority", "snooze"],
    ), ran
    view = await ok(await anna.get(f"/conversations/{id}"))
    me = (await ok(await anna.get("/session")))["user"]["id"]
    assert (view["state"], view["priority"], view["assignee_id"], view["tags"]) == ("snoozed", "high", me, ["late"])
    assert view["queue_id"] == str(here)
    answer = "Dear Alice, it is anna of Flowers."
    assert (await said(anna, id))[1:] == [("out", answer), ("note", f"about {view['number']} and {ticket['number']}")]

    async def left() -> None:
        assert len(next_hop.taken) == 1

    await eventually(left)

    undo = await add(
        anna, {"kind": "untag", "name": "late"}, {"kind": "reopen"}, {"kind": "assign"}, {"kind": "close"}, title="undo"
    )
    assert (await run(anna, id, undo))["finished"]
    view = await ok(await anna.get(f"/conversations/{id}"))
    assert (view["state"], view["assignee_id"], view["tags"]) == ("closed", None, [])


@pytest.mark.covers("M-06")
async def test_the_first_action_that_fails_is_the_last_that_is_tried(front: Front, anna: Client, talks: Talks) -> None:
    (id,) = await talks.began("alice@example.com")
    macro = await add(
        anna, {"kind": "note", "text": "first"}, {"kind": "tag", "name": "unheard of"}, {"kind": "note", "text": "never"}
    )
    ran = await run(anna, id, macro)
    assert ran["finished"] is False
    assert [(outcome["kind"], outcome["ok"], outcome["code"]) for outcome in ran["done"]] == [
        ("note", True, ""),
        ("tag", False, ran["done"][1]["code"]),
    ]
    assert ran["done"][1]["code"]
    assert ("note", "never") not in await said(anna, id)


@pytest.mark.parametrize("name", ["queue.name", "ticket.number", "no.such"])
async def test_no_text_leaves_with_a_gap_in_it(front: Front, anna: Client, talks: Talks, name: str) -> None:
    (id,) = await talks.began("alice@example.com")
    await place(front, id, None)
    macro = await add(anna, {"kind": "reply", "text": f"Hello {{{{{name}}}}}!"})
    (outcome,) = (await run(anna, id, macro))["done"]
    assert (outcome["ok"], outcome["code"]) == (False, "unfilled_variables")
    assert len(await said(anna, id)) == 1


async def test_who_is_no_customer_is_called_as_they_called_themselves_and_never_by_an_address(
    front: Front, anna: Client, talks: Talks
) -> None:
    macro = await add(anna, {"kind": "note", "text": "{{customer.name}}"})
    named, nameless = await talks.began("Alice A <alice@example.com>", "bob@example.com")
    async with front.hub.db.unit_of_work() as work:
        await work.execute("UPDATE conversation SET customer_id = NULL")
        await work.execute("UPDATE message SET from_name = '' WHERE conversation_id = $1", UUID(nameless))
    assert (await run(anna, named, macro))["finished"]
    assert (await said(anna, named))[-1] == ("note", "Alice A")
    assert (await run(anna, nameless, macro))["done"][0]["code"] == "unfilled_variables"


async def test_the_same_run_again_says_nothing_twice(front: Front, anna: Client, talks: Talks, next_hop: NextHop) -> None:
    (id,) = await talks.began("alice@example.com")
    macro = await add(
        anna, {"kind": "reply", "text": "soon"}, {"kind": "note", "text": "said soon"}, {"kind": "note", "text": "x"}
    )
    key = str(uuid4())
    for _ in range(2):
        assert (await run(anna, id, macro, client_key=key))["finished"]
    assert (await said(anna, id))[1:] == [("out", "soon"), ("note", "said soon"), ("note", "x")]
    assert (await run(anna, id, macro))["finished"]
    assert len(await said(anna, id)) == 7, "without a key it is said again"


@pytest.mark.covers("M-06", "M-34")
async def test_each_action_needs_the_right_it_needs_by_hand(front: Front, anna: Client, talks: Talks) -> None:
    (id,) = await talks.began("alice@example.com")
    macro = await add(anna, {"kind": "close"}, {"kind": "assign", "me": True}, scope="everybody")
    role = await front.hub.auth.roles.add(
        SYSTEM, name="writer", rights={Right.CONVERSATIONS_READ_ALL, Right.CONVERSATIONS_READ, Right.CONVERSATIONS_REPLY}
    )
    user = await front.user("writer", "agent")
    await front.hub.auth.users.change(SYSTEM, UserId(user.id), UserChange(role_ids=(role.id,)), version=user.version)
    writer = front.client()
    await writer.sign_in("writer")

    ran = await run(writer, id, macro)
    assert [(outcome["ok"], outcome["code"]) for outcome in ran["done"]] == [(True, ""), (False, "forbidden")]
    assert (await ok(await anna.get(f"/conversations/{id}")))["assignee_id"] is None


@pytest.mark.covers("M-34")
async def test_what_one_may_not_see_is_touched_by_no_macro(front: Front, anna: Client, talks: Talks) -> None:
    (id,) = await talks.began("alice@example.com")
    await place(front, id, await queue(front, "elsewhere"))
    li = await front.signed_in("li", "agent")
    macro = await add(anna, {"kind": "note", "text": "x"}, scope="everybody")
    own = await add(anna, {"kind": "note", "text": "x"}, title="own")
    path = f"/macros/{macro['id']}"
    absent = await refused(await li.post(f"/conversations/{NOBODY}{path}", {}), 404, "no_such_conversation")
    theirs = await refused(await li.post(f"/conversations/{id}{path}", {}), 404, "no_such_conversation")
    assert absent | {"request_id": ""} == theirs | {"request_id": ""}
    await place(front, id, None)
    await refused(await li.post(f"/conversations/{id}/macros/{own['id']}", {}), 404, "not_found")
    assert [one["title"] for one in await ok(await li.get("/macros"))] == ["m"]


async def test_macros_are_changed_by_version_and_by_who_may(front: Front, anna: Client) -> None:
    li = await front.signed_in("li", "agent")
    macro = await add(anna, {"kind": "close"}, scope="everybody", key="g c")
    path = f"/macros/{macro['id']}"
    await refused(await li.patch(path, {"version": 1, "title": "mine"}), 403, "not_yours")
    await refused(await li.delete(path), 403, "not_yours")
    new = {"title": "x", "actions": [{"kind": "close"}], "scope": "everybody"}
    await refused(await li.post("/macros", new), 403, "not_yours")

    changed = await ok(await anna.patch(path, {"version": 1, "key": "", "actions": [{"kind": "snooze", "minutes": 5}]}))
    assert (changed["title"], changed["key"], changed["actions"]) == ("m", "", [{"kind": "snooze", "minutes": 5}])
    await refused(await anna.patch(path, {"version": 1, "title": "late"}), 409, "stale")
    await add(anna, {"kind": "close"}, title="other", scope="everybody")
    await refused(await anna.patch(path, {"version": 2, "title": "other"}), 409, "title_taken")
    await ok(await anna.delete(path), 204)
    assert [one["title"] for one in await ok(await li.get("/macros"))] == ["other"]
    rows = await front.hub.db.fetch("SELECT action FROM auth_audit WHERE subject_kind = 'macro' ORDER BY n")
    assert [row["action"] for row in rows] == ["macro.add", "macro.change", "macro.add", "macro.remove"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"actions": []},
        {"actions": [{"kind": "close"}] * 21},
        {"actions": [{"kind": "explode"}]},
        {"actions": [{"kind": "reply", "text": ""}]},
        {"actions": [{"kind": "snooze", "minutes": 0}]},
        {"actions": [{"kind": "close", "really": True}]},
        {"actions": [{"text": "x"}]},
        {"title": "  "},
        {"scope": "team"},
    ],
    ids=str,
)
async def test_a_macro_that_does_nothing_sensible_is_not_kept(anna: Client, wrong: Json) -> None:
    answer = await anna.post("/macros", {"title": "m", "actions": [{"kind": "close"}]} | wrong)
    assert answer.status == 422, await answer.text()
    assert await ok(await anna.get("/macros")) == []
