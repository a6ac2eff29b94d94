"""Row 6: short messages that come by Twilio's signed webhooks, stored and filed before the 200, over 64 kept connections.

Against a bare aiohttp endpoint in the same run, with the same requests: one that reads, verifies and stores four rows in groups
(the limit), and one that only reads, verifies and answers (in the note). PostgreSQL with fsync.
"""

import asyncio
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from urllib.parse import urlencode
from uuid import uuid4

import aiohttp
import asyncpg

from benchmarks._http import percentile
from benchmarks.ingest import _PG_TABLES
from benchmarks.row import Row
from hub.devkit.twilio_messages import Message, signature
from tests.fixtures.postgres import running_cluster
from tests.fixtures.program import Program
from tests.ports import free_ports

CONNECTIONS, CUSTOMERS = 64, 500
TOKEN, ACCOUNT, NUMBER = "benchmark", "AC" + "0" * 32, "+14155550100"
_TEXT = "Hello, my order has not arrived yet. Could you please look where it is?"


async def run(quick: bool = False) -> list[Row]:
    """Half a minute; a third of it when `quick`."""
    count, rounds = (2_000, 1) if quick else (6_000, 3)
    with running_cluster(durable=True) as cluster:
        bare = await _bare(count, rounds, "")
        stored = await _bare(count, rounds, await _tables(cluster.url("postgres")))
    with running_cluster(durable=True) as cluster, tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        ours = await _ours(count, rounds, Program(cluster.url("postgres"), Path(folder)))
    return [
        Row(
            number=6,
            workload=f"sms webhook: stored and filed, {CONNECTIONS} connections",
            value=ours[0],
            unit="calls/s",
            goal=0.6,
            limit=stored[0],
            limit_name="bare endpoint that stores",
            note=f"(one that only answers: {bare[0]:,.0f})",
        ),
        Row(number=6, workload="sms webhook, p99", value=ours[1] * 1e3, unit="ms", goal=25, bound="≤"),
    ]


async def _tables(url: str) -> str:
    connection = await asyncpg.connect(url)
    await connection.execute(_PG_TABLES)
    await connection.close()
    return url


async def _bare(count: int, rounds: int, database_url: str) -> tuple[float, float]:
    port = free_ports(1)[0]
    with _server(port, database_url):
        return await _measured(count, rounds, port, f"http://127.0.0.1:{port}", "/hooks/bare")


@contextmanager
def _server(port: int, database_url: str) -> Iterator[None]:
    argv = [sys.executable, "-m", "benchmarks._hook_server", str(port), *filter(None, [database_url])]
    with subprocess.Popen(argv, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        try:
            yield
        finally:
            process.kill()


async def _ours(count: int, rounds: int, program: Program) -> tuple[float, float]:
    program.command("migrate")
    await program.start()
    try:
        await program.make_token()
        settings = {"account_sid": ACCOUNT, "auth_token": TOKEN, "sender": NUMBER, "base_url": "http://127.0.0.1:1"}
        headers = {"Authorization": f"Bearer {program.token}"}
        async with aiohttp.ClientSession(headers=headers) as http:
            body = {"name": "SMS", "provider": "twilio", "settings": settings}
            async with http.post(f"{program.url}/api/v1/accounts", json=body) as answer:
                path = f"/hooks/{(await answer.json())['id']}"
        port = program.ports["http_port"]
        return await _measured(count, rounds, port, f"http://localhost:{port}", path)
    finally:
        program.stop()


async def _measured(count: int, rounds: int, port: int, public: str, path: str) -> tuple[float, float]:
    """Calls a second and the 99th percentile in seconds, of the median round; a first one makes all customers known."""
    measured = []
    for _ in range(rounds + 1):
        requests = [_request(number, public + path, path) for number in range(count)]
        measured.append(await _round(requests, port))
    return sorted(measured[1:])[rounds // 2]


def _request(number: int, url: str, path: str) -> bytes:
    sender = f"+1415555{2000 + number % CUSTOMERS}"
    message = Message(
        account_sid=ACCOUNT, sender=sender, to=NUMBER, body=_TEXT, direction="inbound", status="received", sid=f"SM{uuid4().hex}"
    )
    form = message.handed_over("")
    body = urlencode(form)
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded; charset=UTF-8\r\n"
        f"X-Twilio-Signature: {signature(TOKEN, url, form)}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return (head + body).encode()


async def _round(requests: Sequence[bytes], port: int) -> tuple[float, float]:
    took: list[float] = []
    waiting = iter(requests)
    began = perf_counter()
    await asyncio.gather(*(_connection(waiting, port, took) for _ in range(CONNECTIONS)))
    rate = len(requests) / (perf_counter() - began)
    return rate, percentile(sorted(took), 0.99)


async def _connection(waiting: Iterator[bytes], port: int, took: list[float]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for request in waiting:
        began = perf_counter()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        size = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n", 1)[0])
        body = await reader.readexactly(size)
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(f"{head[:40]!r} {body[:300]!r}")
        took.append(perf_counter() - began)
    writer.close()
