"""A live server on a real database and real sockets.

Intake is a sink that stores what a conversation needs, and announces it.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import pytest
import socketio
from aiohttp import web

from hub import clock
from hub.auth import SYSTEM, Auth
from hub.auth.callers import Caller
from hub.auth.rights import Right
from hub.auth.values import NewUser, User
from hub.bus import LocalBus
from hub.channels.contract import Accepted, Duplicate, Handover
from hub.channels.webchat.settings import SiteSettings
from hub.conversations.counts import LiveCounts
from hub.conversations.ratings import Ratings
from hub.db import Audience, Database, Event, Tailer
from hub.errors import Unauthorised, Unavailable
from hub.ids import AccountId, new_id
from hub.intake.forgetting import Forgetting
from hub.messages.content import StoredFile
from hub.messages.events import ChannelEvent, InboundMessage
from hub.realtime import Realtime
from hub.realtime.frames import AGENT, VISITOR
from hub.realtime.ports import Afterwards, Choice, Opening
from hub.secrets import SecretKeys
from hub.visitors.service import Visitors
from hub.visitors.values import Site

SITE = AccountId(UUID("01890000-0000-7000-8000-00000000515e"))
PAGE = "https://shop.example"
PASSWORD = "correct horse battery"
_NEW_CONVERSATION = """
INSERT INTO conversation (id, state, waiting_for, waiting_since, priority, subject, channel, channels, candidates,
    link_reason, preview, last_direction, last_in_n, last_message_at, created_at, updated_at, version,
    visitor_id, queue_id, assignee_id{more})
VALUES ($1, 'open', 'us', $2, 'normal', '', 'webchat', $3, $3, 'new', '', 'in', 0, $2, $2, $2, 1, $4, $5, $6{values})"""
_NEW_MESSAGE = """
INSERT INTO message (id, conversation_id, channel, direction, kind, from_name, recipients, subject, text, reply_text,
    has_html, attachments, notices, extra, client_key, status, status_detail, created_at, from_kind, from_value)
VALUES ($1, $2, 'webchat', $3, 'message', $4, $5, '', $6, $6, $7, $5, $5, $8, $9, $10, '', $11, $12, $13) RETURNING n"""


class Store:
    """Conversations by hand: just the rows and events that realtime reads."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.reports: list[ChannelEvent] = []
        self.is_gone = False
        self._keys: dict[str, Accepted] = {}
        self._talks: dict[UUID, UUID] = {}

    async def conversation(self, *, visitor: UUID | None = None, queue: UUID | None = None, assignee: UUID | None = None) -> UUID:
        talk = new_id()
        columns = {row["name"] for row in await self._columns()}
        more, values = (", participants", ", $3") if "participants" in columns else ("", "")
        async with self.db.unit_of_work() as work:
            sql = _NEW_CONVERSATION.format(more=more, values=values)
            await work.execute(sql, talk, clock.now(), [], visitor, queue, assignee)
        return talk

    async def _columns(self) -> Sequence[Any]:
        return await self.db.fetch(
            self.db.sql(
                sqlite="SELECT name FROM pragma_table_info('conversation')",
                postgres="SELECT column_name AS name FROM information_schema.columns WHERE table_name = 'conversation'",
            )
        )

    async def say(
        self,
        talk: UUID,
        text: str,
        *,
        direction: str = "out",
        name: str = "Li",
        client_key: UUID | None = None,
        audience: Audience | None = None,
    ) -> tuple[UUID, int]:
        """Store a message and announce it, in one transaction."""
        row = await self.db.fetch_one("SELECT * FROM conversation WHERE id = $1", talk)
        assert row is not None
        message, now = new_id(), clock.now()
        status = "accepted" if direction == "out" else None
        sender = ("visitor", str(row["visitor_id"])) if direction == "in" else (None, None)
        seen = audience or Audience(
            conversation_id=talk,
            queue_id=row["queue_id"],
            assignee_id=row["assignee_id"],
            visitor_id=row["visitor_id"],
        )
        async with self.db.unit_of_work() as work:
            stored = await work.fetch_one(
                _NEW_MESSAGE, message, talk, direction, name, [], text, False, {}, client_key, status, now, *sender
            )
            assert stored is not None
            view = {
                "id": message,
                "n": stored["n"],
                "conversation_id": talk,
                "channel": "webchat",
                "direction": direction,
                "text": text,
                "client_key": client_key,
                "from": {"name": name},
                "attachments": [],
                "created_at": now,
                "status": status,
            }
            data = {"conversation": {"id": talk, "state": "open"}, "message": view}
            work.announce(Event(type="message.added", data=data, audience=seen))
        return message, stored["n"]

    async def announce(self, type: str, data: dict[str, Any], audience: Audience) -> None:
        async with self.db.unit_of_work() as work:
            work.announce(Event(type=type, data=data, audience=audience))

    async def accept(self, handover: Handover) -> Accepted | Duplicate:
        if self.is_gone:
            raise Unavailable("the database is away")
        if known := self._keys.get(handover.key):
            return Duplicate(message_ids=known.message_ids, conversation_id=known.conversation_id)
        event = (handover.events or ())[0]
        if not isinstance(event, InboundMessage):
            self.reports.extend(handover.events or ())
            return Accepted()
        visitor = UUID(event.sender.value)
        if visitor not in self._talks:
            self._talks[visitor] = await self.conversation(visitor=visitor)
        talk = self._talks[visitor]
        message, _ = await self.say(talk, event.text, direction="in", name="", client_key=event.client_key)
        self._keys[handover.key] = accepted = Accepted(message_ids=(message,), conversation_id=talk)  # type: ignore[arg-type]
        return accepted

    async def notice(self, event: ChannelEvent) -> None:
        raise AssertionError(event)


