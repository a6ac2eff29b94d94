"""Frames made once and sent to many."""

import json
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.conversations.sight import variants
from hub.db import Audience, Cursor, LoggedEvent
from hub.realtime.engine import text_frame
from hub.realtime.frames import Encoded
from hub.realtime.limits import Door, Limit, Meter


def _event(data: dict[str, object]) -> LoggedEvent:
    at = datetime(2026, 11, 21, tzinfo=UTC)
    return LoggedEvent(cursor=Cursor("e.0.2"), type="message.added", data=data, audience=Audience(), at=at)


def _read(frame: bytes) -> str:
    size, start = frame[1], 2
    if size == 126:
        size, start = int.from_bytes(frame[2:4], "big"), 4
    elif size == 127:
        size, start = int.from_bytes(frame[2:10], "big"), 10
    assert (frame[0], len(frame) - start) == (0x81, size)
    return frame[start:].decode()


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65535, 65536, 200_000])
def test_a_frame_says_its_length_in_the_shortest_form(size: int) -> None:
    assert _read(text_frame(b"x" * size)) == "x" * size


@given(data=st.dictionaries(st.text(), st.text() | st.integers(-(2**53), 2**53) | st.none() | st.lists(st.text())))
def test_an_event_is_the_same_json_for_everyone_but_for_prev(data: dict[str, object]) -> None:
    event = _event(data)
    encoded = Encoded(event, variants(event))

    for prev in ("e.0.1", "e.0.0"):
        packet = _read(encoded.frame("message.added", prev))
        assert packet.startswith("42/agent,")
        assert json.loads(packet.removeprefix("42/agent,")) == [
            "event",
            {"cursor": "e.0.2", "type": "message.added", "data": data, "prev": prev},
        ]


def test_those_with_the_same_prev_share_one_frame() -> None:
    event = _event({"id": uuid4()})
    encoded = Encoded(event, variants(event))

    assert encoded.frame("message.added", "a") is encoded.frame("message.added", "a")


def test_a_meter_lets_a_burst_through_and_then_the_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr("hub.realtime.limits.monotonic", lambda: now)
    meter, limit = Meter(), Limit(count=5, seconds=10)

    assert [meter.take("x", limit) for _ in range(5)] == [0.0] * 5
    assert meter.take("x", limit) == pytest.approx(2.0)
    assert meter.take("y", limit) == 0.0
    now += 2.0
    assert meter.take("x", limit) == 0.0
    assert meter.take("x", limit) > 0


def test_a_door_counts_each_address_and_forgets_the_oldest() -> None:
    door = Door(Limit(count=1, seconds=60), remembered=2)

    assert door.knock("a") == 0.0
    assert door.knock("a") > 0
    assert door.knock("b") == door.knock("c") == 0.0
    assert door.knock("a") == 0.0
