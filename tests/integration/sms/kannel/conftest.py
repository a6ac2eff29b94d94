"""A desk with a real Kannel. What is proven here is Kannel's side, which knows no database: it runs once, beside SQLite."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer

from hub import clock
from hub.accounts import AccountChange, NewAccount
from hub.api.server import console_app
from hub.auth import SYSTEM
from hub.db import Row
from hub.delivery.service import Send
from hub.ids import AccountId, MessageId
from hub.messages.address import Address, AddressKind
from hub.messages.content import Draft
from tests.fixtures.desk import Desk, eventually
from tests.fixtures.kannel import PASSWORD, USER, Kannel
from tests.fixtures.proxy import CuttingProxy

SECRET = "0123456789abcdefSECRET"


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Nothing here depends on the dialect."""
    return True if config.getoption("--db", default="sqlite") == "postgres" else None


class KannelDesk:
    """A served desk with one Kannel account; `proxy` is a way to Kannel that may be cut."""

    def __init__(self, desk: Desk, kannel: Kannel, proxy: CuttingProxy, pages: Path) -> None:
        self.desk, self.kannel, self.proxy = desk, kannel, proxy
        self._pages = pages
        self._port = kannel.ports["hooks"]
        self._server: TestServer | None = None
        self.account_id: AccountId

    @property
    def base(self) -> str:
        """The hub's address as Kannel knows it."""
        return f"http://127.0.0.1:{self._port}"

    async def open(self) -> None:
        """Add the account, start Kannel, serve."""
        accounts = self.desk.hub.accounts
        accounts.adapters._lent = replace(accounts.adapters._lent, hooks_url=self.base)
        settings = {
            "sender": "10690000",
            "sendsms_url": self.kannel.url,
            "username": USER,
            "password": PASSWORD,
            "hook_secret": SECRET,
            "answer_seconds": 1.0,
        }
        account = await accounts.create(NewAccount(name="Texts", provider="kannel", settings=settings), by=SYSTEM)
        self.account_id = account.id
        self.kannel.configure(hooks_url=f"{self.base}/hooks/{account.id}", secret=SECRET)
        await self.kannel.start()
        await self.serve()

    async def ask_at(self, port: int) -> None:
        """Change where the account asks for sendsms."""
        account = await self.desk.hub.accounts.get(self.account_id)
        url = f"http://127.0.0.1:{port}/cgi-bin/sendsms"
        change = AccountChange(settings={"sendsms_url": url, "password": PASSWORD, "hook_secret": SECRET})
        await self.desk.hub.accounts.change(self.account_id, change, version=account.version, by=SYSTEM)

    async def serve(self) -> None:
        """Open the hub's door (again)."""
        hub = replace(self.desk.hub, settings=replace(self.desk.hub.settings, hooks_url=self.base))
        self._server = TestServer(console_app(hub, pages=self._pages), port=self._port)
        await self._server.start_server()

    async def unserve(self) -> None:
        """The hub is away: nobody answers Kannel."""
        if self._server is not None:
            await self._server.close()
            self._server = None

    async def write(self, text: str, to: str = "+8613900000001") -> MessageId:
        """A first message to a customer."""
        draft = Draft(text=text, to=(Address(kind=AddressKind.PHONE, value=to),))
        return (await self.desk.hub.delivery.send(Send(account_id=self.account_id, draft=draft), by=SYSTEM)).id

    async def status(self, id: MessageId) -> str:
        """How a message stands."""
        row = await self.desk.db.fetch_one("SELECT status FROM message WHERE id = $1", id)
        assert row is not None
        return str(row["status"])

    async def becomes(self, id: MessageId, *states: str) -> None:
        """Wait until it stands so."""

        async def check() -> None:
            assert await self.status(id) in states

        await eventually(check)

    async def let_it_be_due(self) -> None:
        """What waits to be tried again is tried now."""
        async with self.desk.db.unit_of_work() as work:
            await work.execute("UPDATE delivery SET due_at = $1 WHERE state = 'deferred'", clock.now())

    async def arrived(self, count: int) -> list[Row]:
        """The messages from customers, once there are so many."""
        return await self.desk.filed(count)

    async def has_received(self, count: int) -> None:
        """Wait until Kannel has so many messages from the centre."""

        async def check() -> None:
            assert f"SMS: received {count} " in await self.kannel.status()

        await eventually(check)

    async def taken(self, count: int) -> list[str]:
        """What the centre was given, once it is so much."""

        async def check() -> list[str]:
            assert len(self.kannel.got) >= count
            return self.kannel.got

        return list(await eventually(check))


@pytest.fixture
async def texts(desk: Desk, kannel: Kannel, tmp_path: Path) -> AsyncIterator[KannelDesk]:
    """A desk that sends and is called; the centre is not yet there."""
    proxy = CuttingProxy(kannel.ports["http"])
    await proxy.start()
    made = KannelDesk(desk, kannel, proxy, tmp_path)
    await made.open()
    yield made
    await made.unserve()
    await proxy.stop()
