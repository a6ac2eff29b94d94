"""What Kannel is asked, and what its calls say."""

import hmac
from datetime import UTC, datetime
from urllib.parse import quote_from_bytes, quote_plus

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.channels.sms.kannel.protocol import failure_of, handover, headers, report_path, text_of, written
from hub.channels.sms.kannel.settings import KannelSettings
from hub.errors import Forbidden, Invalid
from hub.messages.address import Address, AddressKind, ChannelKind
from hub.messages.events import DeliveryReport, InboundMessage, OptOut
from hub.messages.states import DeliveryState, SendFailure
from tests.fixtures.adapters import outbound

AT = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
SECRET = "0123456789abcdef-secret"
SETTINGS = KannelSettings(
    sendsms_url="http://gateway:13013/cgi-bin/sendsms", username="hub", password="pw", hook_secret=SECRET, sender="10690000"
)
ID = "01890000-0000-7000-8000-0000000000aa"
TO = "+8613800138000"
REPORTS = report_path(SECRET, ID, TO, "a1")


def message(query: str) -> InboundMessage:
    event = (handover(f"mo/{SECRET}", query, SETTINGS, AT).events or ())[0]
    assert isinstance(event, InboundMessage)
    return event


def report(**fields: str) -> DeliveryReport:
    query = "&".join(f"{name}={quote_plus(value)}" for name, value in fields.items())
    (event,) = handover(REPORTS, query, SETTINGS, AT).events or ()
    assert isinstance(event, DeliveryReport)
    return event


@pytest.mark.parametrize(
    "url",
    [
        "ftp://x/",
        "http://x/#y",
        "http://",
        "http://x:99999/",
        "http://x:y/",
        "http://[x/",
        "http://\u2100.test/",
        "http://u:p@x/",
        "http://x/?a=b",
        "",
    ],
)
def test_what_is_no_address_of_sendsms_is_no_setting(url: str) -> None:
    fields = {"sendsms_url": url, "username": "hub", "password": "pw", "hook_secret": SECRET}
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(fields, KannelSettings)


@pytest.mark.covers("S-01", "M-27")
@pytest.mark.parametrize(("text", "coding"), [("5 € [net]", "0"), ("您好", "2"), ("ok – fine", "2")])
def test_the_coding_is_what_the_text_needs(text: str, coding: str) -> None:
    asked = headers(outbound(ChannelKind.SMS, TO, text=text), TO, "a1", SETTINGS, "https://hub/hooks/a")

    assert asked["X-Kannel-Coding"] == coding
    assert asked["X-Kannel-From"] == "10690000"
    assert asked["X-Kannel-DLR-Mask"] == "31"


def test_the_address_of_reports_names_the_message_and_keeps_the_secret() -> None:
    sent = outbound(ChannelKind.SMS, TO)
    address = headers(sent, TO, "a1", SETTINGS, "https://hub/hooks/a")["X-Kannel-DLR-Url"]

    assert address.startswith(f"https://hub/hooks/a/dlr/{sent.id}/")
    assert SECRET not in address
    assert report_path(SECRET, "a", TO, "a1") != report_path("another-secret-of-it", "a", TO, "a1")


@pytest.mark.parametrize("to", [TO, "+85291234567", "95588", "10690000"])
def test_a_report_names_one_recipient_and_one_attempt(to: str) -> None:
    """The same message may go to two people, and to one of them twice."""
    first, again = (handover(report_path(SECRET, ID, to, attempt), "type=16", SETTINGS, AT) for attempt in ("a1", "a2"))
    (said,) = first.events or ()

    assert isinstance(said, DeliveryReport)
    assert (said.message_id, said.provider_id) == (ID, "a1")
    assert said.recipient == Address(kind=AddressKind.PHONE, value=to)
    assert first.key != again.key


def test_a_report_about_what_left_before_attempts_had_names_is_read() -> None:
    def mac(name: str) -> str:
        return hmac.digest(SECRET.encode(), f"dlr:{name}".encode(), "sha256").hex()[:32]

    (said,) = handover(f"dlr/{ID}/{mac(ID)}", "type=1", SETTINGS, AT).events or ()

    assert isinstance(said, DeliveryReport)
    assert (said.message_id, said.provider_id, said.recipient) == (ID, None, None)


