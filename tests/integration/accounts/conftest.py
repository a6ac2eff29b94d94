"""What the tests of accounts share."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

import aiohttp
import pytest

from hub.accounts import Accounts, Lent, RunState, Supervisor, Timing
from hub.auth import ALL, Caller
from hub.bus import LocalBus
from hub.channels import catalog
from hub.channels.contract import Accepted, Handover
from hub.db import Database
from hub.ids import AccountId, UserId, new_id
from hub.messages.events import ChannelEvent
from hub.secrets import SecretKeys
from tests.integration.accounts import desk as desk_module
from tests.integration.accounts.desk import Desk

CANARY = "canary-7f3a9c-secret"


class Sink:
    """Takes everything."""

    async def accept(self, handover: Handover) -> Accepted:
        return Accepted()

    async def notice(self, event: ChannelEvent) -> None:
        pass


async def _connect(host: str, port: int) -> str:
    return host


async def _no_blob(digest: str) -> bytes:
    raise KeyError(digest)


def _no_http() -> aiohttp.ClientSession:
    raise AssertionError("nothing is asked by HTTP here")


LENT = Lent(connect=_connect, read_blob=_no_blob, http=_no_http)


@pytest.fixture
def bus() -> LocalBus:
    return LocalBus()


@pytest.fixture
def keys() -> SecretKeys:
    return SecretKeys(b"k" * 32)


@pytest.fixture
def accounts(database: Database, bus: LocalBus, keys: SecretKeys) -> Accounts:
    """The accounts of a hub without any."""
    return Accounts(database, keys=keys, bus=bus, lent=LENT)


@pytest.fixture
def admin() -> Caller:
    return Caller(kind="user", name="Root", user_id=UserId(new_id()), rights=ALL)


@pytest.fixture
async def desk(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    """A provider that listens, known to the catalog."""
    monkeypatch.setitem(catalog._BY_PROVIDER, "desk", desk_module.ENTRY)
    made = Desk(CANARY)
    await made.start()
    yield made
    await made.stop()


Start = Callable[..., Supervisor]

QUICK = Timing(poll=0.1, lease=1.5, margin=0.5, first_retry=0.05, longest_retry=0.2, person_retry=0.3, settled=0.1)


@pytest.fixture
async def supervise(
    database: Database, bus: LocalBus, keys: SecretKeys, accounts: Accounts
) -> AsyncIterator[Callable[..., tuple[Supervisor, "asyncio.Task[None]"]]]:
    """Start a supervisor, as another process would; all are stopped at the end."""
    tasks: list[asyncio.Task[None]] = []

    def start(holder: str = "one", timing: Timing = QUICK) -> tuple[Supervisor, "asyncio.Task[None]"]:
        supervisor = Supervisor(
            db=database,
            bus=bus,
            keys=keys,
            adapters=Accounts(database, keys=keys, bus=bus, lent=LENT).adapters,
            sink_for=lambda account_id: Sink(),
            holder=holder,
            timing=timing,
        )
        tasks.append(asyncio.create_task(supervisor.run(), name=f"supervisor {holder}"))
        return supervisor, tasks[-1]

    yield start
    await stop(*tasks)


async def stop(*tasks: "asyncio.Task[None]") -> None:
    """End them and see how they ended."""
    for task in tasks:
        task.cancel()
    for task in tasks:
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def until_state(accounts: Accounts, account_id: AccountId, state: RunState, seconds: float = 5.0) -> str:
    """Wait until the account is seen to fare so; returns the detail."""
    async with asyncio.timeout(seconds):
        while (seen := await accounts.get(account_id)).state is not state:
            await asyncio.sleep(0.02)
    return seen.state_detail
