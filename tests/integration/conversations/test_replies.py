"""Answers over HTTP: to whom, with what, once, and what became of them."""

import asyncio
from io import BytesIO
from urllib.parse import quote
from uuid import uuid4

import pytest

from hub.messages.address import ChannelKind
from tests.fixtures.console import Client
from tests.fixtures.desk import Front, eventually, mail
from tests.fixtures.next_hop import NextHop, Taken
from tests.integration.conversations.conftest import Json, Talks, chat, ok, refused

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40


async def upload(client: Client, content: bytes, name: str) -> Json:
    made: Json = await ok(await client("POST", "/api/v1/uploads", data=content, headers={"X-Filename": quote(name)}), 201)
    return made


async def say(client: Client, id: str, status: int = 201, **body: object) -> Json:
    said: Json = await ok(await client.post(f"/conversations/{id}/messages", body), status)
    return said


async def taken(next_hop: NextHop, count: int = 1) -> list[Taken]:
    async def check() -> list[Taken]:
        assert len(next_hop.taken) == count
        return next_hop.taken

    found: list[Taken] = await eventually(check)
    return found


async def becomes(client: Client, message_id: str, status: str) -> Json:
    async def check() -> Json:
        message: Json = await ok(await client.get(f"/messages/{message_id}"))
        assert message["status"] == status, message
        return message

    found: Json = await eventually(check)
    return found


@pytest.mark.covers("E-01", "M-03")
async def test_an_answer_that_names_nothing_goes_the_default_way(
    front: Front, anna: Client, talks: Talks, next_hop: NextHop
) -> None:
    (id,) = await talks.began("alice@example.com", Reply_To="Alice Home <alice.home@example.org>")
    (option,) = await ok(await anna.get(f"/conversations/{id}/reply-options"))
    assert option["to"] == [{"kind": "email", "address": "alice.home@example.org", "name": "Alice Home"}]

    said = await say(anna, id, text="在路上了")

    assert (said["status"], said["to"][0]["address"], said["subject"]) == ("queued", "alice.home@example.org", "Re: Question")
    assert [(d["address"], d["state"]) for d in said["deliveries"]] == [("alice.home@example.org", "queued")]
    (mailed,) = await taken(next_hop)
    assert mailed.rcpt_tos == ("alice.home@example.org",)
    done = await becomes(anna, said["id"], "accepted")
    assert (done["deliveries"][0]["state"], done["deliveries"][0]["attempts"]) == ("accepted", 1)
    now = await ok(await anna.get(f"/conversations/{id}"))
    assert (now["waiting_for"], now["last_direction"]) == ("customer", "out")


@pytest.mark.covers("M-26")
async def test_copies_are_shown_and_blind_copies_reach_their_reader_unseen(
    front: Front, anna: Client, talks: Talks, next_hop: NextHop
) -> None:
    (id,) = await talks.began("alice@example.com")

    said = await say(
        anna, id, text="x", cc=[{"address": "Bob@Example.com", "name": "Bob"}], bcc=[{"address": "boss@example.net"}]
    )

    (mailed,) = await taken(next_hop)
    assert set(mailed.rcpt_tos) == {"alice@example.com", "bob@example.com", "boss@example.net"}
    assert "bob@example.com" in str(mailed.message["Cc"])
    assert b"boss@example.net" not in mailed.raw
    assert {d["address"] for d in said["deliveries"]} == set(mailed.rcpt_tos)
    assert "boss@example.net" not in str([said["to"], said["cc"]])


@pytest.mark.covers("M-26")
async def test_whom_an_answer_to_all_reaches_is_offered_and_not_filled_in(
    front: Front, anna: Client, talks: Talks, next_hop: NextHop
) -> None:
    raw = (
        b"From: Alice <alice@example.com>\r\nTo: support@hub.test, Support <support+abc@hub.test>, carol@example.com\r\n"
        b"Cc: Bob <bob@example.com>, alice@example.com\r\nSubject: All\r\n\r\nhello\r\n"
    )
    await front.desk.receive(raw)
    (message,) = await front.desk.filed(1)
    id = str(message["conversation_id"])

    (option,) = await ok(await anna.get(f"/conversations/{id}/reply-options"))
    assert [c["address"] for c in option["suggested_cc"]] == ["carol@example.com", "bob@example.com"]
    assert option["cc"] == []
    await say(anna, id, text="only to you")
    (mailed,) = await taken(next_hop)
    assert mailed.rcpt_tos == ("alice@example.com",)


