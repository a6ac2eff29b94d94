"""Texts into SUBMIT and out of DELIVER, and what numbers and words mean."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.channels.sms.cmpp.coding import bodies, destination_of, piece_of, source_of, text_of
from hub.channels.sms.cmpp.messages import Deliver, Format, Report
from hub.channels.sms.cmpp.octets import V2, V3
from hub.channels.sms.cmpp.settings import CmppSettings
from hub.channels.sms.cmpp.status import done_at, failure_in, failure_of, sign_in_failure, state_of
from hub.channels.sms.parts import Piece
from hub.messages.segments import segment
from hub.messages.states import DeliveryState, SendFailure

SETTINGS = CmppSettings(host="gateway", sp_id="900001", sender="10690000", extension="77", service_id="HELP")


@pytest.mark.covers("S-01", "M-27")
@pytest.mark.parametrize(
    ("text", "fmt", "count"),
    [
        ("Your order is on its way", Format.ASCII, 1),
        ("x" * 160, Format.ASCII, 1),
        ("x" * 161, Format.ASCII, 2),
        ("您的订单", Format.UCS2, 1),
        ("您" * 70, Format.UCS2, 1),
        ("您" * 71, Format.UCS2, 2),
        ("café", Format.UCS2, 1),  # in GSM-7, but not in ASCII
        ("tick `", Format.UCS2, 1),  # in ASCII, but not in GSM-7
        ("", Format.ASCII, 1),
    ],
)
def test_a_text_is_ascii_or_ucs2_in_as_many_parts_as_counted(text: str, fmt: Format, count: int) -> None:
    made = bodies(text, recipient="+8613800138000", reference=9, settings=SETTINGS)

    assert [(body.format, body.total, body.number) for body in made] == [(fmt, count, n) for n in range(1, count + 1)]
    assert {body.source for body in made} == {"1069000077"}
    assert {(body.destinations, body.service, body.sp_id) for body in made} == {(("13800138000",), "HELP", "900001")}
    assert all(len(body.content) <= (160 if fmt is Format.ASCII else 140) for body in made)
    assert all(body.encode(V2) and body.encode(V3) for body in made)


_TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=400) | st.text("ab[]€^ 您😀", max_size=400)


@given(_TEXT, st.integers(0, 255))
def test_the_parts_joined_are_the_text(text: str, reference: int) -> None:
    made = bodies(text, recipient="+8613800138000", reference=reference, settings=SETTINGS)
    pieces = []
    for body in made:
        said = Deliver(
            msg_id=1, destination="1", source="2", content=body.content, format=body.format, has_header=body.has_header
        )
        piece, octets = piece_of(said)
        assert piece == (Piece(reference=reference, total=body.total, number=body.number) if len(made) > 1 else None)
        pieces.append(octets)

    assert text_of(b"".join(pieces), made[0].format) == text
    if text.isascii():
        assert len(made) == max(1, len(segment(text).parts))


@pytest.mark.covers("S-02")
@pytest.mark.parametrize(
    ("octets", "fmt", "text"),
    [
        (b"hello", 0, "hello"),
        ("您好".encode("gbk"), 15, "您好"),
        ("您好".encode("gbk"), 0, "您好"),
        ("您好😀".encode("utf-16-be"), 8, "您好😀"),
        ("您".encode("utf-16-be") + b"\x00", 8, "您\ufffd"),
        (b"\xff", 15, "\ufffd"),
        (b"", 0, ""),
    ],
)
def test_a_text_is_read_by_its_format(octets: bytes, fmt: int, text: str) -> None:
    assert text_of(octets, fmt) == text


@given(st.binary(max_size=140), st.integers(0, 255))
def test_any_octets_make_some_text(octets: bytes, fmt: int) -> None:
    text_of(octets, fmt).encode()


def test_numbers_are_written_as_gateways_want_them() -> None:
    with_code = CmppSettings(sender="+8610690000", country_code=True)

    assert destination_of("+8613800138000", SETTINGS) == "13800138000"
    assert destination_of("+14155552671", SETTINGS) == "14155552671"
    assert destination_of("+8613800138000", with_code) == "8613800138000"
    assert destination_of("10086", SETTINGS) == "10086"
    assert source_of(with_code) == "8610690000"


@pytest.mark.parametrize(
    ("result", "failure"),
    [
        (8, SendFailure.THROTTLED),
        (13, SendFailure.BAD_RECIPIENT),
        (6, SendFailure.BAD_CONTENT),
        (7, SendFailure.BAD_SETTINGS),
        (9, SendFailure.REJECTED),
        (77, SendFailure.REJECTED),
    ],
)
def test_a_refusal_is_sorted(result: int, failure: SendFailure) -> None:
    assert failure_of(result) is failure


@pytest.mark.parametrize(
    ("result", "failure"),
    [
        (2, SendFailure.BAD_CREDENTIALS),
        (3, SendFailure.BAD_CREDENTIALS),
        (4, SendFailure.BAD_SETTINGS),
        (5, SendFailure.UNAVAILABLE),
    ],
)
def test_a_refused_sign_in_is_sorted(result: int, failure: SendFailure) -> None:
    assert sign_in_failure(result)[0] is failure


@pytest.mark.covers("M-27")
@pytest.mark.parametrize(
    ("word", "state", "failure"),
    [
        ("DELIVRD", DeliveryState.DELIVERED, None),
        ("ACCEPTD", DeliveryState.ACCEPTED, None),
        ("UNKNOWN", DeliveryState.ACCEPTED, None),
        ("EXPIRED", DeliveryState.FAILED, SendFailure.REJECTED),
        ("UNDELIV", DeliveryState.FAILED, SendFailure.REJECTED),
        ("MK:0001", DeliveryState.FAILED, SendFailure.BAD_RECIPIENT),
        ("CA:0054", DeliveryState.FAILED, SendFailure.REJECTED),
    ],
)
def test_the_word_of_a_report_is_sorted(word: str, state: DeliveryState, failure: SendFailure | None) -> None:
    assert (state_of(word), failure_in(word)) == (state, failure)


def test_the_time_of_a_report_is_chinas() -> None:
    report = Report(msg_id=1, word="DELIVRD", submitted="", done="2611221130", destination="1")

    assert done_at(report) == datetime(2026, 11, 22, 3, 30, tzinfo=UTC)
    assert done_at(Report(msg_id=1, word="x", submitted="", done="99", destination="1")) is None
