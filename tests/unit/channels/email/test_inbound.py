"""Whole mails, as they come from the programs people use."""

import struct
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hub.channels.email import inbound
from hub.channels.email.inbound import MAX_SUBJECT, parse
from hub.messages.content import MessageKind
from hub.messages.events import InboundMessage

MAILS = Path(__file__).parents[3] / "data/mail/mails"
ENVELOPE = {"mail_from": "jane@example.org", "rcpt_tos": ["help@example.com"], "via": "smtp"}


def read(raw: bytes | str, envelope: dict[str, Any] | None = None) -> InboundMessage:
    content = (MAILS / f"{raw}.eml").read_bytes() if isinstance(raw, str) else raw
    events = parse(content, ENVELOPE if envelope is None else envelope)
    assert isinstance(events[0], InboundMessage)
    assert not any(isinstance(event, InboundMessage) for event in events[1:])
    return events[0]


@pytest.mark.covers("E-01")
def test_a_plain_mail_is_read_whole() -> None:
    message = read("plain")
    assert (message.sender.value, message.sender.name) == ("jane@example.org", "Doe, Jane")
    assert [(to.value, to.name) for to in message.to] == [("help@example.com", "Help"), ("sales@example.com", "")]
    assert [to.value for to in message.cc] == ["john@example.org"]
    assert [to.value for to in message.reply_to] == ["jane.private@example.org"]
    assert message.subject == "Where is my order?"
    assert message.text == "Hello, this is a long line which the program broke softly.\n\nJane"
    assert message.sent_at == datetime(2026, 1, 5, 7, 4, 5, tzinfo=UTC)
    assert message.own_keys == ("<1@example.org>",)
    assert message.kind is MessageKind.MESSAGE
    assert not message.automatic
    assert message.notices == ()
    assert str(message.extra["authentication_results"]).startswith("mx.example.com; spf=pass")


@pytest.mark.covers("E-01", "M-26")
def test_a_mail_of_qq_is_read_with_its_names_file_and_quote() -> None:
    message = read("qq-gb18030")
    assert message.sender.name == "张三"
    assert message.to[0].name == "客服"
    assert message.subject == "关于订单的问题"
    assert message.reply_text == "您好，附件是照片。"
    assert message.text.endswith("请发照片。")
    assert [(file.filename, len(file.content)) for file in message.files] == [("照片 1.png", 68)]


@pytest.mark.covers("M-26")
def test_pictures_of_the_mail_stay_and_remote_ones_wait_to_be_asked_for() -> None:
    message = read("outlook-html-inline-image")
    assert message.html is not None
    assert 'src="cid:image001.png@01DC"' in message.html
    assert 'data-remote-src="https://t.example.net/p.gif"' in message.html
    assert ' src="http' not in message.html
    assert "script" not in message.html
    assert message.extra["remote_images"] == 1
    assert [(file.content_id, file.inline) for file in message.files] == [("image001.png@01DC", True)]
    assert message.text.startswith("See the picture:")
    assert message.reply_text == "See the picture:"


@pytest.mark.covers("M-26", "B-17")
def test_what_a_mail_answers_is_told_newest_first() -> None:
    keys = read("outlook-html-inline-image").thread_keys
    assert [(key.kind, key.value) for key in keys] == [
        ("message_id", "<third@example.com>"),
        ("message_id", "<second@example.org>"),
        ("message_id", "<first@example.com>"),
        ("subject", "printer"),
    ]


def test_an_invitation_is_shown_as_a_card() -> None:
    card = read("invite-request").extra["calendar"]
    assert isinstance(card, dict)
    assert (card["method"], card["summary"]) == ("REQUEST", "技术员上门")
    assert (card["start"], card["end"]) == ("2026-01-07T10:00:00+08:00", "2026-01-07T11:00:00+08:00")
    assert card["attendees"] == [{"address": "help@example.com", "name": "Help", "answer": "needs-action"}]
    assert read("invite-request").notices == ("invitation",)


def test_a_cancelled_invitation_says_so_and_is_answered_by_no_machine() -> None:
    message = read("invite-cancel")
    card = message.extra["calendar"]
    assert isinstance(card, dict)
    assert (card["method"], card["all_day"], card["sequence"]) == ("CANCEL", True, 1)
    assert message.automatic


def test_a_forwarded_mail_is_one_file_called_by_its_subject() -> None:
    message = read("forwarded-as-attachment")
    assert message.text == "See below."
    assert [(file.filename, file.content_type) for file in message.files] == [("It is - was broken.eml", "message/rfc822")]
    assert b"inner file" in message.files[0].content