async def test_uploads_travel_with_the_answer_byte_for_byte_and_only_their_owner_can_attach_them(
    front: Front, anna: Client, talks: Talks, next_hop: NextHop
) -> None:
    (id,) = await talks.began("alice@example.com")
    picture = await upload(anna, PNG, '../../报价 "Q1".png')
    assert (picture["filename"], picture["content_type"], picture["size"]) == ('报价 "Q1".png', "image/png", len(PNG))
    ben = await front.signed_in("ben", "administrator")

    for stolen in (picture["id"], str(uuid4())):
        body = {"text": "x", "attachment_ids": [stolen]}
        await refused(await ben.post(f"/conversations/{id}/messages", body), 422, "no_such_upload")
        await refused(await ben.post(f"/conversations/{id}/messages", body | {"kind": "note"}), 422, "no_such_upload")
    said = await say(anna, id, text="see attached", attachment_ids=[picture["id"]])

    (mailed,) = await taken(next_hop)
    (part,) = [part for part in mailed.message.walk() if part.get_content_type() == "image/png"]
    assert part.get_payload(decode=True) == PNG
    got = await anna.get(f"/messages/{said['id']}/attachments/{said['attachments'][0]['id']}")
    assert await got.read() == PNG
    note = await say(anna, id, kind="note", text="", attachment_ids=[picture["id"]])
    assert note["attachments"][0]["sha256"] == picture["sha256"]


async def test_an_upload_that_is_too_large_is_refused_and_leaves_nothing(front: Front, anna: Client) -> None:
    limit = front.hub.settings.upload_max_bytes
    answer = await anna("POST", "/api/v1/uploads", data=BytesIO(b"x" * (limit + 1)), headers={"X-Filename": "a"})
    assert answer.status == 413
    assert await front.hub.db.fetch("SELECT 1 FROM upload") == []


@pytest.mark.covers("B-02")
async def test_a_repeat_with_the_same_key_is_the_first_answer_even_after_the_customer_wrote_again(
    front: Front, anna: Client, talks: Talks, next_hop: NextHop
) -> None:
    (id,) = await talks.began("alice@example.com", Message_ID="<r@example.com>")
    body = {"text": "answer", "client_key": str(uuid4())}
    answers = await asyncio.gather(*(say(anna, id, **body) for _ in range(5)))
    await talks.began("alice@example.com", subject="Re: New words", In_Reply_To="<r@example.com>")
    late = await say(anna, id, **body)

    assert len({one["id"] for one in (*answers, late)}) == 1
    assert all(one["deliveries"] for one in (*answers, late))
    for other in ({"text": "other"}, {"cc": [{"address": "bob@example.com"}]}, {"subject": "other"}):
        answer = await anna.post(f"/conversations/{id}/messages", body | other)
        await refused(answer, 409, "client_key_reused")
    await taken(next_hop)
    assert len(await front.hub.db.fetch("SELECT 1 FROM delivery")) == 1


@pytest.mark.covers("M-13")
async def test_an_answer_to_what_has_changed_is_refused(anna: Client, talks: Talks, next_hop: NextHop) -> None:
    (id,) = await talks.began("alice@example.com")
    await say(anna, id, text="first", expected_version=1)
    answer = await anna.post(f"/conversations/{id}/messages", {"text": "second", "expected_version": 1})
    assert (await refused(answer, 409, "stale"))["version"] == 2


