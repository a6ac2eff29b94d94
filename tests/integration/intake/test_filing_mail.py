"""Mail handed over is durable, filed once, in the right conversation, and readable whatever it is."""

import asyncio
from datetime import timedelta

import pytest

from hub import clock
from hub.channels.contract import Accepted, Duplicate
from hub.db import read_events
from tests.fixtures.desk import Desk, eventually, mail


@pytest.mark.covers("E-02", "C-15")
async def test_a_mail_becomes_a_message_of_an_open_conversation_with_a_customer(desk: Desk) -> None:
    await desk.receive(mail(subject="订单 100", text="我的订单在哪里?"), mail_from="alice@example.com")

    (message,) = await desk.filed(1)
    conversation = await desk.db.fetch_one("SELECT * FROM conversation")
    customer = await desk.db.fetch_one("SELECT * FROM customer")

    assert conversation is not None
    assert customer is not None
    assert (message["subject"], message["text"]) == ("订单 100", "我的订单在哪里?")
    assert (conversation["state"], conversation["waiting_for"], conversation["last_in_n"]) == ("open", "us", message["n"])
    assert conversation["customer_id"] == customer["id"]
    assert customer["unconfirmed"]


async def test_the_bytes_are_kept_exactly_and_large_ones_outside_the_row(desk: Desk) -> None:
    small, large = mail(text="small"), mail(subject="large", text="x" * 200_000)
    await desk.receive(small)
    await desk.receive(large)

    await desk.filed(2)
    rows = await desk.db.fetch("SELECT id, raw, raw_sha256 FROM journal ORDER BY n")

    assert bytes(rows[0]["raw"]) == small
    assert rows[1]["raw"] is None
    assert await desk.hub.media.read(rows[1]["raw_sha256"]) == large


async def test_the_same_key_is_stored_once_and_acknowledged_again(desk: Desk) -> None:
    first = await desk.receive(mail(), key="k1")
    again = await desk.receive(mail(), key="k1")

    assert isinstance(first, Accepted)
    assert isinstance(again, Duplicate)
    await desk.filed(1)
    assert len(await desk.db.fetch("SELECT 1 FROM journal")) == 1


async def test_many_at_once_with_repeats_among_them_are_each_stored_once(desk: Desk) -> None:
    raws = [mail(sender=f"c{i % 17}@example.com", subject=f"s{i}", text=f"t{i}") for i in range(60)]

    answers = await asyncio.gather(*(desk.receive(raw, key=f"k{i}") for _ in range(2) for i, raw in enumerate(raws)))

    messages = await desk.filed(60)
    assert sum(isinstance(answer, Accepted) for answer in answers) == 60
    assert sorted(message["text"] for message in messages) == sorted(f"t{i}" for i in range(60))
    assert len(await desk.db.fetch("SELECT 1 FROM customer")) == 17


@pytest.mark.covers("M-26", "B-17")
async def test_an_answer_to_our_mail_finds_its_conversation_by_message_id(desk: Desk) -> None:
    await desk.receive(mail(Message_ID="<a1@example.com>"))
    await desk.filed(1)
    await desk.receive(mail(subject="Re: Question", text="And?", In_Reply_To="<a1@example.com>", References="<a1@example.com>"))

    first, second = await desk.filed(2)
    assert first["conversation_id"] == second["conversation_id"]


@pytest.mark.covers("B-17")
async def test_a_stranger_who_knows_a_message_id_does_not_get_into_the_conversation(desk: Desk) -> None:
    await desk.receive(mail(Message_ID="<a2@example.com>"))
    await desk.filed(1)
    await desk.receive(mail(sender="mallory@example.net", In_Reply_To="<a2@example.com>", subject="Re: Question"))

    first, second = await desk.filed(2)
    assert first["conversation_id"] != second["conversation_id"]
    new = await desk.db.fetch_one("SELECT link_reason, follows_id FROM conversation WHERE id = $1", second["conversation_id"])
    assert new is not None
    assert (new["link_reason"], new["follows_id"]) == ("not_a_participant", first["conversation_id"])


@pytest.mark.covers("B-17")
async def test_equal_message_ids_of_different_senders_stay_apart(desk: Desk) -> None:
    for sender in ("a@example.com", "b@example.com"):
        await desk.receive(mail(sender=sender, Message_ID="<same@bad.example>"))

    first, second = await desk.filed(2)
    assert first["conversation_id"] != second["conversation_id"]


async def test_an_answer_to_one_closed_long_ago_opens_a_new_linked_one(desk: Desk) -> None:
    agent = await desk.user("anna", "administrator")
    await desk.receive(mail(Message_ID="<old@example.com>"))
    (first,) = await desk.filed(1)
    from hub.conversations.lifecycle import State
    from hub.conversations.service import Change

    await desk.hub.conversations.change(first["conversation_id"], Change(state=State.CLOSED), by=agent)
    long_ago = clock.now() - timedelta(days=31)
    async with desk.db.unit_of_work() as work:
        await work.execute("UPDATE conversation SET closed_at = $1", long_ago)

    await desk.receive(mail(subject="Re: Question", In_Reply_To="<old@example.com>"))
    _, second = await desk.filed(2)

    new = await desk.db.fetch_one("SELECT * FROM conversation WHERE id = $1", second["conversation_id"])
    assert new is not None
    assert (new["link_reason"], new["follows_id"]) == ("follows_closed", first["conversation_id"])


