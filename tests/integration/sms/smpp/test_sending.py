"""Texts on their way out, over a link that does what links do."""

import asyncio
import datetime
import ssl
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from hub.channels.contract import SendError
from hub.channels.sms.smpp.session import Centre, bound
from hub.channels.sms.smpp.status import Status
from hub.channels.sms.smpp.wire import Bind, Command, ShortMessage
from hub.devkit.smsc import Arrived, Smsc
from hub.messages.address import ChannelKind
from hub.messages.content import OutboundMessage
from hub.messages.states import DeliveryState, SendFailure
from tests.fixtures.adapters import outbound
from tests.fixtures.operators import until
from tests.integration.sms.smpp.conftest import Line


def sms(number: str = "+8613800138000", text: str = "Hello") -> OutboundMessage:
    return outbound(ChannelKind.SMS, number, text=text)


async def failure(line: Line, number: str, text: str = "Hello") -> SendError:
    async with line.running() as adapter:
        with pytest.raises(SendError) as failed:
            await adapter.send(sms(number, text))
    return failed.value


@pytest.mark.covers("S-01", "M-27")
@pytest.mark.parametrize("way", ["udh", "sar", "payload"])
async def test_a_long_text_arrives_whole_and_each_part_has_its_id(line: Line, way: str) -> None:
    arrived: list[Arrived] = []
    line.smsc.heard, line.settings = arrived.append, {"long_messages": way}
    text = "你好，世界😀" * 40

    async with line.running() as adapter:
        receipt = await adapter.send(sms(text=text))

    assert [(one.source, one.destination, one.text, one.ids) for one in arrived] == [
        ("10690000", "8613800138000", text, receipt.provider_ids)
    ]
    assert len(receipt.provider_ids) == (1 if way == "payload" else 5)


@pytest.mark.parametrize(
    ("digits", "failure_", "code"),
    [("9902", SendFailure.THROTTLED, "ESME_RTHROTTLED"), ("9903", SendFailure.BAD_RECIPIENT, "ESME_RINVDSTADR")],
)
async def test_refusals_are_sorted(line: Line, digits: str, failure_: SendFailure, code: str) -> None:
    error = await failure(line, f"+861380013{digits}")

    assert (error.failure, error.provider_code) == (failure_, code)
    assert (error.retry_after is not None) == (failure_ is SendFailure.THROTTLED)
    assert line.smsc.taken == []


async def test_what_is_refused_for_now_is_offered_again(line: Line) -> None:
    async with line.running() as adapter:
        await adapter.send(sms("+8613800139901"))

    assert (line.smsc.refusals, len(line.smsc.taken)) == (1, 1)


@pytest.mark.covers("M-02")
@pytest.mark.parametrize(("digits", "why"), [("9908", "no answer"), ("9909", "the link was lost")])
async def test_a_lost_answer_is_an_unknown_outcome_and_nothing_is_repeated(line: Line, digits: str, why: str) -> None:
    async with line.running() as adapter:
        with pytest.raises(SendError, match=why) as failed:
            await adapter.send(sms(f"+861380013{digits}"))
        await adapter.send(sms(text="next"))

    assert failed.value.failure is SendFailure.OUTCOME_UNKNOWN
    assert [one.text for one in line.smsc.taken] == ["Hello", "next"]


async def test_a_message_of_which_one_part_was_taken_is_unknown_and_its_parts_are_named(line: Line) -> None:
    line.smsc.by_digits = False
    fates = iter(["delivered", "bad_recipient"])
    line.smsc.fate_of = lambda message: next(fates)  # type: ignore[method-assign, assignment, return-value]

    error = await failure(line, "+8613800138000", "x" * 400)

    assert error.failure is SendFailure.OUTCOME_UNKNOWN
    assert error.provider_ids == (line.smsc.taken[0].id, "", "")


async def test_an_answer_that_comes_late_still_tells(line: Line) -> None:
    line.smsc.late_by = 1.2
    async with line.running() as adapter:
        message = sms("+8613800139910")
        with pytest.raises(SendError) as failed:
            await adapter.send(message)
        await until(lambda: any(report.source == "answer" for report in line.reports))

    (late,) = (report for report in line.reports if report.source == "answer")
    assert failed.value.failure is SendFailure.OUTCOME_UNKNOWN
    assert (late.state, late.message_id, late.provider_id) == (
        DeliveryState.ACCEPTED, str(message.id), line.smsc.taken[0].id
    )  # fmt: skip


async def test_messages_wait_for_a_link_that_has_just_gone(line: Line) -> None:
    async with line.running() as adapter:
        line.smsc.cut()
        await until(lambda: line.lent.states[-1][0] == "retrying")
        await asyncio.gather(*(adapter.send(sms(text=str(number))) for number in range(5)))

    assert sorted(one.text for one in line.smsc.taken) == list("01234")


