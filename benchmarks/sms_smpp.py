"""Bulk short messages over SMPP, through the whole ledger, against a bare window at the same simulator in the same run.

A message is queued by the verb agents use, each in a conversation of its own; measured is from the first handed over until the last is delivered
(its receipt folded in). The limit submits the same texts through one session with the same window, and nothing else: no database at all.
"""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from time import perf_counter

from benchmarks.row import Row
from hub.accounts import NewAccount
from hub.app.build import Parts, build
from hub.app.first_start import first_start
from hub.auth import SYSTEM
from hub.channels.sms.smpp import coding
from hub.channels.sms.smpp.session import Centre, Session, bound
from hub.channels.sms.smpp.settings import SmppSettings
from hub.channels.sms.smpp.status import Status
from hub.channels.sms.smpp.wire import Bind, Command, ShortMessage
from hub.db import migrate
from hub.delivery.service import Send
from hub.devkit.smsc import Smsc
from hub.ids import AccountId
from hub.messages.address import Address, AddressKind
from hub.messages.content import Draft
from hub.settings import load
from tests.fixtures.postgres import running_cluster

WINDOW, SENDERS = 16, 32
_TEXT = "Your parcel leaves today and arrives tomorrow between 9 and 12."


async def run(quick: bool = False) -> list[Row]:
    """Measure both databases."""
    count = 300 if quick else 1500
    smsc = Smsc(by_digits=False, report_after=0.01)
    await smsc.start()
    bare = await _bare(smsc, 10 * count)
    with running_cluster(durable=True) as cluster:
        url = cluster.url("postgres")
        await migrate(url)
        postgres = await _through(url, smsc, count)
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:  # not /tmp, which may be memory
        lite = await _through(f"sqlite:///{folder}/hub.sqlite3", smsc, count)
    await smsc.stop()
    return [
        Row(number=5, workload=f"bulk SMS over SMPP until delivered, {name}", value=rate, unit="messages/s", goal=0.05, limit=bare,
            limit_name=f"a bare window of {WINDOW} at the same simulator")
        for name, rate in (("PostgreSQL", postgres), ("SQLite", lite))
    ]  # fmt: skip


async def _bare(smsc: Smsc, count: int) -> float:
    settings, left = SmppSettings(sender="10690000"), iter(range(count))

    async def ignore(session: Session, message: ShortMessage, body: bytes) -> Status:
        return Status.ROK

    centre = Centre(host="localhost", address="127.0.0.1", port=smsc.port)
    async with bound(centre, Command.BIND_TRANSCEIVER, Bind(system_id="x", password=""), ignore, window=WINDOW) as session:

        async def work() -> None:
            for number in left:
                (body,) = coding.bodies(_TEXT, recipient=_number(number), reference=0, settings=settings)
                await session.submit(body)

        began = perf_counter()
        await asyncio.gather(*(work() for _ in range(WINDOW)))
        took = perf_counter() - began
    return count / took


async def _through(url: str, smsc: Smsc, count: int) -> float:
    with tempfile.TemporaryDirectory() as folder:
        settings = load({"data_dir": folder, "database_url": url, "egress_allow": "127.0.0.0/8,localhost"}, {})
        async with build(settings) as parts:
            await first_start(parts)
            account_id = await _account(parts, smsc)
            await _queue(parts, account_id, count)  # nobody sends yet
            before = len(smsc.taken)
            async with _working(parts):
                while len(smsc.taken) == before:
                    await asyncio.sleep(0.005)
                began = perf_counter()
                while not await _is_done(parts, account_id, count):
                    await asyncio.sleep(0.05)
            return count / (perf_counter() - began)


async def _account(parts: Parts, smsc: Smsc) -> AccountId:
    settings = {"host": "localhost", "port": smsc.port, "system_id": "x", "sender": "10690000", "window": WINDOW}
    return (await parts.hub.accounts.create(NewAccount(name="Operator", provider="smpp", settings=settings), by=SYSTEM)).id


async def _queue(parts: Parts, account_id: AccountId, count: int) -> None:
    left = iter(range(count))

    async def work() -> None:
        for number in left:
            draft = Draft(text=_TEXT, to=(Address(kind=AddressKind.PHONE, value=_number(number)),))
            await parts.hub.delivery.send(Send(account_id=account_id, draft=draft), by=SYSTEM)

    await asyncio.gather(*(work() for _ in range(SENDERS)))


@asynccontextmanager
async def _working(parts: Parts) -> AsyncIterator[None]:
    running = (parts.supervisor, parts.deliveries, parts.exchanges, parts.tailer)
    tasks = [asyncio.create_task(part.run()) for part in running]
    yield
    for task in tasks:
        task.cancel()
    for task in tasks:
        with suppress(asyncio.CancelledError):
            await task


async def _is_done(parts: Parts, account_id: AccountId, count: int) -> bool:
    sql = "SELECT count(*) AS total FROM delivery WHERE account_id = $1 AND state = 'delivered'"
    row = await parts.hub.db.fetch_one(sql, account_id)
    return row is not None and row["total"] >= count


def _number(number: int) -> str:
    return f"+86138{number:08}"
