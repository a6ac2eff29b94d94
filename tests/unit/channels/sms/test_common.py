"""What all providers of short messages build alike."""

from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.channels.sms.common import SmsSettings, inbound, sms_capabilities
from hub.channels.sms.opt_out import word_of
from hub.messages.address import Address, AddressKind, sms_party
from hub.messages.capabilities import Feature
from hub.messages.events import InboundMessage, OptOut

NOW = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("+86 138 0013 8000", "+8613800138000"),
        ("008613800138000", "+8613800138000"),
        ("8613800138000", "+8613800138000"),
        ("13800138000", "+8613800138000"),
        ("+15005550006", "+15005550006"),
        ("447700900123", "447700900123"),  # a range for films: no real number, so no plus sign is added
        ("447911123456", "+447911123456"),
        ("10690000", "10690000"),
        ("1069012345678", "1069012345678"),
        ("95588", "95588"),
        (" Bank ", "Bank"),
        ("中国银行", "中国银行"),
        ("+106", "+106"),
        ("", "anonymous"),
        ("١٢٣٤٥", "١٢٣٤٥"),
    ],
)
def test_a_party_has_one_normal_form(text: str, value: str) -> None:
    assert sms_party(text) == value


@given(st.text())
def test_no_party_is_refused_and_its_normal_form_stays(text: str) -> None:
    value = sms_party(text)

    assert 0 < len(value) <= 41
    assert sms_party(value) == value


def test_settings_come_into_normal_form() -> None:
    settings = msgspec.convert({"sender": "138 0013 8000", "signature": "【云间】", "opt_out_hint": " 拒收请回复R "}, SmsSettings)

    assert (settings.sender, settings.signature, settings.opt_out_hint) == ("+8613800138000", "云间", "拒收请回复R")
    assert SmsSettings(sender="10690000").sender == "10690000"
    assert SmsSettings().sender == ""


def test_capabilities_count_parts_and_may_be_better() -> None:
    assert sms_capabilities(SmsSettings(max_segments=3)).max_segments == 3
    assert sms_capabilities(SmsSettings(), max_files=10).max_files == 10
    assert sms_capabilities(SmsSettings()).carries(Feature.DELIVERED)


def handed_over(text: str, **more: object) -> tuple[InboundMessage, OptOut | None]:
    handover = inbound(
        SmsSettings(sender="10690000"),
        key="k",
        raw=b"r",
        sender="13800138000",
        to="",
        text=text,
        received_at=NOW,
        **more,  # type: ignore[arg-type]
    )
    assert handover.events is not None
    message, *rest = handover.events
    assert isinstance(message, InboundMessage)
    word = rest[0] if rest else None
    assert word is None or isinstance(word, OptOut)
    return message, word


def test_a_message_is_handed_over_with_who_and_to_whom() -> None:
    message, word = handed_over("您好")

    assert message.sender == Address(kind=AddressKind.PHONE, value="+8613800138000")
    assert message.to == (Address(kind=AddressKind.PHONE, value="10690000"),)
    assert (message.text, word) == ("您好", None)


@pytest.mark.covers("S-02")
def test_an_opt_out_comes_behind_its_message() -> None:
    message, word = handed_over("退订")

    assert word is not None
    assert (message.text, word.wish, word.language, word.answered) == ("退订", "stop", "zh", False)
    assert (word.sender, word.to) == (message.sender, message.to[0])


def test_a_provider_that_decides_itself_is_believed() -> None:
    _, word = handed_over("please no more", opt_out=word_of("STOP"), answered=True)

    assert word is not None
    assert (word.wish, word.answered) == ("stop", True)


def test_what_no_database_stores_is_left_out_of_texts_and_senders() -> None:
    handover = inbound(
        SmsSettings(sender="10690000"),
        key="1",
        raw=b"",
        sender="Ba\x00nk\u202e",
        to="",
        text="a\x00b\ud800\r\nc",
        received_at=NOW,
    )
    (came,) = handover.events or ()

    assert isinstance(came, InboundMessage)
    assert (came.sender.value, came.text) == ("Bank", "ab\nc")
