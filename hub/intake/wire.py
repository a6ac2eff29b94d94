"""Events as bytes between the hub and its parser process: msgpack of plain values, never pickle."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from hub.messages.events import ChannelEvent, DeliveryReport, InboundMessage, OptOut, TypingNotice

_TYPES: dict[str, type[ChannelEvent]] = {kind.__name__: kind for kind in (InboundMessage, DeliveryReport, TypingNotice, OptOut)}


class Task(msgspec.Struct, kw_only=True, array_like=True):
    """One parser's work."""

    parser: str
    envelope: dict[str, Any]
    raw: bytes


class Answer(msgspec.Struct, kw_only=True, array_like=True):
    """What it came to: events by type name, or why there are none."""

    events: list[tuple[str, msgspec.Raw]] = []
    error: str = ""


_encoder = msgspec.msgpack.Encoder()
_tasks = msgspec.msgpack.Decoder(Task)
_answers = msgspec.msgpack.Decoder(Answer)


def encode_task(parser: str, raw: bytes, envelope: Mapping[str, Any]) -> bytes:
    """A task as bytes."""
    return _encoder.encode(Task(parser=parser, raw=raw, envelope=dict(envelope)))


def decode_task(frame: bytes) -> Task:
    """The reverse."""
    return _tasks.decode(frame)


def encode_events(events: Sequence[ChannelEvent]) -> bytes:
    """A parser's result as bytes."""
    return _encoder.encode(Answer(events=[(type(e).__name__, msgspec.Raw(_encoder.encode(e))) for e in events]))


def encode_error(error: str) -> bytes:
    """A parser's failure as bytes."""
    return _encoder.encode(Answer(error=error))


def decode_answer(frame: bytes) -> list[ChannelEvent] | str:
    """The events, or the error's text. Raises `msgspec.DecodeError` for nonsense."""
    answer = _answers.decode(frame)
    if answer.error:
        return answer.error
    return [msgspec.msgpack.decode(raw, type=_type(name)) for name, raw in answer.events]


def _type(name: str) -> type[ChannelEvent]:
    if name not in _TYPES:
        raise msgspec.DecodeError(f"no event is called {name[:40]!r}")
    return _TYPES[name]
