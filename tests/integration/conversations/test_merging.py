"""Merge and split: what belongs together is shown together, and every step can be taken back."""

import pytest

from tests.fixtures.console import Client
from tests.fixtures.desk import Front, mail
from tests.integration.conversations.conftest import Json, Talks, ok, refused


async def texts(client: Client, id: str) -> list[str]:
    items = (await ok(await client.get(f"/conversations/{id}/messages")))["items"]
    return [item["text"].strip() for item in items if item["direction"] != "event"]


async def shown(client: Client, **query: str) -> set[str]:
    return {item["id"] for item in (await ok(await client.get("/conversations", params=query)))["items"]}


async def found(client: Client, words: str) -> set[str]:
    return {hit["conversation"]["id"] for hit in (await ok(await client.get("/search", params={"q": words})))["items"]}


async def two(front: Front, talks: Talks) -> tuple[str, str]:
    (kept,) = await talks.began("alice@example.com", subject="Broken lamp", text="lamp is broken", message_id="<a@example.com>")
    (gone,) = await talks.began("bob@example.net", subject="Where is it", text="parcel missing", message_id="<b@example.net>")
    return kept, gone


@pytest.mark.covers("M-15")
async def test_a_merged_conversation_is_read_found_and_counted_in_the_other_and_undoing_separates_them(
    front: Front, anna: Client, talks: Talks
) -> None:
    kept, gone = await two(front, talks)
    before = {id: await ok(await anna.get(f"/conversations/{id}")) for id in (kept, gone)}

    one = await ok(await anna.post(f"/conversations/{gone}/merge", {"into_id": kept}))

    assert (one["id"], one["state"], one["waiting_for"]) == (kept, "open", "us")
    assert await texts(anna, kept) == ["lamp is broken", "parcel missing"]
    assert await found(anna, "parcel") == await shown(anna) == {kept}
    assert (await ok(await anna.get("/conversations/counts")))["all"] == {"us": 1}
    alias = await ok(await anna.get(f"/conversations/{gone}"))
    assert (alias["merged_into"], alias["state"]) == (kept, "closed")
    assert gone not in await shown(anna, view="closed")
    await refused(await anna.patch(f"/conversations/{gone}", {"state": "open"}), 409, "merged")
    bob = before[gone]["customer"]["id"]
    assert await shown(anna, customer_id=bob) == {kept}

    back = await ok(await anna.post(f"/conversations/{gone}/unmerge"))

    assert (back["id"], back["state"], back["waiting_for"], back["merged_into"]) == (gone, "open", "us", None)
    assert (await texts(anna, kept), await texts(anna, gone)) == (["lamp is broken"], ["parcel missing"])
    assert await found(anna, "parcel") == {gone}
    assert await shown(anna) == {kept, gone}
    assert await shown(anna, customer_id=bob) == {gone}
    assert (await ok(await anna.get("/conversations/counts")))["all"] == {"us": 2}
    after = {id: await ok(await anna.get(f"/conversations/{id}")) for id in (kept, gone)}
    for id in (kept, gone):
        same = ("customer", "waiting_since", "preview", "last_message_at", "channels", "tags", "unread")
        assert [after[id][name] for name in same] == [before[id][name] for name in same]


@pytest.mark.covers("M-15")
async def test_later_mail_to_the_old_thread_lands_in_the_target_and_goes_back_with_the_alias(
    front: Front, anna: Client, talks: Talks
) -> None:
    kept, gone = await two(front, talks)
    await ok(await anna.post(f"/conversations/{gone}/merge", {"into_id": kept}))

    await front.desk.receive(
        mail(sender="bob@example.net", subject="Re: Where is it", text="still missing", in_reply_to="<b@example.net>"),
        mail_from="bob@example.net",
    )
    await front.desk.filed(3)
    assert await texts(anna, kept) == ["lamp is broken", "parcel missing", "still missing"]

    await ok(await anna.post(f"/conversations/{gone}/unmerge"))
    assert await texts(anna, gone) == ["parcel missing", "still missing"]
    assert await texts(anna, kept) == ["lamp is broken"]


@pytest.mark.covers("M-15")
async def test_a_chain_of_merges_is_undone_from_its_end(front: Front, anna: Client, talks: Talks) -> None:
    a, b = await two(front, talks)
    (c,) = await talks.began("carol@example.org", text="third", subject="Third")
    await ok(await anna.post(f"/conversations/{b}/merge", {"into_id": a}))
    await ok(await anna.post(f"/conversations/{a}/merge", {"into_id": c}))
    assert await texts(anna, c) == ["lamp is broken", "parcel missing", "third"]
    await refused(await anna.post(f"/conversations/{b}/unmerge"), 409, "not_mergeable")
    await refused(await anna.post(f"/conversations/{c}/merge", {"into_id": a}), 409, "merged")
    await refused(await anna.post(f"/conversations/{c}/merge", {"into_id": c}), 409, "not_mergeable")

    await ok(await anna.post(f"/conversations/{a}/unmerge"))
    await ok(await anna.post(f"/conversations/{b}/unmerge"))
    assert [await texts(anna, id) for id in (a, b, c)] == [["lamp is broken"], ["parcel missing"], ["third"]]
    await refused(await anna.post(f"/conversations/{b}/unmerge"), 409, "not_mergeable")


@pytest.mark.covers("M-15")
async def test_messages_are_split_off_with_what_answers_them_and_merged_back(front: Front, anna: Client, talks: Talks) -> None:
    (id,) = await talks.began("alice@example.com", subject="Lamp", text="the lamp", message_id="<1@example.com>")
    again = mail(
        sender="alice@example.com",
        subject="Re: Lamp",
        text="and a chair",
        message_id="<2@example.com>",
        in_reply_to="<1@example.com>",
    )
    await front.desk.receive(again, mail_from="alice@example.com")
    messages = await front.desk.filed(2)
    second = str(messages[1]["id"])

    made: Json = (await ok(await anna.post(f"/conversations/{id}/split", {"message_ids": [second]}), 201))["conversation"]

    assert (made["state"], made["waiting_for"], made["follows_id"], made["customer"]["name"]) == (
        "open", "us", id, (await ok(await anna.get(f"/conversations/{id}")))["customer"]["name"],
    )  # fmt: skip
    assert (await texts(anna, id), await texts(anna, made["id"])) == (["the lamp"], ["and a chair"])
    answer = mail(sender="alice@example.com", subject="Re: Lamp", text="a red chair", in_reply_to="<2@example.com>")
    await front.desk.receive(answer, mail_from="alice@example.com")
    await front.desk.filed(3)
    assert await texts(anna, made["id"]) == ["and a chair", "a red chair"]
    await refused(await anna.post(f"/conversations/{id}/split", {"message_ids": [str(messages[0]["id"])]}), 422, "invalid")
    await refused(await anna.post(f"/conversations/{id}/split", {"message_ids": [second]}), 404, "no_such_message")

    await ok(await anna.post(f"/conversations/{made['id']}/merge", {"into_id": id}))
    assert await texts(anna, id) == ["the lamp", "and a chair", "a red chair"]
