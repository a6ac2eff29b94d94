"""Real Kannel 1.4.5: out with delivery report, in, long and Chinese texts, killed and back, and an answer that is lost."""

from collections import Counter
from urllib.parse import unquote_to_bytes
from uuid import uuid4

import pytest
from aiohttp import ClientSession

from hub.messages.segments import segment
from tests.fixtures.proxy import DOWN
from tests.integration.sms.kannel.conftest import SECRET, KannelDesk

LONG = "您好，您的订单已经发货，请注意查收。" * 9 + "😀"


COUNTED = [
    "x" * 160,
    "x" * 161,
    "x" * 158 + "€",
    "x" * 159 + "€",
    "x" * 152 + "€" + "x" * 152 + "€",
    "您" * 70,
    "您" * 134,
    "您" * 135,
    "😀" * 35,
    "您" * 66 + "😀" * 40,
]


def octets_of(line: str) -> tuple[bytes, bytes]:
    """Header and octets of a line of the centre's: `sender recipient udh <header> data <octets>`."""
    _, _, _, header, _, octets = line.split(" ", 5)
    return unquote_to_bytes(header.replace("+", " ")), unquote_to_bytes(octets.replace("+", " "))


@pytest.mark.covers("S-01", "M-27")
async def test_a_message_goes_out_and_its_delivery_is_reported(texts: KannelDesk) -> None:
    await texts.kannel.connect_centre()

    sent = await texts.write("Your parcel [A-17] costs 5 € + VAT & 10% off")

    await texts.becomes(sent, "delivered")
    assert await texts.taken(1) == ["10690000 +8613900000001 text Your parcel [A-17] costs 5 € + VAT & 10% off"]


@pytest.mark.covers("S-01", "M-27")
async def test_a_long_chinese_text_goes_out_in_the_parts_we_counted(texts: KannelDesk) -> None:
    await texts.kannel.connect_centre()
    cut = segment(LONG)
    assert len(cut.parts) == 3

    sent = await texts.write(LONG)

    await texts.becomes(sent, "delivered")
    parts = sorted(map(octets_of, await texts.taken(3)))
    assert [header[-2:] for header, _ in parts] == [b"\x03\x01", b"\x03\x02", b"\x03\x03"]
    assert b"".join(octets for _, octets in parts).decode("utf-16-be") == LONG


@pytest.mark.covers("M-27")
async def test_kannel_makes_as_many_parts_as_we_counted(texts: KannelDesk) -> None:
    await texts.kannel.connect_centre()

    sent = {f"+86139000000{n:02}": await texts.write(text, f"+86139000000{n:02}") for n, text in enumerate(COUNTED)}

    for id in sent.values():
        await texts.becomes(id, "delivered")
    made = Counter(line.split(" ", 2)[1] for line in texts.kannel.got)
    assert [made[number] for number in sent] == [len(segment(text).parts) for text in COUNTED]


@pytest.mark.covers("S-02")
@pytest.mark.parametrize("text", ["Is it 5 + 5 % & done?", "我的订单在哪里？😀"])
async def test_what_a_customer_writes_arrives(texts: KannelDesk, text: str) -> None:
    await texts.kannel.deliver("13800000001", "10690000", text)

    (message,) = await texts.arrived(1)

    assert message["text"] == text
    address = await texts.desk.db.fetch_one("SELECT value FROM customer_address")
    assert address is not None
    assert address["value"] == "+8613800000001"


@pytest.mark.covers("S-02", "M-27")
async def test_the_parts_of_a_long_message_arrive_as_one_whatever_their_order(texts: KannelDesk) -> None:
    await texts.kannel.deliver_part("13800000001", "10690000", b"\x05\x00\x03\x2a\x02\x02", "second half")
    await texts.kannel.deliver_part("13800000001", "10690000", b"\x05\x00\x03\x2a\x02\x01", "first half, ")

    (message,) = await texts.arrived(1)

    assert message["text"] == "first half, second half"


@pytest.mark.covers("S-01")
async def test_what_a_killed_gateway_had_taken_is_delivered_once_when_it_is_back(texts: KannelDesk) -> None:
    sent = [await texts.write(f"number {n}") for n in range(5)]
    for id in sent:
        await texts.becomes(id, "accepted")
    texts.kannel.kill()
    while_down = await texts.write("while it was down")
    await texts.becomes(while_down, "deferred")

    await texts.kannel.start()
    await texts.kannel.connect_centre()

    for id in sent:
        await texts.becomes(id, "delivered")
    assert await texts.status(while_down) == "deferred"
    await texts.let_it_be_due()
    await texts.becomes(while_down, "delivered")
    assert sorted(line.partition("text ")[2] for line in await texts.taken(6)) == [
        *(f"number {n}" for n in range(5)),
        "while it was down",
    ]


@pytest.mark.covers("S-01")
@pytest.mark.parametrize("fault", ["cut", "stall"])
async def test_a_lost_answer_is_unknown_until_the_delivery_report_and_nothing_is_sent_twice(
    texts: KannelDesk, fault: str
) -> None:
    texts.proxy.rule = lambda number, way, before, new: fault if way == DOWN else "pass"
    await texts.ask_at(texts.proxy.port)
    lost = await texts.write("did it leave?")
    await texts.becomes(lost, "unknown")
    await texts.ask_at(texts.kannel.ports["http"])
    later = await texts.write("later")
    await texts.becomes(later, "accepted")
    assert await texts.status(lost) == "unknown"

    await texts.kannel.connect_centre()

    await texts.becomes(lost, "delivered")
    await texts.becomes(later, "delivered")
    assert sorted(line.partition("text ")[2] for line in texts.kannel.got) == ["did it leave?", "later"]


@pytest.mark.covers("S-02")
async def test_what_arrives_while_the_hub_is_away_is_called_out_until_it_is_back_and_filed_once(texts: KannelDesk) -> None:
    await texts.unserve()
    await texts.kannel.deliver("13800000001", "10690000", "anybody there?")
    await texts.has_received(1)

    await texts.serve()

    (message,) = await texts.arrived(1)
    assert message["text"] == "anybody there?"


@pytest.mark.covers("S-02")
async def test_what_bearerbox_holds_arrives_although_it_is_killed(texts: KannelDesk) -> None:
    texts.kannel.kill()
    await texts.kannel.start_bearerbox()
    await texts.kannel.deliver("13800000001", "10690000", "kept")
    await texts.has_received(1)

    texts.kannel.kill()
    await texts.kannel.start()

    (message,) = await texts.arrived(1)
    assert message["text"] == "kept"


async def test_a_repeated_call_files_nothing_twice_and_a_forged_one_nothing_at_all(texts: KannelDesk) -> None:
    hooks, query = f"{texts.base}/hooks/{texts.account_id}", "from=13800000001&to=10690000&id=abc&text=hi&charset=UTF-8"
    forged = [
        f"mo/{SECRET[:-1]}x?{query}",
        f"mo/?{query}",
        f"mo?{query}",
        f"dlr/{uuid4()}/{'0' * 32}?type=1",
        f"dlr/{uuid4()}?type=1",
    ]

    async with ClientSession() as http:
        said = [
            (await http.get(f"{hooks}/{target}")).status for target in (f"mo/{SECRET}?{query}", f"mo/{SECRET}?{query}", *forged)
        ]

    assert said == [200, 200, 403, 403, 403, 403, 403]
    assert len(await texts.arrived(1)) == 1
