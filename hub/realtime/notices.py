"""What may be lost: typing, viewing, presence. From the bus to every connection that may know.

A notice about a conversation carries its audience beside the content: `conversation_id`, `queue_id`, `assignee_id`,
`visitor_id`, then `user_id` (an agent does it) or none (the visitor does), `name`, and `typing` or `viewing`.
"""

from typing import Any
from uuid import UUID

from hub.bus import Bus, Notice
from hub.conversations.sight import may_see
from hub.db import Audience
from hub.realtime.agent_links import AgentLinks
from hub.realtime.frames import AGENT, VISITOR, emit_frame
from hub.realtime.visitor_links import VisitorLinks

_AUDIENCE = ("conversation_id", "queue_id", "assignee_id", "visitor_id")


def talk_notice(audience: Audience, *, user_id: UUID | None, name: str, **what: bool) -> Notice:
    """A notice about a conversation, for the topics `typing` and `viewing`."""
    about: dict[str, Any] = {key: getattr(audience, key) for key in _AUDIENCE}
    return {
        **{key: str(value) for key, value in about.items() if value is not None},
        "user_id": None if user_id is None else str(user_id),
        "name": name,
        **what,
    }


class Notices:
    """Hands on what comes by the bus."""

    def __init__(self, agents: AgentLinks, visitors: VisitorLinks) -> None:
        self._agents, self._visitors = agents, visitors

    def subscribe(self, bus: Bus) -> list[Any]:
        """Begin; returns what ends it."""
        return [
            bus.subscribe("typing", self._typing),
            bus.subscribe("viewing", self._viewing),
            bus.subscribe("presence", self._presence),
        ]

    def _typing(self, notice: Notice) -> None:
        self._to_agents("typing", notice, _audience(notice))
        if notice.get("user_id") is None:  # the visitor's own
            return
        told = emit_frame(VISITOR, "typing", {"typing": notice["typing"], "name": notice["name"]})
        for link in self._visitors.of_visitor(_id(notice, "visitor_id")) if notice.get("visitor_id") else ():
            link.socket.write(told)

    def _viewing(self, notice: Notice) -> None:
        self._to_agents("viewing", notice, _audience(notice))

    def _presence(self, notice: Notice) -> None:
        self._to_agents("presence", notice, Audience())

    def _to_agents(self, topic: str, notice: Notice, audience: Audience) -> None:
        told = emit_frame(AGENT, "notice", {"topic": topic, "data": notice})
        for link in self._agents.live():
            if may_see(link.caller, audience):
                link.socket.write(told)


def _audience(notice: Notice) -> Audience:
    """Raises KeyError for a notice that names no conversation: it would be for everybody."""
    optional = {key: _id(notice, key) if notice.get(key) else None for key in _AUDIENCE[1:]}
    return Audience(
        conversation_id=_id(notice, "conversation_id"),
        queue_id=optional["queue_id"],
        assignee_id=optional["assignee_id"],
        visitor_id=optional["visitor_id"],
    )


def _id(notice: Notice, key: str) -> UUID:
    return UUID(str(notice[key]))
