"""Pages as they keep themselves up to date: a cursor, events in order, everything anew where one is missing."""

import asyncio
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import aiohttp
import socketio
from socketio.exceptions import SocketIOError

from tests.faults.traffic import AGAIN, PAGE, close
from tests.fixtures.program import Api

Shown = tuple[str, str, str | None]  # id, text and state of a message

_LOST = (SocketIOError, OSError, TimeoutError, aiohttp.ClientError, AssertionError)


class Page:
    """A connection that is made again whenever it is lost, with the cursor of what was shown last."""

    namespace = ""

    def __init__(self, port: int) -> None:
        self._url = f"http://127.0.0.1:{port}"
        self.cursor: str | None = None
        self.connects = self.reloads = 0
        self._client: Any = None
        self._told: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()
        self._task = asyncio.create_task(self._live())

    async def leave(self) -> None:
        """Close the page."""
        self._task.cancel()
        await asyncio.wait([self._task])

    async def _live(self) -> None:
        while True:
            self._told = asyncio.Queue()
            client = self._client = socketio.AsyncClient(reconnection=False)
            client.on("*", self._hear(self._told), namespace=self.namespace)
            client.on("disconnect", self._lose(self._told), namespace=self.namespace)
            try:
                auth = {name: value for name, value in self.auth().items() if value}
                await client.connect(self._url, transports=["websocket"], namespaces=[self.namespace], auth=auth)
                self.connects += 1
                while (told := await self._told.get())[0] != "lost":
                    await self._take(*told)
            except _LOST:
                pass
            finally:
                await close(client)
            await asyncio.sleep(AGAIN)

    @staticmethod
    def _hear(told: asyncio.Queue[tuple[str, Any]]) -> Callable[..., Any]:
        async def hear(event: str, data: Any = None) -> None:
            told.put_nowait((event, data))

        return hear

    @staticmethod
    def _lose(told: asyncio.Queue[tuple[str, Any]]) -> Callable[..., Any]:
        async def lose(*_: Any) -> None:
            told.put_nowait(("lost", None))

        return lose

    async def _take(self, event: str, data: Any) -> None:
        match event:
            case "hello":
                await self.begin(data)
            case "resync":
                self.cursor = data["cursor"]
                await self.reload()
            case "event":
                if data["prev"] == self.cursor:
                    await self.apply(data["type"], data["data"])
                    self.cursor = data["cursor"]
                else:
                    self.cursor = data["cursor"]
                    await self.reload()

    def auth(self) -> dict[str, Any]:
        raise NotImplementedError

    async def begin(self, hello: dict[str, Any]) -> None:
        raise NotImplementedError

    async def reload(self) -> None:
        raise NotImplementedError

    async def apply(self, kind: str, data: dict[str, Any]) -> None:
        raise NotImplementedError


class AgentPage(Page):
    """The console: every conversation it may see, each with its messages."""

    namespace = "/agent"

    def __init__(self, port: int, token: str, api: Api) -> None:
        self._token, self._api = token, api
        self._talks: dict[str, dict[str, Any]] = {}
        super().__init__(port)

    def auth(self) -> dict[str, Any]:
        return {"token": self._token, "cursor": self.cursor}

    async def begin(self, hello: dict[str, Any]) -> None:
        if hello["resync"] or self.cursor is None:
            self.cursor = hello["cursor"]
            await self.reload()

    async def reload(self) -> None:
        self.reloads += 1
        cursor, self.cursor = self.cursor, None  # lost in the middle of this, it has to be done again
        talks = [talk["id"] for talk in await self._api.all("/conversations")]
        self._talks = {talk: {m["id"]: m for m in await messages_of(self._api, talk)} for talk in talks}
        self.cursor = cursor

    async def apply(self, kind: str, data: dict[str, Any]) -> None:
        if kind == "message.added":
            message = data["message"]
            if message["extra"].get("partial"):  # too long for an event
                message = await self._api.get(f"/messages/{message['id']}")
            self._talks.setdefault(message["conversation_id"], {})[message["id"]] = message
        elif kind == "message.changed":
            self._talks[data["conversation_id"]][data["message_id"]]["status"] = data["status"]

    def shown(self) -> dict[str, list[Shown]]:
        """What stands on the page."""
        return {talk: listed(messages.values()) for talk, messages in self._talks.items()}


class VisitorPage(Page):
    """The widget."""

    namespace = "/visitor"

    def __init__(self, port: int, site: str) -> None:
        self._site = site
        self._token: str | None = None
        self._messages: dict[str, Any] = {}
        super().__init__(port)

    def auth(self) -> dict[str, Any]:
        return {"site": self._site, "origin": PAGE, "locale": "en", "token": self._token, "cursor": self.cursor}

    async def begin(self, hello: dict[str, Any]) -> None:
        self._token = hello.get("token", self._token)
        if hello["resync"]:
            self.reloads += 1
            self._messages = {}
        self._messages |= {message["id"]: message for message in hello["messages"]}
        self.cursor = hello["cursor"]
        if hello["resync"]:
            await self._load_older()

    async def _load_older(self) -> None:
        has_more = True
        while has_more:
            before = min(message["n"] for message in self._messages.values())
            past = await self._client.call("history", {"before": before}, namespace=self.namespace, timeout=5)
            self._messages |= {message["id"]: message for message in past["messages"]}
            has_more = past["has_more"]

    async def reload(self) -> None:
        self.reloads += 1
        await self._client.disconnect()

    async def apply(self, kind: str, data: dict[str, Any]) -> None:
        if kind == "message.added":
            self._messages[data["id"]] = data
            if data["direction"] == "out":
                await self._client.emit("seen", {"message_ids": [data["id"]]}, namespace=self.namespace)
        elif kind == "message.changed":
            self._messages[data["id"]]["status"] = data["status"]

    async def _say(self, event: str, data: dict[str, Any]) -> Any:
        return await self._client.call(event, data, namespace=self.namespace, timeout=5)

    async def send(self, text: str) -> None:
        """Until it is acknowledged."""
        key = str(uuid4())
        while True:
            try:
                said = await self._say("send", {"client_key": key, "text": text})
                if said["ok"]:
                    return
                assert said["retry"], said
            except (SocketIOError, OSError, TimeoutError):
                pass
            await asyncio.sleep(AGAIN)

    def shown(self) -> list[Shown]:
        """What stands on the page."""
        return listed(self._messages.values())


def listed(messages: Any) -> list[Shown]:
    """Messages in their order."""
    return [(m["id"], m["text"], m["status"]) for m in sorted(messages, key=lambda m: m["n"])]


async def messages_of(api: Api, talk: str) -> list[dict[str, Any]]:
    """All messages of a conversation."""
    found: list[dict[str, Any]] = []
    has_more = True
    while has_more:
        page = await api.get(f"/conversations/{talk}/messages", after=found[-1]["n"] if found else 0, limit=200)
        found += page["items"]
        has_more = page["has_more"]
    return found