@dataclass
class Around:
    """The neighbours of realtime, as far as it asks them."""

    auth: Auth
    settings: SiteSettings
    is_on: bool = True
    online: bool = True
    files: dict[UUID, tuple[str, StoredFile, bytes]] = field(default_factory=dict)
    present: dict[UUID, UUID] = field(default_factory=dict)
    chosen: list[tuple[UUID, str]] = field(default_factory=list)
    transcripts: list[tuple[UUID, str]] = field(default_factory=list)

    async def from_request(self, request: web.Request, token: str | None) -> Caller:
        if not token:
            raise Unauthorised("nobody is signed in")
        if token.startswith("session:"):
            return await self.auth.callers.by_session(token.removeprefix("session:"))
        return await self.auth.callers.by_token(token)

    async def again(self, caller: Caller) -> Caller:
        return await self.auth.callers.again(caller)

    async def connected(self, user_id: UUID, link: UUID) -> None:
        self.present[link] = user_id

    async def disconnected(self, link: UUID) -> None:
        self.present.pop(link, None)

    async def choose(self, user_id: UUID, state: str) -> None:
        self.chosen.append((user_id, state))

    async def of_site(self, site: Site) -> tuple[Sequence[Choice], bool]:
        return [Choice(kind="queue", id=SITE, name="Sales", online=True)], self.online

    async def send_transcript(self, id: UUID, *, to: str, site: str, locale: str) -> None:
        self.transcripts.append((id, to))

    async def site(self, account_id: AccountId) -> Site | None:
        known = account_id == SITE and self.is_on
        return Site(account_id=SITE, name="Shop", settings=self.settings) if known else None

    async def take(self, ids: Sequence[UUID], *, owner: str) -> Sequence[StoredFile]:
        assert all(self.files[id][0] == owner for id in ids)
        return [self.files[id][1] for id in ids]


@dataclass
class Live:
    """A running server, and clients of it."""

    url: str
    db: Database
    bus: LocalBus
    tailer: Tailer
    store: Store
    around: Around
    realtime: Realtime
    auth: Auth
    clients: list["Client"] = field(default_factory=list)

    async def user(self, *rights: Right, name: str = "") -> tuple[User, str]:
        """A user with these rights, and the secret of a session."""
        role = await self.auth.roles.add(SYSTEM, name=f"r{uuid4().hex[:8]}", rights=rights)
        new = NewUser(name=name or f"u{uuid4().hex[:8]}", password=PASSWORD, role_ids=(role.id,))
        user = await self.auth.users.add(SYSTEM, new)
        return user, await self.session(user)

    async def session(self, user: User) -> str:
        return (await self.auth.sessions.open(user.id, user.name, ip="127.0.0.1")).secret

    async def agent(self, secret: str, cursor: str | None = None) -> "Client":
        return await self._connect("/agent", {"token": f"session:{secret}", **({"cursor": cursor} if cursor else {})})

    async def visitor(self, **auth: Any) -> "Client":
        said = {"site": str(SITE), "origin": PAGE, "locale": "en", **auth}
        return await self._connect("/visitor", {k: v for k, v in said.items() if v is not None})

    async def _connect(self, namespace: str, auth: dict[str, Any]) -> "Client":
        client = Client(namespace)
        self.clients.append(client)
        await client.open(self.url, auth)
        return client


