"""Values in and out of SQLite's text."""

from datetime import UTC, datetime, timedelta, timezone
from types import MappingProxyType
from uuid import uuid4

import asyncpg.pgproto.pgproto
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.db import Audience, as_json, as_time, as_uuid
from hub.db.values import encode_json, encode_time

_TIMES = st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(9000, 1, 1), timezones=st.timezones())


@given(_TIMES, _TIMES)
def test_times_keep_their_value_and_their_order_as_text(one: datetime, two: datetime) -> None:
    texts = encode_time(one), encode_time(two)
    assert as_time(texts[0]) == one.astimezone(UTC)
    assert len(texts[0]) == len(texts[1]) == 32
    assert (texts[0] < texts[1]) == (one.astimezone(UTC) < two.astimezone(UTC))


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        encode_time(datetime(2026, 1, 1))


def test_what_an_expression_gives_can_be_decoded() -> None:
    some = uuid4()
    assert (as_uuid(str(some)), as_uuid(some), as_uuid(None)) == (some, some, None)
    assert as_time("2026-01-02 03:04:05") == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert as_time("2026-01-02 03:04:05.000006+02:00") == datetime(2026, 1, 2, 1, 4, 5, 6, tzinfo=UTC)
    assert as_json('{"a": 1}') == as_json({"a": 1}) == {"a": 1}


def test_json_takes_ids_times_and_mappings_of_any_kind() -> None:
    some, at = uuid4(), datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=8)))
    value = MappingProxyType({"id": asyncpg.pgproto.pgproto.UUID(str(some)), "at": at, "tags": frozenset("ba")})
    assert orjson.loads(encode_json(value)) == {"id": str(some), "at": at.isoformat(), "tags": ["a", "b"]}
    with pytest.raises(TypeError):
        encode_json({"x": object()})


def test_an_audience_survives_the_log() -> None:
    audience = Audience(right="users.manage", queue_id=uuid4(), before_assignee_id=uuid4(), moved=True)
    stored = orjson.loads(encode_json(audience.to_json()))
    assert Audience.from_json(stored | {"of_a_later_release": 1}) == audience
    assert Audience().to_json() == {}
