"""Which account takes a mail: by address, by domain, else the one that takes everything; answers in any case."""

import pytest

from hub.accounts import AccountChange, Accounts, NewAccount, ensure_defaults, route_recipient
from hub.auth import Caller
from hub.db import Database
from hub.ids import AccountId

TOKEN = "abcdefghijklmnopqrstuvwxyz234567abcdefgh"


async def add(accounts: Accounts, admin: Caller, name: str, *takes: str, **settings: object) -> AccountId:
    given = {"addresses": list(takes), **settings}
    return (await accounts.create(NewAccount(name=name, provider="mail", settings=given), by=admin)).id


async def routed(database: Database, *recipients: str) -> list[AccountId | None]:
    return [await route_recipient(database, recipient) for recipient in recipients]


async def test_a_fresh_hub_takes_every_recipient(accounts: Accounts, database: Database) -> None:
    async with database.unit_of_work() as work:
        await ensure_defaults(work)
    (inbox,) = await accounts.listed()
    for recipient in ("a@b.c", "A+x@EXAMPLE.com", "postmaster", f"bounce+{TOKEN}@anything.test", "\ud800@x", "'; --@x"):
        assert await route_recipient(database, recipient.encode(errors="replace").decode()) == inbox.id


async def test_the_closest_account_wins(accounts: Accounts, admin: Caller, database: Database) -> None:
    rest = await add(accounts, admin, "Rest")
    domain = await add(accounts, admin, "Domain", "example.com")
    exact = await add(accounts, admin, "Sales", address="sales@example.com")
    assert await routed(
        database, "sales@example.com", "SALES@Example.COM", "sales+tag@example.com", "help@example.com", "x@other.test"
    ) == [exact, exact, exact, domain, rest]


async def test_once_everybody_has_domains_strangers_are_refused(accounts: Accounts, admin: Caller, database: Database) -> None:
    async with database.unit_of_work() as work:
        await ensure_defaults(work)
    (inbox,) = await accounts.listed()
    change = AccountChange(settings={"addresses": ["example.com"]})
    await accounts.change(inbox.id, change, version=1, by=admin)
    assert await routed(database, "help@example.com", "x@other.test", "x@sub.example.com", "x@xexample.com") == [
        inbox.id,
        None,
        None,
        None,
    ]


async def test_answers_to_what_we_sent_are_taken_whatever_their_domain(
    accounts: Accounts, admin: Caller, database: Database
) -> None:
    first = await add(accounts, admin, "First", "example.com")
    second = await add(accounts, admin, "Second", "example.org")
    assert await routed(
        database,
        f"bounce+{TOKEN}@example.org",
        f"help+{TOKEN.upper()}@example.com",
        f"bounce+{TOKEN}@old.example.net",
        "postmaster",
    ) == [second, first, first, first]
    assert (
        await routed(database, f"bounce+{TOKEN[:-1]}@old.test", f"bounce+{TOKEN[:-1]}1@old.test", "bounce@old.test") == [None] * 3
    )


@pytest.mark.parametrize("how", ["disabled", "deleted", "by imap only"])
async def test_an_account_that_takes_no_mail_is_not_found(
    accounts: Accounts, admin: Caller, database: Database, how: str
) -> None:
    made = await add(accounts, admin, "Help", "example.com")
    if how == "disabled":
        await accounts.change(made, AccountChange(enabled=False), version=1, by=admin)
    elif how == "deleted":
        await accounts.delete(made, by=admin)
    else:
        imap = {"inbound": "imap", "imap_host": "imap.example.com", "imap_user": "help"}
        await accounts.change(made, AccountChange(settings=imap), version=1, by=admin)
    assert await route_recipient(database, "help@example.com") is None


async def test_of_two_that_take_everything_the_older_does(accounts: Accounts, admin: Caller, database: Database) -> None:
    older = await add(accounts, admin, "Older")
    await add(accounts, admin, "Newer")
    await accounts.change(older, AccountChange(name="Renamed"), version=1, by=admin)
    assert await route_recipient(database, "x@example.com") == older
