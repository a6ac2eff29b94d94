"""What agents do to conversations over HTTP."""

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from hub import clock
from hub.db import read_events
from hub.ids import new_id
from tests.fixtures.console import Client
from tests.fixtures.desk import Front
from tests.fixtures.next_hop import NextHop
from tests.integration.conversations.conftest import Json, Talks, chat, ok, queue, refused


async def timeline(client: Client, conversation_id: str, **query: str) -> list[Json]:
    items: list[Json] = (await ok(await client.get(f"/conversations/{conversation_id}/messages", params=query)))["items"]
    return items


async def me(client: Client) -> str:
    return str((await ok(await client.get("/session")))["user"]["id"])


async def test_a_conversation_is_closed_reopened_and_snoozed_and_the_timeline_says_so(
    front: Front, anna: Client, talks: Talks
) -> None:
    (id,) = await talks.began("alice@example.com")
    path, later = f"/conversations/{id}", clock.now() + timedelta(hours=1)

    closed = await ok(await anna.patch(path, {"state": "closed"}))
    assert (closed["state"], closed["waiting_for"]) == ("closed", "nobody")
    reopened = await ok(await anna.patch(path, {"state": "open"}))
    assert (reopened["state"], reopened["waiting_for"]) == ("open", "us")
    snoozed = await ok(await anna.patch(path, {"state": "snoozed", "snoozed_until": later.isoformat()}))
    assert (snoozed["state"], snoozed["version"]) == ("snoozed", 4)

    assert await front.hub.conversations.wake_snoozed() == 0
    clock.set_source(lambda: later)
    try:
        assert await front.hub.conversations.wake_snoozed() == 1
    finally:
        clock.set_source(None)
    assert (await ok(await anna.get(path)))["state"] == "open"
    events = [m["extra"]["event"] for m in await timeline(anna, id) if m["direction"] == "event"]
    assert events == ["closed", "open", "snoozed", "open"]


async def test_a_customer_who_writes_wakes_a_snoozed_and_reopens_a_closed_conversation(
    front: Front, anna: Client, talks: Talks
) -> None:
    (id,) = await talks.began("alice@example.com", Message_ID="<w@example.com>")
    later = (clock.now() + timedelta(days=1)).isoformat()
    for change in ({"state": "snoozed", "snoozed_until": later}, {"state": "closed"}):
        await ok(await anna.patch(f"/conversations/{id}", change))
        (same,) = await talks.began("alice@example.com", text=str(change), In_Reply_To="<w@example.com>")
        now = await ok(await anna.get(f"/conversations/{id}"))
        assert (same, now["state"], now["waiting_for"], now["snoozed_until"]) == (id, "open", "us", None)


SENSELESS: list[object] = [
    {"state": "snoozed"},
    {"state": "snoozed", "snoozed_until": "2020-01-01T00:00:00Z"},
    {"state": "snoozed", "snoozed_until": "2090-01-01T00:00:00"},
    {"snoozed_until": "2090-01-01T00:00:00Z"},
    {"state": "asleep"},
    {"priority": "very"},
    {"subject": "x" * 501},
    {"version": 2**70},
    {"unknown": 1},
    {"subject": 5},
    [],
    "closed",
]


async def test_a_change_that_makes_no_sense_is_refused_and_changes_nothing(anna: Client, talks: Talks) -> None:
    (id,) = await talks.began("alice@example.com")
    before = await ok(await anna.get(f"/conversations/{id}"))
    for change in SENSELESS:
        await refused(await anna.patch(f"/conversations/{id}", change), 422, "invalid")
    assert await ok(await anna.get(f"/conversations/{id}")) == before


async def test_a_queue_and_an_agent_that_are_not_there_are_refused(front: Front, anna: Client, talks: Talks) -> None:
    (id,) = await talks.began("alice@example.com")
    gone = await front.user("gone", "agent")
    await ok(await anna.patch(f"/users/{gone.id}", {"disabled": True, "version": gone.version}))

    await refused(await anna.patch(f"/conversations/{id}", {"queue_id": str(uuid4())}), 404, "no_such_queue")
    for agent in (uuid4(), gone.id):
        await refused(await anna.put(f"/conversations/{id}/assignee", {"agent_id": str(agent)}), 422, "no_such_agent")
    assert (await ok(await anna.get(f"/conversations/{id}")))["version"] == 1


