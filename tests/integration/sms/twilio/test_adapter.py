"""Sending through Twilio, and asking it, over real HTTP."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from hub.channels.contract import SendError
from hub.channels.sms.twilio import adapter as adapter_module
from hub.channels.sms.twilio import client, missed
from hub.channels.sms.twilio.adapter import TwilioAdapter
from hub.devkit.twilio import File, TwilioSimulator
from hub.messages.address import ChannelKind
from hub.messages.content import OutboundMessage
from hub.messages.events import InboundMessage
from hub.messages.states import DeliveryState, SendFailure
from tests.fixtures.adapters import Lent, outbound
from tests.fixtures.mail import MemorySink
from tests.integration.sms.twilio.conftest import CUSTOMER, NUMBER, MakeAdapter

SERVICE = "MG" + "0" * 32
PNG = File(content_type="image/png", content=b"\x89PNG\r\n\x1a\n" + bytes(500))


def sms(to: str = CUSTOMER, **more: Any) -> OutboundMessage:
    return outbound(ChannelKind.SMS, to, **more)


def inbound(sink: MemorySink, sid: str) -> InboundMessage:
    event = (sink.taken[sid].events or [])[0]
    assert isinstance(event, InboundMessage)
    return event


@pytest.mark.covers("S-01", "M-27")
async def test_a_message_goes_out_once_with_its_id_in_the_call_back(
    adapter: TwilioAdapter, twilio: TwilioSimulator, lent: Lent
) -> None:
    message = sms(text="Grüße 你好 😀")

    receipt = await adapter.send(message)

    (asked,) = twilio.asked
    assert receipt.provider_ids == tuple(twilio.messages)
    assert asked.form == {
        "To": [CUSTOMER],
        "From": [NUMBER],
        "Body": ["Grüße 你好 😀"],
        "StatusCallback": [f"http://localhost:8080/hooks/{lent.account_id}/status?message={message.id}"],
    }
    assert (lent.exchanges[0].message_id, "你好" in repr(lent.exchanges)) == (message.id, False)


async def test_a_messaging_service_sends_from_its_pool(make_adapter: MakeAdapter, twilio: TwilioSimulator) -> None:
    twilio.numbers[SERVICE] = ""

    await make_adapter(sender="", messaging_service_sid=SERVICE).send(sms())

    assert (twilio.asked[0].form["MessagingServiceSid"], "From" in twilio.asked[0].form) == ([SERVICE], False)


@pytest.mark.parametrize(
    ("last", "failure", "code"),
    [
        ("0001", SendFailure.BAD_RECIPIENT, "21211"),
        ("0014", SendFailure.BAD_RECIPIENT, "21614"),
        ("0010", SendFailure.OPTED_OUT, "21610"),
        ("0429", SendFailure.THROTTLED, "20429"),
        ("0500", SendFailure.UNAVAILABLE, "20500"),
        ("0502", SendFailure.OUTCOME_UNKNOWN, "502"),
    ],
)
async def test_a_refusal_says_why(
    adapter: TwilioAdapter, twilio: TwilioSimulator, last: str, failure: SendFailure, code: str
) -> None:
    with pytest.raises(SendError) as refused:
        await adapter.send(sms(f"+1415555{last}"))

    assert (refused.value.failure, refused.value.provider_code) == (failure, code)
    assert refused.value.retry_after == (1 if last == "0429" else None)
    assert len(twilio.asked) == 1


async def test_no_answer_after_the_request_left_is_an_unknown_outcome(
    adapter: TwilioAdapter, twilio: TwilioSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "ANSWER_SECONDS", 0.3)

    with pytest.raises(SendError) as lost:
        await adapter.send(sms("+14155550408"))

    assert lost.value.failure is SendFailure.OUTCOME_UNKNOWN
    assert len(twilio.asked) == 1


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        (b"", SendFailure.OUTCOME_UNKNOWN),
        (b"HTTP/1.1 201 Created\r\nContent-Length: 50\r\n\r\n{", SendFailure.OUTCOME_UNKNOWN),
        (b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}", SendFailure.OUTCOME_UNKNOWN),
        (b"HTTP/1.1 201 Created\r\nContent-Length: 4\r\n\r\nnull", SendFailure.OUTCOME_UNKNOWN),
        (b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", SendFailure.REJECTED),
        (b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n", SendFailure.UNAVAILABLE),
    ],
)
async def test_an_answer_that_is_none_is_sorted_by_whether_a_message_may_exist(
    make_adapter: MakeAdapter, answer: bytes, failure: SendFailure
) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]

    with pytest.raises(SendError) as failed:
        await make_adapter(base_url=f"http://127.0.0.1:{port}").send(sms())
    server.close()
    await server.wait_closed()

    assert failed.value.failure is failure


async def test_while_tokens_change_the_one_that_works_is_used(make_adapter: MakeAdapter, twilio: TwilioSimulator) -> None:
    adapter = make_adapter(auth_token="promoted away", auth_token_other=twilio.tokens[0])

    await adapter.send(sms())
    await adapter.send(sms())

    assert (len(twilio.messages), len(twilio.asked)) == (2, 3)


async def test_files_are_refused_before_anybody_is_asked(adapter: TwilioAdapter, twilio: TwilioSimulator) -> None:
    from hub.messages.content import StoredFile

    with pytest.raises(SendError) as refused:
        await adapter.send(sms(files=(StoredFile(filename="x", content_type="a/b", size=1, sha256="0" * 64),)))

    assert (refused.value.failure, twilio.asked) == (SendFailure.UNSUPPORTED, [])


async def test_an_unknown_outcome_is_settled_by_the_one_message_that_can_be_meant(
    adapter: TwilioAdapter, twilio: TwilioSimulator
) -> None:
    message = sms(text="Only once")
    assert await adapter.fetch_status(message) is None
    await adapter.send(sms(text="Another"))
    await adapter.send(message)
    await twilio.settled()

    assert await adapter.fetch_status(message) is DeliveryState.DELIVERED
    assert await adapter.fetch_status(replace(message, created_at=message.created_at + timedelta(hours=1))) is None
    await adapter.send(replace(message))
    assert await adapter.fetch_status(message) is None  # two: which of them nobody can tell


@pytest.mark.covers("S-04")
async def test_a_check_names_what_is_wrong(make_adapter: MakeAdapter) -> None:
    wrong_token = await make_adapter(auth_token="x").check()
    wrong_number = await make_adapter(sender="+14155550199").check()

    assert [(check.name, check.ok) for check in wrong_token] == [("account", False)]
    assert [(check.name, check.ok) for check in wrong_number] == [("account", True), ("number", False)]


@pytest.mark.covers("S-02")
async def test_a_message_no_call_came_for_is_asked_for_once(
    adapter: TwilioAdapter, twilio: TwilioSimulator, lent: Lent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(missed, "GRACE", timedelta(seconds=-2))
    sink = MemorySink()
    lost = await twilio.write(CUSTOMER, NUMBER, "Is anybody there?", files=[PNG], call=False)
    await twilio.write(CUSTOMER, "+14155550111", "for somebody else", call=False)
    running = asyncio.create_task(adapter.run(sink))
    async with asyncio.timeout(5):
        while not lent.states:
            await asyncio.sleep(0.01)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await adapter._missed.round(sink)

    assert list(sink.taken) == [lost.sid]
    assert sink.duplicates == []
    assert (inbound(sink, lost.sid).text, inbound(sink, lost.sid).files[0].content) == ("Is anybody there?", PNG.content)
    assert sink.cursors["listed"] == lost.at.replace(microsecond=0).isoformat()


@pytest.mark.covers("S-02")
async def test_what_was_missed_is_found_behind_all_that_was_sent_since(
    make_adapter: MakeAdapter, twilio: TwilioSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(missed, "GRACE", timedelta(seconds=-2))
    monkeypatch.setattr(missed, "_PAGE", 3)
    twilio.numbers[SERVICE] = "http://127.0.0.1:1/hooks"
    adapter, sink = make_adapter(sender="", messaging_service_sid=SERVICE), MemorySink()
    lost = await twilio.write(CUSTOMER, SERVICE, "Is anybody there?", call=False)
    for n in range(10):
        await adapter.send(sms(f"+1415555267{n}", text="Our new prices"))

    await adapter._missed.round(sink)

    assert list(sink.taken) == [lost.sid]


async def test_what_waits_for_its_files_is_asked_for_again_by_the_next_process(
    make_adapter: MakeAdapter, twilio: TwilioSimulator, lent: Lent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(missed, "GRACE", timedelta(seconds=-2))
    sink = MemorySink()
    late = await twilio.write(CUSTOMER, NUMBER, "See the picture", files=[PNG], call=False)
    later = await twilio.write(CUSTOMER, NUMBER, "Well?", call=False)
    late.sent_at = late.at - timedelta(minutes=30)
    twilio.media_hangs = True
    monkeypatch.setattr(adapter_module, "_MEDIA_LATER", 0.1)
    await make_adapter()._missed.round(sink)
    assert list(sink.taken) == [later.sid]

    twilio.media_hangs = False
    lent.cursors.update(sink.cursors)  # that process is gone
    await make_adapter()._missed.round(sink)

    assert list(sink.taken) == [later.sid, late.sid]


async def test_what_twilio_has_no_more_is_not_asked_for_for_ever(adapter: TwilioAdapter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(missed, "_GONE", 3)
    sink = MemorySink()
    adapter._missed.late("SM" + "0" * 32)  # it came while nothing could be stored, and its writer has deleted it

    assert [await adapter._missed.round(sink) for _ in range(3)] == [True, True, False]
    assert adapter._missed.cursor is not None


async def test_after_a_pause_asking_begins_where_it_ended(
    make_adapter: MakeAdapter, twilio: TwilioSimulator, lent: Lent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(missed, "GRACE", timedelta(seconds=-2))
    sink = MemorySink()
    old, new = [await twilio.write(CUSTOMER, NUMBER, text, call=False) for text in ("old", "new")]
    old.sent_at = old.at - timedelta(days=2)
    lent.cursors["listed"] = (old.at - timedelta(days=1)).isoformat()

    await make_adapter()._missed.round(sink)

    assert list(sink.taken) == [new.sid]
    lent.cursors["listed"] = (old.at - timedelta(days=3)).isoformat()
    await make_adapter()._missed.round(sink)
    assert list(sink.taken) == [new.sid, old.sid]
