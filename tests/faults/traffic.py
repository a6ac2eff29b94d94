"""Senders that do what theirs do in the world: send, and send again until they are told that it was taken."""

import asyncio
import contextlib
import os
import random
from asyncio import StreamReader, StreamWriter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import socketio
from socketio.exceptions import SocketIOError

from tests.fixtures.program import Api, Program

MESSAGES = int(os.environ.get("HUB_FAULT_MESSAGES", "200"))
"""How many messages of each kind go through the faults; more of them take longer."""

KILLS = max(8, MESSAGES // 25)
PAGE = "http://shop.test"
AGAIN = 0.05  # seconds until a sender tries again
TEXTS = ("Where is my order? {}", "我的订单在哪里？ {}", ".\r\n. dots {}", "naïve café — “quotes” {}", "x" * 4000 + " {}")


def mail(number: int) -> bytes:
    """A mail nobody else sends; some are larger than what the journal keeps in its row."""
    text = TEXTS[number % len(TEXTS)].format(number) + ("\r\n" + "y" * 76) * (1200 if number % 40 == 7 else 3)
    head = f"From: c{number}@example.com\r\nTo: support@hub.test\r\nSubject: =?utf-8?q?Order?= {number}\r\n"
    head += f"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\nX-Number: {number}\r\n"
    head += f"Message-ID: <{number % 50}@example.com>\r\n"  # not unique, as in the world
    return (head + "\r\n" + text + "\r\n").encode()


async def send_mail(port: int, raw: bytes, *, sender: str, recipient: str = "support@hub.test") -> str:
    """One try: the reply to the message. Raises OSError or EOFError when the connection ends before."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        await _reply(reader)
        for command in ("HELO test", f"MAIL FROM:<{sender}>", f"RCPT TO:<{recipient}>", "DATA"):
            said = await _say(reader, writer, command.encode())
            if not said.startswith(("2", "3")):
                return said
        return await _say(reader, writer, raw.replace(b"\r\n.", b"\r\n..") + b".")
    finally:
        writer.close()


async def _say(reader: StreamReader, writer: StreamWriter, line: bytes) -> str:
    writer.write(line + b"\r\n")
    return await _reply(reader)


async def _reply(reader: StreamReader) -> str:
    line = await reader.readline()
    if not line.endswith(b"\n"):
        raise EOFError
    return line.decode() if line[3:4] != b"-" else await _reply(reader)


async def insist_on_mail(program: Program, raw: bytes, *, sender: str) -> None:
    """Until it is taken. What the hub says meanwhile must never make a sender give up."""
    while True:
        try:
            async with asyncio.timeout(10):
                said = await send_mail(program.smtp_port, raw, sender=sender)
        except (OSError, EOFError, TimeoutError):
            said = "400 connection lost"
        if said.startswith("250"):
            return
        assert said.startswith("4"), f"a sender was told to give up: {said}"
        await asyncio.sleep(AGAIN)


@dataclass
class Visitor:
    """A visitor's page: connects again whenever the connection is lost, and repeats what was not acknowledged."""

    program: Program
    site: str
    token: str | None = None
    sent: dict[UUID, str] = field(default_factory=dict)
    _client: Any = None

    async def send(self, text: str) -> None:
        """Until it is acknowledged."""
        key = uuid4()
        self.sent[key] = text
        while True:
            try:
                client = await self._connected()
                said = await client.call("send", {"client_key": str(key), "text": text}, namespace="/visitor", timeout=5)
            except (SocketIOError, OSError, TimeoutError):
                await self.leave()
                await asyncio.sleep(AGAIN)
                continue
            if said["ok"]:
                assert said["message"]["text"] == text
                return
            assert said["retry"], said
            await asyncio.sleep(AGAIN)

    async def _connected(self) -> Any:
        if self._client is None:
            greeted: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
            self._client = socketio.AsyncClient(reconnection=False)
            self._client.on("hello", lambda said: greeted.done() or greeted.set_result(said), namespace="/visitor")
            auth = {"site": self.site, "origin": PAGE, "locale": "en", "token": self.token}
            await self._client.connect(
                self.program.widget_url,
                transports=["websocket"],
                namespaces=["/visitor"],
                auth={name: value for name, value in auth.items() if value},
            )
            async with asyncio.timeout(5):
                self.token = (await greeted).get("token", self.token)
        return self._client

    async def leave(self) -> None:
        """Close the page."""
        if self._client is not None:
            client, self._client = self._client, None
            await close(client)


async def close(client: socketio.AsyncClient) -> None:
    """Disconnect and leave no task behind."""
    with contextlib.suppress(SocketIOError, OSError):
        await client.disconnect()
    # python-socketio's client leaves its writer waiting when it was the server who hung up.
    if (queue := getattr(client.eio, "queue", None)) is not None:
        queue.put_nowait(None)


class Killer:
    """Kills the hub at random moments and starts it again, while work goes on."""

    def __init__(self, program: Program, *, kills: int = KILLS, seed: int = 0) -> None:
        self._program, self._kills = program, kills
        self._random = random.Random(seed)
        self.starts: list[float] = []

    async def run(self) -> None:
        for _ in range(self._kills):
            await asyncio.sleep(self._random.uniform(0.05, 1.2))
            self._program.kill()
            self.starts.append(await self._program.start())


async def spread(
    work: Callable[[int, int], Awaitable[None]], *, during: "asyncio.Task[None]", senders: int, at_least: int, pause: float
) -> int:
    """Let `senders` do numbered pieces of work, `pause` seconds apart, until `during` is over and so many are done; how many."""
    numbers = iter(range(10**9))
    done = 0

    async def one(sender: int) -> None:
        nonlocal done
        while not during.done() or done < at_least:
            await work(sender, next(numbers))
            done += 1
            await asyncio.sleep(random.uniform(0, 2 * pause))

    async with asyncio.TaskGroup() as group:
        for sender in range(senders):
            group.create_task(one(sender))
    await during
    return done


async def make_site(api: Api) -> str:
    """A site whose widget may be shown on `PAGE`."""
    body = {"name": "Shop", "provider": "widget", "settings": {"allowed_origins": [PAGE]}}
    return str((await api.insist("POST", "/accounts", body))["id"])


async def send_through(api: Api, port: int) -> None:
    """Let the mailbox of a fresh hub send through the server at `port`."""
    [account] = [a for a in await api.get("/accounts") if a["channel"] == "email"]
    settings = {"address": "support@hub.test", "smtp_host": "127.0.0.1", "smtp_port": port, "smtp_security": "none"}
    await api.insist("PATCH", f"/accounts/{account['id']}", {"version": account["version"], "settings": settings})