async def test_a_conversation_is_given_to_an_agent_taken_back_and_moved(front: Front, anna: Client, talks: Talks) -> None:
    (id,) = await talks.began("alice@example.com")
    ben, sales = await front.user("ben", "agent"), await queue(front, "Sales")

    given = await ok(await anna.put(f"/conversations/{id}/assignee", {"agent_id": str(ben.id), "version": 1}))
    assert (given["assignee_id"], given["version"]) == (str(ben.id), 2)
    again = await ok(await anna.put(f"/conversations/{id}/assignee", {"agent_id": str(ben.id)}))
    assert again["version"] == 2
    await ok(await anna.put(f"/conversations/{id}/assignee", {"agent_id": None}))
    moved = await ok(await anna.patch(f"/conversations/{id}", {"queue_id": str(sales), "priority": "urgent"}))

    assert (moved["assignee_id"], moved["queue_id"], moved["priority"]) == (None, str(sales), "urgent")
    logged = [event.type for event in await read_events(front.hub.db, None)]
    assert logged.count("conversation.moved") == 3


@pytest.mark.covers("M-13")
async def test_who_did_not_see_the_last_change_is_told(anna: Client, talks: Talks) -> None:
    (id,) = await talks.began("alice@example.com")
    await ok(await anna.patch(f"/conversations/{id}", {"priority": "high", "version": 1}))

    for answer in (
        await anna.patch(f"/conversations/{id}", {"priority": "low", "version": 1}),
        await anna.put(f"/conversations/{id}/assignee", {"agent_id": None, "version": 1}),
        await anna.patch(f"/conversations/{id}", {"state": "closed", "version": 1}),
    ):
        assert (await refused(answer, 409, "stale"))["version"] == 2


async def test_a_note_is_kept_beside_the_conversation_and_never_leaves(
    front: Front, anna: Client, talks: Talks, next_hop: NextHop
) -> None:
    (id,) = await talks.began("alice@example.com")
    key = str(uuid4())
    note = {"kind": "note", "text": "客户很生气 <script>alert(1)</script>", "client_key": key}

    first = await ok(await anna.post(f"/conversations/{id}/messages", note), 201)
    again = await ok(await anna.post(f"/conversations/{id}/messages", note), 201)
    await refused(await anna.post(f"/conversations/{id}/messages", note | {"text": "other"}), 409, "client_key_reused")
    await refused(await anna.post(f"/conversations/{id}/messages", note | {"kind": "reply"}), 409, "client_key_reused")
    await refused(await anna.post(f"/conversations/{id}/messages", {"kind": "note", "text": " \n"}), 422, "invalid")

    assert first["id"] == again["id"]
    assert (first["direction"], first["text"], first["status"]) == ("note", note["text"], None)
    now = await ok(await anna.get(f"/conversations/{id}"))
    assert (now["waiting_for"], now["preview"], now["version"]) == ("us", "Where is my order?", 1)
    assert [m["direction"] for m in await timeline(anna, id)] == ["in", "note"]
    assert await front.hub.db.fetch("SELECT 1 FROM delivery") == []
    await refused(await anna.post(f"/messages/{first['id']}/retry"), 409, "nothing_to_retry")
    assert next_hop.taken == []


@pytest.mark.covers("M-19")
async def test_what_was_read_can_be_left_for_later(front: Front, anna: Client, talks: Talks) -> None:
    (id,) = await talks.began("alice@example.com")
    first = (await timeline(anna, id))[-1]["n"]
    ben = await front.signed_in("ben", "supervisor")
    path = f"/conversations/{id}"

    async def unread(client: Client) -> bool:
        return bool((await ok(await client.get(path)))["unread"])

    await ok(await anna.delete(path + "/read"), 204)  # it still is new
    for client in (anna, ben):
        await ok(await client.post(path + "/read", {"n": first}), 204)
    await ok(await anna.delete(path + "/read"), 204)

    assert (await unread(anna), await unread(ben)) == (True, False)
    assert (await ok(await anna.get(path + "/messages")))["read_n"] == first - 1
    told = [event.data["n"] for event in await read_events(front.desk.db, None) if event.type == "conversation.read"]
    assert told == [first, first, first - 1]
    await ok(await anna.post(path + "/read", {"n": first}), 204)
    assert not await unread(anna)


