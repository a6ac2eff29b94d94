"""Header fields, their parameters and the addresses in them."""

import base64

import pytest

from hub.channels.email.addresses import parse_addresses
from hub.channels.email.headers import MAX_FIELD, decode_text, parse_parameters, split_head


def word(text: str | bytes, charset: str) -> bytes:
    content = text if isinstance(text, bytes) else text.encode(charset)
    return b"=?" + charset.encode() + b"?B?" + base64.b64encode(content) + b"?="


HALVES = "您好世界".encode("gbk")


@pytest.mark.covers("M-26")
@pytest.mark.parametrize(
    ("value", "text"),
    [
        (b"plain", "plain"),
        (b"=?utf-8?q?a_b=20c?= tail", "a b c tail"),
        (word("朱镕", "gbk").replace(b"gbk", b"gb2312"), "朱镕"),
        (word(HALVES[:3], "gbk") + b"\r\n " + word(HALVES[3:], "GBK"), "您好世界"),
        (word("您好", "gbk") + b" " + word("世界", "utf-8"), "您好世界"),
        (b"a " + word("好", "utf-8") + b" b", "a 好 b"),
        (b"=?utf-8?B?5L2g5aW9?", "=?utf-8?B?5L2g5aW9?"),
        (b"=?utf-8?B?5L2g5aW9=?=", "你好"),
        (b"=?utf-8*en?Q?caf=C3=A9?=", "café"),
        (b"=?x-none?Q?caf=C3=A9?=", "café"),
        ("发票".encode("gbk"), "发票"),
        (b"two\r\n lines\tand\x00nul", "two  lines and nul".replace(" and nul", " andnul").replace("  ", " ")),
    ],
)
def test_a_field_is_shown_as_its_sender_meant_it(value: bytes, text: str) -> None:
    assert " ".join(decode_text(value).split()) == text


@pytest.mark.parametrize(
    ("value", "main", "parameters"),
    [
        (b"text/plain; charset=utf-8", "text/plain", {"charset": "utf-8"}),
        (b'TEXT/Plain; Charset="gb2312"; x', "text/plain", {"charset": "gb2312"}),
        (b"a; filename*=utf-8''%e6%8a%a5.pdf", "a", {"filename": "报.pdf"}),
        (b"a; filename*0*=gb18030'zh'%b7%a2; filename*1*=%c6%b1; filename*2=.pdf", "a", {"filename": "发票.pdf"}),
        (b'attachment; filename="C:\\temp\\a.txt"', "attachment", {"filename": "C:\\temp\\a.txt"}),
        (b"attachment; filename=a b c.txt; size=3", "attachment", {"filename": "a b c.txt", "size": "3"}),
        (b'a; filename="never closed; x=1', "a", {"filename": "never closed", "x": "1"}),
        (b'a; n="say \\"hi\\""', "a", {"n": 'say "hi"'}),
        (b";;;; = ;=;", "", {}),
    ],
)
def test_parameters_are_read_the_way_real_programs_write_them(value: bytes, main: str, parameters: dict[str, str]) -> None:
    read = parse_parameters(value)
    assert (read.value, read.parameters) == (main, parameters)


def test_folded_fields_are_joined_and_the_body_begins_after_the_empty_line() -> None:
    headers, body = split_head(b"Subject: a\r\n\tb\r\nX-Y : z\r\n\r\nbody\r\n\r\nmore")
    assert headers.raw("subject") == b"a\tb"
    assert headers.raw("x-y") == b"z"
    assert body == b"body\r\n\r\nmore"


@pytest.mark.parametrize("raw", [b"no header at all\nmore\n\nlast", b"\nbody first", b""])
def test_what_does_not_begin_like_a_header_is_all_body(raw: bytes) -> None:
    headers, body = split_head(raw)
    assert headers.fields == ()
    assert body == raw.removeprefix(b"\n")


def test_a_forgotten_empty_line_costs_nothing() -> None:
    headers, body = split_head(b"Subject: a\nThis is the text.\n\nMore.")
    assert headers.text("subject") == "a"
    assert body == b"This is the text.\n\nMore."


def test_the_line_of_a_mail_folder_is_read_over() -> None:
    assert split_head(b"From jane Mon Jan  5 15:04:05 2026\nSubject: a\n\nb")[0].text("subject") == "a"


def test_one_huge_field_is_cut_and_the_others_are_read() -> None:
    headers, body = split_head(b"Subject: " + b"x" * 100_000 + b"\nTo: a@b.c\n\nbody")
    assert len(headers.raw("subject")) == MAX_FIELD - 1  # the blank before it
    assert headers.raw("to") == b"a@b.c"
    assert body == b"body"


@pytest.mark.covers("M-26")
@pytest.mark.parametrize(
    ("value", "found"),
    [
        (b'John <J@X.com>, "Doe, Jane" <jane@x.com>', [("j@x.com", "John"), ("jane@x.com", "Doe, Jane")]),
        (b"Doe, John <j@x.com>", [("j@x.com", "Doe, John")]),
        (b"a@b.c (Name (nested) x)", [("a@b.c", "Name (nested) x")]),
        (b"undisclosed-recipients:;", []),
        (b"Team: a@b.c, d@e.f;", [("a@b.c", ""), ("d@e.f", "")]),
        (word("张三，经理", "gbk") + b" <z@qq.com>", [("z@qq.com", "张三，经理")]),
        (b'"' + word("张三", "gbk") + b'" <z@qq.com>', [("z@qq.com", "张三")]),
        ("张三 <a@b.cn>".encode("gbk"), [("a@b.cn", "张三")]),
        ("李四 <li@例子.中国>".encode(), [("li@例子.中国", "李四")]),
        (b"<>", []),
        (b"john @ x.com", [("john@x.com", "")]),
        (b"((((((", []),
        (b"John (Smith <john@x.com>", [("john@x.com", "John (Smith")]),
        (b'"John <john@x.com>', [("john@x.com", '"John')]),
        (b"<a@b.c", [("a@b.c", "")]),
        (b"'a@b.c' <a@b.c>", [("a@b.c", "")]),
        (b"<@r1,@r2:u@x.com>", [("u@x.com", "")]),
        (b"a@b.c;d@e.f", [("a@b.c", ""), ("d@e.f", "")]),
        (b"MAILER-DAEMON", []),
        (b'"a@b.c" <d@e.f>', [("d@e.f", "a@b.c")]),
        (b"<mailto:x@y.z>", [("x@y.z", "")]),
    ],
)
def test_addresses_are_found_in_whatever_people_write(value: bytes, found: list[tuple[str, str]]) -> None:
    assert [(address.value, address.name) for address in parse_addresses(value)] == found


def test_no_nul_comes_out_of_a_header() -> None:
    headers, _ = split_head(b"Message-ID: <a\0b@c>\nFrom: a\0@b.c\n\nbody")
    assert headers.raw("message-id") == b"<ab@c>"
    assert parse_addresses(headers.raw("from"))[0].value == "a@b.c"