@pytest.mark.covers("C-14", "B-04")
async def test_a_refused_channel_is_refused_with_the_reason_and_what_is_left(
    front: Front, anna: Client, talks: Talks, next_hop: NextHop
) -> None:
    (id,) = await talks.began("alice@example.com")
    customer = (await ok(await anna.get(f"/conversations/{id}")))["customer"]["id"]
    refusal = await anna.put(f"/customers/{customer}/refusals/{ChannelKind.EMAIL}", {"reason": "asked us not to"})
    assert refusal.status in (200, 204)

    problem = await refused(await anna.post(f"/conversations/{id}/messages", {"text": "x"}), 422, "refused")
    assert (problem["refusals"], problem["allowed"]) == (["customer_refused"], [])
    mailbox = str(await front.desk.mailbox())
    begin = {"account_id": mailbox, "to": [{"address": "ALICE@example.com"}], "text": "x", "subject": "y"}
    problem = await refused(await anna.post("/conversations", begin), 422, "refused")
    assert problem["addresses"] == {"alice@example.com": "customer_refused"}
    assert await front.hub.db.fetch("SELECT 1 FROM delivery") == []


async def test_a_new_conversation_is_begun_by_us_with_the_customer_behind_the_address(
    front: Front, anna: Client, talks: Talks, next_hop: NextHop
) -> None:
    (old,) = await talks.began("alice@example.com")
    customer = (await ok(await anna.get(f"/conversations/{old}")))["customer"]
    mailbox = str(await front.desk.mailbox())
    body = {"account_id": mailbox, "to": [{"address": "alice@example.com"}], "text": "News", "subject": "Hello"}
    key = {"client_key": str(uuid4())}

    begun = await ok(await anna.post("/conversations", body | key), 201)
    again = await ok(await anna.post("/conversations", body | key), 201)

    assert begun["message"]["id"] == again["message"]["id"]
    assert (begun["conversation"]["customer"], begun["conversation"]["waiting_for"]) == (customer, "customer")
    assert begun["conversation"]["id"] != old
    (mailed,) = await taken(next_hop)
    await talks.began("someone.else@example.com", subject="Re: Hello", In_Reply_To=str(mailed.message["Message-ID"]))
    assert (await ok(await anna.get(f"/conversations/{begun['conversation']['id']}")))["waiting_for"] == "us"
    await refused(await anna.post("/conversations", body | {"customer_id": str(uuid4())}), 422, "invalid")
    assert (await anna.post("/conversations", body | {"account_id": str(uuid4())})).status == 404


UNSENDABLE: list[tuple[Json, str]] = [
    ({"text": ""}, "refused"),
    ({"text": "x", "to": [{"address": "no address"}]}, "bad_address"),
    ({"text": "x", "to": [{"address": "a@example.com\r\nBcc: b@example.com"}]}, "bad_address"),
    ({"text": "x", "to": [{"address": "+8613800138000", "kind": "phone"}]}, "refused"),
    ({"text": "x", "to": [{"address": str(uuid4()), "kind": "visitor"}]}, "refused"),
    ({"text": "x" * 100_001}, "invalid"),
    ({"text": "x", "to": [{"address": "a@example.com"}] * 101}, "invalid"),
    ({"text": "x", "kind": "event"}, "invalid"),
    ({"text": "x", "direction": "in"}, "invalid"),
]


async def test_what_cannot_be_sent_is_refused_and_nothing_is_stored(
    front: Front, anna: Client, talks: Talks, next_hop: NextHop
) -> None:
    (id,) = await talks.began("alice@example.com")
    for body, code in UNSENDABLE:
        await refused(await anna.post(f"/conversations/{id}/messages", body), 422, code)
    assert await front.hub.db.fetch("SELECT 1 FROM message WHERE direction = 'out'") == []


async def test_nothing_typed_ends_a_header(front: Front, anna: Client, talks: Talks, next_hop: NextHop) -> None:
    (id,) = await talks.began("alice@example.com")
    evil = "Hi\r\nBcc: mallory@example.net\r\n\r\nbody"
    to = [{"address": "alice@example.com", "name": f"Alice{evil}"}]
    said = await say(anna, id, text="x", subject=f"s{evil}", to=to)

    await becomes(anna, said["id"], "accepted")
    (mailed,) = await taken(next_hop)
    assert mailed.rcpt_tos == ("alice@example.com",)
    assert mailed.message["Bcc"] is None
    assert "\n" not in said["subject"]


