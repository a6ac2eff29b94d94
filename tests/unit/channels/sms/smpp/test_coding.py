"""From texts to the octets of short messages, and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.channels.sms.smpp import coding
from hub.channels.sms.smpp.settings import SmppSettings
from hub.channels.sms.smpp.wire import ShortMessage, Tag, decode_short_message
from hub.messages.segments import MAX_PARTS, TooManyParts


def bodies(text: str, reference: int = 7, **settings: object) -> tuple[ShortMessage, ...]:
    made = SmppSettings(sender="10690000", **settings)  # type: ignore[arg-type]
    return coding.bodies(text, recipient="+8613800138000", reference=reference, settings=made)


def read(parts: tuple[ShortMessage, ...], **settings: object) -> str:
    octets = b"".join(coding.piece_of(part)[1] for part in parts)
    return coding.text_of(octets, parts[0].data_coding, SmppSettings(**settings))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "settings", "data_coding", "octets"),
    [
        ("a@€", {}, 0, b"a\x00\x1b\x65"),
        ("a@", {"data_coding": 1}, 1, b"a\x00"),
        ("ñ@", {"alphabet": "latin1"}, 3, b"\xf1@"),
        ("€", {"alphabet": "latin1"}, 8, b"\x20\xac"),
        ("a", {"alphabet": "ucs2"}, 8, b"\0a"),
        ("好", {}, 8, b"\x59\x7d"),
        ("", {}, 0, b""),
    ],
)
def test_alphabets(text: str, settings: dict[str, object], data_coding: int, octets: bytes) -> None:
    (body,) = bodies(text, **settings)

    assert (body.data_coding, body.message, body.esm_class) == (data_coding, octets, 0)


@pytest.mark.covers("M-27")
@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=400), st.sampled_from(["udh", "sar", "payload"]))
def test_whatever_is_sent_can_be_read_and_fits(text: str, way: str) -> None:
    parts = bodies(text, long_messages=way)

    assert read(parts) == text
    assert all(decode_short_message(part.encode()) == part for part in parts)
    if way == "udh":
        assert all(len(part.message) <= (140 if part.data_coding == 8 else 160) for part in parts)


def test_headers_of_parts() -> None:
    first, second = bodies("x" * 200)
    wide, _ = bodies("x" * 200, reference=0x1234)
    sar, _ = bodies("x" * 200, long_messages="sar", reference=0x1234)
    (whole,) = bodies("x" * 300, long_messages="payload")

    assert (first.esm_class, first.message[:6], second.message[:6]) == (0x40, b"\5\0\3\7\2\1", b"\5\0\3\7\2\2")
    assert wide.message[:7] == b"\6\x08\4\x12\x34\2\1"
    assert (sar.esm_class, sar.tlvs) == (0, {Tag.SAR_REFERENCE: b"\x12\x34", Tag.SAR_TOTAL: b"\2", Tag.SAR_NUMBER: b"\1"})
    assert (whole.message, whole.octets) == (b"", b"x" * 300)
    assert [coding.piece_of(part)[0] for part in (first, wide, sar)] == [
        coding.Piece(reference=reference, total=2, number=1) for reference in (7, 0x1234, 0x1234)
    ]


def test_a_text_of_too_many_parts_is_refused() -> None:
    with pytest.raises(TooManyParts):
        bodies("x" * (153 * MAX_PARTS + 1))


@pytest.mark.parametrize(
    ("sender", "settings", "expected"),
    [
        ("+8613800138000", {}, ("8613800138000", 1, 1)),
        ("10690000", {}, ("10690000", 3, 0)),
        ("Bank", {}, ("Bank", 5, 0)),
        ("", {}, ("", 0, 0)),
        ("10690000", {"source_ton": 0, "source_npi": 1}, ("10690000", 0, 1)),
    ],
)
def test_the_senders_type_follows_its_form(sender: str, settings: dict[str, object], expected: tuple[str, int, int]) -> None:
    made = SmppSettings(sender=sender, **settings)  # type: ignore[arg-type]
    (body,) = coding.bodies("x", recipient="+1415", reference=0, settings=made)

    assert (body.source, body.source_ton, body.source_npi) == expected
    assert (body.destination, body.destination_ton, body.destination_npi) == ("1415", 1, 1)


def test_recipients_keep_their_plus_where_the_operator_wants_it_and_receipts_are_asked_for() -> None:
    (body,) = bodies("x", plus=True, receipts="failures")

    assert (body.destination, body.registered_delivery) == ("+8613800138000", 2)
    assert bodies("x")[0].registered_delivery == 1


@pytest.mark.parametrize(
    ("data_coding", "octets", "text", "settings"),
    [
        (0, b"\0\x1be", "@€", {}),
        (0, b"\xe9@", "é@", {"default_alphabet": "latin1"}),
        (0, "é好".encode(), "é好", {"default_alphabet": "utf8"}),
        (1, b"a@\xff", "a@\ufffd", {}),
        (3, b"\xe9", "é", {}),
        (8, b"\x59\x7d\xd8=\xde\x00\x59", "好😀\ufffd", {}),
        (0x18, b"\x59\x7d", "好", {}),  # message class with UCS-2
        (0xF0, b"\0", "@", {}),
        (0xF4, b"\xe9", "é", {}),
        (0x11, b"\0", "@", {}),
        (0xE0, b"\x59\x7d", "好", {}),
    ],
)
def test_what_arrives_is_read_by_its_data_coding(data_coding: int, octets: bytes, text: str, settings: dict[str, object]) -> None:
    assert coding.text_of(octets, data_coding, SmppSettings(**settings)) == text  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "octets",
    [b"", b"\x05", b"\xff\0\3\1\2\1x", b"\5\0\3\1\2\0x", b"\5\0\3\1\2\3x", b"\5\0\3\1\1\1x", b"\2\x70\x09x", b"\1\0x"],
)
def test_a_header_that_makes_no_sense_joins_nothing(octets: bytes) -> None:
    piece, _ = coding.piece_of(ShortMessage(source="1", destination="2", message=octets, esm_class=0x40))

    assert piece is None


@given(st.binary(max_size=200), st.integers(0, 255), st.dictionaries(st.sampled_from(list(Tag)), st.binary(max_size=5)))
def test_any_octets_have_a_text(octets: bytes, data_coding: int, tlvs: dict[int, bytes]) -> None:
    message = ShortMessage(source="1", destination="2", message=octets, esm_class=0x40, data_coding=data_coding, tlvs=tlvs)
    piece, rest = coding.piece_of(message)

    assert isinstance(coding.text_of(rest, data_coding, SmppSettings()), str)
    assert piece is None or 1 <= piece.number <= piece.total