@pytest.mark.parametrize(
    ("numbers", "recipient", "expected"),
    [
        ("plus", "+8613800138000", "+8613800138000"),
        ("digits", "+8613800138000", "8613800138000"),
        ("national", "+8613800138000", "13800138000"),
        ("national", "10690000", "10690000"),
    ],
)
def test_numbers_are_written_as_the_centre_wants_them(numbers: str, recipient: str, expected: str) -> None:
    fields = {name: getattr(SETTINGS, name) for name in SETTINGS.__struct_fields__} | {"numbers": numbers}
    assert written(recipient, KannelSettings(**fields)) == expected


@pytest.mark.parametrize(
    ("status", "said", "failure"),
    [
        (202, "0: Accepted for delivery", None),
        (202, "3: Queued for later delivery", None),
        (403, "Authorization failed for sendsms", SendFailure.BAD_CREDENTIALS),
        (403, "Not routable. Do not try again.", SendFailure.REJECTED),
        (400, "Number(s) has/have been denied by white- and/or black-lists.", SendFailure.BAD_RECIPIENT),
        (400, "Missing receiver(s) number(s), rejected", SendFailure.BAD_RECIPIENT),
        (400, "Sender missing and no global set, rejected", SendFailure.BAD_SETTINGS),
        (400, "UDH field misformed, rejected", SendFailure.BAD_CONTENT),
        (404, "Unknown request.", SendFailure.BAD_SETTINGS),
        (302, "", SendFailure.BAD_SETTINGS),
        (413, "", SendFailure.BAD_CONTENT),
        (429, "", SendFailure.THROTTLED),
        (503, "Temporal failure, try again later.", SendFailure.UNAVAILABLE),
        (200, "<html>Welcome", SendFailure.OUTCOME_UNKNOWN),
        (500, "", SendFailure.OUTCOME_UNKNOWN),
        (502, "Bad Gateway", SendFailure.OUTCOME_UNKNOWN),
        (504, "Gateway Time-out", SendFailure.OUTCOME_UNKNOWN),
    ],
)
def test_an_answer_is_sorted(status: int, said: str, failure: SendFailure | None) -> None:
    error = failure_of(status, said)
    assert (error.failure if error else None) is failure


@pytest.mark.covers("S-02")
@pytest.mark.parametrize(
    ("fields", "text"),
    [
        (f"charset=UTF-8&coding=0&text={quote_plus('5 + 5 % & 您好😀')}", "5 + 5 % & 您好😀"),
        (f"charset=UTF-16BE&coding=2&text={quote_from_bytes('您好😀'.encode('utf-16-be'))}", "您好😀"),
        (f"coding=2&text={quote_from_bytes('您好'.encode('utf-16-be'))}", "您好"),
        (f"charset=ISO-8859-1&coding=0&text={quote_from_bytes('café'.encode('latin-1'))}", "café"),
        (f"charset=GBK&text={quote_from_bytes('退订吗'.encode('gbk'))}", "退订吗"),
        ("text=", ""),
    ],
)
def test_a_text_is_read_by_its_charset_and_coding(fields: str, text: str) -> None:
    assert message(f"from=%2B8613800138000&to=10690000&id=1&{fields}").text == text


def test_a_message_has_the_number_the_time_and_a_key_of_kannels_id() -> None:
    query = "from=13800138000&to=10690000&id=4e109e1e-66c9&ts=1795317864&charset=UTF-8&coding=0&text=hi&udh="
    handed = handover(f"mo/{SECRET}", query, SETTINGS, AT)
    said = message(query)

    assert handed.key == "mo:4e109e1e-66c9"
    assert handed.raw == query.encode()
    assert SECRET.encode() not in handed.raw
    assert (said.sender.value, said.to[0].value) == ("+8613800138000", "10690000")
    assert said.sent_at == datetime.fromtimestamp(1795317864, UTC)


def test_a_word_that_stops_is_handed_over_as_such() -> None:
    query = f"from=13800138000&to=10690000&id=1&charset=UTF-8&text={quote_plus('退订')}"
    _, stop = handover(f"mo/{SECRET}", query, SETTINGS, AT).events or ()
    assert isinstance(stop, OptOut)


