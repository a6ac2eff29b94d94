"""Accounts: checked, sealed, changed by one at a time; and no secret ever comes out again."""

import asyncio
import json
from typing import Any
from uuid import uuid4

import pytest

from hub.accounts import Account, AccountChange, Accounts, NewAccount, briefs, ensure_defaults
from hub.accounts.errors import (
    AccountDisabled,
    BadAccountSettings,
    NoSuchAccount,
    RecipientTaken,
    SecretNeeded,
)
from hub.auth import Caller
from hub.bus import LocalBus
from hub.channels.contract import Check
from hub.db import Database, read_events
from hub.errors import ClientKeyReused, Invalid, NameTaken, NotFound, Stale
from hub.ids import AccountId
from hub.secrets import BrokenSeal, SecretKeys
from tests.integration.accounts.conftest import CANARY, LENT
from tests.integration.accounts.desk import Desk

MAIL = {
    "address": "help@example.com",
    "smtp_host": "mail.example.com",
    "smtp_user": "help",
    "smtp_password": CANARY,
    "dkim_domain": "example.com",
    "dkim_selector": "one",
    "dkim_private_key": f"PEM {CANARY}",
}


async def mailbox(accounts: Accounts, admin: Caller, name: str = "Help", **settings: Any) -> Account:
    return await accounts.create(NewAccount(name=name, provider="mail", settings=MAIL | settings), by=admin)


async def dump(database: Database) -> str:
    """Everything in the database, as text."""
    tables = ["account", "account_route", "account_run", "event_log", "auth_audit", "job"]
    rows = [row for table in tables for row in await database.fetch(f"SELECT * FROM {table}")]
    return "\n".join(repr([bytes(v) if isinstance(v, memoryview) else v for v in row.values()]) for row in rows)


@pytest.mark.covers("M-40")
async def test_secrets_are_sealed_and_never_given_out(
    accounts: Accounts, admin: Caller, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(0)
    made = await mailbox(accounts, admin)
    changed = await accounts.change(made.id, AccountChange(settings={"smtp_port": 25}), version=1, by=admin)
    for bad in ({"smtp_password": CANARY, "smtp_port": "x"}, {"nonsense": CANARY}, {"dkim_private_key": [CANARY]}):
        with pytest.raises(BadAccountSettings) as refused:
            await accounts.change(made.id, AccountChange(settings=bad), version=2, by=admin)
        assert CANARY not in f"{refused.value.detail}{refused.value.extra}{refused.value.__cause__}"

    assert made.settings["smtp_password"] == {"set": True}
    assert made.settings["imap_password"] == {"set": False}
    seen = [made, changed, await accounts.listed(), await briefs(database), await dump(database), caplog.text]
    assert CANARY not in repr(seen)
    adapter = await accounts.adapters.get(made.id)
    assert CANARY not in repr(adapter)
    assert adapter._settings.smtp_password == CANARY  # type: ignore[attr-defined]


async def test_a_secret_left_out_is_kept_and_an_empty_one_is_forgotten(
    accounts: Accounts, admin: Caller, database: Database
) -> None:
    made = await mailbox(accounts, admin)
    shown = {"smtp_user": "other", "smtp_password": {"set": True}}  # as a form gives it back
    kept = await accounts.change(made.id, AccountChange(settings=shown), version=1, by=admin)
    assert kept.settings["smtp_password"] == {"set": True}
    gone = await accounts.change(made.id, AccountChange(settings={"smtp_password": ""}), version=2, by=admin)
    assert gone.settings["smtp_password"] == {"set": False}
    assert gone.settings["smtp_user"] == "other"


async def test_a_stored_secret_goes_to_no_other_server(accounts: Accounts, admin: Caller) -> None:
    made = await mailbox(accounts, admin)
    evil = {"smtp_host": "evil.example.net"}
    with pytest.raises(SecretNeeded) as refused:
        await accounts.change(made.id, AccountChange(settings=evil), version=1, by=admin)
    assert refused.value.extra["errors"][0]["path"] == "$.settings.smtp_password"
    with pytest.raises(SecretNeeded):
        await accounts.test("mail", evil, made.id)
    anew = AccountChange(settings={**evil, "smtp_password": "another"})
    assert (await accounts.change(made.id, anew, version=1, by=admin)).version == 2


async def test_secrets_sealed_for_one_account_open_for_no_other(accounts: Accounts, admin: Caller, database: Database) -> None:
    one = await mailbox(accounts, admin)
    other = await mailbox(accounts, admin, "Other", address="other@example.com")
    async with database.unit_of_work() as work:
        await work.execute(
            "UPDATE account SET secrets = (SELECT secrets FROM account WHERE id = $1) WHERE id = $2", one.id, other.id
        )
    with pytest.raises(BrokenSeal):
        await accounts.adapters.get(other.id)


async def test_under_another_secret_file_accounts_are_listed_and_can_be_mended(
    accounts: Accounts, admin: Caller, database: Database, bus: LocalBus
) -> None:
    made = await mailbox(accounts, admin)
    moved = Accounts(database, keys=SecretKeys(b"x" * 32), bus=bus, lent=LENT)
    assert (await moved.get(made.id)).settings["smtp_password"] == {"set": False}
    with pytest.raises(BrokenSeal):
        await moved.adapters.get(made.id)
    anew = {"smtp_password": "new", "dkim_private_key": "new"}
    await moved.change(made.id, AccountChange(settings=anew), version=1, by=admin)
    assert (await moved.adapters.get(made.id))._settings.smtp_password == "new"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("settings", "path"),
    [
        ({"smtp_port": 0}, "$.settings.smtp_port"),
        ({"smtp_security": "rot13"}, "$.settings.smtp_security"),
        ({"inbound": "imap"}, "$.settings"),
        ({"address": "nobody"}, "$.settings"),
        ({"no_such": 1}, "$.settings"),
        ({"display_name": "a\x00b"}, "$.settings.display_name"),
        ({"addresses": ["a@b.c", "\ud800"]}, "$.settings.addresses[1]"),
    ],
)
async def test_settings_that_cannot_work_are_refused_with_their_place(
    accounts: Accounts, admin: Caller, settings: dict[str, Any], path: str
) -> None:
    with pytest.raises(BadAccountSettings) as refused:
        await accounts.create(NewAccount(name="Help", provider="mail", settings=settings), by=admin)
    assert refused.value.extra["errors"][0]["path"] == path
    assert await accounts.listed() == []


