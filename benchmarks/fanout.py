"""Row 4: one event to 200 agents, against a bare aiohttp websocket that sends one text to 200, and stock python-socketio.

Each server runs alone on one core and the clients on another. An event goes out when a byte comes in by a TCP connection
beside; the next one only after all 200 have it (one in flight), or four at a time. Ours decides for each agent whether they
may see the event and tells each the cursor before it, as in the product; the peers send the same bytes to everybody.
"""

import asyncio
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from time import perf_counter

from aiohttp import WSMsgType

from benchmarks.row import Row

AGENTS, ROUNDS, SECONDS = 200, 3, 2.0


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


async def _measure(mode: str, in_flight: int) -> Measured:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.fanout_servers", mode, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        if hasattr(os, "sched_setaffinity") and (os.cpu_count() or 1) > 1:
            os.sched_setaffinity(process.pid, {0})
            os.sched_setaffinity(0, set(range(1, os.cpu_count() or 2)))
        port, trigger = (int(word) for word in (await process.stdout.readline()).split())
        return await _round(mode, port, trigger, in_flight)
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
    """Measure all three: about forty seconds, a third of it when `quick`."""
    rounds: list[dict[tuple[str, int], Measured]] = []
    for _ in range(1 if quick else ROUNDS):  # in turn, so that a busy moment of the machine hits all alike
        rounds.append({way: await _measure(*way) for way in (("bare", 4), ("stock", 4), ("ours", 4), ("ours", 1))})
    middle = {way: sorted((done[way] for done in rounds), key=lambda one: one.rate)[len(rounds) // 2] for way in rounds[0]}
    bare, stock, ours, alone = middle.values()
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