HOSTILE = {
    "no headers at all": b"just some words\r\n",
    "CR only": b"From: a@example.com\rSubject: x\r\rbody",
    "endless header": b"Subject: " + b"x" * 300_000 + b"\r\n\r\nbody",
    "semicolons": b"From: a@example.com\r\nContent-Type: text/plain" + b";" * 20_000 + b"\r\n\r\nbody",
    "parentheses": b"From: " + b"(" * 511 + b"\r\n\r\nbody",
    "nesting": b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (i, i) for i in range(300)),
    "wrong charset": b"From: a@example.com\r\nContent-Type: text/plain; charset=nonsense\r\n\r\n\xc4\xe3\xba\xc3",
    "NUL": b"From: a@example.com\r\nSubject: a\0b\r\n\r\nbo\0dy",
    "empty": b"",
}


@pytest.mark.parametrize("raw", HOSTILE.values(), ids=HOSTILE.keys())
async def test_whatever_arrives_is_filed_shown_and_answerable(desk: Desk, raw: bytes) -> None:
    await desk.receive(raw, mail_from="sender@example.com")

    (message,) = await desk.filed(1)
    assert message["from_value"]
    entry = await desk.db.fetch_one("SELECT state FROM journal")
    assert entry is not None
    assert entry["state"] == "filed"


@pytest.mark.parametrize(
    "parser", ["tests.fixtures.bad_parsers:hang", "tests.fixtures.bad_parsers:die", "tests.fixtures.bad_parsers:fail"]
)
async def test_a_parser_that_fails_is_replaced_and_the_mail_filed_unread(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, parser: str
) -> None:
    monkeypatch.setattr(desk.parts.parsers, "_time", 3.0)

    async def bad(_: object) -> tuple[str, int]:
        return parser, 1

    with monkeypatch.context() as patched:
        patched.setattr(desk.hub.carriers, "parser_of", bad)
        await desk.receive(mail(text="kept all the same"), mail_from="alice@example.com")
        (message,) = await desk.filed(1)
    assert message["notices"] == ["unreadable"]
    assert message["from_value"] == "alice@example.com"
    assert "kept all the same" in message["text"]

    await desk.receive(mail(text="the next one is read"))
    assert (await desk.filed(2))[1]["text"] == "the next one is read"


async def test_what_the_database_refuses_is_set_aside_and_the_rest_goes_on(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    from hub.conversations import filing as conversations

    real = conversations.file

    async def refusing(work, filings, read_token):  # type: ignore[no-untyped-def]
        if any(filing.message.subject == "poison" for filing in filings):
            raise ValueError("cannot be stored")
        return await real(work, filings, read_token)

    monkeypatch.setattr(conversations, "file", refusing)
    monkeypatch.setattr("hub.intake.filer.AGAIN_AFTER", timedelta(milliseconds=10))
    await asyncio.gather(*(desk.receive(mail(subject=s), key=s) for s in ("one", "poison", "two")))

    messages = await desk.filed(2)
    assert {message["subject"] for message in messages} == {"one", "two"}

    async def aside() -> None:
        entry = await desk.db.fetch_one("SELECT state, error FROM journal WHERE key = 'poison'")
        assert entry is not None
        assert (entry["state"], entry["error"]) == ("poison", "ValueError: cannot be stored")

    await eventually(aside)

    monkeypatch.setattr(conversations, "file", real)
    entry = await desk.db.fetch_one("SELECT id FROM journal WHERE key = 'poison'")
    assert entry is not None
    await desk.hub.replay.again(entry["id"])
    assert {m["subject"] for m in await desk.filed(3)} == {"one", "two", "poison"}


async def test_every_filed_message_is_announced_once(desk: Desk) -> None:
    for i in range(5):
        await desk.receive(mail(subject=f"s{i}", sender=f"c{i}@example.com"))
    await desk.filed(5)

    events = await read_events(desk.db, None)
    added = [event.data["message"]["subject"] for event in events if event.type == "message.added"]
    assert sorted(added) == [f"s{i}" for i in range(5)]


async def test_replay_reads_a_filed_mail_anew_in_place(desk: Desk) -> None:
    await desk.receive(mail(text="as it is"))
    (message,) = await desk.filed(1)
    async with desk.db.unit_of_work() as work:
        await work.execute("UPDATE message SET text = 'what an older parser read' WHERE id = $1", message["id"])

    await desk.hub.replay.again(message["journal_id"])

    (again,) = await desk.filed(1)
    assert (again["id"], again["text"]) == (message["id"], "as it is")


@pytest.mark.covers("B-17")
async def test_a_repeated_message_id_leads_each_answer_to_the_conversation_of_its_writer(desk: Desk) -> None:
    for sender in ("a@example.com", "b@example.com", "c@example.com"):
        await desk.receive(mail(sender=sender, subject=sender, Message_ID="<same@broken.example>"))
        await desk.filed(1)
    first = {m["from_value"]: m["conversation_id"] for m in await desk.filed(3)}
    for sender in first:
        await desk.receive(mail(sender=sender, subject="more", text="again", In_Reply_To="<same@broken.example>"))

    answers = (await desk.filed(6))[3:]
    assert {m["from_value"]: m["conversation_id"] for m in answers} == first


@pytest.mark.covers("B-17")
async def test_whoever_writes_under_our_own_address_gets_into_no_conversation(desk: Desk) -> None:
    await desk.receive(mail(Message_ID="<known@example.com>"))
    await desk.filed(1)
    forged = mail(sender="support@hub.test", subject="Re: Question", In_Reply_To="<known@example.com>")
    await desk.receive(forged, mail_from="mallory@example.net")

    first, second = await desk.filed(2)
    assert first["conversation_id"] != second["conversation_id"]
    row = await desk.db.fetch_one("SELECT participants FROM conversation WHERE id = $1", first["conversation_id"])
    assert row is not None
    assert row["participants"] == ["alice@example.com"]
