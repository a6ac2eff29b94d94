"""Over one connection to a gateway: out with reports, in with parts in any order, and every way in which a link fails."""

import asyncio

import msgspec
import pytest

from hub.channels.contract import SendError
from hub.channels.sms.cmpp.adapter import CmppAdapter
from hub.channels.sms.cmpp.messages import Deliver, Format, Submit
from hub.devkit.cmpp import CmppGateway
from hub.devkit.operator import Fate
from hub.errors import Unavailable
from hub.messages.address import ChannelKind
from hub.messages.segments import udh
from hub.messages.states import DeliveryState, SendFailure
from tests.fixtures.adapters import outbound
from tests.fixtures.operators import until
from tests.integration.sms.cmpp.conftest import Line

LONG = "您好，您的订单已经发货，请注意查收。" * 9 + "😀"
NUMBER = "+8613800138000"


async def refused(adapter: CmppAdapter, number: str, text: str = "Hello") -> SendError:
    with pytest.raises(SendError) as caught:
        await adapter.send(outbound(ChannelKind.SMS, number, text=text))
    return caught.value


@pytest.mark.covers("S-01", "M-27")
@pytest.mark.parametrize("version", ["2.0", "3.0"])
async def test_a_message_goes_out_and_its_report_names_it(line: Line, version: str) -> None:
    async with line.connected(version=version, extension="77", service_id="HELP") as adapter:
        receipt = await adapter.send(outbound(ChannelKind.SMS, NUMBER, text="Hello [there]"))
        await until(lambda: line.reports)

    (taken,) = line.gateway.taken
    assert (taken.text, taken.message.source, taken.message.service) == ("Hello [there]", "1069000077", "HELP")
    assert taken.message.destinations == ("13800138000",)
    (report,) = line.reports
    assert (report.state, (report.provider_id,)) == (DeliveryState.DELIVERED, receipt.provider_ids)


@pytest.mark.covers("S-01", "M-27")
@pytest.mark.parametrize("version", ["2.0", "3.0"])
async def test_a_long_chinese_text_has_an_id_and_a_report_for_each_part(line: Line, version: str) -> None:
    async with line.connected(version=version) as adapter:
        receipt = await adapter.send(outbound(ChannelKind.SMS, NUMBER, text=LONG))
        await until(lambda: len(line.reports) == 3)

    assert "".join(part.text for part in line.gateway.taken) == LONG
    assert [(part.message.number, part.message.total) for part in line.gateway.taken] == [(1, 3), (2, 3), (3, 3)]
    assert {report.provider_id for report in line.reports} == set(receipt.provider_ids)


@pytest.mark.covers("S-02")
@pytest.mark.parametrize("version", ["2.0", "3.0"])
async def test_what_customers_write_arrives_in_any_alphabet_and_any_order(line: Line, version: str) -> None:
    async with line.connected(version=version):
        await line.gateway.inject("13800138000", "10690000", "我的订单在哪里？😀")
        await line.gateway.inject("8613800138001", "10690000", "您好", fmt=Format.GBK)
        await line.gateway.inject("13800138000", "10690000", LONG, order=(3, 1, 2))

    assert line.texts == ["我的订单在哪里？😀", "您好", LONG]
    assert line.gateway.undelivered == 0


async def test_nothing_is_acknowledged_that_was_not_stored(line: Line) -> None:
    line.sink.refuse(1, Unavailable("the database is away"))
    async with line.connected():
        coming = asyncio.create_task(line.gateway.inject("13800138000", "10690000", "keep me"))
        await until(lambda: line.sink.calls == 1)
        await asyncio.sleep(0.05)
        assert line.gateway.undelivered == 1
        line.gateway.cut()
        await coming

    assert line.texts == ["keep me"]


async def test_what_was_stored_and_comes_again_is_acknowledged_and_not_stored_twice(line: Line) -> None:
    whole = Deliver(msg_id=7, destination="10690000", source="13800138000", content=b"once")
    parts = [
        Deliver(msg_id=8, destination="10690000", source="13800138000", content=udh(5, 2, n) + text, has_header=True)
        for n, text in ((1, b"one "), (2, b"two"))
    ]
    async with line.connected():
        for message in (whole, *parts, whole, *parts):
            assert await line.gateway.deliver(message) == 0

    assert line.texts == ["once", "one two"]


async def test_a_long_message_is_joined_across_a_restart(line: Line) -> None:
    async with line.connected():
        await line.gateway.inject("13800138000", "10690000", LONG, order=(2,))
    async with line.connected():
        assert line.texts == []
        await line.gateway.inject("13800138000", "10690000", LONG, order=(3, 1))

    assert line.texts == [LONG]


async def test_what_came_of_a_long_message_is_shown_when_the_rest_does_not_come(line: Line) -> None:
    async with line.connected():
        await line.gateway.inject("13800138000", "10690000", LONG, order=(1, 3))
    async with line.connected(parts_minutes=0):
        await until(lambda: line.texts)

    (text,) = line.texts
    assert text == f"{LONG[:67]}[…]{LONG[134:]}"


async def test_what_cannot_be_read_is_kept_and_the_link_stands(line: Line) -> None:
    async with line.connected():
        report = Deliver(msg_id=9, destination="10690000", source="13800138000", content=b"no report", is_report=True)
        assert await line.gateway.deliver(report) == 1
        await line.gateway.inject("13800138000", "10690000", "readable")

    assert line.texts == ["readable"]
    assert len(line.sink.taken) == 2


