"""Row 10: what the hub costs when nothing happens: memory and time at start, and with thousands of visitors' pages open.

On SQLite, with every channel compiled in and only those of a fresh hub configured. The processor's time is scaled to 10,000.
"""

import asyncio
import os
import resource
import tempfile
from pathlib import Path
from statistics import median
from uuid import uuid4

import orjson

from benchmarks.row import Row
from tests.fixtures.program import Api, Program

PAGE = "http://shop.test"
AT_ONCE = 32  # connections being made at the same time
_TICKS = os.sysconf("SC_CLK_TCK")


async def run(quick: bool = False) -> list[Row]:
    """About a minute, most of it to let the visitors in."""
    count, watched = (1_000, 5.0) if quick else (4_000, 15.0)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with tempfile.TemporaryDirectory() as folder:
        program = Program(f"sqlite:///{folder}/hub.sqlite3", Path(folder), trusted_proxies="127.0.0.0/8")
        starts = []
        for _ in range(1 if quick else 3):
            starts.append(await program.start())
            program.stop()
        await program.start()
        try:
            at_start = _resident(program.pid)
            await program.make_token()
            before = _resident(program.pid)
            _, base = await _watch(program.pid, watched)
            pages = await _visitors(program, count)
            memory, busy = await _watch(program.pid, watched)
            for page in pages:
                page.cancel()
            await asyncio.wait(pages)
        finally:
            program.stop()
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    each = (memory - before) / count
    return [
        Row(number=10, workload=f"memory per idle visitor, {count:,} open", value=each, unit="KiB", goal=24, bound="≤"),
        Row(number=10, workload="memory with 10,000 idle visitors", value=(before + each * 10_000) / 1024, unit="MiB", goal=305, bound="≤"),
        Row(number=10, workload="processor for 10,000 idle visitors", value=(base + (busy - base) * 10_000 / count) * 100,
            unit="% of a core", goal=3, bound="≤"),
        Row(number=10, workload="memory after start", value=at_start / 1024, unit="MiB", goal=86, bound="≤"),
        Row(number=10, workload="start to the first 200, SQLite", value=median(starts), unit="s", goal=1.0, bound="≤"),
    ]  # fmt: skip


def _resident(pid: int) -> int:
    """KiB."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0])


def _processor(pid: int) -> float:
    """Seconds used so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


async def _watch(pid: int, seconds: float) -> tuple[int, float]:
    """Memory in KiB at the end of a quiet while, and the share of a core that was used in it."""
    await asyncio.sleep(2)
    began = _processor(pid)
    await asyncio.sleep(seconds)
    return _resident(pid), (_processor(pid) - began) / seconds


async def _visitors(program: Program, count: int) -> list[asyncio.Task[None]]:
    """Their open pages, each a task that answers pings."""
    api = Api(program)
    new = {"name": f"Shop {uuid4()}", "provider": "widget", "settings": {"allowed_origins": [PAGE]}}
    site = (await api.insist("POST", "/accounts", new))["id"]
    await api.close()
    auth = orjson.dumps({"site": site, "origin": PAGE, "locale": "en"})
    room = asyncio.Semaphore(AT_ONCE)

    async def enter(number: int) -> asyncio.Task[None]:
        async with room:
            reader, writer = await _enter(program.ports["widget_port"], b"40/visitor," + auth, number)
        return asyncio.create_task(_stay(reader, writer))

    return list(await asyncio.gather(*(enter(number) for number in range(count))))


async def _enter(port: int, greeting: bytes, number: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 16)
    address = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
    head = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
    path = "/socket.io/?EIO=4&transport=websocket"
    writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: {address}\r\n{head}\r\n\r\n".encode())
    await reader.readuntil(b"\r\n\r\n")
    writer.write(bytes([0x81, 0x80 | 126]) + len(greeting).to_bytes(2, "big") + b"\0\0\0\0" + greeting)
    await reader.readuntil(b'"unread":')
    return reader, writer


async def _stay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(4096):
            if data.endswith(b"\x81\x012"):  # a ping of Engine.IO, a websocket frame of one letter
                writer.write(b"\x81\x81\0\0\0\0" + b"3")
    finally:
        writer.close()