async def test_what_was_read_is_known_per_user_and_only_rises(front: Front, anna: Client, talks: Talks) -> None:
    (id,) = await talks.began("alice@example.com")
    await talks.began("alice@example.com", text="more")
    first, second = (message["n"] for message in await timeline(anna, id))
    ben = await front.signed_in("ben", "supervisor")

    async def unread(client: Client) -> bool:
        return bool((await ok(await client.get(f"/conversations/{id}")))["unread"])

    async def read(n: int) -> None:
        await ok(await anna.post(f"/conversations/{id}/read", {"n": n}), 204)

    async def read_up_to(client: Client) -> int:
        return int((await ok(await client.get(f"/conversations/{id}/messages")))["read_n"])

    assert (await unread(anna), await read_up_to(anna)) == (True, 0)
    await read(first)
    assert (await unread(anna), await read_up_to(anna)) == (True, first)
    await read(second)
    await read(first)
    assert (await unread(anna), await read_up_to(anna)) == (False, second)
    assert await read_up_to(ben) == 0
    assert await unread(ben)
    await read(2**62)
    await talks.began("alice@example.com", text="later")
    assert await unread(anna)


async def test_the_timeline_is_read_from_its_end_and_in_both_directions(anna: Client, talks: Talks) -> None:
    (id,) = await talks.began("alice@example.com")
    for n in range(6):
        await ok(await anna.post(f"/conversations/{id}/messages", {"kind": "note", "text": f"note {n}"}), 201)
    everything = [m["n"] for m in await timeline(anna, id)]
    assert len(everything) == 7

    last = await ok(await anna.get(f"/conversations/{id}/messages", params={"limit": "3"}))
    assert ([m["n"] for m in last["items"]], last["has_more"]) == (everything[-3:], True)
    before = await ok(await anna.get(f"/conversations/{id}/messages", params={"limit": "3", "before": str(everything[4])}))
    assert ([m["n"] for m in before["items"]], before["has_more"]) == (everything[1:4], True)
    start = await ok(await anna.get(f"/conversations/{id}/messages", params={"limit": "4", "before": str(everything[4])}))
    assert ([m["n"] for m in start["items"]], start["has_more"]) == (everything[:4], False)
    after = await ok(await anna.get(f"/conversations/{id}/messages", params={"limit": "3", "after": str(everything[1])}))
    assert ([m["n"] for m in after["items"]], after["has_more"]) == (everything[2:5], True)


@pytest.mark.covers("T-01", "T-02", "T-05", "T-07", "T-14")
async def test_conversations_and_tickets_are_linked_many_to_many_and_each_step_is_kept(
    front: Front, anna: Client, talks: Talks
) -> None:
    first, second = await talks.began("alice@example.com", "bob@example.com")
    customer = (await ok(await anna.get(f"/conversations/{first}")))["customer"]["id"]
    due = "2030-05-01T10:00:00Z"
    made = await ok(await anna.post("/tickets", {"title": "Broken pump", "conversation_id": first, "due_at": due}), 201)

    assert (made["customer_id"], made["due_at"], made["conversation_ids"]) == (customer, due, [first])
    for _ in range(2):  # a repeat is no second link
        linked = await ok(await anna.put(f"/conversations/{second}/tickets/{made['id']}"))
        assert linked["ticket_ids"] == [made["id"]]
    ticket = await ok(await anna.get(f"/tickets/{made['id']}"))
    assert set(ticket["conversation_ids"]) == {first, second}
    listed = await ok(await anna.get("/conversations", params={"ticket_id": made["id"]}))
    assert {item["id"] for item in listed["items"]} == {first, second}

    gone = await ok(await anna.delete(f"/conversations/{first}/tickets/{made['id']}"))
    await ok(await anna.delete(f"/conversations/{first}/tickets/{made['id']}"))
    assert gone["ticket_ids"] == []
    steps = (await ok(await anna.get(f"/tickets/{made['id']}")))["steps"]
    links = [(step["from"], step["to"]) for step in steps if step["kind"] == "linked"]
    assert links == [(None, first), (None, second), (first, None)]
    assert {step["by_id"] for step in steps} == {await me(anna)}
    assert all(step["at"] for step in steps)

    assert (await anna.put(f"/conversations/{first}/tickets/{uuid4()}")).status == 404
    assert (await ok(await anna.get(f"/conversations/{first}")))["ticket_ids"] == []


