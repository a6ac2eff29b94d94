"""Drafts: kept on the server, the same on every page of one user, nobody else's business."""

import asyncio
from datetime import timedelta

import pytest

from hub import clock
from hub.conversations.uploads import prune_uploads
from tests.fixtures.console import Client
from tests.fixtures.desk import Front
from tests.integration.conversations.conftest import Talks, ok, place, queue, refused
from tests.integration.conversations.test_replies import PNG, upload


@pytest.mark.covers("M-12")
async def test_what_is_written_is_there_on_every_page_of_the_user_and_on_nobody_elses(
    front: Front, anna: Client, talks: Talks
) -> None:
    (id,) = await talks.began("alice@example.com")
    ben = await front.signed_in("ben", "administrator")
    file = await upload(anna, PNG, "plan.png")
    written = {
        "text": "Dear Ali",
        "subject": "S",
        "cc": [{"address": "bo"}],
        "attachment_ids": [file["id"]],
        "html": "<p>Dear Ali</p>",
    }

    put = await ok(await anna.put(f"/conversations/{id}/drafts/reply", written | {"revision": 0}))
    note = await ok(await anna.put(f"/conversations/{id}/drafts/note", {"text": "careful", "revision": 0}))

    found = await ok(await anna.get(f"/conversations/{id}/drafts"))
    assert found == [note, put]
    assert put["revision"] == 1
    assert put["attachments"][0]["filename"] == "plan.png"
    assert {name: put[name] for name in ("text", "subject", "attachment_ids", "html")} == {
        name: written[name] for name in ("text", "subject", "attachment_ids", "html")
    }
    assert await ok(await ben.get(f"/conversations/{id}/drafts")) == []
    await refused(await ben.get(f"/conversations/{id}/drafts/reply"), 404, "no_such_draft")
    rows = await front.hub.db.fetch("SELECT audience FROM event_log WHERE type = 'draft.changed'")
    assert {len(row["audience"]) for row in rows} == {1}
    assert {tuple(row["audience"]) for row in rows} == {("user_id",)}


@pytest.mark.covers("M-12")
async def test_a_page_that_is_behind_cannot_overwrite_a_draft_nor_bring_one_back(anna: Client, talks: Talks) -> None:
    (id,) = await talks.began("alice@example.com")
    path = f"/conversations/{id}/drafts/reply"
    one = await ok(await anna.put(path, {"text": "one", "revision": 0}))

    again = await ok(await anna.put(path, {"text": "one", "revision": 0}))  # the answer got lost
    assert again["revision"] == one["revision"]
    problem = await refused(await anna.put(path, {"text": "other", "revision": 0}), 409, "stale")
    assert problem["revision"] == 1
    two = await ok(await anna.put(path, {"text": "two", "revision": 1}))
    await refused(await anna.delete(path, params={"revision": "1"}), 409, "stale")
    await ok(await anna.delete(path, params={"revision": str(two["revision"])}), 204)
    await ok(await anna.delete(path), 204)
    await refused(await anna.put(path, {"text": "two and more", "revision": two["revision"]}), 409, "stale")
    fresh = await ok(await anna.put(path, {"text": "new", "revision": 0}))
    assert fresh["revision"] > two["revision"] + 1


@pytest.mark.covers("M-12")
async def test_of_two_pages_that_save_at_once_one_is_told(anna: Client, talks: Talks) -> None:
    (id,) = await talks.began("alice@example.com")
    path = f"/conversations/{id}/drafts/reply"
    answers = await asyncio.gather(*(anna.put(path, {"text": f"page {n}", "revision": 0}) for n in range(4)))
    assert sorted(answer.status for answer in answers) == [200, 409, 409, 409]


async def test_a_draft_in_a_conversation_one_may_not_see_is_not_there(front: Front, anna: Client, talks: Talks) -> None:
    (id,) = await talks.began("alice@example.com")
    carl = await front.signed_in("carl", "agent")
    await place(front, id, await queue(front, "Others"))
    for answer in (
        await carl.get(f"/conversations/{id}/drafts"),
        await carl.put(f"/conversations/{id}/drafts/reply", {"text": "x", "revision": 0}),
        await carl.delete(f"/conversations/{id}/drafts/reply"),
    ):
        await refused(answer, 404, "no_such_conversation")


@pytest.mark.covers("M-12")
async def test_the_files_of_a_draft_outlive_the_day_an_upload_is_kept(front: Front, anna: Client, talks: Talks) -> None:
    (id,) = await talks.began("alice@example.com")
    file, other = await upload(anna, PNG, "plan.png"), await upload(anna, PNG, "unused.png")
    await ok(await anna.put(f"/conversations/{id}/drafts/reply", {"attachment_ids": [file["id"]], "revision": 0}))
    async with front.hub.db.unit_of_work() as work:
        await work.execute("UPDATE upload SET created_at = $1", clock.now() - timedelta(days=2))
        await prune_uploads(work)

    (draft,) = await ok(await anna.get(f"/conversations/{id}/drafts"))
    assert [one["id"] for one in draft["attachments"]] == [file["id"]]
    await refused(
        await anna.post(f"/conversations/{id}/messages", {"text": "x", "attachment_ids": [other["id"]]}), 422, "no_such_upload"
    )


@pytest.mark.covers("M-12")
async def test_who_throws_one_draft_away_is_told_whether_he_still_writes_in_the_other_mode(
    front: Front, anna: Client, talks: Talks
) -> None:
    (id,) = await talks.began("alice@example.com")
    for mode in ("reply", "note"):
        await ok(await anna.put(f"/conversations/{id}/drafts/{mode}", {"text": "x", "revision": 0}))
    for mode in ("reply", "note"):
        await ok(await anna.delete(f"/conversations/{id}/drafts/{mode}"), 204)
    rows = await front.hub.db.fetch("SELECT data FROM event_log WHERE type = 'draft.changed' ORDER BY id")
    assert [row["data"]["other"] for row in rows if row["data"]["draft"] is None] == [True, False]
