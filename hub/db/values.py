"""Python values in and out of both databases.

SQLite keeps a UUID as its 36 characters, a time as fixed-width UTC text (so that the order of the text is the order of
time), JSON as text and a bool as 0 or 1. `sqlite3` picks the converter by the first word of the column's declared type: CHAR
(a UUID), TIMESTAMP, JSON, BOOL. PostgreSQL has types of its own; only `json` and `jsonb` need a codec.
"""

import sqlite3
from collections.abc import Mapping, Set
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson

_TIME_WIDTH = 32  # "2026-11-21 20:17:00.000000+00:00"
_UUID_WIDTH = 36


def encode_json(value: object) -> str:
    """JSON text of a value; UUIDs and times are allowed inside, mappings of any kind and sets too."""
    return orjson.dumps(value, default=_plain).decode()


def _plain(value: object) -> object:
    if isinstance(value, UUID):  # asyncpg's own subclass, which orjson does not take
        return str(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Set):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def encode_time(value: datetime) -> str:
    """Fixed-width UTC text; a naive time is refused with ValueError, since nobody can know what it means."""
    if value.tzinfo is None:
        raise ValueError("a time without a zone cannot be stored")
    utc = value if value.tzinfo is UTC else value.astimezone(UTC)
    return utc.isoformat(" ", "microseconds")


def as_time(value: str | bytes | datetime | None) -> datetime | None:
    """A time from what an expression such as `max(at)` gave; None stays None."""
    if value is None or isinstance(value, datetime):
        return value
    text = value.decode() if isinstance(value, bytes) else value
    parsed = datetime.fromisoformat(text)
    return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)


def as_uuid(value: str | bytes | UUID | None) -> UUID | None:
    """A UUID from what an expression gave; None stays None."""
    if value is None or isinstance(value, UUID):
        return value
    return UUID(value.decode() if isinstance(value, bytes) else value)


def as_json(value: Any) -> Any:
    """The value of JSON text; what is decoded already comes back as it is."""
    return orjson.loads(value) if isinstance(value, str | bytes) else value


def _from_char(raw: bytes) -> UUID | str:
    return UUID(raw.decode()) if len(raw) == _UUID_WIDTH else raw.decode()


def _from_time(raw: bytes) -> datetime:
    return datetime.fromisoformat(raw.decode()) if len(raw) == _TIME_WIDTH else as_time(raw)  # type: ignore[return-value]


def register_sqlite() -> None:
    """Teach `sqlite3` our types, for the whole process."""
    sqlite3.register_adapter(UUID, str)
    sqlite3.register_adapter(datetime, encode_time)
    for json_type in (dict, list, tuple):
        sqlite3.register_adapter(json_type, encode_json)
    sqlite3.register_converter("CHAR", _from_char)
    sqlite3.register_converter("TIMESTAMP", _from_time)
    sqlite3.register_converter("JSON", orjson.loads)
    sqlite3.register_converter("BOOL", lambda raw: raw != b"0")


async def register_postgres(connection: Any) -> None:
    """Set the JSON codecs of an asyncpg connection. A str is taken as JSON text already (as Tortoise gives it, and as SQLite
    does)."""
    await connection.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        format="binary",
        encoder=lambda value: b"\x01" + (value.encode() if isinstance(value, str) else orjson.dumps(value, default=_plain)),
        decoder=lambda raw: orjson.loads(raw[1:]),
    )
    await connection.set_type_codec(
        "json",
        schema="pg_catalog",
        format="binary",
        encoder=lambda value: value.encode() if isinstance(value, str) else orjson.dumps(value, default=_plain),
        decoder=orjson.loads,
    )
