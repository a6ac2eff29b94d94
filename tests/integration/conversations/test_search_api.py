"""Search over HTTP: Chinese and English words, in what the caller may see, newest first."""

import pytest

from tests.fixtures.console import Client
from tests.fixtures.desk import Front, mail
from tests.integration.conversations.conftest import Json, ok, pages, place, queue, refused

TEXTS = {
    "a": ("退款申请", "我的订单123456退款失败了,请尽快处理。"),
    "b": ("Refund", "Please refund my order, Mr. Müller"),
    "c": ("发票", "请开一张发票,谢谢!猫"),
    "d": ("订单", "订单已收到。REFUNDED yesterday"),
}


@pytest.fixture
async def texts(front: Front) -> dict[str, str]:
    """Conversation ids by letter, filed in order."""
    for count, (letter, (subject, text)) in enumerate(TEXTS.items(), start=1):
        await front.desk.receive(mail(sender=f"{letter}@example.com", subject=subject, text=text))
        await front.desk.filed(count)
    rows = await front.desk.filed(len(TEXTS))
    return {row["from_value"][0]: str(row["conversation_id"]) for row in rows}


async def found(client: Client, q: str) -> str:
    """The letters of the conversations found, in the order shown."""
    items: list[Json] = (await ok(await client.get("/search", params={"q": q})))["items"]
    return "".join(item["conversation"]["contact"][0] for item in items)


ASKED = [
    ("退款", "a"),
    ("退款失败", "a"),
    ("订单", "da"),
    ("票", "c"),
    ("猫", "c"),
    ("款", "a"),
    ("单", "da"),
    ("订单 退款", "a"),
    ("refund", "db"),
    ("REFUND order", "b"),
    ("muller", "b"),
    ("Müller", "b"),
    ("refu", "db"),
    ("订单 refunded", "d"),
    ("123456", "a"),
    ("c@example.com", "c"),
    ("款退", ""),
    ("nothing-like-it", ""),
    ("!!! ,。", ""),
    ("'; DROP TABLE", ""),
    ('"refund" OR 1', ""),
    ("refund*", "db"),
    ("a:* | b", ""),
    ("NEAR(x y)", ""),
]


@pytest.mark.covers("M-02")
async def test_words_are_found_whatever_their_language(anna: Client, texts: dict[str, str]) -> None:
    assert {words: await found(anna, words) for words, _ in ASKED} == dict(ASKED)


@pytest.mark.covers("M-02")
async def test_a_hit_shows_where_the_word_stands(front: Front, anna: Client, texts: dict[str, str]) -> None:
    (item,) = (await ok(await anna.get("/search", params={"q": "失败"})))["items"]
    assert "退款失败" in item["message"]["snippet"]
    assert item["conversation"]["id"] == texts["a"]


async def test_notes_and_answers_are_found_and_events_are_not(front: Front, anna: Client, texts: dict[str, str]) -> None:
    await ok(await anna.post(f"/conversations/{texts['c']}/messages", {"kind": "note", "text": "会员等级很高"}), 201)
    await ok(await anna.patch(f"/conversations/{texts['b']}", {"state": "closed"}))
    assert await found(anna, "会员") == "c"
    assert await found(anna, "closed") == ""
    assert await found(anna, "Mr") == "b"


@pytest.mark.covers("M-02", "M-34")
async def test_nobody_finds_what_they_may_not_see(front: Front, anna: Client, texts: dict[str, str]) -> None:
    await place(front, texts["d"], await queue(front, "Foreign"))
    ben = await front.signed_in("ben", "agent")
    assert (await found(anna, "订单"), await found(ben, "订单")) == ("da", "a")


@pytest.mark.covers("M-02")
async def test_pages_of_hits_hold_each_once(front: Front, anna: Client) -> None:
    for n in range(7):
        await front.desk.receive(mail(sender=f"c{n}@example.com", subject=f"Pump {n}", text="broken"))
    await front.desk.filed(7)

    shown = await pages(anna, "/search", q="pump", limit=3)

    assert [len(page) for page in shown] == [3, 3, 1]
    numbers = [item["message"]["n"] for page in shown for item in page]
    assert numbers == sorted(set(numbers), reverse=True)
    assert (await anna.get("/search", params={"q": "pump", "cursor": "x"})).status == 422
    await refused(await anna.get("/search", params={"q": ""}), 422, "invalid")
    await refused(await anna.get("/search", params={"q": "x" * 201}), 422, "invalid")


async def test_what_a_newer_parser_reads_is_found_and_what_it_no_longer_reads_is_not(front: Front, anna: Client) -> None:
    await front.desk.receive(mail(subject="Pump", text="broken valve"))
    (message,) = await front.desk.filed(1)
    async with front.hub.db.unit_of_work() as work:
        await work.execute("UPDATE message SET text = 'mojibake' WHERE id = $1", message["id"])
        if work.dialect == "sqlite":
            await work.execute("DELETE FROM message_grams")
        else:
            await work.execute("UPDATE message SET grams = '''mojibake'':1'::tsvector")
    await ok(await anna.post(f"/journal/{message['journal_id']}/replay"))
    assert (await found(anna, "valve"), await found(anna, "mojibake")) == ("a", "")
