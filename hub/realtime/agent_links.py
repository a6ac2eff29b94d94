"""Agents' connections, and pushing the event log to them without a gap.

A connection has a *place*: everything up to it was decided on, pushed or not for this caller. Events are offered in the
order of the log, and one at or before the place is passed over, so nothing can come twice. A connection that is
*live* is
offered everything by the tailer. One that is not (it resumes, it is slow, its rights are looked at again) reads the log
from its place on, and becomes live in the very step in which its place has reached the tailer's: nothing lies between.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from time import monotonic
from typing import Any
from uuid import UUID

from hub.auth.callers import Caller
from hub.conversations.sight import told, variants
from hub.db import Cursor, Database, LoggedEvent, ResyncNeeded, Tailer, read_events
from hub.db.events import Position
from hub.errors import HubError, Unauthorised, Unavailable
from hub.ids import new_id
from hub.realtime.crew import Crew
from hub.realtime.engine import Socket
from hub.realtime.frames import AGENT, Encoded, emit_frame
from hub.realtime.limits import Meter
from hub.realtime.ports import Callers

CALLER_CHANGED = "caller.changed"
SLOW = 64 * 1024  # bytes unsent from which a connection is no longer pushed to
STALLED = 15.0  # seconds after which one that does not read is cut
RECHECKED = 60.0  # seconds after which a caller is looked at again in any case (sessions end by time, too)
_BATCH = 200
_MOST_MISSED = 5_000  # events; who missed more loads everything anew


def place_of(cursor: Cursor) -> Position:
    """Where a cursor stands in the order of its epoch."""
    _, xid, row_id = cursor.split(".")
    return Position(int(xid, 16), int(row_id, 16))


class AgentLink:
    """One connection of an agent's page, or of a program with a token."""

    __slots__ = ("caller", "checked", "cursor", "link", "meter", "place", "prev", "sid", "socket", "task", "viewing")

    def __init__(self, socket: Socket, sid: str, caller: Caller, cursor: Cursor) -> None:
        self.socket, self.sid, self.caller = socket, sid, caller
        self.link = new_id()
        self.cursor, self.place = cursor, place_of(cursor)
        self.prev: str = cursor
        self.meter = Meter()
        self.task: asyncio.Task[None] | None = None  # set while it is not live
        self.checked = monotonic()
        self.viewing: UUID | None = None

    def take(self, event: LoggedEvent, encoded: Encoded, place: Position) -> None:
        """Push the event if it is for this caller, unless it was decided on before."""
        if place <= self.place:
            return
        self.place, self.cursor = place, event.cursor
        kind = told(self.caller, event)
        if kind is not None:
            self.socket.write(encoded.frame(kind, self.prev))
            self.prev = event.cursor

    def emit(self, event: str, data: Mapping[str, Any]) -> None:
        """Send something that is not of the log."""
        self.socket.write(emit_frame(AGENT, event, data))

    def skip_to(self, cursor: Cursor) -> None:
        """Go on from `cursor`; the page loads anew what lies before."""
        self.cursor, self.place, self.prev = cursor, place_of(cursor), cursor


