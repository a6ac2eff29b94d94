"""The socket itself: who is let in, who is cut."""

import asyncio
import json
import socket
from typing import Any

import aiohttp
import pytest

from hub.auth.rights import Right
from hub.realtime import agent_links
from tests.integration.realtime.conftest import Live

_HANDSHAKE = {"Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}
WS = "/socket.io/?EIO=4&transport=websocket"


@pytest.mark.parametrize(
    "path",
    ["/socket.io/?EIO=4&transport=polling", "/socket.io/?EIO=3&transport=websocket", f"{WS}&sid=x", "/socket.io/"],
)
async def test_only_engine_io_4_over_websocket_is_served(live: Live, path: str) -> None:
    async with aiohttp.ClientSession() as http, http.get(live.url + path) as response:
        assert response.status == 400


@pytest.mark.covers("M-34")
@pytest.mark.parametrize(
    ("origin", "is_let_in"), [("http://console.example", True), ("http://evil.example", False), ("null", False)]
)
async def test_a_browser_on_a_foreign_page_gets_no_socket(live: Live, origin: str, is_let_in: bool) -> None:
    async with aiohttp.ClientSession() as http:
        headers = {"Origin": origin, "Upgrade": "websocket", "Connection": "Upgrade", **_HANDSHAKE}
        async with http.get(live.url + WS, headers=headers) as response:
            assert response.status == (101 if is_let_in else 400)


@pytest.mark.parametrize("packet", ["42[]", "4", "9", "x", "42/agent,[]", '42/agent,["presence"]', "45-["])
async def test_rubbish_on_the_wire_harms_nobody(live: Live, packet: str, caplog: pytest.LogCaptureFixture) -> None:
    async with aiohttp.ClientSession() as http, http.ws_connect(live.url + WS) as ws:
        await ws.receive_str()
        await ws.send_str(packet)
        await ws.send_str("1")

    visitor = await live.visitor()
    assert await visitor.heard("hello")


async def test_an_unknown_namespace_is_refused(live: Live) -> None:
    async with aiohttp.ClientSession() as http, http.ws_connect(live.url + WS) as ws:
        await ws.receive_str()
        await ws.send_str("40/root,")
        assert (await ws.receive_str()).startswith("44/root,")
        await ws.send_str("40")
        assert (await ws.receive_str()).startswith("44")


async def test_who_does_not_read_is_left_behind_and_catches_up_when_he_reads(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    _, secret = await live.user(Right.CONVERSATIONS_READ)
    talk = await live.store.conversation()
    reader = await _raw(live, secret)
    text = "x" * 20_000
    for n in range(300):  # more than the kernel's buffers hold
        await live.store.say(talk, f"{n} {text}")

    async with asyncio.timeout(10):
        while live.realtime.agent_links.live():
            await asyncio.sleep(0.01)
    (link,) = live.realtime.agent_links
    assert link.socket.unsent < agent_links.SLOW + 100_000

    seen: list[str] = []
    async with asyncio.timeout(20):
        while len(seen) < 300:
            name, data = await _event(reader)
            if name == "event" and data["type"] == "message.added":
                seen.append(data["data"]["message"]["text"].split(" ")[0])
    assert seen == [str(n) for n in range(300)]
    reader[1].close()


async def test_who_never_reads_is_cut(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agent_links, "STALLED", 0.2)
    _, secret = await live.user(Right.CONVERSATIONS_READ)
    talk = await live.store.conversation()
    _, writer = await _raw(live, secret)
    for _ in range(300):
        await live.store.say(talk, "x" * 20_000)

    async with asyncio.timeout(10):
        while len(live.realtime.agent_links):
            await asyncio.sleep(0.05)
    writer.close()


async def _raw(live: Live, secret: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A websocket by hand with a small receive buffer: nothing is read unless the test reads."""
    host, port = live.url.removeprefix("http://").split(":")
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.setblocking(False)
    await asyncio.get_running_loop().sock_connect(sock, (host, int(port)))
    reader, writer = await asyncio.open_connection(sock=sock, limit=4096)
    writer.write(
        f"GET {WS} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
    )
    await reader.readuntil(b"\r\n\r\n")
    packet = ("40/agent," + json.dumps({"token": f"session:{secret}"})).encode()
    assert len(packet) < 126
    writer.write(bytes([0x81, 0x80 | len(packet), 0, 0, 0, 0]) + packet)  # masked with zeros
    while (await _event((reader, writer)))[0] != "hello":
        pass
    return reader, writer


async def _event(wire: tuple[asyncio.StreamReader, asyncio.StreamWriter]) -> tuple[str, Any]:
    reader, _ = wire
    size = (await reader.readexactly(2))[1]
    if size == 126:
        size = int.from_bytes(await reader.readexactly(2), "big")
    elif size == 127:
        size = int.from_bytes(await reader.readexactly(8), "big")
    packet = (await reader.readexactly(size)).decode()
    if not packet.startswith("42"):
        return "", None
    name, data = json.loads(packet.partition(",")[2])
    return name, data
