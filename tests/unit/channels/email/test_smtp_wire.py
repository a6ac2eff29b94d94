"""Where a message ends, and by what it is known again."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.channels.email.smtp_wire import DataCollector, content_key, read_path, trace_end

_lines = st.lists(st.sampled_from([b"", b".", b"..", b"a", b".a", b"\r", b"\n", b"\n.", b"\r.", b"x\n.\ny"]), max_size=8)


def collect(stream: bytes, cuts: list[int]) -> tuple[bytes, bytes]:
    collector = DataCollector(1 << 20)
    edges = sorted({0, len(stream), *(cut % (len(stream) + 1) for cut in cuts)})
    for start, end in pairwise(edges):
        rest = collector.feed(stream[start:end])
        if rest is not None:
            return collector.content(), rest + stream[end:]
    raise AssertionError("no end found")


@given(_lines, st.lists(st.integers(min_value=0), max_size=6))
def test_what_was_stuffed_comes_out_the_same_however_it_is_cut(lines: list[bytes], cuts: list[int]) -> None:
    message = b"".join(line + b"\r\n" for line in lines)
    parts = message.split(b"\r\n")[:-1]
    stuffed = b"".join((b"." if part.startswith(b".") else b"") + part + b"\r\n" for part in parts)

    content, rest = collect(stuffed + b".\r\nMAIL FROM:<x@y>\r\n", cuts)

    assert content == message
    assert rest == b"MAIL FROM:<x@y>\r\n"


@pytest.mark.parametrize(
    "false_end",
    [b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r", b"\r\n.\r", b"\n.\r", b"\r\n.\x00\r\n", b"\r\x00\n.\r\n", b"\r.\r\n"],
)
def test_only_crlf_dot_crlf_ends_a_message(false_end: bytes) -> None:
    collector = DataCollector(1 << 20)

    assert collector.feed(b"a" + false_end + b"MAIL FROM:<evil@x>\r\n") is None
    assert collector.feed(b".\r\n") == b""


def test_above_the_limit_nothing_is_kept_but_the_end_is_found() -> None:
    collector = DataCollector(10)

    assert collector.feed(b"x" * 100) is None
    assert collector.feed(b"\r\n.\r\nQUIT\r\n") == b"QUIT\r\n"
    assert collector.too_much


@pytest.mark.parametrize(
    ("argument", "address", "parameters"),
    [
        ("<a@b.test> SIZE=3 BODY=8BITMIME", "a@b.test", "SIZE=3 BODY=8BITMIME"),
        ("<>", "<>", ""),
        ("<> SIZE=1", "<>", "SIZE=1"),
        ("a@b.test", "a@b.test", ""),
        ("<@relay.test,@x.test:a@b.test>", "a@b.test", ""),
        ("<name.@docomo.test>", "name.@docomo.test", ""),
        ("<a..b@docomo.test>", "a..b@docomo.test", ""),
        ('<"a b"@c.test>', '"a b"@c.test', ""),
        ("<用户@例子.测试> SMTPUTF8", "用户@例子.测试", "SMTPUTF8"),
        ("<postmaster>", "postmaster", ""),
    ],
)
def test_paths_as_real_senders_write_them(argument: str, address: str, parameters: str) -> None:
    assert read_path(argument) == (address, parameters)


@pytest.mark.parametrize("argument", ["", "<a b@c>", "<a@b", "a@b>", "<a@b>x", "<a\x00@b>", "<a\r@b>", "<\udcff@b>", "<<a@b>>"])
def test_what_is_no_path_is_refused(argument: str) -> None:
    assert read_path(argument) is None


def test_a_relays_retry_has_the_same_key_though_it_adds_trace_fields() -> None:
    mail = b"Subject: x\r\n\r\nbody"
    first = b"Received: from a\r\n by b; Sat\r\n" + mail
    second = b"Return-Path: <c@d>\r\nReceived: from a\r\n\tby b; Sun\r\nReceived: from z\r\n" + mail

    assert content_key("a@b", ["x", "y"], first) == content_key("a@b", ["y", "x"], second)
    assert content_key("a@b", ["x"], first) != content_key("a@b", ["x", "y"], first)
    assert content_key("a@b", ["x"], first) != content_key("", ["x"], first)
    assert content_key("a@b", ["x"], first) != content_key("a@b", ["x"], first + b"!")


@pytest.mark.parametrize("raw", [b"", b"\n", b"Received: x", b"Received: x\r\n ", b"no colon\r\n", b"\r\nReceived: body\r\n"])
def test_the_end_of_trace_fields_is_within_the_message(raw: bytes) -> None:
    assert 0 <= trace_end(raw) <= len(raw)
