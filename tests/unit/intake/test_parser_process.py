"""The loop of the parser process: one answer a task, whatever the parser does."""

import struct
from io import BytesIO
from typing import Any

from hub.intake.parser_process import serve
from hub.intake.wire import decode_answer, encode_task
from hub.messages.address import Address, AddressKind, ChannelKind
from hub.messages.events import ChannelEvent, InboundMessage

HERE = "tests.unit.intake.test_parser_process"
SENDER = Address(kind=AddressKind.EMAIL, value="a@example.com")


def echo(raw: bytes, envelope: Any) -> list[ChannelEvent]:
    return [InboundMessage(channel=ChannelKind.EMAIL, sender=SENDER, text=raw.decode(), extra=dict(envelope))]


def recurse(raw: bytes, envelope: Any) -> list[ChannelEvent]:
    return recurse(raw, envelope)


def surrogate(raw: bytes, envelope: Any) -> list[ChannelEvent]:
    return [InboundMessage(channel=ChannelKind.EMAIL, sender=SENDER, text="\ud800")]


def nothing(raw: bytes, envelope: Any) -> None:
    return None


def answers(*parsers: str) -> list[list[ChannelEvent] | str]:
    tasks = b"".join(
        struct.pack(">I", len(task)) + task for task in (encode_task(parser, b"hello", {"n": 1}) for parser in parsers)
    )
    out = BytesIO()
    serve(BytesIO(tasks), out)
    found, raw = [], out.getvalue()
    while raw:
        size = struct.unpack(">I", raw[:4])[0]
        found.append(decode_answer(raw[4 : 4 + size]))
        raw = raw[4 + size :]
    return found


def test_each_task_gets_its_answer_and_a_bad_parser_only_an_error() -> None:
    names = ["echo", "recurse", "surrogate", "nothing", "not_there"]
    first, *errors, last = answers(*(f"{HERE}:{name}" for name in names), f"{HERE}:echo")

    assert isinstance(first, list)
    assert isinstance(first[0], InboundMessage)
    assert (first[0].text, first[0].extra) == ("hello", {"n": 1})
    assert [str(error).partition(":")[0] for error in errors] == [
        "RecursionError",
        "UnicodeEncodeError",
        "TypeError",
        "AttributeError",
    ]
    assert last == first


def test_a_parser_that_has_no_name_is_an_error_too() -> None:
    assert [str(one).partition(":")[0] for one in answers("", "no_such_module:x")] == ["ValueError", "ModuleNotFoundError"]
