"""A provider of one line and its adapter: real sockets, and as good or bad as a test wants it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from hub.channels.contract import (
    AdapterContext,
    AdapterEntry,
    Check,
    SendError,
    SendReceipt,
    Settings,
    Sink,
)
from hub.messages.address import ChannelKind
from hub.messages.capabilities import Capabilities, Feature, Level
from hub.messages.content import OutboundMessage
from hub.messages.states import SendFailure

ENTRY = AdapterEntry(
    channel=ChannelKind.SMS,
    provider="desk",
    adapter=f"{__name__}:DeskAdapter",
    settings=f"{__name__}:DeskSettings",
    title_en="Desk",
    title_zh="台",
)


class DeskSettings(Settings):
    """Where the desk is."""

    host: Annotated[str, Meta(extra_json_schema={"x-group": "desk"})] = "127.0.0.1"
    port: Annotated[int, Meta(ge=1, le=65535)] = 1
    password: Annotated[str, Meta(extra_json_schema={"writeOnly": True, "x-group": "desk"})] = ""
    is_broken: bool = False


class DeskAdapter:
    """Signs in with a line and waits for the end of the connection."""

    kind: ClassVar[ChannelKind] = ChannelKind.SMS
    provider: ClassVar[str] = "desk"
    connection: ClassVar[Literal["exclusive", "shareable"]] = "exclusive"

    def __init__(self, settings: DeskSettings, context: AdapterContext) -> None:
        self.settings, self.context = settings, context

    def capabilities(self) -> Capabilities:
        return Capabilities(features={Feature.TEXT: Level.FULL}, max_length=100)

    async def run(self, sink: Sink) -> None:
        if self.settings.is_broken:
            raise ValueError("a mistake of ours")
        async with self._signed_in() as reader:
            self.context.state("connected", "")
            await reader.read()
        raise ConnectionError("the desk hung up")

    async def send(self, message: OutboundMessage) -> SendReceipt:
        return SendReceipt()

    async def check(self) -> Sequence[Check]:
        try:
            async with self._signed_in():
                return [Check(name="login", ok=True, detail="")]
        except SendError as error:
            return [Check(name="login", ok=False, detail=error.detail)]

    @contextlib.asynccontextmanager
    async def _signed_in(self) -> AsyncIterator[asyncio.StreamReader]:
        reader, writer = await asyncio.open_connection(self.settings.host, self.settings.port)
        try:
            writer.write(f"{self.settings.password}\n".encode())
            if await reader.readline() != b"welcome\n":
                raise SendError(SendFailure.BAD_CREDENTIALS, f"the desk does not know password={self.settings.password}")
            yield reader
        finally:
            writer.close()


class Desk:
    """The provider: counts who is signed in at the same time."""

    def __init__(self, password: str) -> None:
        self.password = password
        self.now = self.most = self.total = 0
        self._writers: set[asyncio.StreamWriter] = set()

    async def start(self, port: int = 0) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port)
        self.port: int = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        self._server.close()
        self.hang_up()
        await self._server.wait_closed()
        await self.until(0)

    def hang_up(self) -> None:
        for writer in tuple(self._writers):
            writer.close()

    async def until(self, many: int, seconds: float = 5.0) -> None:
        """Wait until so many are signed in."""
        async with asyncio.timeout(seconds):
            while self.now != many:
                await asyncio.sleep(0.01)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            if (await reader.readline()).decode().strip() != self.password:
                writer.write(b"no\n")
                return
            self.now, self.total = self.now + 1, self.total + 1
            self.most = max(self.most, self.now)
            try:
                writer.write(b"welcome\n")
                await reader.read()
            finally:
                self.now -= 1
        except ConnectionError:
            pass
        finally:
            self._writers.discard(writer)
            writer.close()
