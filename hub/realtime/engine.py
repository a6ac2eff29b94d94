"""Engine.IO over websocket only, under python-socketio.

python-engineio spends three tasks, a queue and several timers on every socket: 30 KiB and a ping timer each, and a task
for each recipient of an event. Here a socket is one task that reads, one wheel pings all of them, and whatever is
sent is
written to the transport at once. The protocol is Engine.IO 4 (https://socket.io/docs/v4/engine-io-protocol/), so that
every Socket.IO client works; polling is not offered.
"""

import asyncio
import struct
from collections.abc import Callable, Mapping
from time import monotonic
from typing import Any

import engineio
import orjson
import socketio
from aiohttp import WSMsgType, web
from engineio import packet

PING_INTERVAL = 25  # seconds, whole ones: clients are told in them
PING_TIMEOUT = 20
LARGEST_IN = 64 * 1024  # bytes of one frame a client may send
MOST_UNSENT = 1024 * 1024  # bytes a client may leave unread before it is cut off


class Json:
    """orjson in the shape python-socketio wants."""

    @staticmethod
    def dumps(value: Any, **_: Any) -> str:
        """Compact JSON text."""
        return orjson.dumps(value, default=plain).decode()

    @staticmethod
    def loads(text: str | bytes, **_: Any) -> Any:
        """The value; raises ValueError."""
        return orjson.loads(text)


def plain(value: object) -> object:
    """JSON for what orjson does not take: mappings of other kinds, and asyncpg's own UUID."""
    return dict(value) if isinstance(value, Mapping) else str(value)


def text_frame(payload: bytes) -> bytes:
    """One unmasked websocket text frame (RFC 6455 §5.2), ready to be written to any number of transports."""
    return frame(payload, WSMsgType.TEXT)


def frame(payload: bytes, opcode: int) -> bytes:
    """One unmasked, final websocket frame."""
    size = len(payload)
    if size < 126:
        return struct.pack("!BB", 0x80 | opcode, size) + payload
    if size < 65536:
        return struct.pack("!BBH", 0x80 | opcode, 126, size) + payload
    return struct.pack("!BBQ", 0x80 | opcode, 127, size) + payload


class Socket:
    """One client: what python-socketio expects of an Engine.IO socket, and `write` for frames made elsewhere."""

    __slots__ = ("closed", "connected", "entered", "sent_ping", "server", "session", "sid", "transport", "upgraded", "ws")

    def __init__(self, server: "Engine", sid: str, ws: web.WebSocketResponse, transport: asyncio.Transport) -> None:
        self.server, self.sid, self.ws, self.transport = server, sid, ws, transport
        self.session: dict[str, Any] = {}
        self.connected = self.upgraded = True
        self.closed = False
        self.entered = False  # was let into a namespace
        self.sent_ping = False  # and no word since

    @property
    def unsent(self) -> int:
        """Bytes written that the client has not taken yet."""
        return self.transport.get_write_buffer_size()

    def write(self, framed: bytes) -> None:
        """Hand a whole websocket frame to the transport; nothing happens once it is closing."""
        if not self.transport.is_closing():
            self.transport.write(framed)

    async def send(self, pkt: packet.Packet) -> None:
        """Send one Engine.IO packet (python-socketio's own: CONNECT, acknowledgements, DISCONNECT)."""
        if self.closed:
            return
        encoded = pkt.encode()
        is_binary = isinstance(encoded, bytes)
        payload = encoded if is_binary else encoded.encode()
        self.write(frame(payload, WSMsgType.BINARY if is_binary else WSMsgType.TEXT))
        if self.unsent > MOST_UNSENT:
            self.abort()

    async def close(self, wait: bool = True, abort: bool = False, reason: str | None = None) -> None:
        """Say goodbye and end the connection; the reading task does the rest."""
        if self.closed:
            return
        self.closed = True
        if not abort:
            self.write(text_frame(b"1"))
        self.write(frame(struct.pack("!H", 1000), WSMsgType.CLOSE))
        await self.server.gone(self, reason or self.server.reason.SERVER_DISCONNECT)
        self.transport.close()

    def abort(self) -> None:
        """Cut the connection without flushing: for those who do not read."""
        self.transport.abort()

    async def read(self) -> str:
        """Hand on what the client sends until it is gone; returns the reason."""
        while not self.closed:
            message = await self.ws.receive()
            if message.type is not WSMsgType.TEXT or not message.data:
                break
            self.sent_ping = False
            match message.data[0]:
                case "4":
                    await self.server.received(self, message.data[1:])
                case "3":
                    pass
                case "1":
                    return str(self.server.reason.CLIENT_DISCONNECT)
                case _:
                    break
        return str(self.server.reason.TRANSPORT_CLOSE)