async def test_a_link_whose_other_half_is_gone_is_found_out(line: Line) -> None:
    async with line.running() as adapter:
        line.smsc.is_frozen = True
        with pytest.raises(SendError) as failed:
            await adapter.send(sms())
        await until(lambda: line.lent.states[-1] == ("retrying", "no answer to enquire_link"))
        line.smsc.is_frozen = False
        await until(lambda: line.lent.states[-1][0] == "connected")
        await adapter.send(sms(text="again"))

    assert failed.value.failure is SendFailure.OUTCOME_UNKNOWN
    assert line.smsc.taken[-1].text == "again"


async def test_a_wrong_password_needs_a_person(line: Line) -> None:
    line.settings = {"password": "wrong"}
    adapter = line.adapter()

    with pytest.raises(ExceptionGroup) as raised:
        await adapter.run(line.sink)
    with pytest.raises(SendError) as failed:
        await adapter.send(sms())
    (check,) = await adapter.check()

    (why,) = raised.value.exceptions
    assert isinstance(why, SendError)
    assert why.failure is SendFailure.BAD_CREDENTIALS
    assert failed.value.failure is SendFailure.UNAVAILABLE
    assert (check.ok, "ESME_RINVPASWD" in check.detail) == (False, True)


async def test_one_connection_for_each_direction(line: Line) -> None:
    line.settings = {"bind": "separate"}
    async with line.running() as adapter:
        assert line.smsc.signed_in == 2
        await adapter.send(sms())
        await line.smsc.inject("+8613900000001", "10690000", "Hi")
        await until(lambda: any(report.state is DeliveryState.DELIVERED for report in line.reports))

    assert line.texts == ["Hi"]


async def test_the_window_holds_back_what_exceeds_it(line: Line) -> None:
    line.settings, line.smsc.late_by = {"window": 2}, 0.3
    async with line.running() as adapter:
        sending = [asyncio.create_task(adapter.send(sms("+8613800139910"))) for _ in range(4)]
        await until(lambda: len(line.smsc.taken) == 2)
        await asyncio.sleep(0.1)
        assert len(line.smsc.taken) == 2
        await asyncio.gather(*sending)

    assert len(line.smsc.taken) == 4


async def test_the_ids_of_answers_and_receipts_are_brought_together(line: Line) -> None:
    line.smsc.decimal_receipts = True
    line.settings = {"answer_ids": "hex_to_decimal"}
    async with line.running() as adapter:
        receipt = await adapter.send(sms())
        await until(lambda: bool(line.reports))

    assert line.reports[0].provider_id == receipt.provider_ids[0] == str(int(line.smsc.taken[0].id, 16))


async def test_what_became_of_a_message_can_be_asked_by_its_ids(line: Line) -> None:
    line.smsc.report_after = 0
    async with line.running() as adapter:
        good = await adapter.send(sms())
        bad = await adapter.send(sms("+8613800139904"))
        silent = await adapter.send(sms("+8613800139906"))
        await until(lambda: len(line.reports) == 2)

        async def ask(*ids: str) -> DeliveryState | None:
            return await adapter.fetch_status(outbound(ChannelKind.SMS, "+8613800138000", provider_ids=ids))

        assert await ask(*good.provider_ids) is DeliveryState.DELIVERED
        assert await ask(*good.provider_ids, *bad.provider_ids) is DeliveryState.FAILED
        assert await ask(*good.provider_ids, *silent.provider_ids) is DeliveryState.ACCEPTED
        assert await ask("no such id") is None
        assert await ask(*good.provider_ids, "") is None
        assert await ask() is None


async def test_any_tls_context_will_do(tmp_path: Path) -> None:
    ours = certificate(tmp_path)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(ours)
    client = ssl.create_default_context(cafile=str(ours))
    centre = Smsc(tls=server)
    await centre.start()

    async def deliver(*_: object) -> Status:
        return Status.ROK

    there = Centre(host="localhost", address="127.0.0.1", port=centre.port, tls=client)
    async with bound(there, Command.BIND_TRANSCEIVER, Bind(system_id="x", password=""), deliver, window=1) as session:
        id = await session.submit(ShortMessage(source="1", destination="2", message=b"secret"))
    stranger = replace(there, tls=ssl.create_default_context())
    with pytest.raises(ssl.SSLError):
        await bound(stranger, Command.BIND_TRANSCEIVER, Bind(system_id="x", password=""), deliver, window=1).__aenter__()
    await centre.stop()

    assert id == centre.taken[0].id


def certificate(folder: Path) -> Path:
    """A key and a certificate of its own for localhost."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.datetime.now(datetime.UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(names, critical=False)
        .sign(key, hashes.SHA256())
    )
    file = folder / "centre.pem"
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return file
