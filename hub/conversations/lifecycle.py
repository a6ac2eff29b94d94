"""What happens to a conversation when something is said in it: pure functions from one state to the next."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from hub.ids import AccountId, ConversationId, CustomerId, MessageId, QueueId, UserId, VisitorId
from hub.messages.address import ChannelKind
from hub.messages.content import Direction, MessageKind

PARTICIPANTS_KEPT = 50
PREVIEW_CHARS = 140


class State(StrEnum):
    """Whether work is left: `snoozed` comes back by itself."""

    OPEN = "open"
    SNOOZED = "snoozed"
    CLOSED = "closed"


class WaitingFor(StrEnum):
    """Whose turn it is."""

    US = "us"
    CUSTOMER = "customer"
    NOBODY = "nobody"


class Snooze(StrEnum):
    """What brings a snoozed conversation back beside the customer's writing."""

    TIME = "time"
    REPLY = "reply"  # nothing else
    HOURS = "hours"  # the begin of business hours


class Priority(StrEnum):
    """How much it matters."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    URGENT = "urgent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """One row of `conversation`, whole. `n` is 0 until it is stored; `version` counts what people changed, not what arrived.

    `rev` counts every write: of two views of a conversation the one with the higher `rev` is the newer. Of a merged one only the
    number is left, which leads to where its messages are.
    """

    n: int = 0
    id: ConversationId
    state: State = State.OPEN
    waiting_for: WaitingFor = WaitingFor.NOBODY
    waiting_since: datetime
    priority: Priority = Priority.NORMAL
    subject: str = ""
    channel: ChannelKind
    channels: tuple[str, ...] = ()
    account_id: AccountId | None = None
    queue_id: QueueId | None = None
    assignee_id: UserId | None = None
    visitor_id: VisitorId | None = None
    customer_id: CustomerId | None = None
    candidates: tuple[str, ...] = ()
    participants: tuple[str, ...] = ()
    follows_id: ConversationId | None = None
    link_reason: str = "new"
    snoozed_until: datetime | None = None
    preview: str = ""
    last_direction: str = ""
    last_in_n: int = 0
    last_message_at: datetime
    closed_at: datetime | None = None
    created_at: datetime
    updated_at: datetime
    version: int = 1
    rev: int = 1
    tags: tuple[str, ...] = ()
    ticket_ids: tuple[str, ...] = ()
    snooze_reason: str | None = None
    woken: str | None = None
    merged_into: ConversationId | None = None
    response_due_at: datetime | None = None  # read only, as the next two: kept by `waits`
    clock_since: datetime | None = None  # the wait it was promised for, and the queue that did: void for another
    clock_queue_id: QueueId | None = None

    @property
    def due_at(self) -> datetime | None:
        """Until when an answer is due, while somebody waits for us."""
        is_ours = self.state is State.OPEN and self.waiting_for is WaitingFor.US
        is_this = self.clock_since == self.waiting_since and self.clock_queue_id == self.queue_id
        return self.response_due_at if is_ours and is_this else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What the lifecycle has to know of a message."""

    id: MessageId
    direction: Direction
    kind: MessageKind
    channel: ChannelKind
    account_id: AccountId | None
    text: str
    at: datetime
    participants: tuple[str, ...] = ()
    is_machine: bool = False  # an automatic answer, a delay notice: it wakes nobody
    agent_id: UserId | None = None  # who answers: takes the conversation if nobody has it


def after(conversation: Conversation, said: Said) -> Conversation:
    """The conversation once `said` is part of it."""
    match said.direction:
        case Direction.IN:
            return _received(conversation, said)
        case Direction.OUT:
            return _answered(conversation, said)
        case Direction.NOTE | Direction.EVENT:
            return replace(conversation, updated_at=max(said.at, conversation.updated_at))


def _received(conversation: Conversation, said: Said) -> Conversation:
    heard = _heard(conversation, said)
    if said.is_machine:
        return heard
    waited = conversation.waiting_for is WaitingFor.US and conversation.state is not State.CLOSED
    return replace(
        heard,
        state=State.OPEN,
        snoozed_until=None,
        snooze_reason=None,
        woken=Snooze.REPLY.value if conversation.state is State.SNOOZED else conversation.woken,
        closed_at=None,
        waiting_for=WaitingFor.US,
        waiting_since=conversation.waiting_since if waited else said.at,
        channel=said.channel,
        account_id=said.account_id or conversation.account_id,
    )