@pytest.mark.covers("B-03")
async def test_sending_again_shows_the_new_try_and_what_was_said_to_the_server_holds_no_secret(
    front: Front, anna: Client, talks: Talks, next_hop: NextHop
) -> None:
    next_hop.unknown = {"alice@example.com"}
    (id,) = await talks.began("alice@example.com")
    said = await say(anna, id, text="the secret recipe")
    failed = await becomes(anna, said["id"], "failed")
    assert (failed["failure"], failed["deliveries"][0]["failure"]) == ("bad_recipient", "bad_recipient")

    next_hop.unknown = set()
    again = await ok(await anna.post(f"/messages/{said['id']}/retry"))
    assert (again["status"], again["failure"], [d["state"] for d in again["deliveries"]]) == ("queued", None, ["queued"])
    done = await becomes(anna, said["id"], "accepted")
    assert len(done["deliveries"]) == 1
    await refused(await anna.post(f"/messages/{said['id']}/retry"), 409, "nothing_to_retry")

    async def both() -> list[Json]:
        found: list[Json] = await ok(await anna.get(f"/messages/{said['id']}/exchanges"))
        assert len(found) >= 2
        return found

    exchanges = await eventually(both)
    assert "the secret recipe" not in str(exchanges)
    assert "550" in str(exchanges)


@pytest.mark.covers("M-26")
async def test_the_thread_grows_on_both_sides(front: Front, anna: Client, talks: Talks, next_hop: NextHop) -> None:
    (id,) = await talks.began("alice@example.com", Message_ID="<t1@example.com>")
    await say(anna, id, text="one")
    first = (await taken(next_hop))[0].message
    answer = mail(
        sender="alice@example.com", subject="Re: Question", text="two", Message_ID="<t2@example.com>",
        In_Reply_To=str(first["Message-ID"]), References=f"<t1@example.com> {first['Message-ID']}",
    )  # fmt: skip
    await front.desk.receive(answer)
    await front.desk.filed(2)
    await say(anna, id, text="three")
    second = (await taken(next_hop, 2))[1].message

    assert second["In-Reply-To"] == "<t2@example.com>"
    assert {"<t1@example.com>", "<t2@example.com>"} <= set(str(second["References"]).split())
    items = (await ok(await anna.get(f"/conversations/{id}/messages")))["items"]
    assert [(m["direction"], m["reply_text"] or m["text"]) for m in items if m["direction"] != "event"] == [
        ("in", "Where is my order?"), ("out", "one"), ("in", "two"), ("out", "three"),
    ]  # fmt: skip


@pytest.mark.covers("W-03")
async def test_a_chat_is_answered_to_its_visitor_and_to_nobody_else(front: Front, anna: Client) -> None:
    message = await chat(front, anna, "hello")
    id, visitor = str(message["conversation_id"]), message["from_value"]
    (option,) = await ok(await anna.get(f"/conversations/{id}/reply-options"))
    assert (option["channel"], option["to"][0]["address"], option["suggested_cc"]) == ("webchat", visitor, [])

    other = {"text": "x", "to": [{"kind": "visitor", "address": str(uuid4())}]}
    problem = await refused(await anna.post(f"/conversations/{id}/messages", other), 422, "refused")
    assert problem["refusals"] == ["wrong_address"]
    said = await say(anna, id, text="你好")
    assert (said["channel"], said["status"], [d["state"] for d in said["deliveries"]]) == ("webchat", "accepted", ["accepted"])
    mine = {"account_id": option["account_id"], "to": [{"kind": "visitor", "address": visitor}], "text": "x"}
    assert (await refused(await anna.post("/conversations", mine), 422, "refused"))["refusals"] == ["wrong_address"]
