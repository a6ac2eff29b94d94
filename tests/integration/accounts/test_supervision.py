"""Accounts are kept running: by one process at a time, through everything that passes, and stopped within a second."""

import asyncio
import time
from typing import Any
from unittest.mock import patch

import pytest

from hub.accounts import Account, AccountChange, Accounts, NewAccount, RunState, events
from hub.accounts.leases import Leases
from hub.auth import Caller
from hub.db import Database, DatabaseGone, Event, read_events
from hub.ids import AccountId
from tests.fixtures.desk import eventually
from tests.integration.accounts.conftest import CANARY, stop, until_state
from tests.integration.accounts.desk import Desk


async def made(accounts: Accounts, admin: Caller, desk: Desk, name: str = "Desk", **settings: Any) -> Account:
    given = {"port": desk.port, "password": CANARY} | settings
    return await accounts.create(NewAccount(name=name, provider="desk", settings=given), by=admin)


@pytest.mark.covers("M-40")
async def test_an_enabled_account_is_connected_and_says_so(
    accounts: Accounts, admin: Caller, desk: Desk, supervise: Any, database: Database
) -> None:
    supervise()
    account = await made(accounts, admin, desk)
    await desk.until(1)
    await until_state(accounts, account.id, RunState.CONNECTED)

    async def told() -> None:
        events = [event for event in await read_events(database, None) if event.type == "account.changed"]
        assert events[-1].data["account"]["state"] == "connected"

    await eventually(told)