@pytest.mark.parametrize(
    ("fields", "notice"),
    [
        ("text=part&udh=%05%00%03%2a%02%01", "parts_missing"),
        ("text=%ff%fe&charset=UTF-8", "charset_guessed"),
        ("text=%ff%fe&coding=1", "unreadable"),
    ],
)
def test_what_is_not_whole_is_shown_with_a_notice(fields: str, notice: str) -> None:
    assert notice in message(f"from=1&to=2&id=3&{fields}").notices


@pytest.mark.covers("M-27")
@pytest.mark.parametrize(
    ("kind", "state"),
    [
        ("1", DeliveryState.DELIVERED),
        ("2", DeliveryState.FAILED),
        ("4", DeliveryState.ACCEPTED),
        ("8", DeliveryState.ACCEPTED),
        ("16", DeliveryState.FAILED),
    ],
)
def test_each_kind_of_report_names_the_message_by_our_id(kind: str, state: DeliveryState) -> None:
    said = report(type=kind, fid="0009", smsc="FAKE", reply="ACK/")

    assert (said.state, said.message_id) == (state, ID)
    assert (said.failure is None) == (state is not DeliveryState.FAILED)


@pytest.mark.parametrize(
    ("reply", "code", "failure"),
    [
        ("NACK/11/Invalid destination address", "11", SendFailure.BAD_RECIPIENT),
        ("NACK/0x0000000b/Invalid Destination Address", "0x0000000b", SendFailure.BAD_RECIPIENT),
        ("NACK/88/Throttling error", "88", SendFailure.REJECTED),
        ("id:9 sub:001 dlvrd:000 stat:UNDELIV err:021 text:", "021", SendFailure.REJECTED),
        ("", "", SendFailure.REJECTED),
    ],
)
def test_a_failed_report_says_why(reply: str, code: str, failure: SendFailure) -> None:
    said = report(type="16", reply=reply)
    assert (said.provider_code, said.failure) == (code, failure)


def test_reports_of_several_kinds_are_several_things_and_the_same_again_is_one() -> None:
    def key(query: str) -> str:
        return handover(REPORTS, query, SETTINGS, AT).key

    assert key("type=8&fid=1") == key("type=8&fid=1&reply=x")
    assert len({key("type=8&fid=1"), key("type=1&fid=1"), key("type=1&fid=2")}) == 3


@pytest.mark.parametrize(
    "path",
    [
        "",
        "mo",
        "mo/",
        f"mo/{SECRET}x",
        f"mo/{SECRET}/x",
        f"xx/{SECRET}",
        f"dlr/{ID}",
        f"dlr/{ID}/",
        f"dlr/{ID}/{'0' * 32}",
        f"dlr/{ID}/008613800138000/a1/{'0' * 32}",
        REPORTS.replace("/a1/", "/a2/"),
        "mo/\u00e9",
        "mo/\udcff",
        f"dlr/\udcff/{'0' * 32}",
    ],
)
def test_who_does_not_know_the_secret_is_refused(path: str) -> None:
    with pytest.raises(Forbidden):
        handover(path, "from=1&to=2&id=3&text=x&type=1", SETTINGS, AT)


def test_a_report_address_of_one_message_is_none_of_another() -> None:
    with pytest.raises(Forbidden):
        handover(REPORTS.replace("aa/", "ab/"), "type=1", SETTINGS, AT)


@pytest.mark.parametrize("query", ["", "text=hi", "from=1&to=2&text=hi", "from=&to=2&id=3"])
def test_a_call_without_number_or_id_cannot_be_read(query: str) -> None:
    with pytest.raises(Invalid):
        handover(f"mo/{SECRET}", query, SETTINGS, AT)


def _raw(octets: bytes) -> str:
    return octets.decode("utf-8", "surrogateescape")


@given(st.text(max_size=300) | st.binary(max_size=300).map(_raw), st.sampled_from([f"mo/{SECRET}", REPORTS]))
def test_any_query_is_read_or_refused(query: str, path: str) -> None:
    try:
        assert handover(path, query, SETTINGS, AT).events
    except Invalid:
        pass


@given(st.dictionaries(st.sampled_from(["text", "charset", "coding", "udh"]), st.binary(max_size=40)))
def test_any_octets_make_some_text(fields: dict[str, bytes]) -> None:
    text, _ = text_of(fields)
    text.encode("utf-8")
