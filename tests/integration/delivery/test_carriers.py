"""What is kept of accounts for a moment is never older than what was known already."""

import asyncio
from collections.abc import Mapping
from typing import Any, cast

import pytest

from hub.accounts import AccountChange, NewAccount, queries
from hub.accounts.values import Brief
from hub.auth import SYSTEM
from hub.bus import LocalBus
from hub.db import Database, Reads, Row
from hub.delivery.carriers import Carriers
from hub.ids import AccountId
from tests.fixtures.desk import Desk


class Slow:
    """The first reading gets its answer at once and gives it on when it is let go."""

    def __init__(self) -> None:
        self.has_read, self.go_on = asyncio.Event(), asyncio.Event()
        self._real, self._is_first = queries.briefs, True

    async def briefs(self, source: Reads) -> Mapping[AccountId, Brief]:
        is_first, self._is_first = self._is_first, False
        found = await self._real(source)
        if is_first:
            self.has_read.set()
            await self.go_on.wait()
        return found


async def test_an_account_is_not_lost_again_by_an_older_answer_that_comes_later(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow, carriers = Slow(), Carriers(desk.db, LocalBus(), desk.hub.accounts.adapters)
    monkeypatch.setattr(queries, "briefs", slow.briefs)
    older = asyncio.create_task(carriers.shut({}))
    await slow.has_read.wait()
    made = await desk.hub.accounts.create(NewAccount(name="New", provider="mail"), by=SYSTEM)

    assert (await carriers.get(made.id)).name == "New"
    slow.go_on.set()
    await older
    carriers._forget()

    assert (await carriers.get(made.id)).name == "New"


async def test_what_is_changed_while_it_is_read_is_read_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    slow, carriers = Slow(), Carriers(desk.db, LocalBus(), desk.hub.accounts.adapters)
    mailbox = await desk.mailbox()
    monkeypatch.setattr(queries, "briefs", slow.briefs)
    reading = asyncio.create_task(carriers.get(mailbox))
    await slow.has_read.wait()
    version = (await desk.hub.accounts.get(mailbox)).version
    await desk.hub.accounts.change(mailbox, AccountChange(name="Other"), version=version, by=SYSTEM)
    carriers._forget()  # as the bus has it
    slow.go_on.set()
    await reading

    assert (await carriers.get(mailbox)).name == "Other"


class Counting:
    """Reads of one database, counted."""

    def __init__(self, db: Database) -> None:
        self._db, self.count = db, 0

    async def fetch(self, sql: str, *args: Any) -> list[Row]:
        self.count += 1
        return await self._db.fetch(sql, *args)


async def test_when_only_time_has_passed_one_reads_for_all_and_after_a_change_everybody_waits(desk: Desk) -> None:
    source, mailbox = Counting(desk.db), await desk.mailbox()
    carriers = Carriers(cast(Database, source), LocalBus(), desk.hub.accounts.adapters)
    await carriers.get(mailbox)
    once, carriers._until = source.count, 0.0

    await asyncio.gather(*(carriers.get(mailbox) for _ in range(20)))
    assert source.count == 2 * once

    await desk.hub.accounts.change(mailbox, AccountChange(name="Other"), version=1, by=SYSTEM)
    carriers._forget()  # as the bus has it
    assert {one.name for one in await asyncio.gather(*(carriers.get(mailbox) for _ in range(20)))} == {"Other"}


async def test_what_is_switched_off_or_deleted_is_let_go_and_what_is_on_again_is_not(desk: Desk) -> None:
    accounts, carriers = desk.hub.accounts, desk.hub.carriers
    mailbox = await desk.mailbox()
    built = (await carriers.get(mailbox)).adapter
    off = await accounts.change(mailbox, AccountChange(enabled=False), version=1, by=SYSTEM)
    await asyncio.sleep(0)  # the bus tells
    await carriers.shut({})
    assert not accounts.adapters.is_newest(mailbox, built)

    old = await accounts.briefs()
    await accounts.change(mailbox, AccountChange(enabled=True), version=off.version, by=SYSTEM)
    again = await accounts.adapters.get(mailbox)
    accounts.adapters.forget_off(old.values())  # as a reading that was overtaken has it
    assert accounts.adapters.is_newest(mailbox, again)

    await accounts.delete(mailbox, by=SYSTEM)
    await asyncio.sleep(0)  # the bus tells
    await carriers.shut({})
    assert not accounts.adapters.is_newest(mailbox, again)


async def test_no_secret_stands_in_what_a_log_might_print(desk: Desk) -> None:
    secrets = {"address": "a@b.cd", "smtp_host": "mail.example", "smtp_user": "me", "smtp_password": "canary-7f3a"}
    new = NewAccount(name="New", provider="mail", settings=secrets)
    made = await desk.hub.accounts.create(new, by=SYSTEM)
    carrier = await desk.hub.carriers.get(made.id)

    printed = repr((new, AccountChange(settings=secrets), made, carrier, carrier.settings, vars(desk.hub.accounts.adapters)))

    assert "canary-7f3a" not in printed
