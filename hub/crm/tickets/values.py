"""What a ticket is to the rest of the hub."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from msgspec import UNSET, UnsetType

from hub.ids import ConversationId, CustomerId, TicketId, UserId


class Priority(StrEnum):
    """How much it presses."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    URGENT = "urgent"


class StepKind(StrEnum):
    """What was done to a ticket. `changed`: a field named by `text` went from one value to another."""

    CREATED = "created"
    COMMENT = "comment"
    STATE = "state"
    ASSIGNED = "assigned"
    DUE = "due"
    LINKED = "linked"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketState:
    """One line of the code list: a state, its names and its colour (T-04, T-11). Work in a closed one is over."""

    code: str
    name_en: str
    name_zh: str
    colour: str
    closed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """T-07: who did what, and when. `from_` and `to` are codes, ids or times, as the kind says."""

    id: UUID
    at: datetime
    by_id: UUID | None
    by_name: str
    kind: StepKind
    text: str
    from_: str | None
    to: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """A customer's request as work. `steps` is None in lists."""

    id: TicketId
    number: str  # T000045: unique and never given twice
    title: str
    description: str
    state: str
    priority: Priority
    assignee_id: UserId | None
    customer_id: CustomerId | None
    due_at: datetime | None
    overdue: bool
    created_at: datetime
    updated_at: datetime
    created_by: UUID | None
    version: int
    conversation_ids: tuple[ConversationId, ...] = ()
    steps: tuple[Step, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTicket:
    """What is needed for a ticket. From a conversation it takes the customer, unless another is named (T-14)."""

    title: str
    description: str = ""
    customer_id: CustomerId | None = None
    conversation_id: ConversationId | None = None
    priority: Priority = Priority.NORMAL
    due_at: datetime | None = None
    assignee_id: UserId | None = None
    client_key: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketChange:
    """Fields to change; what is `UNSET` stays as it is."""

    title: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    state: str | UnsetType = UNSET
    priority: Priority | UnsetType = UNSET
    assignee_id: UserId | UnsetType | None = UNSET
    customer_id: CustomerId | UnsetType | None = UNSET
    due_at: datetime | UnsetType | None = UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which tickets to list. `state`: a code, or `open` for all that are not closed."""

    state: str | None = None
    assignee_id: UserId | None = None
    unassigned: bool = False
    customer_id: CustomerId | None = None
    q: str = ""


def number(n: int) -> str:
    """How people write and say a ticket's number."""
    return f"T{n:06}"