class Engine(engineio.AsyncServer):  # type: ignore[misc]  # engineio has no types
    """The sockets of one process."""

    def __init__(self, *, origin_allowed: Callable[[str, web.Request], bool], **options: Any) -> None:
        super().__init__(**options, monitor_clients=False, cors_allowed_origins=[])
        self._origin_allowed = origin_allowed
        self._wheel: list[set[Socket]] = [set() for _ in range(PING_INTERVAL)]
        self._turn = 0

    async def handle_request(self, request: web.Request) -> web.StreamResponse:
        """Take a websocket, or say in JSON why not."""
        if problem := self._problem(request):
            return web.json_response({"code": 3, "message": problem}, status=400)
        ws = web.WebSocketResponse(max_msg_size=LARGEST_IN, compress=False)
        await ws.prepare(request)
        transport = request.transport
        if transport is None:  # gone already
            return ws
        socket = Socket(self, self.generate_id(), ws, transport)
        await self._serve(socket, request)
        return ws

    def _problem(self, request: web.Request) -> str | None:
        query = request.query
        if query.get("EIO") != "4" or query.get("transport") != "websocket" or "sid" in query:
            return "Bad request: this is Engine.IO 4 over websocket only"
        if request.method != "GET" or request.headers.get("Upgrade", "").lower() != "websocket":
            return "Bad request: not a websocket"
        origin = request.headers.get("Origin")
        if origin is not None and not self._origin_allowed(origin, request):
            return "Bad request: foreign origin"
        return None

    async def _serve(self, socket: Socket, request: web.Request) -> None:
        self.sockets[socket.sid] = socket
        slot = self._wheel[self._turn % PING_INTERVAL]
        slot.add(socket)
        opening = {
            "sid": socket.sid,
            "upgrades": [],
            "pingInterval": PING_INTERVAL * 1000,
            "pingTimeout": PING_TIMEOUT * 1000,
            "maxPayload": LARGEST_IN,
        }
        reason = self.reason.TRANSPORT_CLOSE
        try:
            socket.write(text_frame(b"0" + orjson.dumps(opening)))
            await self._trigger_event("connect", socket.sid, {"aiohttp.request": request, "engine": socket})
            reason = await socket.read()
        finally:
            slot.discard(socket)
            if not socket.closed:
                socket.closed = True
                await self.gone(socket, reason)

    async def received(self, socket: Socket, message: str) -> None:
        """A Socket.IO packet came."""
        await self._trigger_event("message", socket.sid, message, run_async=False)

    async def gone(self, socket: Socket, reason: str) -> None:
        """Tell Socket.IO, once, that a client is gone."""
        if self.sockets.pop(socket.sid, None) is not None:
            await self._trigger_event("disconnect", socket.sid, reason, run_async=False)

    async def run(self) -> None:
        """Ping everybody once an interval; cut those who do not answer or never said who they are. Until cancelled."""
        ping = text_frame(b"2")
        start = monotonic()
        while True:
            self._turn += 1
            for socket in self._wheel[(self._turn - PING_TIMEOUT) % PING_INTERVAL]:
                if socket.sent_ping:
                    socket.abort()
            for socket in self._wheel[self._turn % PING_INTERVAL]:
                if not socket.entered:
                    socket.abort()
                socket.sent_ping = True
                socket.write(ping)
            await asyncio.sleep(max(0.0, start + self._turn - monotonic()))


class Server(socketio.AsyncServer):  # type: ignore[misc]  # socketio has no types
    """python-socketio on our engine.

    Events of one client are handled one after the other, so that their order holds.
    """

    eio: Engine

    def __init__(self, *, origin_allowed: Callable[[str, web.Request], bool], namespaces: list[str]) -> None:
        super().__init__(
            async_mode="aiohttp",
            async_handlers=False,
            always_connect=True,
            json=Json,
            http_compression=False,
            transports=["websocket"],
            origin_allowed=origin_allowed,
            namespaces=namespaces,
        )

    def _engineio_server_class(self) -> type[Engine]:
        return Engine
