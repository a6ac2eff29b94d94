"""What a unit of work leaves behind beside its own rows: events and jobs."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """Who may see an event: the values the hub's rule `may_see` decides by. Nothing set: every agent who is signed in."""

    right: str | None = None  # a right needed at least, such as "users.manage"
    conversation_id: UUID | None = None
    queue_id: UUID | None = None
    assignee_id: UUID | None = None
    visitor_id: UUID | None = None
    user_id: UUID | None = None  # only this user
    before_queue_id: UUID | None = None  # who saw the conversation before it moved
    before_assignee_id: UUID | None = None
    moved: bool = False

    def to_json(self) -> dict[str, Any]:
        """Only what is set."""
        return {name: value for name in _NAMES if (value := getattr(self, name))}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Audience":
        """The reverse of `to_json`; names of a later release are ignored."""
        known: dict[str, Any] = {name: stored[name] for name in _NAMES if name in stored}
        return cls(**known | {name: UUID(known[name]) for name in _IDS & known.keys()})


EVERYBODY = Audience()
_NAMES = tuple(field.name for field in fields(Audience))
_IDS = frozenset(name for name in _NAMES if name.endswith("_id"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened, to be read from the event log by every process."""

    type: str
    data: Mapping[str, Any]  # JSON-able; UUIDs and times allowed
    audience: Audience = EVERYBODY


@dataclass(frozen=True, slots=True, kw_only=True)
class NewJob:
    """A job row to be written with the transaction."""

    name: str
    payload: Mapping[str, Any]
    key: str | None = None
    due: datetime | None = None
    lock: str | None = None


EVENT_COLUMNS = {"type": "text", "data": "jsonb", "audience": "jsonb", "at": "timestamptz"}
JOB_COLUMNS = {
    "id": "uuid",
    "name": "text",
    "payload": "jsonb",
    "idempotency_key": "text",
    "lock_name": "text",
    "due_at": "timestamptz",
    "created_at": "timestamptz",
}
JOB_CONFLICT = "ON CONFLICT (idempotency_key) WHERE idempotency_key IS NOT NULL AND state <> 'failed' DO NOTHING"
