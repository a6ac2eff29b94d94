"""What a customer is to the rest of the hub."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from msgspec import UNSET, UnsetType

from hub.ids import CustomerId
from hub.messages.address import AddressKind, ChannelKind


class CustomerKind(StrEnum):
    """C-01: one human being, or a company, office, family, …"""

    PERSON = "person"
    ORGANISATION = "organisation"


class Level(StrEnum):
    """C-02: how much the house cares."""

    POTENTIAL = "potential"
    ORDINARY = "ordinary"
    VIP = "vip"


class Sex(StrEnum):
    """Asked for by C-12; None where nobody said."""

    FEMALE = "female"
    MALE = "male"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerAddress:
    """One way to reach a customer. `value` is the normal form, `display` how people write it (a number without country)."""

    id: UUID
    kind: AddressKind
    value: str
    display: str
    label: str
    verified: bool  # somebody made sure that it is theirs
    primary: bool  # the first choice among those of its kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """C-14: a channel on which the customer wants nothing; who wrote it down, when, and why."""

    channel: ChannelKind
    reason: str
    at: datetime
    by_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """The other side of a membership: an organisation of a person, or a person of an organisation."""

    id: CustomerId
    name: str
    title: str  # what the person is there


@dataclass(frozen=True, slots=True, kw_only=True)
class MergedRecord:
    """A customer who is found under another now, and can be separated again."""

    id: CustomerId
    number: str
    name: str
    into_id: CustomerId  # what it was merged into: the other, or one that was merged on
    at: datetime
    by_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """A person or an organisation, with everything a page shows of it. `members` holds the first 200 only.

    Addresses, refusals and memberships are those of all who were merged with it as well, what several have once.
    """

    id: CustomerId
    number: str  # C000123: unique and never given twice
    kind: CustomerKind
    name: str
    level: Level
    sex: Sex | None
    company: str
    title: str
    postal_address: str
    locale: str
    note: str
    unconfirmed: bool  # made from an unknown sender; nobody looked at it yet
    addresses: tuple[CustomerAddress, ...]
    refusals: tuple[Refusal, ...]
    organisations: tuple[Member, ...]
    members: tuple[Member, ...]
    merged: tuple[MergedRecord, ...]  # in the order in which they were
    created_at: datetime
    updated_at: datetime
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAddress:
    """An address as somebody typed it."""

    kind: AddressKind
    value: str
    label: str = ""
    verified: bool = False
    primary: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCustomer:
    """What is needed for a customer: a name (C-11)."""

    name: str
    kind: CustomerKind = CustomerKind.PERSON
    level: Level = Level.ORDINARY
    sex: Sex | None = None
    company: str = ""
    title: str = ""
    postal_address: str = ""
    locale: str = ""
    note: str = ""
    addresses: tuple[NewAddress, ...] = ()
    client_key: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Fields to change; what is `UNSET` stays as it is."""

    name: str | UnsetType = UNSET
    kind: CustomerKind | UnsetType = UNSET
    level: Level | UnsetType = UNSET
    sex: Sex | UnsetType | None = UNSET
    company: str | UnsetType = UNSET
    title: str | UnsetType = UNSET
    postal_address: str | UnsetType = UNSET
    locale: str | UnsetType = UNSET
    note: str | UnsetType = UNSET
    unconfirmed: bool | UnsetType = UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """Into whom a customer is merged, the versions both were looked at in, and the fields the kept one gets by it."""

    into_id: CustomerId
    version: int
    into_version: int
    fields: Change = Change()
    despite_verified: bool = False  # somebody made sure that two with different verified addresses are one


def number(n: int) -> str:
    """How people write and say a customer's number."""
    return f"C{n:06}"
