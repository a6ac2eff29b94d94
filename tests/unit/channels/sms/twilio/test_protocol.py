"""Twilio's words in ours."""

from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import urlencode

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.channels.contract import Webhook
from hub.channels.sms.twilio import protocol
from hub.channels.sms.twilio.settings import TwilioSettings
from hub.devkit.twilio_messages import signature
from hub.errors import Forbidden, Invalid
from hub.messages.states import DeliveryState, SendFailure

AT = datetime(2026, 11, 22, tzinfo=UTC)
URL = "https://desk.example.org/hooks/1"
TOKENS = ("now", "before")


def hook(form: dict[str, str], *, token: str = "now", query: str = "", method: str = "POST", **headers: str) -> Webhook:
    signed = signature(token, URL + query, form if method == "POST" else None)
    return Webhook(
        method=method,
        url=URL + query,
        target="/hooks/1" + query,
        path_rest="",
        headers={"x-twilio-signature": signed, **headers},
        body=urlencode(form).encode() if method == "POST" else b"",
        remote="192.0.2.1",
    )


@pytest.mark.covers("M-27")
@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("queued", DeliveryState.ACCEPTED),
        ("sent", DeliveryState.ACCEPTED),
        ("delivered", DeliveryState.DELIVERED),
        ("read", DeliveryState.READ),
        ("undelivered", DeliveryState.FAILED),
        ("failed", DeliveryState.FAILED),
        ("canceled", DeliveryState.CANCELLED),
        ("a word of next year", DeliveryState.ACCEPTED),
    ],
)
def test_a_status_is_a_state(status: str, state: DeliveryState) -> None:
    fields = {"MessageSid": "SM1", "MessageStatus": status, "To": "+1 415 555 2671"}

    report = protocol.report_of(fields, message_id="m", region="US", at=AT)

    assert (report.state, report.provider_id, report.message_id) == (state, "SM1", "m")
    assert report.recipient is not None
    assert report.recipient.value == "+14155552671"


def test_a_carriers_filter_is_a_rejection_and_keeps_its_code() -> None:
    fields = {"MessageSid": "SM1", "MessageStatus": "undelivered", "ErrorCode": "30007"}

    report = protocol.report_of(fields, message_id=None, region="CN", at=AT)

    assert (report.failure, report.provider_code, report.detail) == (SendFailure.REJECTED, "30007", "Twilio: undelivered 30007")


@pytest.mark.parametrize(
    ("status", "code", "failure"),
    [
        (400, 21610, SendFailure.OPTED_OUT),
        (429, 20429, SendFailure.THROTTLED),
        (400, 21211, SendFailure.BAD_RECIPIENT),
        (400, 21614, SendFailure.BAD_RECIPIENT),
        (401, 20003, SendFailure.BAD_CREDENTIALS),
        (400, 30007, SendFailure.REJECTED),
        (400, 99999, SendFailure.REJECTED),
        (500, 20500, SendFailure.UNAVAILABLE),
        (503, 0, SendFailure.UNAVAILABLE),
        (502, 0, SendFailure.OUTCOME_UNKNOWN),
        (504, 0, SendFailure.OUTCOME_UNKNOWN),
    ],
)
def test_a_refusal_is_sorted(status: int, code: int, failure: SendFailure) -> None:
    body = f'{{"code": {code}, "message": "said"}}' if code else "<html>"

    assert protocol.refused(status, body, retry_after="7").failure is failure
    assert protocol.refused(status, body, retry_after="7").retry_after == 7
    assert protocol.refused(status, body, retry_after="soon").retry_after is None


def test_what_makes_nothing_is_never_of_unknown_outcome() -> None:
    assert protocol.refused(502, "", created=False).failure is SendFailure.UNAVAILABLE


@pytest.mark.parametrize("token", TOKENS)
def test_either_of_two_tokens_may_have_signed(token: str) -> None:
    assert protocol.genuine_fields(hook({"Body": "a+b c&d", "From": "+1"}, token=token), TOKENS)["Body"] == "a+b c&d"