async def test_a_state_that_could_not_be_announced_at_first_is_announced(
    accounts: Accounts, admin: Caller, desk: Desk, supervise: Any, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = await made(accounts, admin, desk)
    announced, refused = events.changed, list[str]()

    def changed(account: Account) -> Event:
        if account.state is RunState.CONNECTED and not refused:
            refused.append(account.name)
            raise DatabaseGone("no room")
        return announced(account)

    monkeypatch.setattr(events, "changed", changed)
    supervise()
    await until_state(accounts, account.id, RunState.CONNECTED)

    async def told() -> None:
        seen = [event.data["account"]["state"] for event in await read_events(database, None) if event.type == "account.changed"]
        assert seen[-1] == "connected"

    await eventually(told, within=3)
    assert refused


async def test_what_a_provider_cuts_comes_back_by_itself(accounts: Accounts, admin: Caller, desk: Desk, supervise: Any) -> None:
    account = await made(accounts, admin, desk)
    supervise()
    for _ in range(3):
        await desk.until(1)
        desk.hang_up()
        await desk.until(0)
    await desk.until(1)
    await until_state(accounts, account.id, RunState.CONNECTED)


async def test_a_provider_that_is_away_is_tried_until_it_is_back(
    accounts: Accounts, admin: Caller, desk: Desk, supervise: Any
) -> None:
    account = await made(accounts, admin, desk)
    port = desk.port
    await desk.stop()
    supervise()
    assert str(port) in await until_state(accounts, account.id, RunState.RETRYING)
    since = (await accounts.get(account.id)).state_at
    await asyncio.sleep(0.5)
    assert (await accounts.get(account.id)).state_at == since
    await desk.start(port)
    await until_state(accounts, account.id, RunState.CONNECTED)


async def test_a_wrong_password_needs_a_person_and_the_right_one_is_taken_within_two_seconds(
    accounts: Accounts, admin: Caller, desk: Desk, supervise: Any
) -> None:
    account = await made(accounts, admin, desk, password="wrong-but-secret")
    supervise()
    detail = await until_state(accounts, account.id, RunState.NEEDS_PERSON)
    assert "does not know" in detail
    assert "wrong-but-secret" not in detail
    change = AccountChange(settings={"password": CANARY})
    await accounts.change(account.id, change, version=account.version, by=admin)
    await desk.until(1, seconds=2)
    await until_state(accounts, account.id, RunState.CONNECTED)


async def test_our_own_mistake_in_one_adapter_leaves_the_others_alone(
    accounts: Accounts, admin: Caller, desk: Desk, supervise: Any, caplog: pytest.LogCaptureFixture
) -> None:
    broken = await made(accounts, admin, desk, "Broken", is_broken=True)
    await made(accounts, admin, desk, "Good")
    _, task = supervise()
    await until_state(accounts, broken.id, RunState.NEEDS_PERSON)
    await desk.until(1)
    assert not task.done()
    assert next(record.exc_info[0] for record in caplog.records if record.exc_info) is ValueError
    assert CANARY not in caplog.text


@pytest.mark.parametrize("how", ["disable", "delete"])
async def test_an_account_stops_within_a_second(accounts: Accounts, admin: Caller, desk: Desk, supervise: Any, how: str) -> None:
    account = await made(accounts, admin, desk)
    supervise()
    await desk.until(1)
    if how == "disable":
        await accounts.change(account.id, AccountChange(enabled=False), version=1, by=admin)
        await until_state(accounts, account.id, RunState.STOPPED)
    else:
        await accounts.delete(account.id, by=admin)
    await desk.until(0, seconds=1)


async def test_changed_settings_restart_it_and_it_never_runs_twice(
    accounts: Accounts, admin: Caller, desk: Desk, supervise: Any
) -> None:
    account = await made(accounts, admin, desk)
    supervise()
    await desk.until(1)
    for version in range(1, 4):
        before = desk.total
        await accounts.change(account.id, AccountChange(name=f"Desk {version}"), version=version, by=admin)
        async with asyncio.timeout(2):
            while desk.total == before:
                await asyncio.sleep(0.01)
    assert desk.most == 1


async def test_a_supervisor_that_ends_gives_its_leases_back(
    accounts: Accounts, admin: Caller, desk: Desk, supervise: Any, database: Database
) -> None:
    account = await made(accounts, admin, desk)
    _, task = supervise()
    await desk.until(1)
    await stop(task)
    await desk.until(0)
    row = await database.fetch_one("SELECT holder, state FROM account_run WHERE account_id = $1", account.id)
    assert row is not None
    assert (row["holder"], row["state"]) == (None, "stopped")


async def test_two_processes_never_hold_one_account(
    accounts: Accounts, admin: Caller, desk: Desk, supervise: Any, database: Database
) -> None:
    if database.dialect == "sqlite":
        pytest.skip("SQLite is served by one process")
    for n in range(3):
        await made(accounts, admin, desk, f"Desk {n}")
    tasks = [supervise(f"process {n}")[1] for n in range(3)]
    await desk.until(3)
    for task in tasks[:2]:
        await stop(task)
        await desk.until(3)
    await asyncio.sleep(0.3)
    assert desk.most == 3


async def test_a_killed_process_is_followed_when_its_lease_ends(
    accounts: Accounts, admin: Caller, desk: Desk, supervise: Any, database: Database
) -> None:
    account = await made(accounts, admin, desk)
    dead = Leases(database, holder="dead", seconds=1.0)
    assert await dead.acquire(account.id) == 1
    began = time.monotonic()
    supervise()
    await desk.until(1)
    waited = time.monotonic() - began
    if database.dialect == "postgres":
        assert waited > 0.5
    row = await database.fetch_one("SELECT fence FROM account_run WHERE account_id = $1", account.id)
    assert row is not None
    assert row["fence"] == 2


async def test_a_lost_lease_stops_the_run_before_it_ends(accounts: Accounts, admin: Caller, desk: Desk, supervise: Any) -> None:
    await made(accounts, admin, desk)
    supervise()
    await desk.until(1)
    gone = patch.object(Leases, "renew", side_effect=DatabaseGone("cut"))
    with gone, patch.object(Leases, "acquire", side_effect=DatabaseGone("cut")):
        await desk.until(0, seconds=1.2)  # the lease is 1.5 s, the margin 0.5 s
    await desk.until(1)


async def test_what_somebody_else_took_is_let_go(
    accounts: Accounts, admin: Caller, desk: Desk, supervise: Any, database: Database
) -> None:
    account = await made(accounts, admin, desk)
    supervise()
    await desk.until(1)
    total = desk.total
    async with database.unit_of_work() as work:
        await work.execute("UPDATE account_run SET holder = 'other', fence = fence + 1 WHERE account_id = $1", account.id)
    async with asyncio.timeout(5):
        while desk.total == total:
            await asyncio.sleep(0.01)
    assert desk.most == 1


async def test_a_state_told_late_does_not_overwrite_the_next_holders(
    accounts: Accounts, admin: Caller, desk: Desk, database: Database
) -> None:
    account = await made(accounts, admin, desk)
    old, new = Leases(database, holder="old", seconds=0), Leases(database, holder="new", seconds=9)
    first = await old.acquire(account.id)
    assert first is not None
    second = await new.acquire(account.id)
    assert second == first + 1
    async with database.unit_of_work() as work:
        await new.write_states(work, {account.id: (second, RunState.CONNECTED, "")})
        assert await old.write_states(work, {account.id: (first, RunState.RETRYING, "late")}) == []
        await old.release(work, [(account.id, first)])
    assert (await accounts.get(account.id)).state is RunState.CONNECTED
    assert await new.renew() == {AccountId(account.id): second}
