"""Visitors' connections, and pushing to each what concerns its own conversations.

A visitor who connects gets the end of their history as it stands, then what happens from then on: while the history is
read, events wait. What is in the history is not said again.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from hub.auth.callers import Caller
from hub.channels.webchat.protocol import Hello
from hub.db import Cursor, LoggedEvent
from hub.ids import AccountId, VisitorId
from hub.messages.content import Direction
from hub.messages.states import DeliveryState
from hub.realtime.agent_links import SLOW
from hub.realtime.engine import Socket
from hub.realtime.frames import VISITOR, emit_frame, visitor_event
from hub.realtime.limits import Meter
from hub.realtime.visitor_view import Past, Talk, VisitorView, talk_of
from hub.visitors.values import Site
from hub.visitors.values import VisitorView as Visitor

_MOST_WAITING = 1_000  # events for one visitor while their history is read


class VisitorLink:
    """One page of a visitor."""

    __slots__ = (
        "_waiting",
        "browser",
        "caller",
        "hello",
        "ip",
        "meter",
        "prev",
        "sid",
        "site",
        "socket",
        "talk",
        "unread",
        "visitor",
    )

    def __init__(self, socket: Socket, sid: str, visitor: Visitor, site: Site, hello: Hello, cursor: Cursor) -> None:
        self.socket, self.sid, self.visitor, self.site, self.hello = socket, sid, visitor, site, hello
        self.ip = self.browser = ""
        self.caller = Caller(kind="visitor", name=visitor.name, visitor_id=visitor.id, account_id=AccountId(site.account_id))
        self.prev: str = cursor
        self.meter = Meter()
        self.talk: Talk | None = None
        self.unread: dict[int, UUID] = {}  # number and id of what we said and the visitor has not read
        self._waiting: list[tuple[str, str, dict[str, Any]]] | None = []

    def begin(self, past: Past, talk: Talk | None, greeting: Mapping[str, Any]) -> None:
        """Send `hello`, then what came while the history was read and is not in it."""
        self.talk = self.talk or talk
        for message in past.messages:
            self._note(message)
        hello = {
            **greeting,
            "cursor": self.prev,
            "conversation": self.talk.shown() if self.talk else None,
            "messages": past.messages,
            "unread": len(self.unread),
        }
        self.emit("hello", hello)
        known = {str(message["id"]) for message in past.messages}
        waiting, self._waiting = self._waiting or [], None
        for cursor, kind, data in waiting:
            if kind != "message.added" or str(data["id"]) not in known:
                self.tell(cursor, kind, data)

    def tell(self, cursor: str, kind: str, data: dict[str, Any]) -> None:
        """Push one event, or keep it until `begin`."""
        if self._waiting is not None:
            self._waiting.append((cursor, kind, data))
            if len(self._waiting) > _MOST_WAITING:
                self.socket.abort()
            return
        if kind == "message.added":
            self._note(data)
        self.socket.write(visitor_event(cursor, self.prev, kind, data))
        self.prev = cursor
        if self.socket.unsent > SLOW:
            self.socket.abort()  # it comes back, and gets the history as it stands then

    def emit(self, event: str, data: Mapping[str, Any]) -> None:
        """Send something that is not of the log."""
        self.socket.write(emit_frame(VISITOR, event, data))

    def _note(self, message: Mapping[str, Any]) -> None:
        if message["direction"] == Direction.OUT and message["status"] != DeliveryState.READ:
            self.unread[message["n"]] = UUID(str(message["id"]))


class VisitorLinks:
    """The visitors' connections of this process."""

    def __init__(self, view: VisitorView) -> None:
        self._view = view
        self._all: dict[str, VisitorLink] = {}
        self._by_visitor: defaultdict[UUID, set[VisitorLink]] = defaultdict(set)

    def __len__(self) -> int:
        return len(self._all)

    def get(self, sid: str) -> VisitorLink | None:
        """The connection with this Socket.IO id."""
        return self._all.get(sid)

    def of_visitor(self, visitor_id: UUID) -> tuple[VisitorLink, ...]:
        """All open pages of a visitor."""
        return tuple(self._by_visitor.get(visitor_id, ()))

    def of_site(self, account_id: UUID) -> list[VisitorLink]:
        """All open pages of a site."""
        return [link for link in self._all.values() if link.site.account_id == account_id]

    def add(self, link: VisitorLink) -> None:
        """From now on events reach this connection, or wait for its `begin`."""
        self._all[link.sid] = link
        self._by_visitor[link.visitor.id].add(link)

    def remove(self, sid: str) -> None:
        """Forget a connection that is gone."""
        link = self._all.pop(sid, None)
        if link is not None:
            pages = self._by_visitor[link.visitor.id]
            pages.discard(link)
            if not pages:
                del self._by_visitor[link.visitor.id]

    def deliver(self, events: Sequence[LoggedEvent]) -> None:
        """Push new events to the visitors they concern (the tailer's callback)."""
        for event in events:
            visitor_id = event.audience.visitor_id
            if visitor_id is None or visitor_id not in self._by_visitor:
                continue
            links = self.of_visitor(VisitorId(visitor_id))
            if talk := talk_of(event):
                for link in links:
                    link.talk = talk
            for kind, data in self._view.told(event):
                for link in links:
                    link.tell(event.cursor, kind, data)