async def test_a_gateway_that_is_busy_is_asked_again_and_takes_the_message_once(line: Line) -> None:
    async with line.connected() as adapter:
        await adapter.send(outbound(ChannelKind.SMS, "+8613800139901"))
        error = await refused(adapter, "+8613800139902")

    assert error.failure is SendFailure.THROTTLED
    assert [taken.message.destinations[0][-4:] for taken in line.gateway.taken] == ["9901"]


@pytest.mark.parametrize(
    ("number", "failure", "count"),
    [
        ("+8613800139903", SendFailure.BAD_RECIPIENT, 0),
        ("+8613800139908", SendFailure.OUTCOME_UNKNOWN, 1),
        ("+8613800139909", SendFailure.OUTCOME_UNKNOWN, 1),
    ],
)
async def test_a_lost_answer_is_unknown_and_never_asked_for_again(
    line: Line, number: str, failure: SendFailure, count: int
) -> None:
    async with line.connected(response_seconds=0.2) as adapter:
        error = await refused(adapter, number)
        await until(lambda: line.gateway.signed_in == 1)
        await adapter.send(outbound(ChannelKind.SMS, NUMBER))

    assert error.failure is failure
    assert len(line.gateway.taken) == count + 1


class LosesTheSecond(CmppGateway):
    """Of each message the second part is taken and not answered."""

    def fate_of(self, message: Submit) -> Fate:
        return "lost" if message.number == 2 else "delivered"


async def test_a_message_that_is_half_sent_is_unknown_with_the_ids_of_what_was_taken() -> None:
    gateway = LosesTheSecond()
    await gateway.start()
    line = Line(gateway)
    async with line.connected(response_seconds=0.2) as adapter:
        error = await refused(adapter, NUMBER, LONG)
    await gateway.stop()

    assert error.failure is SendFailure.OUTCOME_UNKNOWN
    assert error.provider_ids == (str(gateway.taken[0].msg_id), "", "")
    assert [taken.message.number for taken in gateway.taken] == [1, 2]


async def test_an_answer_that_comes_late_is_reported_after_all(line: Line) -> None:
    async with line.connected(response_seconds=0.01) as adapter:
        message = outbound(ChannelKind.SMS, "+8613800139907")
        with pytest.raises(SendError) as caught:
            await adapter.send(message)
        await until(lambda: any(report.source == "answer" for report in line.reports))

    assert caught.value.failure is SendFailure.OUTCOME_UNKNOWN
    late = next(report for report in line.reports if report.source == "answer")
    assert (late.state, late.message_id) == (DeliveryState.ACCEPTED, str(message.id))
    assert late.provider_id == str(line.gateway.taken[0].msg_id)


async def test_no_more_is_under_way_than_the_window_has_room_for(line: Line) -> None:
    async with line.connected(window=2, response_seconds=0.3) as adapter:
        sends = [asyncio.create_task(refused(adapter, "+8613800139908")) for _ in range(3)]
        await until(lambda: len(line.gateway.taken) == 2)
        await asyncio.sleep(0.1)
        assert len(line.gateway.taken) == 2
        await asyncio.gather(*sends)

    assert len(line.gateway.taken) == 3


async def test_a_link_that_went_dead_is_found_by_its_tests_and_made_anew(line: Line) -> None:
    async with line.connected(test_seconds=0.05) as adapter:
        await until(lambda: line.gateway.tests > 2)
        line.gateway.is_frozen = True
        await until(lambda: line.lent.states[-1][0] == "retrying")
        assert "3 tests" in line.lent.states[-1][1]
        line.gateway.is_frozen = False
        await until(lambda: line.lent.states[-1][0] == "connected")
        await adapter.send(outbound(ChannelKind.SMS, NUMBER))


async def test_the_gateways_own_tests_are_answered_and_its_goodbye_is_no_end(line: Line) -> None:
    async with line.connected():
        line.gateway.test_link()
        await until(lambda: line.gateway.tests_answered == 1)
        line.gateway.say_goodbye()
        await until(lambda: line.gateway.connects == 2)


@pytest.mark.parametrize("octets", [b"\xff" * 12, bytes(12), b"GET / HTTP/1.1\r\n\r\n"])
async def test_octets_that_are_no_cmpp_end_the_link_and_nothing_else(line: Line, octets: bytes) -> None:
    async with line.connected():
        (link,) = line.gateway._links
        link.writer.write(octets)
        await until(lambda: line.gateway.connects == 2)
        await line.gateway.inject("13800138000", "10690000", "still here")

    assert line.texts == ["still here"]


@pytest.mark.parametrize("knows_versions", [True, False])
@pytest.mark.parametrize(
    ("changes", "highest", "failure"),
    [
        ({"shared_secret": "wrong"}, 0x30, SendFailure.BAD_CREDENTIALS),
        ({"sp_id": "900002"}, 0x30, SendFailure.BAD_CREDENTIALS),
        ({"version": "3.0"}, 0x20, SendFailure.BAD_SETTINGS),
        ({"sp_id": ""}, 0x30, SendFailure.BAD_SETTINGS),
    ],
)
async def test_a_refused_sign_in_asks_for_a_person(
    line: Line, changes: dict[str, str], highest: int, failure: SendFailure, knows_versions: bool
) -> None:
    line.gateway.highest, line.gateway.knows_versions = highest, knows_versions
    adapter = CmppAdapter(msgspec.structs.replace(line.settings, **changes), line.lent.context)

    (ended,) = await asyncio.gather(adapter.run(line.sink), return_exceptions=True)
    checks = await adapter.check()

    error = ended.exceptions[0] if isinstance(ended, ExceptionGroup) else ended
    assert isinstance(error, SendError)
    assert error.failure is failure
    assert [check.ok for check in checks] == [False]
