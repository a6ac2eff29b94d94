"""The three servers of `benchmarks.fanout`:

`python -m benchmarks.fanout_servers MODE` prints the port of its sockets and the port of its trigger.
"""

import asyncio
import gc
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
import socketio
from aiohttp import web

from hub import clock
from hub.auth.callers import Caller
from hub.auth.rights import Right
from hub.bus import LocalBus
from hub.conversations.counts import LiveCounts
from hub.db import Audience, Cursor, Database, LoggedEvent, head, migrate
from hub.ids import QueueId, UserId, new_id
from hub.realtime import Realtime

QUEUE = QueueId(new_id())
DATA = {
    "conversation": {"id": str(uuid4()), "state": "open", "queue_id": str(QUEUE), "preview": "Hello, my order has"},
    "message": {"id": str(uuid4()), "n": 42, "text": "Hello, my order has not arrived yet. " * 6, "from": {"name": "Jane"}},
}
Broadcast = Callable[[], Any]


async def serve(mode: str) -> None:
    """Serve until killed."""
    app = web.Application()
    async with {"ours": _ours, "bare": _bare, "stock": _stock}[mode](app) as broadcast:
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()

        async def trigger(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
            while said := await reader.read(64):
                for _byte in said:
                    if asyncio.iscoroutine(sending := broadcast()):
                        await sending

        server = await asyncio.start_server(trigger, "127.0.0.1", 0)
        gc.freeze()  # as `hub serve` does; the peers are given the same
        gc.set_threshold(100_000, 50, 100)
        print(runner.addresses[0][1], server.sockets[0].getsockname()[1], flush=True)
        await asyncio.Event().wait()


@asynccontextmanager
async def _bare(app: web.Application) -> AsyncIterator[Broadcast]:
    sockets: list[web.WebSocketResponse] = []

    async def connect(request: web.Request) -> web.WebSocketResponse:
        ws = web.WebSocketResponse(compress=False)
        await ws.prepare(request)
        sockets.append(ws)
        async for _ in ws:
            pass
        sockets.remove(ws)
        return ws

    async def broadcast() -> None:
        text = orjson.dumps({"cursor": "e.0.1", "prev": "e.0.0", "type": "message.added", "data": DATA}).decode()
        for ws in tuple(sockets):
            await ws.send_str(text)

    app.router.add_get("/socket.io/", connect)
    yield broadcast


@asynccontextmanager
async def _stock(app: web.Application) -> AsyncIterator[Broadcast]:
    server = socketio.AsyncServer(async_mode="aiohttp", always_connect=True, cors_allowed_origins="*")
    server.on("connect", lambda *_: None, namespace="/agent")
    server.attach(app)
    told = {"cursor": "e.0.1", "prev": "e.0.0", "type": "message.added", "data": DATA}
    yield lambda: server.emit("event", told, namespace="/agent")


class _Feed:
    """Stands where the tailer stands: what is pushed here came from the log there."""

    def __init__(self, cursor: Cursor) -> None:
        self.cursor = cursor
        self._callbacks: list[Callable[[Sequence[LoggedEvent]], None]] = []
        self._n = 1 << 40

    def subscribe(self, callback: Callable[[Sequence[LoggedEvent]], None]) -> Callable[[], None]:
        self._callbacks.append(callback)
        return lambda: self._callbacks.remove(callback)

    def push(self) -> None:
        self._n += 1
        epoch, xid, _ = self.cursor.split(".")
        self.cursor = Cursor(f"{epoch}.{xid}.{self._n:x}")
        audience = Audience(conversation_id=new_id(), queue_id=QUEUE, assignee_id=new_id())
        event = LoggedEvent(cursor=self.cursor, type="message.added", data=DATA, audience=audience, at=clock.now())
        for callback in self._callbacks:
            callback((event,))


class _Open:
    """Lets everybody in as an agent of the queue."""

    async def from_request(self, request: web.Request, token: str | None) -> Caller:
        rights = frozenset({Right.CONVERSATIONS_READ, Right.CONVERSATIONS_REPLY})
        return Caller(kind="user", user_id=UserId(new_id()), rights=rights, queue_ids=frozenset({QUEUE}))

    async def again(self, caller: Caller) -> Caller:
        return caller

    async def connected(self, user_id: object, link: object) -> None: ...
    async def disconnected(self, link: object) -> None: ...


@asynccontextmanager
async def _ours(app: web.Application) -> AsyncIterator[Broadcast]:
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'hub.sqlite3'}"
        await migrate(url)
        db = await Database.open(url)
        feed, door = _Feed(await head(db)), _Open()
        nothing: Any = None
        realtime = Realtime(
            db=db,
            tailer=feed,  # type: ignore[arg-type]
            bus=LocalBus(),
            callers=door,
            presence=door,  # type: ignore[arg-type]
            choices=nothing,
            openings=nothing,
            afterwards=nothing,
            sites=nothing,
            counts=LiveCounts(db),
            visitors=nothing,
            uploads=nothing,
            sink_for=nothing,
            file_url=nothing,
            ip_of=lambda _: "",
            origin_allowed=lambda *_: True,
        )
        realtime.attach(app)
        task = asyncio.create_task(realtime.run())
        yield feed.push
        task.cancel()


if __name__ == "__main__":
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(sys.argv[1]))
