"""Row 4: one event to 200 agents, against a bare aiohttp websocket that sends one text to 200, and stock python-socketio.

Each server runs alone on one core and the clients on another. An event goes out when a byte comes in by a TCP connection
beside; the next one only after all 200 have it (one in flight), or four at a time. Ours decides for each agent whether they
may see the event and tells each the cursor before it, as in the product; the peers send the same bytes to everybody.
"""

import asyncio
import gc
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any
from uuid import uuid4

import orjson
import socketio
from aiohttp import WSMsgType, web

from benchmarks.row import Row
from hub import clock
from hub.auth.callers import Caller
from hub.auth.rights import Right
from hub.db import Audience, Cursor, Database, LoggedEvent, head, migrate
from hub.ids import UserId, new_id

AGENTS, ROUNDS, SECONDS = 200, 3, 2.0
QUEUE = new_id()
DATA = {
    "conversation": {"id": str(uuid4()), "state": "open", "queue_id": str(QUEUE), "preview": "Hello, my order has"},
    "message": {"id": str(uuid4()), "n": 42, "text": "Hello, my order has not arrived yet. " * 6, "from": {"name": "Jane"}},
}
Broadcast = Callable[[], Any]


# --- the servers: `python -m benchmarks.fanout MODE`, which prints the two ports ---


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
        return ws

    async def broadcast() -> None:
        text = orjson.dumps({"cursor": "e.0.1", "prev": "e.0.0", "type": "message.added", "data": DATA}).decode()
        for ws in sockets:
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
        return Caller(kind="user", user_id=UserId(new_id()), rights=rights, queue_ids=frozenset({QUEUE}))  # type: ignore[arg-type]

    async def again(self, caller: Caller) -> Caller:
        return caller

    async def connected(self, user_id: object, link: object) -> None: ...
    async def disconnected(self, link: object) -> None: ...


@asynccontextmanager
async def _ours(app: web.Application) -> AsyncIterator[Broadcast]:
    from hub.bus import LocalBus
    from hub.realtime import Realtime

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
            sites=nothing,
            visitors=nothing,
            uploads=nothing,
            read_blob=nothing,
            sink_for=nothing,
            file_url=nothing,
            ip_of=lambda _: "",
            origin_allowed=lambda *_: True,
        )
        realtime.attach(app)
        task = asyncio.create_task(realtime.run())
        yield feed.push
        task.cancel()


# --- the clients: they count frames, and nothing more ---


class Client(asyncio.Protocol):
    """A websocket that counts the text frames after its handshake."""

    def __init__(self, path: str, greeting: bytes, on_frame: Callable[[], None]) -> None:
        self._path, self._greeting, self._on_frame = path, greeting, on_frame
        self._buffer, self._is_open = b"", False
        self.ready = asyncio.get_running_loop().create_future()
        self.counts = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        key = "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
        head = f"GET {self._path} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n{key}\r\n\r\n"
        transport.write(head.encode())

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._is_open:
            before, found, after = self._buffer.partition(b"\r\n\r\n")
            if not found:
                return
            assert b" 101 " in before, before
            self._is_open, self._buffer = True, after
            if self._greeting:
                frame = bytes([0x81, 0x80 | len(self._greeting), 0, 0, 0, 0]) + self._greeting
                self.transport.write(frame)
            else:
                self.ready.set_result(None)
        self._frames()

    def _frames(self) -> None:
        buffer, at = self._buffer, 0
        while len(buffer) - at >= 2:
            size, start = buffer[at + 1], at + 2
            if size == 126:
                size, start = int.from_bytes(buffer[at + 2 : at + 4], "big"), at + 4
            if start + size > len(buffer):
                break
            self._frame(buffer[start : start + 10], buffer[at] & 15)
            at = start + size
        self._buffer = buffer[at:]

    def _frame(self, beginning: bytes, opcode: int) -> None:
        if opcode != WSMsgType.TEXT:
            return
        if self.counts:
            self._on_frame()
        elif beginning.startswith(b"40/agent") and not self.ready.done():
            self.ready.set_result(None)