async def test_an_adapter_nobody_has_is_not_found(accounts: Accounts, admin: Caller) -> None:
    with pytest.raises(NotFound):
        await accounts.create(NewAccount(name="Fax", provider="../../etc"), by=admin)
    with pytest.raises(NotFound):
        await accounts.test("hub.cli:main", {})


async def test_of_two_administrators_at_once_one_is_told(accounts: Accounts, admin: Caller) -> None:
    made = await mailbox(accounts, admin)
    results = await asyncio.gather(
        *(accounts.change(made.id, AccountChange(name=f"Help {n}"), version=1, by=admin) for n in range(6)),
        return_exceptions=True,
    )
    assert sum(isinstance(result, Account) for result in results) == 1
    assert sum(isinstance(result, Stale) for result in results) == 5


async def test_names_are_unique_until_an_account_is_deleted(accounts: Accounts, admin: Caller) -> None:
    made = await mailbox(accounts, admin)
    with pytest.raises(NameTaken):
        await mailbox(accounts, admin, address="b@example.com")
    await accounts.delete(made.id, by=admin)
    again = await mailbox(accounts, admin)
    assert [one.id for one in await accounts.listed()] == [again.id]


async def test_a_name_of_nothing_is_refused(accounts: Accounts, admin: Caller) -> None:
    with pytest.raises(Invalid):
        await mailbox(accounts, admin, name=" \x00 ")


async def test_a_deleted_account_keeps_its_name_for_what_it_carried_and_loses_its_secrets(
    accounts: Accounts, admin: Caller, database: Database
) -> None:
    made = await mailbox(accounts, admin)
    await accounts.delete(made.id, by=admin)
    for act in (accounts.get(made.id), accounts.delete(made.id, by=admin), accounts.adapters.get(made.id)):
        with pytest.raises(NoSuchAccount):
            await act
    known = (await briefs(database))[made.id]
    assert (known.name, known.enabled) == ("Help", False)
    row = await database.fetch_one("SELECT secrets FROM account")
    assert row is not None
    assert row["secrets"] is None


async def test_a_disabled_account_gives_no_adapter(accounts: Accounts, admin: Caller) -> None:
    made = await mailbox(accounts, admin)
    await accounts.adapters.get(made.id)
    await accounts.change(made.id, AccountChange(enabled=False), version=1, by=admin)
    with pytest.raises(AccountDisabled):
        await accounts.adapters.get(made.id)
    with pytest.raises(AccountDisabled):
        await accounts.capabilities(made.id)


async def test_an_adapter_is_one_until_its_account_changes(accounts: Accounts, admin: Caller) -> None:
    made = await mailbox(accounts, admin)
    first = await accounts.adapters.get(made.id)
    assert await accounts.adapters.get(made.id) is first
    await accounts.change(made.id, AccountChange(settings={"display_name": "Help"}), version=1, by=admin)
    assert await accounts.adapters.get(made.id) is not first


