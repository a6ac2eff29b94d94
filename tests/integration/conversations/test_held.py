"""Answers that leave later, and that are taken back before: one of the two, whatever happens."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from hub import clock
from hub.delivery.releasing import Releases
from hub.ids import MessageId
from tests.fixtures.console import Client
from tests.fixtures.desk import Front, eventually
from tests.fixtures.next_hop import NextHop
from tests.integration.conversations.conftest import Json, Talks, chat, ok, refused
from tests.integration.conversations.test_replies import PNG, becomes, say, taken, upload


def soon(seconds: float) -> str:
    return (clock.now() + timedelta(seconds=seconds)).isoformat()


async def messages(client: Client, id: str) -> list[Json]:
    page: Json = await ok(await client.get(f"/conversations/{id}/messages"))
    return [message for message in page["items"] if message["direction"] != "event"]


async def held(front: Front) -> int:
    return len(await front.hub.db.fetch("SELECT 1 FROM held_message"))


@pytest.mark.covers("M-11")
async def test_an_answer_with_seconds_to_undo_waits_them_out_and_leaves_by_itself(
    front: Front, anna: Client, talks: Talks, next_hop: NextHop
) -> None:
    (id,) = await talks.began("alice@example.com")

    said = await say(anna, id, text="on its way", undo_seconds=1)

    assert (said["status"], said["deliveries"], said["send_at"]) == ("queued", [], None)
    assert said["undo_until"] is not None
    assert (await ok(await anna.get(f"/conversations/{id}")))["waiting_for"] == "customer"
    await asyncio.sleep(0.4)
    assert next_hop.taken == []
    await taken(next_hop)
    done = await becomes(anna, said["id"], "accepted")
    assert (done["undo_until"], [d["attempts"] for d in done["deliveries"]]) == (None, [1])
    assert done["n"] > said["n"]
    await refused(await anna.delete(f"/messages/{said['id']}"), 409, "already_left")


@pytest.mark.covers("M-11", "M-12")
async def test_what_is_taken_back_is_a_draft_again_and_the_conversation_is_as_before(
    front: Front, anna: Client, talks: Talks, next_hop: NextHop
) -> None:
    (id,) = await talks.began("alice@example.com")
    file = await upload(anna, PNG, "plan.png")
    before = await ok(await anna.get(f"/conversations/{id}"))
    written = {"text": "too early", "cc": [{"address": "bob@example.com", "kind": "email", "name": "Bob"}]}
    body: dict[str, Any] = written | {"attachment_ids": [file["id"]], "undo_seconds": 30, "then": {"state": "closed"}}
    said = await say(anna, id, **body)
    assert (await ok(await anna.get(f"/conversations/{id}")))["state"] == "closed"

    draft = await ok(await anna.delete(f"/messages/{said['id']}"))

    assert {name: draft[name] for name in written} == written
    assert [one["filename"] for one in draft["attachments"]] == ["plan.png"]
    assert await ok(await anna.get(f"/conversations/{id}/drafts")) == [draft]
    now = await ok(await anna.get(f"/conversations/{id}"))
    same = ("state", "waiting_for", "waiting_since", "assignee_id", "preview", "last_direction", "last_message_at")
    assert {name: now[name] for name in same} == {name: before[name] for name in same}
    assert [message["direction"] for message in await messages(anna, id)] == ["in"]
    await refused(await anna.delete(f"/messages/{said['id']}"), 404, "no_such_message")
    assert await front.hub.db.fetch("SELECT 1 FROM event_log WHERE type = 'message.removed'")
    await say(anna, id, **written | {"text": "now", "attachment_ids": draft["attachment_ids"]})
    await taken(next_hop)


@pytest.mark.covers("M-11")
async def test_what_was_begun_meanwhile_stands_below_what_comes_back(anna: Client, talks: Talks) -> None:
    (id,) = await talks.began("alice@example.com")
    said = await say(anna, id, text="first", undo_seconds=30)
    await ok(await anna.put(f"/conversations/{id}/drafts/reply", {"text": "second", "revision": 0}))
    assert (await ok(await anna.delete(f"/messages/{said['id']}")))["text"] == "first\n\nsecond"


@pytest.mark.covers("M-11")
async def test_an_answer_for_later_changes_the_conversation_when_it_leaves_and_stands_last(
    front: Front, anna: Client, talks: Talks, next_hop: NextHop
) -> None:
    (id,) = await talks.began("alice@example.com")
    until = soon(3600)
    then = {"state": "snoozed", "snoozed_until": until}

    said = await say(anna, id, text="later", send_at=soon(1.0), then=then)
    note = await say(anna, id, text="said meanwhile", kind="note")

    assert said["send_at"] is not None
    before = await ok(await anna.get(f"/conversations/{id}"))
    assert (before["state"], before["waiting_for"]) == ("open", "us")
    await taken(next_hop)
    now = await ok(await anna.get(f"/conversations/{id}"))
    assert (now["state"], now["waiting_for"]) == ("snoozed", "customer")
    assert [message["id"] for message in await messages(anna, id)][-2:] == [note["id"], said["id"]]
    assert (await ok(await anna.get("/search", params={"q": "later"})))["items"]


@pytest.mark.covers("M-11", "B-02")
async def test_a_held_answer_survives_a_restart_and_either_leaves_or_comes_back(
    front: Front, anna: Client, talks: Talks, next_hop: NextHop
) -> None:
    hub = front.hub
    for sender in ("a@example.com", "b@example.com", "c@example.com", "d@example.com"):
        (id,) = await talks.began(sender)
        said = await say(anna, id, text="now or never", send_at=soon(0.3))
        await asyncio.sleep(0.25)
        others = [Releases(hub.db, hub.carriers).release(MessageId(UUID(said["id"]))) for _ in range(3)]
        back, *_ = await asyncio.gather(anna.delete(f"/messages/{said['id']}"), *others)

        async def settled(id: str = id) -> list[Json]:
            assert await held(front) == 0
            return [m for m in await messages(anna, id) if m["direction"] == "out"]

        answers = await eventually(settled)
        came_back = back.status == 200
        assert len(answers) == (0 if came_back else 1)
        assert len(await ok(await anna.get(f"/conversations/{id}/drafts"))) == (1 if came_back else 0)
        assert len(await hub.db.fetch("SELECT 1 FROM delivery WHERE conversation_id = $1", UUID(id))) == len(answers)


@pytest.mark.covers("M-11")
async def test_whoever_asked_not_to_be_written_to_meanwhile_is_not(
    front: Front, anna: Client, talks: Talks, next_hop: NextHop
) -> None:
    (id,) = await talks.began("alice@example.com")
    said = await say(anna, id, text="later", send_at=soon(0.5))
    async with front.hub.db.unit_of_work() as work:
        await work.execute(
            "INSERT INTO suppression (id, address_kind, address_value, reason, evidence, created_at) VALUES ($1, $2, $3, $4, $5, $6)",
            *(UUID(int=7), "email", "alice@example.com", "bounced", "", clock.now()),
        )
    done = await becomes(anna, said["id"], "failed")
    assert (done["failure"], done["deliveries"][0]["detail"]) == ("opted_out", "suppressed")
    assert next_hop.taken == []
    assert (await ok(await anna.get(f"/conversations/{id}")))["waiting_for"] == "us"


@pytest.mark.covers("M-11")
async def test_a_visitor_sees_a_held_answer_only_when_it_has_left(front: Front, anna: Client) -> None:
    asked = await chat(front, anna, "hello?")
    id = str(asked["conversation_id"])
    said = await say(anna, id, text="typing error", undo_seconds=30)
    kept = await say(anna, id, text="all good", send_at=soon(0.5))

    async def told() -> list[Any]:
        return await front.hub.db.fetch("SELECT data, audience FROM event_log WHERE type = 'message.added' ORDER BY id")

    hidden = [row for row in await told() if row["data"]["message"]["id"] in (said["id"], kept["id"])]
    assert len(hidden) == 2
    assert not any("visitor_id" in row["audience"] for row in hidden)
    await ok(await anna.delete(f"/messages/{said['id']}"))
    await becomes(anna, kept["id"], "accepted")
    shown = [row["data"]["message"]["text"] for row in await told() if "visitor_id" in row["audience"]]
    shown = [text for text in shown if text]  # what happened has none, and visitors are not told
    assert shown == ["hello?", "all good"]


@pytest.mark.covers("M-11")
async def test_only_the_author_takes_an_answer_back(front: Front, anna: Client, talks: Talks) -> None:
    (id,) = await talks.began("alice@example.com")
    ben = await front.signed_in("ben", "administrator")
    said = await say(anna, id, text="mine", undo_seconds=30)
    await refused(await ben.delete(f"/messages/{said['id']}"), 403, "not_its_author")
    assert await held(front) == 1


@pytest.mark.covers("M-11")
@pytest.mark.parametrize("when", [{"send_at": "2020-01-01T00:00:00Z"}, {"send_at": "2999-01-01T00:00:00Z"}, {"undo_seconds": 31}])
async def test_times_that_make_no_sense_are_refused(anna: Client, talks: Talks, when: Json) -> None:
    (id,) = await talks.began("alice@example.com")
    await refused(await anna.post(f"/conversations/{id}/messages", {"text": "x"} | when), 422, "invalid")


@pytest.mark.covers("M-13")
async def test_an_answer_that_crosses_a_colleagues_is_refused_until_it_was_seen_or_is_forced(
    front: Front, anna: Client, talks: Talks
) -> None:
    (id,) = await talks.began("alice@example.com")
    ben = await front.signed_in("ben", "administrator")
    seen_n = (await messages(anna, id))[-1]["n"]
    theirs = await say(ben, id, text="from Ben")

    body = {"text": "from Anna", "seen_n": seen_n}
    problem = await refused(await anna.post(f"/conversations/{id}/messages", body), 409, "newer_reply")
    assert (problem["message_id"], problem["by"]) == (theirs["id"], "ben")
    await say(ben, id, text="again", seen_n=seen_n)  # his own does not stand in his way
    await say(anna, id, **body | {"force": True})
    await say(ben, id, text="once more", seen_n=(await messages(ben, id))[-1]["n"])


@pytest.mark.covers("M-13")
async def test_of_two_who_answer_at_once_one_is_told(front: Front, anna: Client, talks: Talks) -> None:
    (id,) = await talks.began("alice@example.com")
    ben = await front.signed_in("ben", "administrator")
    seen_n = (await messages(anna, id))[-1]["n"]
    both = await asyncio.gather(
        *(one.post(f"/conversations/{id}/messages", {"text": "me", "seen_n": seen_n}) for one in (anna, ben))
    )
    assert sorted(answer.status for answer in both) == [201, 409]


@pytest.mark.covers("M-02")
async def test_answering_and_closing_is_one_step(anna: Client, talks: Talks) -> None:
    (id,) = await talks.began("alice@example.com")
    await say(anna, id, text="done", then={"state": "closed"})
    now = await ok(await anna.get(f"/conversations/{id}"))
    assert (now["state"], now["waiting_for"], now["preview"]) == ("closed", "nobody", "done")
    body = {"text": "x", "then": {"state": "snoozed"}}
    await refused(await anna.post(f"/conversations/{id}/messages", body), 422, "invalid")


@pytest.mark.covers("M-12")
async def test_the_draft_an_answer_was_written_in_is_gone_with_it_unless_it_was_changed_since(anna: Client, talks: Talks) -> None:
    (id,) = await talks.began("alice@example.com")
    path = f"/conversations/{id}/drafts/reply"
    draft = await ok(await anna.put(path, {"text": "x", "revision": 0}))
    await say(anna, id, text="x", draft_revision=draft["revision"])
    assert await ok(await anna.get(f"/conversations/{id}/drafts")) == []
    await refused(await anna.put(path, {"text": "x y", "revision": draft["revision"]}), 409, "stale")

    draft = await ok(await anna.put(path, {"text": "1", "revision": 0}))
    newer = await ok(await anna.put(path, {"text": "2", "revision": draft["revision"]}))
    await say(anna, id, text="1", draft_revision=draft["revision"])
    assert await ok(await anna.get(f"/conversations/{id}/drafts")) == [newer]

    note = await ok(await anna.put(f"/conversations/{id}/drafts/note", {"text": "n", "revision": 0}))
    await say(anna, id, kind="note", text="n", draft_revision=note["revision"])
    assert await ok(await anna.get(f"/conversations/{id}/drafts")) == [newer]