def _answered(conversation: Conversation, said: Said) -> Conversation:
    if said.kind is MessageKind.AUTO_REPLY:  # a machine's words are nobody's answer
        return replace(conversation, updated_at=max(said.at, conversation.updated_at))
    state = State.OPEN if conversation.state is State.CLOSED else conversation.state
    return replace(
        _heard(conversation, said),
        state=state,
        assignee_id=conversation.assignee_id or said.agent_id,
        closed_at=None,
        waiting_for=WaitingFor.CUSTOMER,
        waiting_since=said.at,
        version=conversation.version + 1,
    )


def _heard(conversation: Conversation, said: Said) -> Conversation:
    return replace(
        conversation,
        channels=_with(conversation.channels, (said.channel.value,), 8),
        participants=_with(conversation.participants, said.participants, PARTICIPANTS_KEPT),
        preview=preview(said.text) or conversation.preview,
        last_direction=said.direction.value,
        last_message_at=max(said.at, conversation.last_message_at),
        updated_at=max(said.at, conversation.updated_at),
    )


def _with(known: tuple[str, ...], more: tuple[str, ...], limit: int) -> tuple[str, ...]:
    return tuple(dict.fromkeys(known + more))[:limit]


def preview(text: str) -> str:
    """The first words on one line, for lists."""
    return " ".join(text[: PREVIEW_CHARS * 4].split())[:PREVIEW_CHARS]


def close(conversation: Conversation, at: datetime) -> Conversation:
    """No work is left."""
    return replace(
        conversation,
        state=State.CLOSED,
        closed_at=at,
        snoozed_until=None,
        snooze_reason=None,
        woken=None,
        waiting_for=WaitingFor.NOBODY,
        waiting_since=at,
        updated_at=at,
        version=conversation.version + 1,
    )


def reopen(conversation: Conversation, at: datetime) -> Conversation:
    """Open again. Whose turn it is: as it was while snoozed; of a closed one theirs who did not have the last word."""
    is_closed = conversation.state is State.CLOSED
    turn = WaitingFor.CUSTOMER if conversation.last_direction == Direction.OUT.value else WaitingFor.US
    return replace(
        conversation,
        state=State.OPEN,
        closed_at=None,
        snoozed_until=None,
        snooze_reason=None,
        waiting_for=turn if is_closed else conversation.waiting_for,
        waiting_since=at if is_closed else conversation.waiting_since,
        updated_at=at,
        version=conversation.version + 1,
    )


def wake(conversation: Conversation, at: datetime) -> Conversation:
    """What a snoozed conversation waited for has come: open again, saying why."""
    return replace(reopen(conversation, at), woken=conversation.snooze_reason or Snooze.TIME.value)


def snooze(conversation: Conversation, until: datetime | None, at: datetime, *, reason: Snooze = Snooze.TIME) -> Conversation:
    """Out of sight until then, or until the customer writes (None: only then). One that waited for nobody comes back to us."""
    return replace(
        conversation,
        state=State.SNOOZED,
        snoozed_until=until,
        snooze_reason=reason.value,
        woken=None,
        closed_at=None,
        waiting_for=WaitingFor.US if conversation.waiting_for is WaitingFor.NOBODY else conversation.waiting_for,
        updated_at=at,
        version=conversation.version + 1,
    )


CHAT_REOPENS_FOR = timedelta(hours=24)
OTHERS_REOPEN_FOR = timedelta(hours=72)
MAIL_REOPENS_FOR = timedelta(days=30)
SUBJECT_MATCHES_FOR = timedelta(days=14)


def continues(conversation: Conversation, channel: ChannelKind, at: datetime) -> bool:
    """Whether something arriving now on `channel` still belongs here, or starts a new conversation that follows this one."""
    if conversation.state is not State.CLOSED or conversation.closed_at is None:
        return True
    match channel:
        case ChannelKind.WEBCHAT:
            limit = CHAT_REOPENS_FOR
        case ChannelKind.EMAIL:
            limit = MAIL_REOPENS_FOR
        case _:
            limit = OTHERS_REOPEN_FOR
    return at - conversation.closed_at < limit
