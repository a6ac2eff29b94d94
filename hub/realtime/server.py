"""The live side of one process: the Socket.IO endpoint, fed by the process's one tailer."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from uuid import UUID

from aiohttp import web

from hub.bus import Bus, Notice
from hub.conversations.counts import LiveCounts
from hub.db import Database, LoggedEvent, Tailer
from hub.errors import Forbidden, RateLimited
from hub.realtime.agent_links import CALLER_CHANGED, AgentLink, AgentLinks, say_goodbye
from hub.realtime.agents import Agents
from hub.realtime.answers import Answer, answer
from hub.realtime.counters import Counters
from hub.realtime.crew import Crew
from hub.realtime.engine import Server, Socket
from hub.realtime.events import SocketEvent, declared
from hub.realtime.frames import AGENT, VISITOR
from hub.realtime.limits import Door
from hub.realtime.notices import Notices
from hub.realtime.ports import (
    Afterwards,
    Callers,
    Choices,
    FileUrl,
    IpOf,
    Openings,
    OriginAllowed,
    Presence,
    SinkFor,
    Uploads,
)
from hub.realtime.visitor_links import VisitorLink, VisitorLinks
from hub.realtime.visitor_view import VisitorView
from hub.realtime.visitors import Visitors
from hub.visitors.service import Visitors as VisitorService
from hub.visitors.values import Sites

PATH = "/socket.io/"
NAMESPACES: web.AppKey[frozenset[str]] = web.AppKey("namespaces", frozenset)
_RECHECK_EVERY = 10.0  # seconds between looks for callers nobody looked at for a while


class Realtime:
    """Build one for each process that serves browsers, `attach` it to every origin's application, and `run` it."""

    def __init__(
        self,
        *,
        db: Database,
        tailer: Tailer,
        bus: Bus,
        callers: Callers,
        presence: Presence,
        choices: Choices,
        openings: Openings,
        afterwards: Afterwards,
        sites: Sites,
        visitors: VisitorService,
        uploads: Uploads,
        sink_for: SinkFor,
        counts: LiveCounts,
        file_url: FileUrl,
        ip_of: IpOf,
        origin_allowed: OriginAllowed,
    ) -> None:
        self._tailer, self._bus, self._ip_of = tailer, bus, ip_of
        self._crew = Crew()
        view = VisitorView(db, file_url)
        self.agent_links = AgentLinks(db, tailer, callers, self._crew)
        self.visitor_links = VisitorLinks(view)
        self._counters = Counters(self.agent_links, counts, self._crew)
        self._agents = Agents(db, bus, self.agent_links, callers, presence)
        self._visitors = Visitors(
            links=self.visitor_links,
            agents=self.agent_links,
            view=view,
            visitors=visitors,
            sites=sites,
            choices=choices,
            openings=openings,
            afterwards=afterwards,
            uploads=uploads,
            sink_for=sink_for,
            bus=bus,
            ip_of=ip_of,
        )
        self._server = Server(origin_allowed=origin_allowed, namespaces=[AGENT, VISITOR])
        self._declare()

    def attach(self, app: web.Application, *namespaces: str) -> None:
        """Answer the Socket.IO path in `app`. `namespaces`: those it serves, all if none is named.

        Agents belong on the console's origin and visitors on theirs: cookies do not tell ports apart.
        """
        app[NAMESPACES] = frozenset(namespaces or (AGENT, VISITOR))
        app.router.add_route("*", PATH, self._server.eio.handle_request)

    async def run(self) -> None:
        """Push until cancelled. The tailer is run by whoever made it."""
        ends = [self._tailer.subscribe(self._deliver), self._bus.subscribe(CALLER_CHANGED, self.agent_links.recheck)]
        ends += [self._bus.subscribe("account.changed", self._account_changed)]
        ends += Notices(self.agent_links, self.visitor_links).subscribe(self._bus)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._server.eio.run(), name="socket pings")
                group.create_task(self._recheck(), name="caller rechecks")
                group.create_task(self._counters.run(), name="counters")
        finally:
            for end in ends:
                end()
            await self.close()

    async def close(self) -> None:
        """Say goodbye to everybody."""
        await self._crew.close()
        for socket in tuple(self._server.eio.sockets.values()):
            await socket.close()

    async def _recheck(self) -> None:
        while True:
            await asyncio.sleep(_RECHECK_EVERY)
            self.agent_links.recheck_old()

    def _deliver(self, events: Sequence[LoggedEvent]) -> None:
        self.agent_links.deliver(events)
        self.visitor_links.deliver(events)
        self._counters.deliver(events)
        for event in events:
            if event.type == "account.changed":
                self._account_changed(event.data)

    def _account_changed(self, said: Notice) -> None:
        account = said.get("account")
        account_id = account.get("id") if isinstance(account, dict) else said.get("account_id", said.get("id"))
        if account_id is not None and self.visitor_links.of_site(UUID(str(account_id))):
            self._crew.start(self._visitors.site_changed(UUID(str(account_id))), name=f"site {account_id} changed")

    def _declare(self) -> None:
        """Register what `EVENTS` declares, and nothing else: python-socketio ignores an event without a handler."""
        for namespace, actor, links in ((AGENT, self._agents, self.agent_links), (VISITOR, self._visitors, self.visitor_links)):
            self._server.on("disconnect", _left(actor), namespace=namespace)
            for event in declared(namespace):
                handle = getattr(actor, event.name)
                made = _entry(event, handle, self._ip_of) if event.name == "connect" else _handler(event, handle, links)
                self._server.on(event.name, made, namespace=namespace)


def _entry(
    event: SocketEvent, connect: Callable[[str, Socket, web.Request, Any], Awaitable[None]], ip_of: IpOf
) -> Callable[..., Awaitable[None]]:
    door = Door(event.limit)

    async def on_connect(sid: str, environ: dict[str, Any], auth: Any = None) -> None:
        socket: Socket = environ["engine"]
        request: web.Request = environ["aiohttp.request"]
        if event.namespace not in request.app[NAMESPACES]:
            await say_goodbye(socket, event.namespace, Forbidden("not on this origin"))
            return
        if wait := door.knock(ip_of(request)):
            await say_goodbye(socket, event.namespace, RateLimited("too many connections", retry_after=round(wait, 1)))
            return
        await connect(sid, socket, request, auth)
        socket.entered = True

    return on_connect


def _left(actor: Agents | Visitors) -> Callable[..., Awaitable[None]]:
    async def on_disconnect(sid: str, _: str) -> None:
        await actor.disconnect(sid)

    return on_disconnect


def _handler(
    event: SocketEvent, handle: Callable[..., Awaitable[Answer | None]], links: AgentLinks | VisitorLinks
) -> Callable[..., Awaitable[Answer | None]]:
    async def on_event(sid: str, value: Any = None, *_: Any) -> Answer | None:
        link: AgentLink | VisitorLink | None = links.get(sid)
        if link is None:  # not let in, or cut already
            return None
        return await answer(event, link.caller, link.meter, value, lambda said: handle(link, said))

    return on_event