class Client:
    """A real Socket.IO client that keeps everything it is told."""

    def __init__(self, namespace: str) -> None:
        self.namespace = namespace
        self.told: list[tuple[str, Any]] = []
        self.sio = socketio.AsyncClient(reconnection=False)
        self._more = asyncio.Event()
        self.sio.on("*", self._hear, namespace=namespace)

    async def _hear(self, event: str, data: Any = None) -> None:
        self.told.append((event, data))
        self._more.set()

    async def open(self, url: str, auth: dict[str, Any]) -> None:
        await self.sio.connect(url, transports=["websocket"], namespaces=[self.namespace], auth=auth)

    async def until(self, found: Callable[[], Any], *, within: float = 5) -> Any:
        async with asyncio.timeout(within):
            while not (value := found()):
                self._more.clear()
                await self._more.wait()
            return value

    async def heard(self, event: str) -> Any:
        return await self.until(lambda: next((data for name, data in self.told if name == event), None))

    def events(self, type: str | None = None) -> list[Any]:
        return [data for name, data in self.told if name == "event" and type in (None, data["type"])]

    def texts(self) -> list[str]:
        return [event["data"]["message"]["text"] for event in self.events("message.added")]

    async def call(self, event: str, data: Any = None) -> Any:
        return await self.sio.call(event, data, namespace=self.namespace, timeout=5)

    async def close(self) -> None:
        leaving = asyncio.ensure_future(self.sio.disconnect())
        await asyncio.wait([leaving], timeout=0.5)
        # python-socketio's client leaves its writer waiting, and waits for it, when it was the server who hung up.
        if (queue := getattr(self.sio.eio, "queue", None)) is not None:
            queue.put_nowait(None)
        await leaving
        if (http := self.sio.eio.http) is not None:
            await http.close()


class AlwaysOpen:
    """A hub without calendars."""

    async def of_site(self, site: Site, queue_id: UUID | None) -> Opening:
        """Open."""
        return Opening()


@pytest.fixture
async def live(database: Database) -> AsyncIterator[Live]:
    bus, tailer = LocalBus(), Tailer(database)
    auth = Auth.build(database, bus, keys=SecretKeys(b"k" * 32))
    await auth.users.set_up(NewUser(name="root", password=PASSWORD), ip="127.0.0.1")
    store = Store(database)
    around = Around(auth=auth, settings=SiteSettings(name="Shop", allowed_origins=[PAGE]))
    realtime = Realtime(
        db=database,
        tailer=tailer,
        bus=bus,
        callers=around,
        presence=around,
        choices=around,
        openings=AlwaysOpen(),
        afterwards=Afterwards(
            rate=Ratings(database).rate, send_transcript=around.send_transcript, forget=Forgetting(database).forget
        ),
        sites=around,
        counts=LiveCounts(database),
        visitors=Visitors(database),
        uploads=around,
        sink_for=lambda _: store,
        file_url=lambda file: f"http://files/{file['id']}",
        ip_of=lambda request: request.remote or "",
        origin_allowed=lambda origin, _: origin == "http://console.example",
    )
    app = web.Application()
    realtime.attach(app, AGENT, VISITOR)
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    tasks = [asyncio.create_task(tailer.run()), asyncio.create_task(realtime.run())]
    while tailer.cursor is None:
        await asyncio.sleep(0.01)
    made = Live(url, database, bus, tailer, store, around, realtime, auth)
    yield made
    for client in made.clients:
        await client.close()
    await runner.cleanup()
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    auth.close()