async def test_a_conversation_belongs_to_customers_and_shows_the_one_linked_last(anna: Client, talks: Talks) -> None:
    (id,) = await talks.began("alice@example.com")
    alice = (await ok(await anna.get(f"/conversations/{id}")))["customer"]["id"]
    firm = (await ok(await anna.post("/customers", {"kind": "organisation", "name": "Pumps Ltd"}), 201))["id"]
    path = f"/conversations/{id}/customers"

    linked = await ok(await anna.put(f"{path}/{firm}"))
    assert linked["customer"]["name"] == "Pumps Ltd"
    for customer in (alice, firm):
        listed = await ok(await anna.get("/conversations", params={"customer_id": customer}))
        assert [item["id"] for item in listed["items"]] == [id]

    unlinked = await ok(await anna.delete(f"{path}/{alice}"))
    assert unlinked["customer"]["id"] == firm
    nobody = await ok(await anna.delete(f"{path}/{firm}"))
    assert nobody["customer"] is None
    assert nobody["contact"] == "alice@example.com"
    await refused(await anna.put(f"{path}/{uuid4()}"), 422, "invalid")


@pytest.mark.covers("C-16")
async def test_the_history_of_a_customer_holds_every_channel_and_what_is_closed(front: Front, anna: Client, talks: Talks) -> None:
    (mailed,) = await talks.began("alice@example.com")
    alice = (await ok(await anna.get(f"/conversations/{mailed}")))["customer"]["id"]
    chatted = str((await chat(front, anna, "hello"))["conversation_id"])
    await ok(await anna.put(f"/conversations/{chatted}/customers/{alice}"))
    await ok(await anna.patch(f"/conversations/{mailed}", {"state": "closed"}))

    listed = await ok(await anna.get("/conversations", params={"customer_id": alice}))

    assert [(item["id"], item["channel"]) for item in listed["items"]] == [(chatted, "webchat"), (mailed, "email")]


async def test_a_shared_address_names_nobody_until_somebody_chooses(front: Front, anna: Client, talks: Talks) -> None:
    address = {"kind": "email", "value": "family@example.com"}
    ids = [
        (await ok(await anna.post("/customers", {"kind": "person", "name": name, "addresses": [address]}), 201))["id"]
        for name in ("Mother", "Son")
    ]
    (id,) = await talks.began("family@example.com")

    asked = await ok(await anna.get(f"/conversations/{id}"))
    assert (asked["customer"], asked["candidates"]) == (None, 2)
    row = await front.hub.db.fetch_one("SELECT candidates FROM conversation WHERE id = $1", UUID(id))
    assert row is not None
    assert set(row["candidates"]) == set(ids)
    chosen = await ok(await anna.put(f"/conversations/{id}/customers/{ids[1]}"))
    assert (chosen["customer"]["name"], chosen["candidates"]) == ("Son", 0)


