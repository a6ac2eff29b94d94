"""Row 3: a visitor asks, an agent is told and answers, the visitor has the answer: two messages stored, all pairs at once.

Ours with everything on: visitors by their socket, the agent's side by its socket and the API, both signed in. The limit is a
minimal server of aiohttp websockets with a group commit of the same rows (`_chat_prototype`), with the same kind of client.
"""

import asyncio
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from time import perf_counter
from typing import Any
from uuid import uuid4

import aiohttp
import asyncpg
import orjson

from benchmarks import _chat_prototype
from benchmarks._http import percentile
from benchmarks.row import Row
from tests.fixtures.postgres import running_cluster
from tests.fixtures.program import Api, Program
from tests.ports import free_ports

PAIRS, SECONDS = 200, 3.0
TEXT = "Hello, my order has not arrived yet. " * 6
PAGE = "http://shop.test"

Ask = Callable[[int], Awaitable[None]]


async def run(quick: bool = False) -> list[Row]:
    """About half a minute."""
    pairs = 50 if quick else PAIRS
    with running_cluster(durable=True) as cluster, tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        url = cluster.url("postgres")
        bare, _ = await _prototype(url, pairs)
        program = Program(url, Path(folder), trusted_proxies="127.0.0.0/8")
        program.command("migrate")
        await program.start()
        await program.make_token()
        try:
            ours, took = await _hub(program, pairs)
            _, alone = await _hub(program, 1)
        finally:
            program.stop()
    what = "chat, visitor → agent → visitor"
    return [
        Row(number=3, workload=f"{what}, {pairs} pairs", value=ours, unit="round trips/s", goal=0.5, limit=bare,
            limit_name="aiohttp + group commit"),
        Row(number=3, workload=f"{what}, {pairs} pairs, p99", value=percentile(took, 0.99) * 1e3, unit="ms", goal=100, bound="≤"),
        Row(number=3, workload=f"{what}, alone, p50", value=percentile(alone, 0.5) * 1e3, unit="ms", goal=3, bound="≤"),
        Row(number=3, workload=f"{what}, alone, p99", value=percentile(alone, 0.99) * 1e3, unit="ms", goal=6, bound="≤"),
    ]  # fmt: skip


async def _measure(pairs: int, ask: Ask, most: int) -> tuple[float, list[float]]:
    """Round trips a second, and how long each took, sorted. A pair makes `most` at the most: visitors are held to a measure."""
    took: list[float] = []
    began = perf_counter()

    async def talk(pair: int) -> None:
        for _ in range(most):
            start = perf_counter()
            if start - began > SECONDS:
                return
            await ask(pair)
            took.append(perf_counter() - start)

    await asyncio.gather(*map(talk, range(pairs)))
    return len(took) / (perf_counter() - began), sorted(took)


async def _prototype(url: str, pairs: int) -> tuple[float, list[float]]:
    connection = await asyncpg.connect(url)
    await connection.execute(_chat_prototype.TABLES)
    await connection.close()
    [port] = free_ports(1)
    server = subprocess.Popen([sys.executable, "-m", "benchmarks._chat_prototype", str(port), url])
    try:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
            return await _prototype_talks(http, f"http://127.0.0.1:{port}/ws", pairs)
    finally:
        server.kill()
        server.wait()


async def _prototype_talks(http: aiohttp.ClientSession, url: str, pairs: int) -> tuple[float, list[float]]:
    async def enter(room: int) -> aiohttp.ClientWebSocketResponse:
        for _ in range(100):
            try:
                ws = await http.ws_connect(url)
                await ws.send_str(f"h{room}")
                await ws.receive()
                return ws
            except aiohttp.ClientConnectionError:
                await asyncio.sleep(0.1)
        raise RuntimeError("the prototype does not answer")

    visitors = [await enter(room + 1) for room in range(pairs)]
    agents = [await enter(room + 1) for room in range(pairs)]

    async def answer(ws: aiohttp.ClientWebSocketResponse) -> None:
        async for message in ws:
            if message.data[0] == "m":
                await ws.send_str("m" + TEXT)

    answering = [asyncio.create_task(answer(ws)) for ws in agents]

    async def ask(pair: int) -> None:
        await visitors[pair].send_str("m" + TEXT)
        while (await visitors[pair].receive()).data[0] != "m":
            pass

    measured = await _measure(pairs, ask, 1_000_000)
    for task in answering:
        task.cancel()
    return measured


class _Socket:
    """A Socket.IO client that costs next to nothing: one namespace, text frames."""

    def __init__(self, ws: aiohttp.ClientWebSocketResponse, namespace: str) -> None:
        self._ws, self._prefix = ws, namespace + ","

    @classmethod
    async def open(cls, http: aiohttp.ClientSession, url: str, namespace: str, auth: dict[str, Any], **headers: str) -> "_Socket":
        ws = await http.ws_connect(f"{url}/socket.io/?EIO=4&transport=websocket", headers=headers)
        await ws.receive()
        await ws.send_str(f"40{namespace}," + orjson.dumps(auth).decode())
        return cls(ws, namespace)

    async def hear(self) -> tuple[str, Any]:
        """The next event."""
        while True:
            message = await self._ws.receive()
            if message.type is not aiohttp.WSMsgType.TEXT:
                raise RuntimeError(f"the socket ended: {message}")
            if message.data == "2":
                await self._ws.send_str("3")
            elif message.data.startswith("42" + self._prefix):
                event, data = orjson.loads(message.data[2 + len(self._prefix) :])
                return event, data
            elif message.data.startswith("43" + self._prefix) and '"ok":true' not in message.data:
                raise RuntimeError(message.data)

    async def say(self, event: str, data: Any) -> None:
        """With an acknowledgement asked for."""
        await self._ws.send_str(f"42{self._prefix}0" + orjson.dumps([event, data]).decode())


async def _hub(program: Program, pairs: int) -> tuple[float, list[float]]:
    api = Api(program)
    new = {"name": f"Shop {uuid4()}", "provider": "widget", "settings": {"allowed_origins": [PAGE]}}
    site = (await api.insist("POST", "/accounts", new))["id"]
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
        agent = await _Socket.open(http, program.url, "/agent", {"token": program.token})
        auth = {"site": site, "origin": PAGE, "locale": "en"}
        visitors = [
            await _Socket.open(
                http, program.widget_url, "/visitor", auth, **{"X-Forwarded-For": f"10.1.{n // 250}.{n % 250 + 1}"}
            )
            for n in range(pairs)
        ]
        answering = asyncio.create_task(_answer(api, agent))

        async def ask(pair: int) -> None:
            await visitors[pair].say("send", {"client_key": str(uuid4()), "text": TEXT})
            while True:
                event, data = await visitors[pair].hear()
                if event == "event" and data["type"] == "message.added" and data["data"]["direction"] == "out":
                    return

        await asyncio.gather(
            *map(ask, range(pairs))
        )  # the conversations begin and are put into their queue: the peer's exist as well
        await asyncio.sleep(1)
        measured = await _measure(pairs, ask, 15)
        answering.cancel()
        await asyncio.gather(answering, return_exceptions=True)
    await api.close()
    return measured


async def _answer(api: Api, agent: _Socket) -> None:
    """Answer everything any visitor says."""
    async with asyncio.TaskGroup() as group:
        while True:
            event, data = await agent.hear()
            if event != "event" or data["type"] != "message.added" or data["data"]["message"]["direction"] != "in":
                continue
            talk = data["data"]["message"]["conversation_id"]
            reply = {"client_key": str(uuid4()), "text": TEXT}
            group.create_task(api.insist("POST", f"/conversations/{talk}/messages", reply))
