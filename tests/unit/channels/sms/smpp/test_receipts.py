"""Delivery receipts as operators write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.channels.sms.smpp import receipts
from hub.channels.sms.smpp.receipts import IdForm, is_receipt, parse, same_id, state_of
from hub.channels.sms.smpp.wire import ShortMessage, Tag
from hub.messages.states import DeliveryState, SendFailure


def receipt(text: str, esm_class: int = 4, **tlvs: bytes) -> ShortMessage:
    return ShortMessage(
        source="1",
        destination="2",
        message=text.encode(),
        esm_class=esm_class,
        tlvs={Tag[name]: value for name, value in tlvs.items()},
    )


@pytest.mark.parametrize(
    ("text", "id", "state", "error"),
    [
        (
            "id:0123456789 sub:001 dlvrd:001 submit date:2601010101 done date:2601010102 stat:DELIVRD err:000 text:Hello",
            "0123456789",
            DeliveryState.DELIVERED,
            "",
        ),
        ("id:AB12 stat:UNDELIV err:011", "ab12", DeliveryState.FAILED, "11"),
        ("ID:7 Stat:expired Err:ABC Text:id:9 stat:DELIVRD", "7", DeliveryState.FAILED, "ABC"),
        ("stat:REJECTD id: 42 ", "42", DeliveryState.FAILED, ""),
        ("id:42 sub:1 stat:ACCEPTD", "42", DeliveryState.ACCEPTED, ""),
        ("id:42 stat:DELIVERED", "42", DeliveryState.DELIVERED, ""),
        ("id:42 stat:UNKNOWN", "42", DeliveryState.ACCEPTED, ""),
        ("id:42 stat:MADEUP", "42", DeliveryState.ACCEPTED, ""),
        ("id:42\nsub:001\ndone date:2601010102\nstat:DELIVRD\nerr:0", "42", DeliveryState.DELIVERED, ""),
    ],
)
def test_texts_of_receipts(text: str, id: str, state: DeliveryState, error: str) -> None:
    read = parse(receipt(text))

    assert read is not None
    assert (read.id, read.state, read.error) == (id, state, error)
    assert read.failure is (SendFailure.REJECTED if state is DeliveryState.FAILED else None)


def test_parameters_say_it_better_than_the_text() -> None:
    read = parse(
        receipt("id:1 stat:ENROUTE", RECEIPTED_MESSAGE_ID=b"aB0\0", MESSAGE_STATE=b"\x05", NETWORK_ERROR_CODE=b"\x03\x00\x0b")
    )

    assert read is not None
    assert (read.id, read.state, read.error) == ("ab0", DeliveryState.FAILED, "11")


@pytest.mark.parametrize("text", ["", "Hello", "id: stat:DELIVRD", "id:4", "stat:DELIVRD", "text:id:4 stat:DELIVRD"])
def test_what_names_no_message_or_no_state_is_no_receipt(text: str) -> None:
    assert parse(receipt(text)) is None


def test_what_kind_of_message_it_is() -> None:
    assert is_receipt(receipt("", 0x04))
    assert is_receipt(receipt("", 0x44))
    assert is_receipt(receipt("", 0x20))
    assert is_receipt(receipt("", 0, RECEIPTED_MESSAGE_ID=b"1\0"))
    assert not is_receipt(receipt("", 0))
    assert not is_receipt(receipt("", 0x08, RECEIPTED_MESSAGE_ID=b"1\0"))


@pytest.mark.parametrize(
    ("answer", "answer_form", "said", "receipt_form"),
    [
        ("0000001A", "as_is", "0000001a", "as_is"),
        ("1a", "hex_to_decimal", "26", "as_is"),
        ("1A", "hex_to_decimal", "0026", "decimal"),
        ("26", "decimal_to_hex", "1A", "as_is"),
        ("26", "decimal", "1a", "hex_to_decimal"),
        ("no number", "decimal", "No Number ", "hex_to_decimal"),
    ],
)
def test_an_id_has_one_form_whoever_says_it(answer: str, answer_form: IdForm, said: str, receipt_form: IdForm) -> None:
    assert same_id(answer, answer_form) == same_id(said, receipt_form)


def test_states_as_query_sm_gives_them() -> None:
    assert state_of(1) is DeliveryState.ACCEPTED
    assert state_of(2) is DeliveryState.DELIVERED
    assert state_of(8) is DeliveryState.FAILED
    assert state_of(7) is None
    assert state_of(200) is None


@given(st.binary(max_size=300), st.dictionaries(st.sampled_from(list(Tag)), st.binary(max_size=10)))
def test_any_octets_are_a_receipt_or_none(octets: bytes, tlvs: dict[int, bytes]) -> None:
    read = parse(ShortMessage(source="1", destination="2", message=octets, esm_class=4, tlvs=tlvs))

    assert read is None or (read.id and read.word)


def test_a_long_hostile_text_is_read_quickly() -> None:
    assert receipts.fields("id:" * 100_000) == {"id": ""}