async def test_names_and_rights_are_checked_at_the_door(front: Front, talks: Talks) -> None:
    (id,) = await talks.began("alice@example.com")
    nobody = front.client()
    assert (await nobody.get("/conversations")).status == 401
    made = await front.signed_in("admin2", "administrator")
    token = (
        await ok(await made.post("/tokens", {"name": "r", "scopes": ["conversations.read", "conversations.read_all"]}), 201)
    )["token"]
    program = front.client(token)
    assert (await program.get(f"/conversations/{id}")).status == 200
    for method, path, body in (
        ("PATCH", f"/conversations/{id}", {"state": "closed"}),
        ("PUT", f"/conversations/{id}/assignee", {"agent_id": None}),
        ("POST", f"/conversations/{id}/messages", {"text": "x"}),
        ("PUT", f"/conversations/{id}/customers/{uuid4()}", None),
        ("PUT", f"/conversations/{id}/tickets/{uuid4()}", None),
        ("POST", "/uploads", None),
        ("GET", "/journal", None),
        ("GET", "/suppressions", None),
    ):
        await refused(await program(method, "/api/v1" + path, body), 403, "forbidden")
    await refused(await program.post(f"/conversations/{id}/read", {"n": 1}), 403, "needs_user")


async def test_a_token_that_may_write_first_learns_what_it_began_whatever_it_may_see(front: Front, anna: Client) -> None:
    box = await front.desk.mailbox()
    made = await ok(await anna.post("/tokens", {"name": "w", "scopes": ["conversations.reply", "conversations.read"]}), 201)
    account = await ok(await anna.get(f"/accounts/{box}"))
    sales = await queue(front, "Sales")
    await ok(await anna.patch(f"/accounts/{box}", {"queue_id": str(sales), "version": account["version"]}))
    program = front.client(made["token"])
    body = {"account_id": str(box), "to": [{"address": "alice@example.com"}], "text": "hello", "client_key": str(new_id())}

    begun = await ok(await program.post("/conversations", body), 201)

    assert begun["conversation"]["queue_id"] == str(sales)
    assert (await ok(await program.post("/conversations", body), 201))["message"]["id"] == begun["message"]["id"]
    assert (await program.get(f"/conversations/{begun['conversation']['id']}")).status == 404


async def test_numbers_beyond_what_a_column_holds_are_stale_and_not_an_error(front: Front, anna: Client, talks: Talks) -> None:
    (id,) = await talks.began("alice@example.com")
    ticket = await ok(await anna.post("/tickets", {"title": "Lamp"}), 201)
    alice = (await ok(await anna.get(f"/conversations/{id}")))["customer"]["id"]
    bob = await ok(await anna.post("/customers", {"name": "Bob"}), 201)
    huge = 2**40
    await refused(await anna.patch(f"/tickets/{ticket['id']}", {"version": huge, "title": "x"}), 409, "stale")
    await refused(await anna.patch(f"/customers/{alice}", {"version": huge, "name": "x"}), 409, "stale")
    merge = {"into_id": bob["id"], "version": huge, "into_version": huge}
    await refused(await anna.post(f"/customers/{alice}/merge", merge), 409, "stale")
    await ok(await anna.put(f"/conversations/{id}/drafts/note", {"text": "x", "revision": 0}))
    await refused(await anna.put(f"/conversations/{id}/drafts/note", {"text": "y", "revision": huge}), 409, "stale")
    note = {"kind": "note", "text": "y", "draft_revision": huge}
    await ok(await anna.post(f"/conversations/{id}/messages", note), 201)


async def test_of_two_who_change_a_view_a_queue_or_hours_at_once_one_is_told(front: Front, anna: Client) -> None:
    week = [[{"from": "09:00", "to": "17:00"}]] * 5 + [[], []]
    hours = {"name": "Office", "timezone": "UTC", "week": week, "holidays": []}
    made = {
        "/views": (await ok(await anna.post("/views", {"name": "Mine"}), 201), {}),
        "/queues": (await ok(await anna.post("/queues", {"name": "Sales"}), 201), {}),
        "/calendars": (await ok(await anna.post("/calendars", hours), 201), hours),
    }
    for path, (one, rest) in made.items():
        ways = [rest | {"name": f"Name {n}", "version": one["version"]} for n in range(6)]
        method = anna.put if path == "/calendars" else anna.patch
        answers = await asyncio.gather(*(method(f"{path}/{one['id']}", body) for body in ways))
        statuses = sorted(answer.status for answer in answers)
        assert statuses == [200] + [409] * 5, (path, [await answer.text() for answer in answers])
