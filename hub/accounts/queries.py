"""Reads of accounts. Nothing here gives out a secret."""

import logging
from collections.abc import Mapping

from hub.accounts import forms
from hub.accounts.errors import NoSuchAccount
from hub.accounts.forms import Form
from hub.accounts.values import Account, Brief, RunState
from hub.db import Reads, Row
from hub.ids import AccountId
from hub.messages.address import ChannelKind
from hub.secrets import BrokenSeal, SecretKeys

log = logging.getLogger(__name__)

_COLUMNS = "a.id, a.name, a.channel, a.provider, a.enabled, a.queue_id, a.version"
_ACCOUNTS = f"""
SELECT {_COLUMNS}, a.settings, a.secrets, a.created_at, a.updated_at, r.state, r.state_detail, r.state_at
FROM account a LEFT JOIN account_run r ON r.account_id = a.id
WHERE a.deleted_at IS NULL
"""


async def listed(source: Reads, keys: SecretKeys) -> list[Account]:
    """All accounts by name; there are few."""
    rows = await source.fetch(f"{_ACCOUNTS} ORDER BY lower(a.name), a.n")
    return [_account(row, keys) for row in rows]


async def one(source: Reads, keys: SecretKeys, account_id: AccountId) -> Account:
    """Raises `NoSuchAccount`."""
    return _account(await row_of(source, account_id), keys)


async def row_of(source: Reads, account_id: AccountId) -> Row:
    """The account's row, its secrets sealed. Raises `NoSuchAccount`."""
    row = await source.fetch_one(f"{_ACCOUNTS} AND a.id = $1", account_id)
    if row is None:
        raise NoSuchAccount("there is no such account")
    return row


async def briefs(source: Reads) -> Mapping[AccountId, Brief]:
    """Every account there ever was, for lists of other things and to choose one to send by; a deleted one is not enabled."""
    return {row["id"]: brief(row) for row in await source.fetch(f"SELECT {_COLUMNS} FROM account a ORDER BY a.n")}


async def own_names(source: Reads) -> frozenset[str]:
    """The addresses our mailboxes write from and take mail for, and the domains that are theirs whole, in lower case."""
    rows = await source.fetch("SELECT settings FROM account WHERE channel = 'email' AND deleted_at IS NULL")
    named = (name for row in rows for name in (row["settings"].get("address"), *row["settings"].get("addresses", ())))
    return frozenset(name for name in named if name)


def brief(row: Row) -> Brief:
    """An account in short, from its row."""
    return Brief(
        id=row["id"],
        name=row["name"],
        channel=ChannelKind(row["channel"]),
        provider=row["provider"],
        enabled=row["enabled"],
        queue_id=row["queue_id"],
        version=row["version"],
    )


def form_of(row: Row, keys: SecretKeys) -> Form:
    """The settings as they are stored. Sealed under another secret they are lost: then no secret is set."""
    try:
        return forms.opened(row["settings"], row["secrets"], keys, AccountId(row["id"]))
    except BrokenSeal:
        log.warning("secrets of an account cannot be opened", extra={"account_id": row["id"]})
        return Form(row["settings"], {})


def _account(row: Row, keys: SecretKeys) -> Account:
    return Account(
        id=row["id"],
        name=row["name"],
        channel=ChannelKind(row["channel"]),
        provider=row["provider"],
        settings=forms.shown(row["provider"], form_of(row, keys)),
        enabled=row["enabled"],
        state=RunState(row["state"] or RunState.STOPPED),
        state_detail=row["state_detail"] or "",
        state_at=row["state_at"],
        queue_id=row["queue_id"],
        version=row["version"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )
