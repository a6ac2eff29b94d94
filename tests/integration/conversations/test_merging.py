"""Merge and split: what belongs together is shown together, and every step can be taken back."""

import pytest

from hub.ids import new_id
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
async def test_a_page_that_still_shows_what_was_merged_a_moment_ago_reads_it_without_harm(
    front: Front, anna: Client, talks: Talks
) -> None:
    kept, gone = await two(front, talks)
    await ok(await anna.post(f"/conversations/{gone}/merge", {"into_id": kept}))

    await ok(await anna.post(f"/conversations/{gone}/read", {"n": 10**9}), 204)

    assert (await ok(await anna.get(f"/conversations/{kept}")))["unread"]


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


async def answer(front: Front, sender: str, text: str, to: str, count: int) -> None:
    """A mail of theirs to a thread that is there."""
    await front.desk.receive(mail(sender=sender, subject="Re", text=text, in_reply_to=to), mail_from=sender)
    await front.desk.filed(count)


async def turn(client: Client, id: str) -> tuple[str, str, str]:
    now = await ok(await client.get(f"/conversations/{id}"))
    return now["state"], now["waiting_for"], now["waiting_since"]


@pytest.mark.covers("M-15")
async def test_separating_gives_back_whose_turn_it_was_unless_something_was_done_since(
    front: Front, anna: Client, talks: Talks
) -> None:
    kept, gone = await two(front, talks)
    await ok(await anna.post(f"/conversations/{kept}/messages", {"text": "it is on its way"}), 201)
    before = await turn(anna, kept), await turn(anna, gone)
    assert [waits for _, waits, _ in before] == ["customer", "us"]

    await ok(await anna.post(f"/conversations/{gone}/merge", {"into_id": kept}))
    assert (await turn(anna, kept))[1] == "us"
    await ok(await anna.post(f"/conversations/{gone}/unmerge"))
    assert (await turn(anna, kept), await turn(anna, gone)) == before

    # Only the one who was merged writes meanwhile: the other still waits for nothing of ours.
    await ok(await anna.post(f"/conversations/{gone}/merge", {"into_id": kept}))
    await answer(front, "bob@example.net", "hello?", "<b@example.net>", 3)
    await ok(await anna.post(f"/conversations/{gone}/unmerge"))
    assert await turn(anna, kept) == before[0]

    # Answered while they were one: that stays.
    await ok(await anna.post(f"/conversations/{gone}/merge", {"into_id": kept}))
    await ok(await anna.post(f"/conversations/{kept}/messages", {"text": "both of you: soon"}), 201)
    await ok(await anna.post(f"/conversations/{gone}/unmerge"))
    assert (await turn(anna, kept))[:2] == ("open", "customer")

    # Its own customer writes meanwhile.
    await ok(await anna.post(f"/conversations/{gone}/merge", {"into_id": kept}))
    await answer(front, "alice@example.com", "and now?", "<a@example.com>", 4)
    await ok(await anna.post(f"/conversations/{gone}/unmerge"))
    assert (await turn(anna, kept))[:2] == ("open", "us")


@pytest.mark.covers("M-15")
async def test_merges_are_undone_in_any_order_and_leave_nothing_of_the_other_behind(
    front: Front, anna: Client, talks: Talks
) -> None:
    kept, first = await two(front, talks)
    (second,) = await talks.began("bob@example.net", subject="Another thing", text="a third", message_id="<c@example.net>")
    await ok(await anna.post(f"/conversations/{kept}/messages", {"text": "it is on its way"}), 201)
    alice = (await ok(await anna.get(f"/conversations/{kept}")))["customer"]["id"]
    await ok(await anna.delete(f"/conversations/{kept}/customers/{alice}"))
    ids = (kept, first, second)

    async def all_of() -> list[tuple[object, ...]]:
        rows = await front.hub.db.fetch("SELECT * FROM conversation ORDER BY n")
        names = ("id", "state", "waiting_for", "waiting_since", "customer_id", "participants", "channels", "last_in_n")
        return [tuple(row[name] for name in names) for row in rows]

    before = await all_of()
    for order in ((first, second), (second, first)):
        for id in (first, second):
            await ok(await anna.post(f"/conversations/{id}/merge", {"into_id": kept}))
        await ok(await anna.post(f"/conversations/{order[0]}/unmerge"))
        whole = await ok(await anna.get(f"/conversations/{kept}"))
        assert (whole["waiting_for"], whole["customer"]["name"]) == ("us", "bob@example.net")
        assert kept in await shown(anna, customer_id=whole["customer"]["id"])
        await ok(await anna.post(f"/conversations/{order[1]}/unmerge"))
        assert await all_of() == before, ids.index(order[0])
        assert await shown(anna, customer_id=whole["customer"]["id"]) == {first, second}


@pytest.mark.covers("M-15")
async def test_who_began_to_write_while_two_were_one_stays_a_participant(front: Front, anna: Client, talks: Talks) -> None:
    kept, gone = await two(front, talks)
    await ok(await anna.post(f"/conversations/{gone}/merge", {"into_id": kept}))
    joined = mail(sender="alice@example.com", subject="Re", text="my boss", in_reply_to="<a@example.com>", cc="boss@example.com")
    await front.desk.receive(joined, mail_from="alice@example.com")
    await front.desk.filed(3)
    await ok(await anna.post(f"/conversations/{gone}/unmerge"))

    await answer(front, "boss@example.com", "where is the lamp?", "<a@example.com>", 4)
    assert (await texts(anna, kept))[-1] == "where is the lamp?"


@pytest.mark.covers("M-15", "M-12")
async def test_a_draft_goes_with_its_conversation_and_comes_back_with_it(front: Front, anna: Client, talks: Talks) -> None:
    kept, gone = await two(front, talks)
    # What was written in the other before, and sent, keeps no place there.
    sent = await ok(await anna.put(f"/conversations/{kept}/drafts/reply", {"text": "first", "revision": 0}))
    await ok(await anna.post(f"/conversations/{kept}/messages", {"text": "first", "draft_revision": sent["revision"]}), 201)
    await ok(await anna.put(f"/conversations/{gone}/drafts/reply", {"text": "Dear Bob", "revision": 0}))

    await ok(await anna.post(f"/conversations/{gone}/merge", {"into_id": kept}))

    (draft,) = await ok(await anna.get(f"/conversations/{kept}/drafts"))
    assert draft["text"] == "Dear Bob"
    assert await ok(await anna.get(f"/conversations/{gone}/drafts")) == []
    told = await front.hub.db.fetch("SELECT data FROM event_log WHERE type = 'draft.changed' ORDER BY id DESC LIMIT 2")
    assert {(row["data"]["conversation_id"], row["data"]["draft"] is not None) for row in told} == {(kept, True), (gone, False)}
    await refused(await anna.put(f"/conversations/{gone}/drafts/reply", {"text": "late", "revision": 2}), 409, "merged")

    await ok(await anna.post(f"/conversations/{gone}/unmerge"))
    assert await ok(await anna.get(f"/conversations/{kept}/drafts")) == []
    (draft,) = await ok(await anna.get(f"/conversations/{gone}/drafts"))
    assert draft["text"] == "Dear Bob"

    # Changed while they were one: it stays where it was written last. Writing in both: each keeps its own.
    await ok(await anna.post(f"/conversations/{gone}/merge", {"into_id": kept}))
    (draft,) = await ok(await anna.get(f"/conversations/{kept}/drafts"))
    path = f"/conversations/{kept}/drafts/reply"
    await ok(await anna.put(path, {"text": "Dear both", "revision": draft["revision"]}))
    await ok(await anna.post(f"/conversations/{gone}/unmerge"))
    assert [one["text"] for one in await ok(await anna.get(f"/conversations/{kept}/drafts"))] == ["Dear both"]
    assert await ok(await anna.get(f"/conversations/{gone}/drafts")) == []


@pytest.mark.covers("M-15", "M-04")
async def test_marks_of_a_merged_conversation_are_carried_and_told(front: Front, anna: Client, talks: Talks) -> None:
    kept, gone = await two(front, talks)
    ben = await front.signed_in("ben", "administrator")
    me = (await ok(await ben.get("/session")))["user"]["id"]
    await ok(await anna.post(f"/conversations/{gone}/messages", {"kind": "note", "text": "ask Ben", "mentions": [me]}), 201)
    for id in (kept, gone):
        await ok(await anna.post(f"/conversations/{id}/read", {"n": 10**9}), 204)

    await ok(await anna.post(f"/conversations/{gone}/merge", {"into_id": kept}))

    for client, own in ((anna, (False, False)), (ben, (True, True))):
        now = await ok(await client.get(f"/conversations/{kept}"))
        assert (now["unread"], now["mentioned"]) == own
    assert await shown(ben, view="mentions") == {kept}
    rows = await front.hub.db.fetch("SELECT data FROM event_log WHERE type = 'conversation.read' ORDER BY id DESC LIMIT 2")
    told = {row["data"]["mentioned"]: (row["data"]["conversation_id"], row["data"]["n"] > 0) for row in rows}
    assert told == {True: (kept, False), False: (kept, True)}


@pytest.mark.covers("M-15", "M-11")
async def test_an_answer_taken_back_after_a_merge_does_not_make_one_conversation_what_the_other_was(
    front: Front, anna: Client, talks: Talks
) -> None:
    kept, gone = await two(front, talks)
    said = await ok(await anna.post(f"/conversations/{gone}/messages", {"text": "soon", "undo_seconds": 30}), 201)
    await ok(await anna.post(f"/conversations/{gone}/merge", {"into_id": kept}))
    before = await ok(await anna.get(f"/conversations/{kept}"))

    await ok(await anna.delete(f"/messages/{said['id']}"))

    now = await ok(await anna.get(f"/conversations/{kept}"))
    same = ("state", "waiting_for", "waiting_since", "version", "assignee_id")
    assert [now[name] for name in same] == [before[name] for name in same]


@pytest.mark.covers("M-15", "T-14")
async def test_a_ticket_goes_with_its_conversation_and_none_is_made_from_the_name_that_is_left(
    front: Front, anna: Client, talks: Talks
) -> None:
    kept, gone = await two(front, talks)
    ticket = await ok(await anna.post("/tickets", {"title": "Parcel", "conversation_id": gone}), 201)
    await ok(await anna.post(f"/conversations/{gone}/merge", {"into_id": kept}))
    assert (await ok(await anna.get(f"/tickets/{ticket['id']}")))["conversation_ids"] == [kept]
    problem = await refused(await anna.post("/tickets", {"title": "Lamp", "conversation_id": gone}), 409, "merged")
    assert problem["into_id"] == kept
    await ok(await anna.post(f"/conversations/{gone}/unmerge"))
    assert (await ok(await anna.get(f"/tickets/{ticket['id']}")))["conversation_ids"] == [gone]


@pytest.mark.covers("M-15")
async def test_a_note_sent_again_is_known_also_when_its_conversation_was_merged_meanwhile(
    front: Front, anna: Client, talks: Talks
) -> None:
    kept, gone = await two(front, talks)
    note = {"kind": "note", "text": "look", "client_key": str(new_id())}
    first = await ok(await anna.post(f"/conversations/{gone}/messages", note), 201)
    await ok(await anna.post(f"/conversations/{gone}/merge", {"into_id": kept}))

    again = await ok(await anna.post(f"/conversations/{gone}/messages", note), 201)

    assert (again["id"], again["conversation_id"]) == (first["id"], kept)
    await refused(await anna.post(f"/conversations/{gone}/messages", note | {"text": "other"}), 409, "client_key_reused")
