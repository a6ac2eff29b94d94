"""What users are told: by a mention, by work given to them; once, and only who may know."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from hub import clock
from hub.jobs import Job
from hub.notifications.service import KEPT
from tests.fixtures.console import Client
from tests.fixtures.desk import Front, eventually
from tests.integration.conversations.conftest import Json, Talks, ok, pages, place, queue, refused

pytestmark = pytest.mark.usefixtures("working")


async def id_of(client: Client) -> str:
    return str((await ok(await client.get("/session")))["user"]["id"])


async def note(client: Client, conversation_id: str, *mentions: str, text: str = "please look", **more: object) -> Json:
    body = {"kind": "note", "text": text, "mentions": list(mentions)} | more
    made: Json = await ok(await client.post(f"/conversations/{conversation_id}/messages", body), 201)
    return made


async def told(client: Client, count: int) -> list[Json]:
    """What the user was told, once there are so many."""

    async def check() -> list[Json]:
        items: list[Json] = (await ok(await client.get("/notifications")))["items"]
        assert len(items) == count
        return items

    found: list[Json] = await eventually(check)
    return found


async def settled(front: Front) -> None:
    """No job is left."""

    async def check() -> None:
        left = await front.hub.db.fetch("SELECT name, state, error FROM job WHERE name = 'notifications.tell'")
        assert not left, [dict(row.items()) for row in left]

    await eventually(check)


async def unread(client: Client) -> int:
    return int((await ok(await client.get("/notifications/count")))["unread"])


@pytest.mark.covers("M-04")
async def test_whom_a_note_names_is_told_once_and_reading_the_conversation_is_enough(
    front: Front, anna: Client, talks: Talks
) -> None:
    (id,) = await talks.began("alice@example.com")
    li, wang = await front.signed_in("li", "agent"), await front.signed_in("wang", "agent")
    made = await note(anna, id, await id_of(li), await id_of(li), await id_of(anna), client_key=str(uuid4()))
    assert made["extra"]["mentions"][0] == await id_of(li)

    (item,) = await told(li, 1)
    about = ("mention", id, made["id"], "anna", "please look", False)
    assert tuple(item[name] for name in ("kind", "conversation_id", "message_id", "by_name", "text", "read")) == about
    await settled(front)
    assert (await unread(li), await unread(wang), await unread(anna)) == (1, 0, 0)
    assert (await ok(await li.get(f"/conversations/{id}")))["mentioned"] is True

    await ok(await li.post(f"/conversations/{id}/read", {"n": made["n"]}), 204)
    assert await unread(li) == 0
    assert (await told(li, 1))[0]["read"] is True
    assert (await ok(await li.get("/notifications?unread=true")))["items"] == []
    assert (await ok(await li.get(f"/conversations/{id}")))["mentioned"] is False


@pytest.mark.covers("M-04", "M-15")
async def test_who_reads_what_a_conversation_was_merged_into_has_read_what_he_was_told_of_it(
    front: Front, anna: Client, talks: Talks
) -> None:
    first, second, third = await talks.began("alice@example.com", "bob@example.com", "carol@example.com")
    li = await front.signed_in("li", "agent")
    made = await note(anna, first, await id_of(li))
    await told(li, 1)
    await ok(await anna.post(f"/conversations/{first}/merge", {"into_id": second}))
    await ok(await anna.post(f"/conversations/{second}/merge", {"into_id": third}))

    await ok(await li.post(f"/conversations/{third}/read", {"n": made["n"]}), 204)

    assert await unread(li) == 0


@pytest.mark.covers("M-04")
async def test_a_note_sent_twice_or_a_job_done_twice_tells_once(front: Front, anna: Client, talks: Talks) -> None:
    (id,) = await talks.began("alice@example.com")
    li = await front.signed_in("li", "agent")
    key, me = str(uuid4()), await id_of(li)
    first, again = [await note(anna, id, me, client_key=key) for _ in range(2)]
    assert first["id"] == again["id"]
    await refused(
        await anna.post(f"/conversations/{id}/messages", {"kind": "note", "text": "please look", "client_key": key}),
        409,
        "client_key_reused",
    )
    await told(li, 1)
    await settled(front)
    payload = {
        "kind": "mention", "about": f"mention {first['id']}", "user_ids": [me], "conversation_id": id,
        "message_id": first["id"], "by_id": None, "by_name": "anna", "text": "again", "at": "2026-11-22T00:00:00+00:00",
    }  # fmt: skip
    for _ in range(2):
        await front.hub.notifications.perform(Job(id=uuid4(), name="x", payload=payload, attempts=1, fence=1))
    assert len((await ok(await li.get("/notifications")))["items"]) == 1


@pytest.mark.covers("M-04", "M-34")
async def test_who_may_not_see_the_conversation_is_not_told_of_it(front: Front, anna: Client, talks: Talks) -> None:
    (id,) = await talks.began("alice@example.com")
    li, wang = await front.signed_in("li", "agent"), await front.signed_in("wang", "agent")
    await place(front, id, await queue(front, "hers", [UUID(await id_of(li))]))  # type: ignore[list-item]
    gone = await front.user("gone", "agent")
    await note(anna, id, await id_of(li), await id_of(wang), str(gone.id), str(uuid4()))
    await told(li, 1)
    await settled(front)
    assert (await ok(await wang.get("/notifications")))["items"] == []


async def test_what_was_told_says_nothing_of_what_is_out_of_sight_by_now(front: Front, anna: Client, talks: Talks) -> None:
    (id,) = await talks.began("alice@example.com")
    li = await front.signed_in("li", "agent")
    await note(anna, id, await id_of(li))
    assert (await told(li, 1))[0]["text"] == "please look"
    await place(front, id, await queue(front, "elsewhere"))
    (item,) = await told(li, 1)
    assert (item["text"], item["by_name"], item["conversation_id"]) == ("", "anna", id)


@pytest.mark.covers("M-04", "M-34")
async def test_the_event_goes_to_the_user_alone(front: Front, anna: Client, talks: Talks) -> None:
    (id,) = await talks.began("alice@example.com")
    li = await front.signed_in("li", "agent")
    start = (await ok(await li.get("/events")))["next_cursor"]
    await note(anna, id, await id_of(li))
    await told(li, 1)

    (mine,) = await added(li, start)
    assert (mine["unread"], mine["notification"]["kind"], mine["notification"]["conversation_id"]) == (1, "mention", id)
    assert await added(anna, start) == []


async def added(client: Client, after: str) -> list[Json]:
    """What the events after a cursor say of notifications."""
    items: list[Json] = []
    while events := await ok(await client.get("/events", params={"after": after})):
        if not events["items"]:
            break
        items, after = items + events["items"], events["next_cursor"]
    return [event["data"] for event in items if event["type"] == "notification.added"]


@pytest.mark.covers("M-20")
async def test_who_is_given_work_by_somebody_else_is_told_and_who_takes_it_is_not(
    front: Front, anna: Client, talks: Talks
) -> None:
    one, two = await talks.began("alice@example.com", "bob@example.com")
    li = await front.signed_in("li", "agent")
    me = await id_of(li)
    await ok(await li.put(f"/conversations/{one}/assignee", {"agent_id": me}))
    await ok(await anna.put(f"/conversations/{two}/assignee", {"agent_id": me}))
    (item,) = await told(li, 1)
    about = ("assigned", two, "anna", None, "Question")
    assert tuple(item[name] for name in ("kind", "conversation_id", "by_name", "message_id", "text")) == about

    await ok(await anna.put(f"/conversations/{two}/assignee", {"agent_id": me}))
    await ok(await anna.put(f"/conversations/{two}/assignee", {"agent_id": None}))
    await settled(front)
    assert len(await told(li, 1)) == 1
    await ok(await anna.put(f"/conversations/{two}/assignee", {"agent_id": me}))
    await told(li, 2)


async def test_some_or_all_are_marked_read_and_pages_are_complete(front: Front, anna: Client, talks: Talks) -> None:
    (id,) = await talks.began("alice@example.com")
    li, wang = await front.signed_in("li", "agent"), await front.signed_in("wang", "agent")
    for number in range(5):
        await note(anna, id, await id_of(li), text=f"note {number}")
    items = await told(li, 5)
    assert [item["text"] for item in items] == [f"note {number}" for number in (4, 3, 2, 1, 0)]
    assert [len(page) for page in await pages(li, "/notifications", limit=2)] == [2, 2, 1]

    ids = [item["id"] for item in items]
    assert await ok(await li.post("/notifications/read", {"ids": ids[:2]})) == {"unread": 3}
    assert await ok(await wang.post("/notifications/read", {"ids": ids})) == {"unread": 0}
    assert await unread(li) == 3, "somebody else's are nobody else's to mark"
    assert await ok(await li.post("/notifications/read", {"all": True})) == {"unread": 0}
    for wrong in ({}, {"all": True, "ids": ids}):
        assert (await li.post("/notifications/read", wrong)).status == 422


async def test_what_is_old_is_forgotten(front: Front, anna: Client, talks: Talks) -> None:
    (id,) = await talks.began("alice@example.com")
    li = await front.signed_in("li", "agent")
    await note(anna, id, await id_of(li), text="old")
    await told(li, 1)
    async with front.hub.db.unit_of_work() as work:
        await work.execute("UPDATE notification SET at = $1", clock.now() - KEPT - timedelta(hours=1))
    await note(anna, id, await id_of(li), text="new")
    await told(li, 2)
    await front.hub.notifications.prune()
    assert [item["text"] for item in await told(li, 1)] == ["new"]
