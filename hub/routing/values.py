"""What routing decides on, and what it decides."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Literal

from hub.ids import CalendarId, ConversationId, OfferId, QueueId, UserId
from hub.messages.address import ChannelKind

CAPACITY = 100
"""What one agent can carry at a time, over all channels. Weights are parts of it."""

MOST_RETURNED = 50
"""Conversations given back in one transaction."""

WEIGHTS: Mapping[str, int] = {
    ChannelKind.VOICE: 100,
    ChannelKind.WEBCHAT: 25,
    ChannelKind.SMS: 20,
    ChannelKind.EMAIL: 20,
    ChannelKind.FAX: 20,
}
"""What one item of a channel takes of an agent's capacity, where its queue says nothing else."""


class Strategy(StrEnum):
    """Who among the fitting agents is asked first."""

    LONGEST_IDLE = "longest_idle"
    ROUND_ROBIN = "round_robin"
    LEAST_LOADED = "least_loaded"


class AgentState(StrEnum):
    """How an agent wants to be seen. Only who is online and connected is offered anything."""

    ONLINE = "online"
    BUSY = "busy"
    AWAY = "away"
    WRAP_UP = "wrap_up"  # after-call work: finishing the last one, for a time
    OFFLINE = "offline"


class Outcome(StrEnum):
    """What became of an offer."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"  # the item went elsewhere, or the agent did


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How patient routing is."""

    grace: timedelta = timedelta(minutes=3)  # after a lost connection an agent keeps their work for so long
    silence: timedelta = timedelta(seconds=30)  # without a word from its process, a connection is lost
    wish_patience: timedelta = timedelta(seconds=60)  # so long an item waits for the agent its sender asked for
    after_refusal: timedelta = timedelta(seconds=60)  # before the same agent is offered the same item again
    after_silence: timedelta = timedelta(seconds=30)  # the same, when the offer ran out


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """A queue and who works it."""

    id: QueueId
    name: str
    strategy: Strategy = Strategy.LONGEST_IDLE
    offer_seconds: int = 30
    priority: int = 0  # more goes first
    weights: Mapping[str, int] = field(default_factory=dict)
    members: frozenset[UserId] = frozenset()
    is_default: bool = False
    version: int = 1
    calendar_id: CalendarId | None = None  # always open without
    first_response_minutes: int | None = None  # of business time, to the first answer; None promises nothing
    next_response_minutes: int | None = None  # the same for every later one
    after_hours: Mapping[str, Mapping[str, str]] = field(
        default_factory=dict
    )  # what is answered while closed: channel → language → text

    @property
    def keeps_a_clock(self) -> bool:
        """Whether what waits here is looked at when its wait begins."""
        return bool(self.first_response_minutes or self.next_response_minutes or (self.calendar_id and self.after_hours))

    def weight(self, channel: str) -> int:
        """What an item of this channel takes here."""
        return self.weights.get(channel, WEIGHTS.get(channel, CAPACITY))


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """One agent as routing sees them. `load` counts what they hold and what they are offered."""

    user_id: UserId
    state: AgentState
    is_connected: bool
    is_gone: bool  # logged out, switched off, or lost for longer than the grace
    capacity: int = CAPACITY
    load: int = 0
    idle_since: datetime
    offered_at: datetime | None = None  # when they were offered something last
    has_returned: bool = False  # is gone, and what they held went back

    @property
    def is_ready(self) -> bool:
        """Can be offered something."""
        return self.is_connected and self.state is AgentState.ONLINE and not self.is_gone


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A conversation that waits for somebody of ours and has nobody."""

    conversation_id: ConversationId
    queue_id: QueueId | None
    account_queue_id: QueueId | None = None  # where things from its account go
    channel: str
    priority: int = 0  # more goes first
    since: datetime
    wished_agent: UserId | None = None
    turned_down: Mapping[UserId, datetime] = field(default_factory=dict)  # who may not be asked again before when
    refused_by: frozenset[UserId] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenOffer:
    """An offer nobody answered yet. `stands`: the conversation still waits and has nobody."""

    id: OfferId
    conversation_id: ConversationId
    user_id: UserId
    queue_id: QueueId
    weight: int
    expires_at: datetime
    stands: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """All that a decision depends on, as of one moment."""

    queues: Mapping[QueueId, Queue]
    agents: Mapping[UserId, Agent]
    items: tuple[Item, ...]  # none that has an open offer which stands
    offers: tuple[OpenOffer, ...]
    leavers: tuple[UserId, ...] = ()  # gone, and what they held is not given back yet
    orphans: tuple[ConversationId, ...] = ()  # what they hold, or the first part of it


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOffer:
    """One item proposed to one agent."""

    conversation_id: ConversationId
    user_id: UserId
    queue_id: QueueId
    weight: int
    made_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to do now."""

    ended: tuple[tuple[OpenOffer, Outcome], ...] = ()
    returned: tuple[ConversationId, ...] = ()
    settled: tuple[UserId, ...] = ()  # leavers who hold nothing more after this
    placed: tuple[tuple[ConversationId, QueueId], ...] = ()
    offers: tuple[NewOffer, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.ended or self.returned or self.settled or self.placed or self.offers)


ReasonCode = Literal[
    "offered_to",
    "in_turn",
    "wished_agent_away",
    "wished_agent_busy",
    "queue_has_no_members",
    "no_agent_online",
    "all_busy",
    "all_declined",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingReason:
    """Why an item waits, for people: a code the console has words for, and what belongs into them."""

    reason_code: ReasonCode
    params: Mapping[str, Any]
    since: datetime
