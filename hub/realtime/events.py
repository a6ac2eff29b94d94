"""Every event a client may send, with what it needs.

What is not here is refused; the authorisation walk reads this table.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from hub.auth.rights import Right
from hub.channels.webchat import protocol
from hub.realtime.frames import AGENT, VISITOR
from hub.realtime.limits import Limit


class Access(StrEnum):
    """What an event needs beside rights: to be there at all, as one of ours or as a visitor."""

    SIGNED_IN = "signed_in"
    VISITOR = "visitor"


Needs = Access | Right


class AgentHello(msgspec.Struct, frozen=True):
    """What an agent's page shows when it connects."""

    cursor: Annotated[str, msgspec.Meta(max_length=200)] | None = None
    token: Annotated[str, msgspec.Meta(max_length=200)] | None = None


class SetPresence(msgspec.Struct, frozen=True):
    """How the agent wants to be seen."""

    state: Literal["online", "busy", "away", "offline"]


class AgentTyping(msgspec.Struct, frozen=True):
    """The agent types into a conversation, or stopped."""

    conversation_id: UUID
    typing: bool


class Viewing(msgspec.Struct, frozen=True):
    """The conversation on the agent's screen; null for none."""

    conversation_id: UUID | None


class Nothing(msgspec.Struct, frozen=True):
    """No content."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SocketEvent:
    """One event as declared.

    `answer`: whether the client is told about a refusal (it asked with an acknowledgement).
    """

    namespace: str
    name: str
    needs: Needs
    shape: type[msgspec.Struct]
    limit: Limit


def _agent(name: str, needs: Needs, shape: type[msgspec.Struct], count: int, seconds: float) -> SocketEvent:
    return SocketEvent(namespace=AGENT, name=name, needs=needs, shape=shape, limit=Limit(count=count, seconds=seconds))


def _visitor(name: str, shape: type[msgspec.Struct], count: int, seconds: float) -> SocketEvent:
    limit = Limit(count=count, seconds=seconds)
    return SocketEvent(namespace=VISITOR, name=name, needs=Access.VISITOR, shape=shape, limit=limit)


EVENTS = (
    _agent("connect", Access.SIGNED_IN, AgentHello, 600, 60),
    _agent("presence", Right.CONVERSATIONS_REPLY, SetPresence, 20, 10),
    _agent("typing", Right.CONVERSATIONS_REPLY, AgentTyping, 20, 10),
    _agent("viewing", Right.CONVERSATIONS_READ, Viewing, 50, 10),
    _agent("ping_cursor", Access.SIGNED_IN, Nothing, 20, 10),
    _visitor("connect", protocol.Hello, 240, 60),
    _visitor("send", protocol.Send, 20, 10),
    _visitor("typing", protocol.Typing, 20, 10),
    _visitor("read", protocol.Read, 20, 10),
    _visitor("seen", protocol.Seen, 50, 10),
    _visitor("history", protocol.History, 20, 10),
    _visitor("page", protocol.Page, 20, 10),
    _visitor("standing", protocol.Standing, 20, 60),
    _visitor("rate", protocol.Rate, 10, 60),
    _visitor("transcript", protocol.Transcript, 10, 3600),
    _visitor("forget", protocol.Forget, 3, 3600),
)


def declared(namespace: str) -> tuple[SocketEvent, ...]:
    """The events of one namespace."""
    return tuple(event for event in EVENTS if event.namespace == namespace)
