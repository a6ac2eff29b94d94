"""PDUs as octets, and back."""

import struct
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.channels.sms.framing import BadPdu, OutOfStep
from hub.channels.sms.smpp import wire
from hub.channels.sms.smpp.status import Status, failure_of, name_of
from hub.channels.sms.smpp.wire import Bind, Command, Pdu, Query, QueryAnswer, ShortMessage, Tag, Unreadable, frames
from hub.messages.states import SendFailure

LATIN = st.characters(min_codepoint=1, max_codepoint=0xFF)
OCTET = st.integers(0, 255)
MESSAGES = st.builds(
    ShortMessage,
    source=st.text(LATIN, max_size=20),
    destination=st.text(LATIN, max_size=20),
    message=st.binary(max_size=254),
    source_ton=OCTET,
    source_npi=OCTET,
    destination_ton=OCTET,
    destination_npi=OCTET,
    service_type=st.text(LATIN, max_size=5),
    esm_class=OCTET,
    protocol_id=OCTET,
    priority=OCTET,
    validity=st.text(LATIN, max_size=16),
    registered_delivery=OCTET,
    data_coding=OCTET,
    tlvs=st.dictionaries(st.integers(0, 0xFFFF), st.binary(max_size=300), max_size=4),
)


def test_a_submit_sm_is_what_the_standard_says() -> None:
    message = ShortMessage(
        source="1069", source_ton=3, destination="8613800138000", destination_ton=1, destination_npi=1, message=b"Hi"
    )

    octets = Pdu(command=Command.SUBMIT_SM, sequence=7, body=message.encode()).encode()

    assert octets.hex(" ", 4) == (
        "00000034 00000004 00000000 00000007 00030031 30363900 01013836 31333830 30313338 30303000 00000000 00000000 00024869"
    )


@given(MESSAGES)
def test_short_messages_come_back_as_they_went(message: ShortMessage) -> None:
    assert wire.decode_short_message(message.encode()) == message


def test_the_other_bodies_come_back_as_they_went() -> None:
    bind = Bind(system_id="hub", password="s3cret", system_type="VMA", ton=1, npi=1, address_range="^1")
    query = Query(message_id="0a", source="1069", source_ton=3)
    answer = QueryAnswer(message_id="0a", final_date="260101000000000R", state=2, error=7)

    assert wire.decode_bind(bind.encode()) == bind
    assert wire.decode_query(query.encode()) == query
    assert wire.decode_query_answer(answer.encode()) == answer
    assert wire.decode_id(wire.encode_id("abc")) == "abc"
    assert wire.decode_id(b"abc") == "abc"
    assert wire.decode_id(b"") == ""


@pytest.mark.parametrize(
    "body",
    [
        lambda: ShortMessage(source="1" * 21, destination="2").encode(),
        lambda: ShortMessage(source="1", destination="2", message=b"x" * 255).encode(),
        lambda: ShortMessage(source="1\0002", destination="2").encode(),
        lambda: ShortMessage(source="银行", destination="2").encode(),
        lambda: Bind(system_id="x" * 16, password="").encode(),
        lambda: Bind(system_id="x", password="x" * 9).encode(),
        lambda: wire.encode_id("x" * 65),
    ],
)
def test_what_does_not_fit_its_place_is_not_sent(body: object) -> None:
    with pytest.raises(BadPdu):
        body()  # type: ignore[operator]


def test_pdus_are_found_however_the_stream_is_cut() -> None:
    pdus = [Pdu(command=Command.ENQUIRE_LINK, sequence=1), Pdu(command=Command.DELIVER_SM, sequence=2, body=b"abc")]
    stream, reading, found = b"".join(pdu.encode() for pdu in pdus), frames(), []

    for at in range(len(stream)):
        found += reading.feed(stream[at : at + 1])

    assert found == pdus
    assert list(frames().feed(stream)) == pdus


@pytest.mark.parametrize("length", [0, 15, wire.LONGEST + 1, 0xFFFF_FFFF])
def test_a_length_no_pdu_has_ends_the_stream(length: int) -> None:
    good = Pdu(command=Command.ENQUIRE_LINK, sequence=1)
    found = frames().feed(good.encode() + struct.pack("!IIII", length, Command.DELIVER_SM, 0, 1))

    assert next(found) == good
    with pytest.raises(OutOfStep):
        next(found)


@pytest.mark.parametrize(
    ("tail", "status"),
    [
        (b"\x00", Status.RINVTLVSTREAM),
        (b"\x00\x1e\x00\x05ab", Status.RINVTLVSTREAM),
        (b"\x00\x1e\xff\xff", Status.RINVTLVSTREAM),
    ],
)
def test_cut_off_parameters_are_refused_by_their_own_status(tail: bytes, status: Status) -> None:
    with pytest.raises(Unreadable) as refused:
        wire.decode_short_message(ShortMessage(source="1", destination="2").encode() + tail)

    assert refused.value.status is status


def test_of_a_parameter_that_stands_twice_the_first_counts_and_a_payload_is_the_message() -> None:
    body = ShortMessage(source="1", destination="2", tlvs={Tag.MESSAGE_PAYLOAD: b"whole"}).encode()

    assert wire.decode_short_message(body + b"\x04\x24\x00\x01x").octets == b"whole"


@settings(max_examples=300)
@given(st.binary(max_size=400))
def test_readers_of_bodies_take_any_octets(body: bytes) -> None:
    for read in (wire.decode_short_message, wire.decode_bind, wire.decode_query, wire.decode_query_answer, wire.decode_id):
        with suppress(Unreadable):
            read(body)


@settings(max_examples=200)
@given(MESSAGES, st.integers(0, 2000), OCTET)
def test_a_spoiled_message_is_read_or_refused(message: ShortMessage, at: int, octet: int) -> None:
    body = bytearray(message.encode())
    body[at % len(body)] = octet
    for spoiled in (bytes(body), bytes(body[: at % len(body)])):
        with suppress(Unreadable):
            wire.decode_short_message(spoiled)


def test_statuses_are_sorted_and_an_operators_own_are_about_the_message() -> None:
    assert failure_of(Status.RTHROTTLED) is SendFailure.THROTTLED
    assert failure_of(Status.RINVDSTADR) is SendFailure.BAD_RECIPIENT
    assert failure_of(Status.RINVPASWD) is SendFailure.BAD_CREDENTIALS
    assert failure_of(0x0412) is SendFailure.REJECTED
    assert (name_of(0x58), name_of(0x0412)) == ("ESME_RTHROTTLED", "0x00000412")
