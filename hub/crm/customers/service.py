"""What is done with customers."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any
from uuid import UUID

from msgspec import UNSET

from hub import clock
from hub.auth import Caller
from hub.crm.customers import addresses, events, merging, queries, searching
from hub.crm.customers.duplicates import Duplicate, duplicates
from hub.crm.customers.errors import Merged, NoSuchCustomer, NotMergeable, WrongKind
from hub.crm.customers.values import Change, Customer, CustomerKind, Merge, NewAddress, NewCustomer
from hub.crm.reads import Page
from hub.crm.repeats import Authorship, authorship, first_of
from hub.db import Database, UniqueViolation, Work
from hub.errors import Invalid, Stale
from hub.ids import CustomerId, new_id
from hub.messages import plain
from hub.messages.address import ChannelKind

_LINES = {"name": 300, "company": 300, "title": 200, "locale": 16}
_BLOCKS = {"postal_address": 2_000, "note": 20_000}

_INSERT = """
INSERT INTO customer (id, kind, name, level, sex, company, title, postal_address, locale, note, unconfirmed, version,
                      created_by, client_key, client_digest, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 1, $12, $13, $14, $15, $15)
"""


class Customers:
    """The verbs. `region` (ISO 3166) is where a telephone number without a country code is thought to be.

    One who was merged is read as the one he is part of now; to change him raises `Merged` with the id of that one.
    """

    def __init__(self, db: Database, *, region: str = "CN") -> None:
        self._db, self._region = db, region

    async def get(self, customer_id: CustomerId) -> Customer:
        """One customer; raises `NoSuchCustomer`."""
        return await _one(self._db, customer_id)

    async def listed(self, *, q: str = "", cursor: str | None = None, limit: int = 50) -> Page[Customer]:
        """Customers, newest first, by page; `q` as in `queries.listed`."""
        return await queries.listed(self._db, q=q, cursor=cursor, limit=limit)

    async def duplicates(self, customer_id: CustomerId) -> list[Duplicate]:
        """Who may be the same, likeliest first; raises `NoSuchCustomer`."""
        return await duplicates(self._db, await _one(self._db, customer_id))

    async def create(self, new: NewCustomer, *, by: Caller) -> Customer:
        """Make a customer. The same client key again gives the first result; with another body `ClientKeyReused`."""
        made = authorship(new, by)
        try:
            async with self._db.unit_of_work() as work:
                if (first := await first_of(work, "customer", made)) is not None:
                    return await _one(work, CustomerId(first))
                return await self._insert(work, new, made)
        except UniqueViolation as error:
            if error.constraint == "customer_author_client_key" and (first := await first_of(self._db, "customer", made)):
                return await self.get(CustomerId(first))
            raise

    async def change(self, customer_id: CustomerId, change: Change, *, version: int) -> Customer:
        """Change fields; raises `Stale` where somebody else was faster, `NoSuchCustomer`."""
        values = _cleaned({field.name: value for field in fields(change) if (value := getattr(change, field.name)) is not UNSET})
        async with self._db.unit_of_work() as work:
            await _touch(work, customer_id, version=version)
            if values.get("kind") is not None:
                await _keep_kind(work, customer_id, values["kind"])
            if values:
                columns = ", ".join(f"{name} = ${place}" for place, name in enumerate(values, start=2))
                await work.execute(f"UPDATE customer SET {columns} WHERE id = $1", customer_id, *values.values())
            if "name" in values:
                merging.tell_names(work, await queries.everybody(work, customer_id))
            return await _announced(work, customer_id)

    async def add_address(self, customer_id: CustomerId, new: NewAddress) -> Customer:
        """Add an address, or change the label and marks of one that is there. Raises `BadAddress`."""
        async with self._db.unit_of_work() as work:
            ids = await _touched(work, customer_id)
            await addresses.put(work, ids, new, region=self._region)
            return await _announced(work, customer_id)

    async def remove_address(self, customer_id: CustomerId, address_id: UUID) -> Customer:
        """Take an address away; another of its kind becomes the primary one. Raises `NoSuchAddress`."""
        async with self._db.unit_of_work() as work:
            ids = await _touched(work, customer_id)
            await addresses.remove(work, ids, address_id)
            return await _announced(work, customer_id)

    async def verify_address(self, customer_id: CustomerId, address_id: UUID) -> Customer:
        """Note that the address is theirs for sure. Raises `NoSuchAddress`."""
        async with self._db.unit_of_work() as work:
            ids = await _touched(work, customer_id)
            await addresses.verify(work, ids, address_id)
            return await _announced(work, customer_id)

    async def refuse(self, customer_id: CustomerId, channel: ChannelKind, *, reason: str, by: Caller) -> Customer:
        """Note that the customer wants nothing on `channel` (C-14). What is noted already stays as it was."""
        async with self._db.unit_of_work() as work:
            ids = await _touched(work, customer_id)
            await work.execute(
                "INSERT INTO customer_refusal (customer_id, channel, reason, by_id, by_name, at)"
                " SELECT $1::uuid, $2::text, $3::text, $4::uuid, $5::text, $6::timestamptz WHERE NOT EXISTS"
                " (SELECT 1 FROM customer_refusal WHERE customer_id = ANY($7::uuid[]) AND channel = $2::text AND ended_at IS NULL)",
                *(customer_id, str(channel), plain.block(reason, 1_000)),
                *(by.author_id, plain.line(by.name, 200), clock.now(), ids),
            )
            return await _announced(work, customer_id)

    async def allow(self, customer_id: CustomerId, channel: ChannelKind, *, by: Caller) -> Customer:
        """End a refusal; that there was one stays on record."""
        async with self._db.unit_of_work() as work:
            ids = await _touched(work, customer_id)
            await work.execute(
                "UPDATE customer_refusal SET ended_at = $3, ended_by_id = $4, ended_by_name = $5"
                " WHERE customer_id = ANY($1::uuid[]) AND channel = $2 AND ended_at IS NULL",
                *(ids, str(channel), clock.now(), by.author_id, plain.line(by.name, 200)),
            )
            return await _announced(work, customer_id)

    async def join(self, person_id: CustomerId, organisation_id: CustomerId, *, title: str = "") -> Customer:
        """Make a person a member of an organisation, or change what they are there. Returns the person. Raises `WrongKind`."""
        async with self._db.unit_of_work() as work:
            persons, organisations = await _touched_both(work, person_id, organisation_id)
            await _require_kinds(work, person_id, organisation_id)
            said = plain.line(title, 200)
            known = await work.execute(
                "UPDATE customer_member SET title = $3 WHERE organisation_id = ANY($1::uuid[]) AND person_id = ANY($2::uuid[])",
                *(organisations, persons, said),
            )
            if not known:
                await work.execute(
                    "INSERT INTO customer_member (organisation_id, person_id, title, created_at) VALUES ($1, $2, $3, $4)",
                    *(organisation_id, person_id, said, clock.now()),
                )
            await _announced(work, organisation_id)
            return await _announced(work, person_id)

    async def leave(self, person_id: CustomerId, organisation_id: CustomerId) -> Customer:
        """End a membership; one that is not there is ended already. Returns the person."""
        async with self._db.unit_of_work() as work:
            persons, organisations = await _touched_both(work, person_id, organisation_id)
            await work.execute(
                "DELETE FROM customer_member WHERE organisation_id = ANY($1::uuid[]) AND person_id = ANY($2::uuid[])",
                *(organisations, persons),
            )
            await _announced(work, organisation_id)
            return await _announced(work, person_id)

    async def merge(self, customer_id: CustomerId, wanted: Merge, *, by: Caller) -> Customer:
        """Let a customer be found under another from now on, who is returned. `unmerge` takes it back, at any time.

        Raises `NoSuchCustomer`, `Merged` where one of them is an alias, `Stale`, `NotMergeable`, `DifferentIdentities`.
        """
        if customer_id == wanted.into_id:
            raise NotMergeable("a customer cannot be merged into itself")
        values = _cleaned(merging.given(wanted.fields))
        async with self._db.unit_of_work() as work:
            await merging.hold(work)
            versions = {customer_id: wanted.version, wanted.into_id: wanted.into_version}
            for id_ in versions:
                await _require_kept(work, id_)
            for id_ in sorted(versions):
                await _touch(work, id_, version=versions[id_])
            gone, kept = await _one(work, customer_id), await _one(work, wanted.into_id)
            merging.require_mergeable(gone, kept, despite_verified=wanted.despite_verified)
            await merging.join(work, gone, kept, values, by=by)
            return await _announced(work, kept.id)

    async def unmerge(self, customer_id: CustomerId, *, by: Caller) -> Customer:
        """Separate one who was merged, with those who were merged into him before; he is returned as he is by himself.

        Everything that came in by his addresses is his, also what came in meanwhile. Raises `NoSuchCustomer`, `NotMergeable`.
        """
        async with self._db.unit_of_work() as work:
            await merging.hold(work)
            whole = await _one(work, customer_id)
            merge = await merging.standing(work, customer_id)
            await _touch(work, whole.id)
            await merging.part(work, merge, whole, by=by)
            await _touch(work, customer_id)
            await _announced(work, whole.id)
            return await _announced(work, customer_id)

    async def _insert(self, work: Work, new: NewCustomer, made: Authorship) -> Customer:
        values = _cleaned({field.name: getattr(new, field.name) for field in fields(new)})
        customer_id, now = CustomerId(new_id()), clock.now()
        await work.execute(
            _INSERT,
            *(customer_id, values["kind"], values["name"], values["level"], values["sex"], values["company"]),
            *(values["title"], values["postal_address"], values["locale"], values["note"], False),
            *(made.author_id, made.client_key, made.digest, now),
        )
        for address in new.addresses:
            await addresses.put(work, [customer_id], address, region=self._region)
        return await _announced(work, customer_id)


async def _one(source: Database | Work, customer_id: CustomerId) -> Customer:
    found = await queries.load(source, [customer_id])
    if not found:
        raise NoSuchCustomer("there is no such customer")
    return found[0]


def _cleaned(values: Mapping[str, Any]) -> dict[str, Any]:
    """Fields as they are stored. Raises `Invalid` for a customer without a name."""
    cleaned = dict(values)
    for name in cleaned.keys() & _LINES.keys():
        cleaned[name] = plain.line(cleaned[name], _LINES[name])
    for name in cleaned.keys() & _BLOCKS.keys():
        cleaned[name] = plain.block(cleaned[name], _BLOCKS[name])
    for name in cleaned.keys() & {"kind", "level", "sex"}:
        cleaned[name] = cleaned[name] and str(cleaned[name])
    if not cleaned.get("name", "-"):
        raise Invalid("a customer has a name")
    return cleaned


async def _touch(work: Work, customer_id: CustomerId, *, version: int | None = None) -> None:
    """Hold the customer until this transaction ends, and count the change."""
    rows = await work.fetch(
        "UPDATE customer SET version = version + 1, updated_at = $2"
        " WHERE id = $1 AND kept_id IS NULL AND ($3::bigint IS NULL OR version = $3::bigint) RETURNING version",
        *(customer_id, clock.now(), version),
    )
    if not rows:
        await _require_kept(work, customer_id)
        current = await _one(work, customer_id)
        raise Stale("somebody else changed it meanwhile", version=current.version)


async def _require_kept(work: Work, customer_id: CustomerId) -> None:
    """Raises `Merged` for an alias."""
    kept_id = next(iter(await queries.everybody(work, customer_id)), customer_id)
    if kept_id != customer_id:
        raise Merged("this customer was merged into another", into_id=str(kept_id))


async def _touched(work: Work, customer_id: CustomerId) -> list[CustomerId]:
    """As `_touch`; all the ids of the customer, its own first."""
    await _touch(work, customer_id)
    return await queries.everybody(work, customer_id)


async def _touched_both(work: Work, one: CustomerId, other: CustomerId) -> tuple[list[CustomerId], list[CustomerId]]:
    for customer_id in sorted((one, other)):  # in one order everywhere: two who do this at once must not wait for each other
        await _touch(work, customer_id)
    return await queries.everybody(work, one), await queries.everybody(work, other)


async def _require_kinds(work: Work, person_id: CustomerId, organisation_id: CustomerId) -> None:
    rows = await work.fetch("SELECT id, kind FROM customer WHERE id = ANY($1::uuid[])", [person_id, organisation_id])
    kinds = {row["id"]: row["kind"] for row in rows}
    if kinds[person_id] != CustomerKind.PERSON or kinds[organisation_id] != CustomerKind.ORGANISATION:
        raise WrongKind("a person can be a member of an organisation, and nothing else")


async def _keep_kind(work: Work, customer_id: CustomerId, kind: str) -> None:
    """An organisation with members, or a person in one, stays what it is."""
    row = await work.fetch_one(
        "SELECT c.kind FROM customer c WHERE c.id = $1 AND EXISTS (SELECT 1 FROM customer_member m"
        " WHERE m.organisation_id = ANY($2::uuid[]) OR m.person_id = ANY($2::uuid[]))",
        customer_id,
        await queries.everybody(work, customer_id),
    )
    if row is not None and row["kind"] != kind:
        raise WrongKind("end its memberships first")


async def _announced(work: Work, customer_id: CustomerId) -> Customer:
    """The customer as it is now; found by what it is now, and told to everybody."""
    customer = await _one(work, customer_id)
    await searching.index(work, [customer])
    work.announce(events.changed(customer))
    return customer