def test_a_get_is_signed_by_its_address_alone() -> None:
    called = hook({}, query="?MessageSid=SM1&Body=a+b%20c", method="GET")

    assert protocol.genuine_fields(called, TOKENS) == {"MessageSid": "SM1", "Body": "a b c"}


@pytest.mark.parametrize("settings", ["", "key=k,algorithm=HMAC_MD5", "algorithm=none"])
def test_another_algorithm_or_token_is_a_forgery(settings: str) -> None:
    with pytest.raises(Forbidden):
        protocol.genuine_fields(hook({"Body": "x"}, token="stolen", **{"x-twilio-webhooks-signature-settings": settings}), TOKENS)


@pytest.mark.parametrize("rest", ["?q=\udcff", "?q=你好"])
def test_an_address_with_raw_octets_was_never_signed(rest: str) -> None:
    with pytest.raises(Forbidden):
        protocol.genuine_fields(replace(hook({}), url=URL + rest), TOKENS)


def test_a_name_with_two_values_means_nothing() -> None:
    # Their order is not signed: whoever sees a signed request could choose which is read.
    signed = signature("now", URL, {"Body": "oneBodytwo", "From": "+1"})
    called = _with(hook({}), b"Body=one&Body=two&From=%2B1", signed)

    assert protocol.genuine_fields(called, TOKENS) == {"Body": "", "From": "+1"}


def _with(called: Webhook, body: bytes, signed: str) -> Webhook:
    return replace(called, body=body, headers={"x-twilio-signature": signed})


@given(st.binary(max_size=200), st.text(max_size=40))
def test_any_bytes_are_refused_in_the_closed_ways(body: bytes, signed: str) -> None:
    called = _with(hook({}), body, signed)

    with pytest.raises((Forbidden, Invalid)):
        protocol.genuine_fields(called, TOKENS)


def test_a_picture_message_names_its_files() -> None:
    fields = {"MessageSid": "MM1", "From": "+1", "NumMedia": "2", "MediaUrl0": "https://x/ME1", "MediaContentType0": "image/png"}

    incoming = protocol.incoming_of(fields | {"MediaUrl1": ""})

    assert [(one.sid, one.content_type) for one in incoming.media] == [("ME1", "image/png")]


@pytest.mark.parametrize("missing", ["MessageSid", "From"])
def test_a_message_from_nobody_is_unreadable(missing: str) -> None:
    fields = {"MessageSid": "SM1", "From": "+1", "NumMedia": "-1"} | {missing: " "}

    with pytest.raises(Invalid):
        protocol.incoming_of(fields)


@pytest.mark.covers("M-24", "M-27")
@pytest.mark.parametrize(
    ("text", "type_", "wish", "answered"),
    [
        ("STOP", "STOP", "stop", True),
        ("please no more", "STOP", "stop", True),  # a word of the account's own, which only Twilio knows
        ("stop", "", "stop", True),
        ("退订", "", "stop", False),
        ("help", "", "help", True),
        ("how are you", "", None, False),
    ],
)
def test_an_opt_out_is_what_twilio_says_or_what_is_written(text: str, type_: str, wish: str | None, answered: bool) -> None:
    incoming = protocol.Incoming(sid="SM1", sender="+1", to="+2", text=text, media=(), opt_out_type=type_)

    keyword, told = protocol.keyword_of(incoming, answers_itself=True)

    assert (keyword.wish if keyword else None, told) == (wish, answered)
    assert not protocol.keyword_of(incoming, answers_itself=False)[1] or type_


@pytest.mark.covers("S-04")
@pytest.mark.parametrize(
    "change",
    [
        {"account_sid": "AC1"},
        {"sender": ""},
        {"api_key_sid": "SK" + "0" * 32},
        {"base_url": "https://api.twilio.com/v1"},
        {"base_url": "ftp://x"},
        {"messaging_service_sid": "PN1"},
    ],
)
def test_settings_that_can_never_work_are_refused(change: dict[str, str]) -> None:
    good = {"account_sid": "AC" + "0" * 32, "auth_token": "t", "sender": "+14155550100"}
    assert msgspec.convert(good, TwilioSettings).sign_ins == (("AC" + "0" * 32, "t"),)

    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(good | change, TwilioSettings)
