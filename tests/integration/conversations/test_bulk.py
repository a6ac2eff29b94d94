"""One action on many conversations: over pages, with what could not be done, and taken back."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from hub import clock
from tests.fixtures.console import Client
from tests.fixtures.desk import Front, mail
from tests.integration.conversations.conftest import Json, ok, place, queue, refused
from tests.integration.conversations.test_lists import many


async def listed(client: Client, **query: str) -> list[Json]:
    items: list[Json] = (await ok(await client.get("/conversations", params={"limit": "200", **query})))["items"]
    return items


async def bulk(client: Client, action: Json, **what: object) -> Json:
    made: Json = await ok(await client.post("/conversations/bulk", {"action": action, **what}), 201)
    return made


@pytest.mark.covers("M-16")
async def test_every_kind_of_action_is_done_and_undone(front: Front, anna: Client) -> None:
    ids = await many(front, 3)
    me = (await ok(await anna.get("/session")))["user"]["id"]
    sales = str(await queue(front, "Sales"))
    await ok(await anna.post("/tags", {"name": "Vip"}), 201)
    later = (clock.now() + timedelta(days=1)).isoformat()
    for action, name, value in (
        ({"kind": "assign", "agent_id": me}, "assignee_id", me),
        ({"kind": "queue", "queue_id": sales}, "queue_id", sales),
        ({"kind": "tag", "tag": "vip"}, "tags", ["Vip"]),
        ({"kind": "priority", "priority": "urgent"}, "priority", "urgent"),
        ({"kind": "close"}, "state", "closed"),
        ({"kind": "snooze", "until": later}, "snooze_reason", "time"),
        ({"kind": "snooze", "reason": "reply"}, "snooze_reason", "reply"),
        ({"kind": "read"}, "unread", False),
    ):
        before = [await ok(await anna.get(f"/conversations/{id}")) for id in ids]
        done = await bulk(anna, action, ids=ids)
        assert (done["total"], done["done"], done["failed"], done["finished"]) == (3, 3, [], True), action
        assert [(await ok(await anna.get(f"/conversations/{id}")))[name] for id in ids] == [value] * 3
        undone = await ok(await anna.post(f"/conversations/bulk/{done['id']}/undo"), 201)
        assert (undone["failed"], undone["finished"], undone["undoes"]) == ([], True, done["id"])
        changing = {"version", "rev", "updated_at"}
        after = [await ok(await anna.get(f"/conversations/{id}")) for id in ids]
        assert [{k: v for k, v in one.items() if k not in changing} for one in after] == [
            {k: v for k, v in one.items() if k not in changing} for one in before
        ], action
        await refused(await anna.post(f"/conversations/bulk/{done['id']}/undo"), 409, "not_undoable")


@pytest.mark.covers("M-16")
async def test_a_filter_reaches_beyond_the_page_and_goes_on_by_itself(front: Front, anna: Client) -> None:
    await many(front, 120)
    done = await bulk(anna, {"kind": "priority", "priority": "high"}, filter={"view": "all"})
    assert (done["total"], done["done"], done["finished"]) == (120, 100, False)
    await refused(await anna.post(f"/conversations/bulk/{done['id']}/undo"), 409, "not_undoable")
    row = await front.hub.db.fetch_one("SELECT payload FROM job WHERE name = 'conversations.bulk'")
    assert row is not None
    await front.hub.bulk.run(UUID(row["payload"]["bulk_id"]))

    over = await ok(await anna.get(f"/conversations/bulk/{done['id']}"))
    assert (over["done"], over["failed"], over["finished"]) == (120, [], True)
    assert len(await listed(anna, priority="high")) == 120


@pytest.mark.covers("M-16")
async def test_what_changed_since_is_not_undone_and_says_so(front: Front, anna: Client) -> None:
    a, b = await many(front, 2)
    done = await bulk(anna, {"kind": "close"}, ids=[a, b])
    await ok(await anna.patch(f"/conversations/{a}", {"state": "open"}))

    undone = await ok(await anna.post(f"/conversations/bulk/{done['id']}/undo"), 201)

    assert undone["failed"] == [{"id": a, "code": "stale"}]
    assert (await ok(await anna.get(f"/conversations/{b}")))["state"] == "open"


@pytest.mark.covers("M-16", "M-34")
async def test_what_one_cannot_see_is_left_out_and_what_is_wrong_is_refused(front: Front, anna: Client) -> None:
    a, b = await many(front, 2)
    await place(front, a, await queue(front, "Theirs"))
    await place(front, b, None)
    ben = await front.signed_in("ben", "agent")
    done = await bulk(ben, {"kind": "close"}, ids=[a, b])
    assert (done["total"], done["failed"]) == (1, [])
    assert (await ok(await anna.get(f"/conversations/{a}")))["state"] == "open"
    await refused(await anna.get(f"/conversations/bulk/{done['id']}"), 404, "no_such_bulk")
    for body in (
        {"action": {"kind": "close"}},
        {"action": {"kind": "tag"}, "ids": [a]},
        {"action": {"kind": "snooze"}, "ids": [a]},
    ):
        await refused(await anna.post("/conversations/bulk", body), 422, "invalid")


@pytest.mark.covers("M-16")
async def test_a_tag_is_renamed_and_removed_in_all_its_conversations(front: Front, anna: Client) -> None:
    ids = await many(front, 2)
    tag = await ok(await anna.post("/tags", {"name": "Vip", "colour": "#aa0000"}), 201)
    await refused(await anna.post("/tags", {"name": " vIP "}), 409, "name_taken")
    await bulk(anna, {"kind": "tag", "tag": "VIP"}, ids=ids)
    assert {item["id"] for item in await listed(anna, tag="vip")} == set(ids)

    await ok(await anna.patch(f"/tags/{tag['id']}", {"name": "Gold"}))
    await _retag(front)
    assert [item["tags"] for item in await listed(anna, tag="gold")] == [["Gold"], ["Gold"]]
    await ok(await anna.delete(f"/tags/{tag['id']}"), 204)
    assert await ok(await anna.get("/tags")) == []
    await _retag(front)
    assert [item["tags"] for item in await listed(anna)] == [[], []]
    assert await front.hub.db.fetch("SELECT 1 FROM tag") == []


async def _retag(front: Front) -> None:
    """What the worker does."""
    while rows := await front.hub.db.fetch("SELECT id, payload FROM job WHERE name = 'conversations.retag' ORDER BY due_at"):
        for row in rows:
            named = row["payload"]
            await front.hub.tags.retag(UUID(named["tag_id"]), named["beyond"])
            async with front.hub.db.unit_of_work() as work:
                await work.execute("DELETE FROM job WHERE id = $1", row["id"])


@pytest.mark.covers("M-01")
async def test_saved_views_are_ones_own_a_teams_or_everybodys_and_count_what_they_find(front: Front, anna: Client) -> None:
    ids = await many(front, 3)
    await ok(await anna.patch(f"/conversations/{ids[0]}", {"priority": "urgent"}))
    ben = await front.signed_in("ben", "agent")
    urgent = await ok(await anna.post("/views", {"name": "Urgent", "scope": "everybody", "filter": {"priority": "urgent"}}), 201)
    mine = await ok(await ben.post("/views", {"name": "Unread", "filter": {"unread": True}}), 201)
    await refused(await ben.post("/views", {"name": "X", "scope": "everybody"}), 403, "forbidden")
    await refused(await ben.delete(f"/views/{urgent['id']}"), 403, "forbidden")
    await refused(await anna.delete(f"/views/{mine['id']}"), 404, "no_such_view")
    for id in ids:
        await place(front, id, None)

    assert [view["name"] for view in await ok(await ben.get("/views"))] == ["Unread", "Urgent"]
    assert (await ok(await ben.get("/conversations/counts")))["views"] == {urgent["id"]: 1, mine["id"]: 3}
    changed = await ok(await ben.patch(f"/views/{mine['id']}", {"version": 1, "name": "New", "filter": {"priority": "low"}}))
    assert (changed["name"], changed["version"]) == ("New", 2)
    await refused(await ben.patch(f"/views/{mine['id']}", {"version": 1, "name": "Old"}), 409, "stale")
    assert (await ok(await ben.get("/conversations/counts")))["views"] == {urgent["id"]: 1, mine["id"]: 0}

    # What others see is an act of administration, and stands in the log; one's own is nobody's business.
    await ok(await anna.patch(f"/views/{urgent['id']}", {"version": 1, "name": "At once"}))
    await ok(await anna.delete(f"/views/{urgent['id']}"), 204)
    log = (await ok(await anna.get("/audit")))["items"]
    acts = [(one["action"], one["detail"]["name"]) for one in log if one["action"].startswith("view.")]
    assert acts == [("view.remove", "At once"), ("view.change", "At once"), ("view.add", "Urgent")]


@pytest.mark.covers("M-04")
async def test_a_snoozed_conversation_comes_back_for_its_reason_which_is_shown_until_it_is_read(
    front: Front, anna: Client
) -> None:
    (id,) = await many(front, 1)
    later = clock.now() + timedelta(hours=1)
    path = f"/conversations/{id}"
    waits = await ok(await anna.patch(path, {"state": "snoozed", "snooze_reason": "reply"}))
    assert (waits["snoozed_until"], waits["snooze_reason"]) == (None, "reply")
    await ok(await anna.patch(path, {"state": "open"}))
    refusal = await anna.patch(path, {"state": "snoozed", "snooze_reason": "hours"})
    await refused(refusal, 422, "invalid")  # the queue keeps no hours
    calendar = await ok(await anna.post("/calendars", _NIGHTS), 201)
    (kept,) = await ok(await anna.get("/queues"))
    await ok(await anna.patch(f"/queues/{kept['id']}", {"version": kept["version"], "calendar_id": calendar["id"]}))
    opens = await ok(await anna.patch(path, {"state": "snoozed", "snooze_reason": "hours"}))
    assert opens["snoozed_until"].endswith(("T22:00:00Z", "T22:00:00+00:00"))
    await ok(await anna.patch(path, {"state": "open"}))
    hours = {"state": "snoozed", "snooze_reason": "hours", "snoozed_until": later.isoformat()}
    assert (await ok(await anna.patch(path, hours)))["snooze_reason"] == "hours"
    clock.set_source(lambda: later)
    try:
        assert await front.hub.conversations.wake_snoozed() == 1
    finally:
        clock.set_source(None)
    back = await ok(await anna.get(path))
    assert (back["state"], back["woken"], back["snooze_reason"]) == ("open", "hours", None)
    await ok(await anna.post(f"{path}/read", {"n": 10**9}), 204)
    assert (await ok(await anna.get(path)))["woken"] is None


_NIGHTS = {"name": "Nights", "timezone": "UTC", "week": [[{"from": "22:00", "to": "23:00"}]] * 7, "holidays": []}


@pytest.mark.covers("M-16")
async def test_undoing_passes_over_what_there_was_nothing_to_do_to(front: Front, anna: Client) -> None:
    a, b = await many(front, 2)
    await ok(await anna.patch(f"/conversations/{a}", {"state": "closed"}))
    await ok(await anna.post(f"/conversations/{b}/read", {"n": 10**9}), 204)
    for action, name, values in (
        ({"kind": "close"}, "state", ("closed", "open")),
        ({"kind": "read"}, "unread", (True, False)),
    ):
        done = await bulk(anna, action, ids=[a, b])
        assert done["failed"] == []
        undone = await ok(await anna.post(f"/conversations/bulk/{done['id']}/undo"), 201)
        assert (undone["failed"], undone["total"]) == ([], 1)
        assert tuple([(await ok(await anna.get(f"/conversations/{id}")))[name] for id in (a, b)]) == values


@pytest.mark.covers("M-16")
async def test_what_was_read_since_is_not_made_unread_again(front: Front, anna: Client) -> None:
    (id,) = await many(front, 1)
    done = await bulk(anna, {"kind": "read"}, ids=[id])
    raw = mail(sender="c0@example.com", subject="s0", text="one more")
    await front.desk.receive(raw, mail_from="c0@example.com")
    messages = await front.desk.filed(2)
    assert str(messages[1]["conversation_id"]) == id
    await ok(await anna.post(f"/conversations/{id}/read", {"n": 10**9}), 204)

    undone = await ok(await anna.post(f"/conversations/bulk/{done['id']}/undo"), 201)

    assert undone["failed"] == [{"id": id, "code": "stale"}]
    assert not (await ok(await anna.get(f"/conversations/{id}")))["unread"]


@pytest.mark.covers("M-16", "M-34")
async def test_who_moved_conversations_out_of_his_own_sight_can_bring_them_back(front: Front, anna: Client) -> None:
    a, b = await many(front, 2)
    theirs = await queue(front, "Theirs")
    ben = await front.signed_in("ben", "agent")
    done = await bulk(ben, {"kind": "queue", "queue_id": str(theirs)}, ids=[a, b])
    assert (await ben.get(f"/conversations/{a}")).status == 404
    await ok(await anna.patch(f"/conversations/{b}", {"priority": "urgent"}))

    undone = await ok(await ben.post(f"/conversations/bulk/{done['id']}/undo"), 201)

    assert undone["failed"] == [{"id": b, "code": "stale"}]
    assert (await ok(await ben.get(f"/conversations/{a}")))["queue_id"] != str(theirs)
    assert (await ben.get(f"/conversations/{b}")).status == 404


@pytest.mark.covers("M-16")
async def test_of_two_who_undo_at_once_one_does(front: Front, anna: Client) -> None:
    (id,) = await many(front, 1)
    done = await bulk(anna, {"kind": "close"}, ids=[id])
    answers = await asyncio.gather(*(anna.post(f"/conversations/bulk/{done['id']}/undo") for _ in range(4)))
    assert sorted(answer.status for answer in answers) == [201, 409, 409, 409]


async def test_a_filter_with_a_name_nobody_knows_is_refused_instead_of_finding_everything(front: Front, anna: Client) -> None:
    (id,) = await many(front, 1)
    wrong = {"assignee": "me"}
    await refused(await anna.post("/conversations/bulk", {"action": {"kind": "close"}, "filter": wrong}), 422, "invalid")
    await refused(await anna.post("/views", {"name": "Mine", "filter": wrong}), 422, "invalid")
    assert (await ok(await anna.get(f"/conversations/{id}")))["state"] == "open"


async def test_a_tag_that_is_renamed_twice_in_a_row_ends_with_its_last_name_in_whatever_order_that_is_written(
    front: Front, anna: Client
) -> None:
    (id,) = await many(front, 1)
    tag = await ok(await anna.post("/tags", {"name": "One"}), 201)
    await bulk(anna, {"kind": "tag", "tag": "One"}, ids=[id])
    for name in ("Two", "Three"):
        await ok(await anna.patch(f"/tags/{tag['id']}", {"name": name}))
    rows = await front.hub.db.fetch("SELECT payload FROM job WHERE name = 'conversations.retag' ORDER BY id DESC")
    for row in rows:
        await front.hub.tags.retag(UUID(row["payload"]["tag_id"]), row["payload"]["beyond"])
    assert (await ok(await anna.get(f"/conversations/{id}")))["tags"] == ["Three"]


async def test_what_was_not_changed_keeps_its_rev_so_that_what_is_told_of_it_next_is_not_older(
    front: Front, anna: Client
) -> None:
    (id,) = await many(front, 1)
    await ok(await anna.post("/tags", {"name": "Vip"}), 201)
    ticket = await ok(await anna.post("/tickets", {"title": "Lamp"}), 201)
    for path, body in (("assignee", {"agent_id": None}), ("tags/vip", None), (f"tickets/{ticket['id']}", None)):
        await ok(await anna.put(f"/conversations/{id}/{path}", body))
        again = await ok(await anna.put(f"/conversations/{id}/{path}", body))
        assert again["rev"] == (await ok(await anna.get(f"/conversations/{id}")))["rev"], path
