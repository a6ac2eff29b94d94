"""What the services of this package give and take."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from msgspec import UNSET, UnsetType

from hub.auth.rights import Right
from hub.ids import RoleId, TeamId, UserId

Locale = Literal["zh-CN", "en"]
Theme = Literal["system", "light", "dark"]


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Who signs in."""

    id: UserId
    name: str
    display_name: str
    email: str
    locale: Locale
    theme: Theme
    work_number: str | None
    disabled: bool
    created_at: datetime
    version: int
    role_ids: tuple[RoleId, ...] = ()
    team_ids: tuple[TeamId, ...] = ()
    second_factor: bool = False  # in force


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUser:
    """A user to be made."""

    name: str
    password: str = field(repr=False)
    display_name: str = ""  # empty: the name
    email: str = ""
    locale: Locale = "zh-CN"
    theme: Theme = "system"
    work_number: str | None = None
    role_ids: tuple[RoleId, ...] = ()
    team_ids: tuple[TeamId, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class UserChange:
    """What shall be different; `UNSET` stays. The name never changes."""

    display_name: str | UnsetType = UNSET
    email: str | UnsetType = UNSET
    locale: Locale | UnsetType = UNSET
    theme: Theme | UnsetType = UNSET
    work_number: str | UnsetType | None = UNSET
    disabled: bool | UnsetType = UNSET
    role_ids: tuple[RoleId, ...] | UnsetType = UNSET
    team_ids: tuple[TeamId, ...] | UnsetType = UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """A named set of rights."""

    id: RoleId
    name: str
    rights: frozenset[Right]
    built_in: bool
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """A group of users."""

    id: TeamId
    name: str
    member_ids: tuple[UserId, ...]
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A browser somebody is signed in with."""

    id: UUID
    user_id: UserId
    ip: str
    agent: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A fresh session and its secret, which is told only once."""

    session_id: UUID
    secret: str = field(repr=False)
    user_id: UserId
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """An API token without its secret; `hint` is the end of it."""

    id: UUID
    name: str
    hint: str
    rights: frozenset[Right]
    created_by_id: UserId | None
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """Who did what to what."""

    n: int
    id: UUID
    at: datetime
    actor_kind: str
    actor_id: UUID | None
    actor_name: str
    action: str
    subject_kind: str
    subject_id: UUID | None
    detail: Mapping[str, Any]
    ip: str
