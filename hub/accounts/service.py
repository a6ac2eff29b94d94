"""What is done with accounts."""

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

import msgspec
from msgspec import UNSET

from hub import clock
from hub.accounts import events, forms, queries, routes
from hub.accounts.adapters import Adapters, Lent, try_settings
from hub.accounts.values import Account, AccountChange, Brief, NewAccount
from hub.auth import Caller, audit
from hub.bus import Bus
from hub.channels import catalog
from hub.channels.contract import Check
from hub.db import Database, Reads, Row, UniqueViolation, Work
from hub.errors import ClientKeyReused, Invalid, NameTaken, Stale
from hub.ids import AccountId, new_id
from hub.messages import plain
from hub.messages.capabilities import Capabilities
from hub.secrets import SecretKeys

_NAME = 200
_INSERT = """
INSERT INTO account (id, name, channel, provider, settings, secrets, enabled, queue_id, version, client_key, client_digest,
                     created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1, $9, $10, $11, $11)
"""


class Accounts:
    """The verbs. Every one is written to the audit log and wakes the supervisors. `adapters` builds what sends and runs."""

    def __init__(self, db: Database, *, keys: SecretKeys, bus: Bus, lent: Lent) -> None:
        self._db, self._keys, self._bus, self._lent = db, keys, bus, lent
        self.adapters = Adapters(db, keys=keys, lent=lent)

    async def listed(self) -> list[Account]:
        """All accounts by name."""
        return await queries.listed(self._db, self._keys)

    async def get(self, account_id: AccountId) -> Account:
        """One account; raises `NoSuchAccount`."""
        return await queries.one(self._db, self._keys, account_id)

    async def briefs(self) -> Mapping[AccountId, Brief]:
        """Every account there ever was, in short."""
        return await queries.briefs(self._db)

    async def capabilities(self, account_id: AccountId) -> Capabilities:
        """What an enabled account can carry; raises what `Adapters.get` raises."""
        return (await self.adapters.get(account_id)).capabilities()

    def hook_address(self, account_id: AccountId) -> str:
        """What to enter at the provider of an account, if it calls: nothing is looked up."""
        return self.adapters.hook_address(account_id)

    async def test(self, provider: str, settings: Mapping[str, Any], account_id: AccountId | None = None) -> list[Check]:
        """Try settings that are not saved; left out, those of `account_id` are taken.

        Raises `NotFound`, `BadAccountSettings`, `SecretNeeded`.
        """
        catalog.entry(provider)
        before = None
        if account_id is not None:
            row = await queries.row_of(self._db, account_id)
            before = queries.form_of(row, self._keys) if row["provider"] == provider else None
        typed = forms.typed(provider, forms.read(provider, settings, before))
        return await try_settings(self._lent, provider, typed, account_id or AccountId(new_id()))

    async def create(self, new: NewAccount, *, by: Caller) -> Account:
        """Make an account.

        Raises `NotFound` (no such adapter), `BadAccountSettings`, `NameTaken`, `RecipientTaken`, `ClientKeyReused`.
        """
        catalog.entry(new.provider)
        form, digest = forms.read(new.provider, new.settings), self._digest(new)
        try:
            async with self._db.unit_of_work() as work:
                if (first := await self._first(work, new, digest)) is not None:
                    return first
                account_id = await self._insert(work, new, form, digest)
                detail = {"name": _name(new.name), "provider": new.provider}
                await self._record(work, by, "account.create", account_id, detail)
                return await self._settled(work, account_id)
        except UniqueViolation as error:
            if error.constraint == "account_client_key" and (first := await self._first(self._db, new, digest)):
                return first
            raise _taken(error) from error

    async def change(self, account_id: AccountId, change: AccountChange, *, version: int, by: Caller) -> Account:
        """Change an account. Raises `Stale`, `NoSuchAccount`, and what `create` raises."""
        given = {field.name: value for field in fields(change) if (value := getattr(change, field.name)) is not UNSET}
        try:
            async with self._db.unit_of_work() as work:
                await self._hold(work, account_id, version)
                before = await queries.row_of(work, account_id)
                values, changed = self._values(before, given)
                columns = "".join(f", {name} = ${place}" for place, name in enumerate(values, start=3))
                await work.execute(
                    f"UPDATE account SET updated_at = $2{columns} WHERE id = $1",
                    *(account_id, clock.now(), *values.values()),
                )
                detail = {"name": values.get("name", before["name"]), "provider": before["provider"], "changed": changed}
                await self._record(work, by, "account.change", account_id, detail)
                return await self._settled(work, account_id)
        except UniqueViolation as error:
            raise _taken(error) from error

    async def delete(self, account_id: AccountId, *, by: Caller) -> None:
        """Stop it for good and forget its secrets. The row stays: messages name it. Raises `NoSuchAccount`."""
        async with self._db.unit_of_work() as work:
            before = await queries.one(work, self._keys, account_id)
            await routes.write(work, queries.brief(await queries.row_of(work, account_id)), None)
            now = clock.now()
            await work.execute(
                "UPDATE account SET deleted_at = $2, updated_at = $2, enabled = $3, secrets = NULL, version = version + 1"
                " WHERE id = $1",
                *(account_id, now, False),
            )
            await self._record(work, by, "account.delete", account_id, {"name": before.name})
            gone = replace(before, enabled=False, version=before.version + 1, updated_at=now)
            self._tell(work, gone)

    async def _insert(self, work: Work, new: NewAccount, form: forms.Form, digest: str | None) -> AccountId:
        account_id = AccountId(new_id())
        await work.execute(
            _INSERT,
            *(account_id, _name(new.name), str(catalog.entry(new.provider).channel), new.provider, dict(form.public)),
            *(forms.seal(form, self._keys, account_id), new.enabled, new.queue_id, new.client_key, digest, clock.now()),
        )
        return account_id

    async def _first(self, source: Reads, new: NewAccount, digest: str | None) -> Account | None:
        """What was made under the same client key before."""
        if new.client_key is None:
            return None
        row = await source.fetch_one("SELECT id, client_digest FROM account WHERE client_key = $1", new.client_key)
        if row is None:
            return None
        if row["client_digest"] != digest:
            raise ClientKeyReused("this client key was used for something else")
        return await queries.one(source, self._keys, AccountId(row["id"]))

    async def _hold(self, work: Work, account_id: AccountId, version: int) -> None:
        """Hold the account until this transaction ends, and count the change."""
        touched = await work.execute(
            "UPDATE account SET version = version + 1 WHERE id = $1 AND version = $2 AND deleted_at IS NULL",
            *(account_id, version),
        )
        if not touched:
            now = await queries.one(work, self._keys, account_id)
            raise Stale("somebody else changed it meanwhile", version=now.version)

    def _values(self, before: Row, given: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
        """The columns to write; and the names of what is not as it was, without values: those of settings may be secret."""
        values = {name: given[name] for name in ("enabled", "queue_id") if name in given}
        if "name" in given:
            values["name"] = _name(given["name"])
        changed = [name for name, value in values.items() if value != before[name]]
        if "settings" in given:
            stored = queries.form_of(before, self._keys)
            form = forms.read(before["provider"], given["settings"], stored)
            values |= {"settings": dict(form.public), "secrets": forms.seal(form, self._keys, before["id"])}
            changed += [f"settings.{name}" for name in forms.differing(before["provider"], stored, form)]
        return values, sorted(changed)

    async def _settled(self, work: Work, account_id: AccountId) -> Account:
        """Mail goes where the account now says; supervisors, consoles and everybody else hear of it."""
        row = await queries.row_of(work, account_id)
        takes = forms.typed(row["provider"], queries.form_of(row, self._keys)) if row["enabled"] else None
        await routes.write(work, queries.brief(row), takes)
        account = await queries.one(work, self._keys, account_id)
        self._tell(work, account)
        return account

    def _tell(self, work: Work, account: Account) -> None:
        work.announce(events.changed(account))
        work.after_commit(lambda: self._bus.publish(events.TOPIC, {"account_id": str(account.id)}))

    def _digest(self, new: NewAccount) -> str | None:
        """By which the same request is known again; keyed, since there are passwords in it."""
        if new.client_key is None:
            return None
        body = msgspec.json.encode(replace(new, client_key=None), order="deterministic")
        return self._keys.mac("accounts", body).hex()

    @staticmethod
    async def _record(work: Work, by: Caller, action: str, account_id: AccountId, detail: Mapping[str, Any]) -> None:
        await audit.record(work, by, action, subject=("account", account_id), detail=detail)


async def ensure_defaults(work: Work) -> None:
    """Give a fresh hub its mailbox «Inbox», which takes every recipient until it is told otherwise."""
    entry, form = catalog.entry("mail"), forms.read("mail", {})
    rows = await work.fetch(
        "INSERT INTO account (id, name, channel, provider, settings, enabled, version, created_at, updated_at)"
        " SELECT $1::uuid, $2::text, $3::text, $4::text, $5::jsonb, $6::boolean, 1, $7::timestamptz, $7::timestamptz"
        " WHERE NOT EXISTS (SELECT 1 FROM account) ON CONFLICT DO NOTHING RETURNING id",
        *(new_id(), "Inbox", str(entry.channel), entry.provider, dict(form.public), True, clock.now()),
    )
    for made in rows:
        row = await queries.row_of(work, AccountId(made["id"]))
        await routes.write(work, queries.brief(row), forms.typed("mail", form))


def _name(text: str) -> str:
    name = plain.line(text, _NAME)
    if not name:
        raise Invalid("an account has a name")
    return name


def _taken(error: UniqueViolation) -> Exception:
    return NameTaken("another account has this name") if error.constraint == "account_name" else error
