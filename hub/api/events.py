"""The event log over HTTP, for programs: a long poll with the same cursor as the socket's."""

import asyncio
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from hub import clock
from hub.api.endpoint import SIGNED_IN, Request, Router
from hub.auth import Caller
from hub.conversations.sight import told, variants
from hub.db import Cursor, Database, LoggedEvent, ResyncNeeded, head, read_events

api = Router(tag="events")

BATCH = 500
POLL = 1.0  # seconds: what another process wrote is seen by looking


class EventQuery(msgspec.Struct):
    """From where on; how many seconds to wait for something to happen (0: answer at once)."""

    after: Annotated[str, Meta(max_length=200)] | None = None
    wait: Annotated[int, Meta(ge=0, le=60)] = 0


class EventView(msgspec.Struct, kw_only=True):
    """Something that happened."""

    cursor: str
    type: str
    data: Any


class Events(msgspec.Struct, kw_only=True):
    """What happened after the cursor asked from, as far as the caller may see it; ask again from `next_cursor`."""

    items: list[EventView]
    next_cursor: str


@api.get("/events", needs=SIGNED_IN, raises=(ResyncNeeded,))
async def poll(request: Request, query: EventQuery) -> Events:
    """Events after a cursor, the oldest first; without one, from now on. A cursor of another epoch or older than the log is told `resync`."""
    db = request.hub.db
    after = Cursor(query.after) if query.after else await head(db)
    caller = request.caller
    happened = asyncio.Event()
    unsubscribe = db.listen("events", happened.set)
    loop = asyncio.get_running_loop()
    deadline = loop.time() + query.wait
    try:
        while True:
            happened.clear()
            items, after = await _read(db, caller, after)
            left = deadline - loop.time()
            if items or left <= 0:
                return Events(items=items, next_cursor=after)
            await clock.wait(happened, min(left, POLL))
            caller = await request.hub.auth.callers.again(caller)  # what was taken away meanwhile is gone
    finally:
        unsubscribe()


async def _read(db: Database, caller: Caller, after: Cursor) -> tuple[list[EventView], Cursor]:
    """The next events the caller may see, and the cursor of the last one looked at: nothing means that nothing is there."""
    while events := await read_events(db, after, BATCH):
        after = events[-1].cursor
        if items := [view for event in events if (view := _view(event, caller)) is not None]:
            return items, after
    return [], after


def _view(event: LoggedEvent, caller: Caller) -> EventView | None:
    what = told(caller, event)
    return EventView(cursor=event.cursor, type=what, data=variants(event)[what]) if what else None