async def test_the_same_client_key_makes_one_account(accounts: Accounts, admin: Caller) -> None:
    new = NewAccount(name="Help", provider="mail", settings=MAIL, client_key=uuid4())
    results = await asyncio.gather(*(accounts.create(new, by=admin) for _ in range(4)))
    assert {one.id for one in results} == {results[0].id}
    other = NewAccount(name="Other", provider="mail", settings=MAIL, client_key=new.client_key)
    with pytest.raises(ClientKeyReused):
        await accounts.create(other, by=admin)


async def test_every_act_is_in_the_audit_log_without_values(accounts: Accounts, admin: Caller, database: Database) -> None:
    made = await mailbox(accounts, admin)
    change = AccountChange(name="New", enabled=True, settings={**made.settings, "smtp_password": CANARY + "2"})
    await accounts.change(made.id, change, version=1, by=admin)
    await accounts.change(made.id, AccountChange(enabled=False, queue_id=made.queue_id), version=2, by=admin)
    await accounts.delete(made.id, by=admin)
    rows = await database.fetch("SELECT action, actor_name, detail FROM auth_audit ORDER BY n")
    assert [row["action"] for row in rows] == ["account.create", *["account.change"] * 2, "account.delete"]
    assert rows[0]["detail"] == {"name": made.name, "provider": "mail"}
    assert rows[1]["detail"] == {"name": "New", "provider": "mail", "changed": ["name", "settings.smtp_password"]}
    assert rows[2]["detail"]["changed"] == ["enabled"]
    assert CANARY not in json.dumps([row["detail"] for row in rows])


async def test_changes_are_announced_and_wake_the_supervisors(
    accounts: Accounts, admin: Caller, database: Database, bus: LocalBus
) -> None:
    woken: list[Any] = []
    bus.subscribe("account.changed", woken.append)
    made = await mailbox(accounts, admin)
    await accounts.delete(made.id, by=admin)
    await asyncio.sleep(0)
    told = [event for event in await read_events(database, None) if event.type == "account.changed"]
    assert [event.data["account"]["enabled"] for event in told] == [True, False]
    assert {event.audience.right for event in told} == {"accounts.manage"}
    assert woken == [{"account_id": str(made.id)}] * 2


async def test_a_fresh_hub_gets_one_inbox_and_an_emptied_one_does_not(
    accounts: Accounts, admin: Caller, database: Database
) -> None:
    async def begin() -> None:
        async with database.unit_of_work() as work:
            await ensure_defaults(work)

    await asyncio.gather(*(begin() for _ in range(4)))
    (inbox,) = await accounts.listed()
    assert (inbox.name, inbox.provider, inbox.enabled) == ("Inbox", "mail", True)
    await accounts.delete(inbox.id, by=admin)
    await begin()
    assert await accounts.listed() == []


async def test_two_accounts_cannot_take_mail_for_one_address(accounts: Accounts, admin: Caller) -> None:
    made = await mailbox(accounts, admin)
    with pytest.raises(RecipientTaken):
        await mailbox(accounts, admin, "Second")
    await accounts.change(made.id, AccountChange(enabled=False), version=1, by=admin)
    await mailbox(accounts, admin, "Second")
    with pytest.raises(RecipientTaken):
        await accounts.change(made.id, AccountChange(enabled=True), version=2, by=admin)
    assert not (await accounts.get(made.id)).enabled


@pytest.mark.covers("M-40")
async def test_settings_are_tried_before_they_are_saved(accounts: Accounts, desk: Desk) -> None:
    good = {"port": desk.port, "password": CANARY}
    assert await accounts.test("desk", good) == [Check(name="login", ok=True, detail="")]
    (refused,) = await accounts.test("desk", good | {"password": "wrong"})
    assert not refused.ok
    (closed,) = await accounts.test("desk", {"port": 1})
    assert (closed.name, closed.ok) == ("connection", False)
    assert await accounts.listed() == []


async def test_a_saved_account_is_tried_with_its_stored_secret(accounts: Accounts, admin: Caller, desk: Desk) -> None:
    given = {"port": desk.port, "password": CANARY}
    made = await accounts.create(NewAccount(name="Desk", provider="desk", settings=given), by=admin)
    (check,) = await accounts.test("desk", {"port": desk.port}, made.id)
    assert check.ok
    with pytest.raises(NoSuchAccount):
        await accounts.test("desk", {}, AccountId(uuid4()))