@dataclass(frozen=True, slots=True)
class Measured:
    """Deliveries a second, and within what time (seconds) all 200 had an event: median and 99th percentile."""

    rate: float
    p50: float
    p99: float


async def _measure(mode: str, rounds: int, in_flight: int) -> Measured:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.fanout", mode, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        if hasattr(os, "sched_setaffinity") and (os.cpu_count() or 1) > 1:
            os.sched_setaffinity(process.pid, {0})
            os.sched_setaffinity(0, set(range(1, os.cpu_count() or 2)))
        port, trigger = (int(word) for word in (await process.stdout.readline()).split())
        rates = [await _round(mode, port, trigger, in_flight) for _ in range(rounds)]
        return sorted(rates, key=lambda measured: measured.rate)[len(rates) // 2]
    finally:
        process.kill()
        await process.wait()
        with suppress(AttributeError):
            os.sched_setaffinity(0, set(range(os.cpu_count() or 1)))


async def _round(mode: str, port: int, trigger: int, in_flight: int) -> Measured:
    loop = asyncio.get_running_loop()
    _, push = await asyncio.open_connection("127.0.0.1", trigger)
    sent: list[float] = []
    took: list[float] = []
    got = 0
    done: asyncio.Future[None] = loop.create_future()

    def on_frame() -> None:
        nonlocal got
        got += 1
        if got % AGENTS == 0:
            took.append(perf_counter() - sent[len(took)])
            if perf_counter() < end:
                send()
            elif len(took) == len(sent) and not done.done():
                done.set_result(None)

    def send() -> None:
        sent.append(perf_counter())
        push.write(b"x")

    greeting = b"" if mode == "bare" else b"40/agent,{}"
    path = "/socket.io/?EIO=4&transport=websocket"
    clients = []
    for _ in range(AGENTS):
        _, client = await loop.create_connection(lambda: Client(path, greeting, on_frame), "127.0.0.1", port)
        await client.ready
        clients.append(client)
    await asyncio.sleep(0.5)  # greetings are over
    for client in clients:
        client.counts = True
    begun = perf_counter()
    end = begun + SECONDS
    for _ in range(in_flight):
        send()
    await asyncio.wait_for(done, SECONDS + 30)
    spent = perf_counter() - begun
    for client in clients:
        client.transport.abort()
    push.close()
    await asyncio.sleep(0.2)
    took.sort()
    return Measured(got / spent, took[len(took) // 2], took[int(len(took) * 0.99)])


async def run(quick: bool = False) -> list[Row]:
    """Measure all three: about half a minute, a third of it when `quick`."""
    rounds = 1 if quick else ROUNDS
    bare = await _measure("bare", rounds, 4)
    stock = await _measure("stock", rounds, 4)
    ours = await _measure("ours", rounds, 4)
    alone = await _measure("ours", rounds, 1)
    return [
        Row(
            number=4,
            workload=f"event to {AGENTS} agents",
            value=ours.rate,
            unit="deliveries/s",
            goal=0.6,
            limit=bare.rate,
            limit_name="bare aiohttp",
            note=f"p99 {ours.p99 * 1000:.1f} ms, four in flight",
        ),
        Row(
            number=4,
            workload=f"event to {AGENTS} agents, peer",
            value=ours.rate,
            unit="deliveries/s",
            goal=2.5,
            limit=stock.rate,
            limit_name="stock python-socketio",
            note=f"peer's p99 {stock.p99 * 1000:.1f} ms",
        ),
        Row(
            number=4,
            workload=f"all {AGENTS} have it (p99)",
            value=alone.p99 * 1000,
            unit="ms",
            goal=5.0,
            bound="≤",
            note=f"p50 {alone.p50 * 1000:.1f} ms, one in flight",
        ),
    ]


if __name__ == "__main__":
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(sys.argv[1]))