class AgentLinks:
    """The agents' connections of this process."""

    def __init__(self, db: Database, tailer: Tailer, callers: Callers, crew: Crew) -> None:
        self._db, self._tailer, self._callers, self._crew = db, tailer, callers, crew
        self._all: dict[str, AgentLink] = {}
        self._live: set[AgentLink] = set()
        self.on_live: Callable[[AgentLink], None] = lambda _: None  # called whenever a connection is up to date again
        self.on_gone: Callable[[AgentLink], None] = lambda _: None
        self.changes = 0  # how often rights of anybody were said to have changed

    def __len__(self) -> int:
        return len(self._all)

    def get(self, sid: str) -> AgentLink | None:
        """The connection with this Socket.IO id."""
        return self._all.get(sid)

    def __iter__(self) -> Iterator[AgentLink]:
        return iter(tuple(self._all.values()))

    def live(self) -> tuple[AgentLink, ...]:
        """Those that are pushed to as things happen: up to date, reading, and sure of their rights."""
        return tuple(self._live)

    def now(self) -> Cursor:
        """Up to where this process has pushed. Raises `Unavailable` before the tailer has begun."""
        cursor = self._tailer.cursor
        if cursor is None:
            raise Unavailable("not ready yet")
        return cursor

    def deliver(self, events: Sequence[LoggedEvent]) -> None:
        """Offer new events to everyone who is live (the tailer's callback)."""
        for event in events:
            if event.type == CALLER_CHANGED:
                self.recheck(event.data)
            encoded, place = Encoded(event, variants(event)), place_of(event.cursor)
            for link in tuple(self._live):
                link.take(event, encoded, place)
                if link.socket.unsent > SLOW:
                    self._leave(link, self._catch_up(link))

    async def add(self, link: AgentLink, *, resumed: bool, lost: bool = False) -> None:
        """Greet a new connection and let it catch up.

        Its cursor is the client's own where `resumed`; `lost` says that the client had one that means nothing here.
        """
        resync = lost
        if resumed:
            try:
                await read_events(self._db, link.cursor, 1)
            except ResyncNeeded:
                resync = True
                link.skip_to(self.now())
        self._all[link.sid] = link
        epoch = link.cursor.partition(".")[0]
        user_id = link.caller.user_id
        link.emit("hello", {"cursor": link.cursor, "epoch": epoch, "user_id": user_id, "resync": resync})
        self._leave(link, self._catch_up(link))

    def remove(self, sid: str) -> AgentLink | None:
        """Forget a connection that is gone."""
        link = self._all.pop(sid, None)
        if link is not None:
            self._live.discard(link)
            if link.task is not None:
                link.task.cancel()
            self.on_gone(link)
        return link

    def recheck(self, who: Mapping[str, Any]) -> None:
        """Look again at the callers a `caller.changed` names; they are told nothing more until that is done."""
        self.changes += 1
        for link in self:
            if _is_meant(link.caller, who):
                self._leave(link, self._look_again(link))

    def recheck_old(self) -> None:
        """Look again at those nobody looked at for a while: a session may have ended by itself."""
        old = monotonic() - RECHECKED
        for link in self:
            if link.checked < old and link.task is None:
                self._leave(link, self._look_again(link))

    def _leave(self, link: AgentLink, doing: Any) -> None:
        self._live.discard(link)
        if link.task is not None:
            link.task.cancel()
        link.task = self._crew.start(doing, name=f"link {link.sid}")

    async def _look_again(self, link: AgentLink) -> None:
        try:
            caller = await self._callers.again(link.caller)
        except Unauthorised as error:
            await say_goodbye(link.socket, AGENT, error)
            return
        except HubError:  # not known is not allowed
            link.socket.abort()
            return
        is_other = (caller.rights, caller.queue_ids) != (link.caller.rights, link.caller.queue_ids)
        link.caller, link.checked = caller, monotonic()
        if is_other:
            self._resync(link)
        await self._catch_up(link)

    async def _catch_up(self, link: AgentLink) -> None:
        try:
            await self._read_on(link)
        except HubError:
            link.socket.abort()  # it comes back by itself, with its cursor

    async def _read_on(self, link: AgentLink) -> None:
        read = 0
        while True:
            if not await _drained(link.socket):
                link.socket.abort()
                return
            tail = place_of(self.now())
            try:
                events = await read_events(self._db, link.cursor, _BATCH)
            except ResyncNeeded:
                events, read = [], _MOST_MISSED
            read += len(events)
            if read >= _MOST_MISSED:
                self._resync(link)
                read = 0
                continue
            for event in events:
                link.take(event, Encoded(event, variants(event)), place_of(event.cursor))
            if len(events) < _BATCH:  # so everything the tailer had handed on before was among them
                link.place = max(link.place, tail)
                if link.place >= place_of(self.now()):
                    link.task = None
                    self._live.add(link)
                    self.on_live(link)
                    return

    def _resync(self, link: AgentLink) -> None:
        link.skip_to(self.now())
        link.emit("resync", {"cursor": link.cursor})


def _is_meant(caller: Caller, who: Mapping[str, Any]) -> bool:
    session_id, user_id, token_id = (who.get(name) for name in ("session_id", "user_id", "token_id"))
    if session_id:
        return str(caller.session_id) == str(session_id)
    if user_id and str(caller.user_id) == str(user_id):
        return True
    return bool(token_id) and str(caller.token_id) == str(token_id)


async def _drained(socket: Socket) -> bool:
    """Wait until the client has taken nearly everything; False if it does not."""
    give_up = monotonic() + STALLED
    while socket.unsent > SLOW // 4:
        if socket.closed or monotonic() > give_up:
            return False
        await asyncio.sleep(0.05)
    return True


async def say_goodbye(socket: Socket, namespace: str, why: HubError) -> None:
    """Tell the client why, and end the connection."""
    retry = why.status >= 500 or why.status == 429
    socket.write(emit_frame(namespace, "bye", {"code": why.code, "detail": why.detail, "retry": retry}))
    await socket.close()
