"""Bounces, delays, deliveries, receipts and complaints are recognised, and nothing else is."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from hub.channels.email.inbound import parse
from hub.channels.email.status import best_code, code_from_words, failure_of
from hub.messages.content import MessageKind
from hub.messages.events import DeliveryReport, InboundMessage
from hub.messages.states import DeliveryState, SendFailure

DATA = Path(__file__).parents[3] / "data/mail"
EXPECTED = tomllib.loads((DATA / "bounces/expected.toml").read_text(encoding="utf-8"))
OTHERS = sorted((DATA / "not_bounces").glob("*.eml"))
TOKEN = "abcdefghijklmnopqrstuvwxyz234567abcdefgh"


def read(path: Path, envelope: dict[str, Any] | None = None) -> tuple[InboundMessage, list[DeliveryReport]]:
    first, *reports = parse(path.read_bytes(), envelope or {})
    assert isinstance(first, InboundMessage)
    return first, [report for report in reports if isinstance(report, DeliveryReport)]


@pytest.mark.covers("M-26")
@pytest.mark.parametrize("name", EXPECTED)
def test_a_report_names_the_mail_the_recipient_and_the_reason(name: str) -> None:
    expected = EXPECTED[name]
    message, reports = read(DATA / f"bounces/{name}.eml")

    assert message.kind is MessageKind.BOUNCE
    assert message.automatic
    assert [report.recipient.value for report in reports if report.recipient] == expected["recipients"]
    assert {report.state.value for report in reports} == {expected["state"]}
    assert {report.provider_code for report in reports} == {expected["status"]}
    assert {report.failure for report in reports} == {expected["failure"] or None}
    assert {report.token for report in reports} == {TOKEN}


def test_the_envelope_names_the_mail_where_no_header_does() -> None:
    raw = (DATA / "bounces/qmail.eml").read_bytes().replace(TOKEN.encode(), b"other")
    reports = parse(raw, {"mail_from": "", "rcpt_tos": [f"bounce+{TOKEN.upper()}@example.com"]})[1:]
    assert [report.token for report in reports if isinstance(report, DeliveryReport)] == [TOKEN]


@pytest.mark.covers("M-26")
@pytest.mark.parametrize("case", OTHERS, ids=lambda case: case.stem)
def test_people_absence_notes_and_newsletters_are_no_bounces(case: Path) -> None:
    message, reports = read(case)
    assert message.kind.value == case.suffixes[0].removeprefix(".")
    assert all(report.state is DeliveryState.READ for report in reports)


def test_a_read_receipt_says_that_it_was_read() -> None:
    _, reports = read(DATA / "not_bounces/read-receipt.auto_reply.eml")
    assert [(report.state, report.token) for report in reports] == [(DeliveryState.READ, TOKEN)]


@pytest.mark.parametrize(
    ("status", "reply", "failure"),
    [
        ("5.1.1", None, SendFailure.BAD_RECIPIENT),
        ("5.2.1", None, SendFailure.BAD_RECIPIENT),
        ("5.2.2", 552, SendFailure.UNAVAILABLE),
        ("5.3.4", None, SendFailure.BAD_CONTENT),
        ("4.4.1", None, SendFailure.UNAVAILABLE),
        ("5.7.1", 550, SendFailure.REJECTED),
        ("4.7.0", None, SendFailure.THROTTLED),
        ("5.7.8", 535, SendFailure.BAD_CREDENTIALS),
        ("", 550, SendFailure.BAD_RECIPIENT),
        ("5.0.0", 421, SendFailure.UNAVAILABLE),
        ("", None, SendFailure.REJECTED),
    ],
)
def test_status_codes_are_sorted_into_failures(status: str, reply: int | None, failure: SendFailure) -> None:
    assert failure_of(status, reply) is failure


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("Mailbox is full", "2.2"),
        ("用户邮箱已满", "2.2"),
        ("550 No such user here", "1.1"),
        ("收件人不存在", "1.1"),
        ("Host unknown", "1.2"),
        ("message size exceeds the limit", "3.4"),
        ("too many hops", "4.6"),
        ("account has been disabled", "2.1"),
        ("554 Message rejected due to spam content", "7.1"),
        ("hello", ""),
    ],
)
def test_words_stand_for_codes_where_servers_send_none(words: str, code: str) -> None:
    assert code_from_words(words) == code


def test_the_more_telling_code_wins() -> None:
    assert best_code("5.0.0", "smtp; 550 5.1.1 unknown") == "5.1.1"
    assert best_code("5.2.2", "it said 550 5.1.1 unknown") == "5.2.2"
    assert best_code("5.1.1", "550 5.7.1 address blacklisted") == "5.7.1"
    assert best_code("", "who knows") == "5.0.0"
    assert best_code("", "who knows", delayed=True) == "4.0.0"
