"""What a channel account is to the rest of the hub."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from msgspec import UNSET, UnsetType

from hub.ids import AccountId, QueueId
from hub.messages.address import ChannelKind


class RunState(StrEnum):
    """How an account fares."""

    STOPPED = "stopped"  # disabled, or no process runs it
    STARTING = "starting"
    CONNECTED = "connected"
    RETRYING = "retrying"  # it will come back by itself: `state_at` says since when it tries
    NEEDS_PERSON = "needs_person"  # wrong settings or password, or our own mistake


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One configured adapter, as people see it: instead of a secret there is only whether it is set (`{"set": true}`)."""

    id: AccountId
    name: str
    channel: ChannelKind
    provider: str
    settings: Mapping[str, Any]
    enabled: bool
    state: RunState
    state_detail: str
    state_at: datetime | None
    queue_id: QueueId | None
    version: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAccount:
    """What is needed for an account."""

    name: str
    provider: str
    settings: Mapping[str, Any] = field(default_factory=dict, repr=False)  # passwords among them
    enabled: bool = True
    queue_id: QueueId | None = None
    client_key: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountChange:
    """Fields to change; what is `UNSET` stays. Of `settings` only those named are changed; a secret left out is kept."""

    name: str | UnsetType = UNSET
    settings: Mapping[str, Any] | UnsetType = field(default=UNSET, repr=False)
    enabled: bool | UnsetType = UNSET
    queue_id: QueueId | UnsetType | None = UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """What other packages need to know of an account, deleted or not."""

    id: AccountId
    name: str
    channel: ChannelKind
    provider: str
    enabled: bool
    queue_id: QueueId | None
    version: int