def test_html_in_several_pieces_is_put_together() -> None:
    message = read("apple-html-in-pieces")
    assert message.text == "Before\n\n\nAfter"
    assert message.html == "Before\nAfter"
    assert [file.filename for file in message.files] == ["p.png"]


def test_names_of_files_are_readable_and_harmless() -> None:
    assert [file.filename for file in read("file-names").files] == [
        "报价.pdf",
        "passwd",
        "a.pdf",
        "only name.pdf",
        "attachment-5.jpg",
        "invoicefdp.exe",
        "发票.pdf",
    ]


def test_raw_chinese_in_headers_is_read_by_the_charset_of_the_body() -> None:
    message = read("raw-8bit-headers")
    assert (message.sender.name, message.subject, message.text) == ("张三", "发票问题", "朱镕基路的发票。")


def test_signed_mails_and_list_footers_keep_every_word() -> None:
    assert read("signed").text == "Signed words."
    assert read("list-footer").text == "Body.\nFooter."
    assert read("list-footer").automatic


def test_a_mail_without_a_sender_is_filed_all_the_same() -> None:
    message = read(b"Subject: hello\n\ntext", {"mail_from": "", "rcpt_tos": []})
    assert message.sender.value == "unknown@sender.invalid"
    assert "no_sender" in message.notices
    assert message.text == "text"


def test_the_envelope_names_the_sender_where_the_header_does_not() -> None:
    assert read(b"From: Jane\n\ntext").sender.value == "jane@example.org"
    assert read(b"From: Jane\n\ntext").sender.name == "Jane"


@pytest.mark.parametrize("raw", [b"", b"\0", b"\r", b"no header at all", b"\xff\xfe\xfd", b"From: ((((((\n\n"])
def test_whatever_arrives_is_a_message(raw: bytes) -> None:
    assert read(raw).channel.value == "email"


def test_old_line_ends_are_read() -> None:
    message = read(b"From: a@b.c\rSubject: hello\r\rline one\rline two\r")
    assert (message.sender.value, message.subject, message.text) == ("a@b.c", "hello", "line one\nline two")


def test_a_huge_subject_is_cut_and_said_to_be() -> None:
    message = read(b"From: a@b.c\nSubject: " + b"x" * 100_000 + b"\n\nbody")
    assert len(message.subject) == MAX_SUBJECT
    assert "truncated" in message.notices
    assert message.text == "body"


def test_too_many_parts_are_cut_and_said_to_be() -> None:
    raw = b"From: a@b.c\nContent-Type: multipart/mixed; boundary=x\n\n" + b"--x\nContent-Type: image/png\n\na\n" * 2000
    message = read(raw)
    assert len(message.files) == 1000
    assert "truncated" in message.notices


def test_a_mail_that_breaks_the_parser_is_shown_by_its_first_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RecursionError

    monkeypatch.setattr(inbound, "parse_tree", broken)
    message = read(b"Subject: x\n\nwords")
    assert message.notices == ("unreadable",)
    assert message.sender.value == "jane@example.org"
    assert "words" in message.text


def attribute(level: int, name: int, data: bytes) -> bytes:
    return struct.pack("<BII", level, name, len(data)) + data + struct.pack("<H", sum(data) & 0xFFFF)


def winmail() -> bytes:
    """The smallest TNEF file there is: a text and one file (MS-OXTNEF §2.1.3)."""
    return (
        struct.pack("<IH", 0x223E9F78, 1)
        + attribute(1, 0x00089006, struct.pack("<I", 0x00010000))
        + attribute(1, 0x00069007, struct.pack("<II", 936, 0))
        + attribute(1, 0x0002800C, "您好".encode("gbk") + b"\0")
        + attribute(2, 0x00069002, b"\1\0" + b"\xff" * 4 + b"\0" * 8)
        + attribute(2, 0x00018010, "报价.txt".encode("gbk") + b"\0")
        + attribute(2, 0x0006800F, b"ten yuan")
    )


def with_winmail(content: bytes) -> bytes:
    head = b"From: a@b.c\nContent-Type: application/ms-tnef; name=winmail.dat\nContent-Disposition: attachment\n\n"
    return head + content


def test_winmail_dat_is_opened() -> None:
    message = read(with_winmail(winmail()))
    assert [(file.filename, file.content) for file in message.files] == [("报价.txt", b"ten yuan")]
    assert message.text == "您好"
    assert message.notices == ("winmail",)


@pytest.mark.parametrize("content", [b"", b"rubbish", winmail()[:40], winmail()[:4] + b"\xff" * 200])
def test_a_broken_winmail_dat_is_offered_as_it_came(content: bytes) -> None:
    message = read(with_winmail(content))
    assert "winmail" in message.notices
    assert message.files or message.text == ""
