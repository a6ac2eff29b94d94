"""Routing as the rest of the hub uses it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self
from uuid import UUID

import msgspec

from hub import clock
from hub.auth.callers import Caller
from hub.bus import Bus
from hub.channels.webchat.settings import SiteSettings
from hub.conversations.service import Conversations
from hub.conversations.store import conversation_of
from hub.conversations.views import conversation_views
from hub.db import Database
from hub.ids import ConversationId, OfferId, QueueId, UserId
from hub.routing.calendars import Calendars
from hub.routing.dispatcher import Dispatcher
from hub.routing.hours import Calendar, Span, open_spans
from hub.routing.plan import why
from hub.routing.presence import Presence
from hub.routing.queues import Queues
from hub.routing.snapshot import read_item, read_queues, read_snapshot
from hub.routing.values import Rules, WaitingReason
from hub.routing.wallboard import Wallboard, read_wallboard

_MY_OFFERS = """
SELECT c.*, o.id AS offer_id, o.expires_at FROM offer o JOIN conversation c ON c.id = o.conversation_id
WHERE o.user_id = $1 AND o.state = 'open' ORDER BY o.made_at"""
_OFFERED = """
SELECT o.user_id, o.expires_at, o.made_at, u.display_name FROM offer o JOIN auth_user u ON u.id = o.user_id
WHERE o.conversation_id = $1 AND o.state = 'open'"""
_NAMES = "SELECT id, display_name FROM auth_user WHERE id = ANY($1::uuid[]) AND NOT disabled"


@dataclass(frozen=True, slots=True, kw_only=True)
class MyOffer:
    """Something that is offered to the caller; `conversation` as lists show it."""

    id: OfferId
    conversation_id: ConversationId
    expires_at: datetime
    conversation: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class PresenceView:
    """An agent, as others see them. `load` of `capacity` is taken."""

    user_id: UserId
    state: str  # offline for who is not connected
    since: datetime
    load: int
    capacity: int
    connected: bool
    until: datetime | None  # when after-call work ends


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """Somebody a visitor may ask for."""

    kind: str
    id: UUID
    name: str
    online: bool


class Routing:
    """Queues, presence, offers, and the reasons for waiting."""

    def __init__(self, db: Database, *, queues: Queues, presence: Presence, dispatcher: Dispatcher, rules: Rules) -> None:
        self._db, self._rules = db, rules
        self.queues, self.presence, self.dispatcher = queues, presence, dispatcher
        self.calendars = Calendars(db)

    @classmethod
    def build(cls, db: Database, bus: Bus, conversations: Conversations, *, rules: Rules | None = None) -> Self:
        """Put the services together. `queues.of_user` is what `Auth.build(queues_of=…)` wants."""
        rules = rules or Rules()
        presence = Presence(db, bus, rules)
        dispatcher = Dispatcher(db, bus, conversations, presence, rules)
        return cls(db, queues=Queues(db, bus), presence=presence, dispatcher=dispatcher, rules=rules)

    async def offers(self, by: Caller) -> list[MyOffer]:
        """What is offered to the caller now, oldest first."""
        rows = await self._db.fetch(_MY_OFFERS, by.person)
        conversations = [conversation_of(row) for row in rows]
        views = await conversation_views(self._db, conversations)
        return [
            MyOffer(
                id=row["offer_id"],
                conversation_id=row["id"],
                expires_at=row["expires_at"],
                conversation=msgspec.to_builtins(views[row["id"]]),
            )
            for row in rows
        ]

    async def accept(self, offer_id: OfferId, *, by: Caller) -> ConversationId:
        """Take what was offered. Raises `NoSuchOffer`, `OfferGone`."""
        return await self.dispatcher.accept(offer_id, by=by)

    async def refuse(self, offer_id: OfferId, *, by: Caller) -> None:
        """Leave it to somebody else. Raises `NoSuchOffer`."""
        await self.dispatcher.refuse(offer_id, by=by)

    async def everybody(self) -> list[PresenceView]:
        """All agents who were ever here."""
        now = clock.now()
        snapshot = await read_snapshot(self._db, now, self._rules)
        times = {row["user_id"]: row for row in await self._db.fetch("SELECT user_id, since, until FROM agent_presence")}
        return [
            PresenceView(
                user_id=agent.user_id,
                state=agent.state if agent.is_connected else "offline",
                since=times[agent.user_id]["since"] if agent.user_id in times else now,
                until=times[agent.user_id]["until"] if agent.user_id in times else None,
                load=agent.load,
                capacity=agent.capacity,
                connected=agent.is_connected,
            )
            for agent in snapshot.agents.values()
        ]

    async def hours(self, queue_id: UUID | None) -> Calendar | None:
        """The hours of a queue, or of the default one; None where it is always open."""
        queues = await read_queues(self._db)
        queue = queues.get(QueueId(queue_id)) if queue_id else None
        queue = queue or next((q for q in queues.values() if q.is_default), None)
        if queue is None or queue.calendar_id is None:
            return None
        return await self.calendars.get(queue.calendar_id)

    async def next_opening(self, queue_id: UUID | None) -> datetime | None:
        """When a queue, or the default one, opens next; if it is open now, the time after. None without hours."""
        calendar, now = await self.hours(queue_id), clock.now()
        if calendar is None:
            return None
        return next((span.start for span in open_spans(calendar, now, now + timedelta(days=60)) if span.start > now), None)

    async def open_spans(self, queue_id: QueueId, since: datetime, until: datetime) -> list[Span]:
        """When a queue is open between two moments. Raises `NoSuchQueue`."""
        queue = await self.queues.get(queue_id)
        if queue.calendar_id is None:
            return [Span(start=since, end=until)]
        return list(open_spans(await self.calendars.get(queue.calendar_id), since, until))

    async def wallboard(self) -> Wallboard:
        """What a supervisor's board shows now."""
        return await read_wallboard(self._db, self._rules)

    async def waiting_reason(self, conversation_id: ConversationId) -> WaitingReason | None:
        """Why a conversation has no agent yet; None if it does not wait for one."""
        offered = await self._db.fetch_one(_OFFERED, conversation_id)
        if offered is not None:
            params = {
                "user_id": offered["user_id"],
                "name": offered["display_name"],
                "expires_at": offered["expires_at"],
            }
            return WaitingReason(reason_code="offered_to", params=params, since=offered["made_at"])
        now = clock.now()
        item = await read_item(self._db, conversation_id, now, self._rules)
        return None if item is None else why(item, await read_snapshot(self._db, now, self._rules), now, self._rules)

    async def offered_by(self, settings: SiteSettings, default_queue: UUID | None = None) -> tuple[Sequence[Offered], bool]:
        """Whom visitors of a site may ask for, and whether anybody is there to answer them."""
        snapshot = await read_snapshot(self._db, clock.now(), self._rules)
        ready = {agent.user_id for agent in snapshot.agents.values() if agent.is_ready}
        names = {row["id"]: row["display_name"] for row in await self._db.fetch(_NAMES, list(settings.offered_agents))}
        agents = [
            Offered(kind="agent", id=id, name=names[id], online=id in ready) for id in settings.offered_agents if id in names
        ]
        queues = [
            Offered(kind="queue", id=queue.id, name=queue.name, online=bool(queue.members & ready))
            for id in settings.offered_queues
            if (queue := next((q for q in snapshot.queues.values() if q.id == id), None)) is not None
        ]
        own = [q for q in snapshot.queues.values() if q.id == default_queue] or [
            q for q in snapshot.queues.values() if q.is_default
        ]
        online = any(queue.members & ready for queue in own) or any(one.online for one in (*agents, *queues))
        return [*agents, *queues], online
