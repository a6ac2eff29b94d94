"""Reads of customers."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from hub.crm.customers import searching
from hub.crm.customers.values import (
    Customer,
    CustomerAddress,
    CustomerKind,
    Level,
    Member,
    MergedRecord,
    Refusal,
    Sex,
    number,
)
from hub.crm.reads import Page, after, page
from hub.db import Database, Reads, Row
from hub.ids import CustomerId
from hub.messages.address import Address, AddressKind, ChannelKind, national_phone

MEMBERS_SHOWN = 200
_OWNERS_READ = 100  # of one address: a number that a whole house shares

_CUSTOMERS = """
SELECT n, id, kind, name, level, sex, company, title, postal_address, locale, note, unconfirmed, created_at, updated_at,
       version, kept_id
FROM customer WHERE id = ANY($1::uuid[])
"""
_MERGED = """
SELECT c.kept_id, c.id, c.n, c.name, m.into_id, m.merged_at, m.merged_by_name
FROM customer c JOIN customer_merge m ON m.from_id = c.id AND m.undone_at IS NULL
WHERE c.kept_id = ANY($1::uuid[]) ORDER BY m.n
"""
_ADDRESSES = """
SELECT id, customer_id, kind, value, label, verified_at, is_primary
FROM customer_address WHERE customer_id = ANY($1::uuid[]) ORDER BY n
"""
_REFUSALS = """
SELECT customer_id, channel, reason, at, by_name
FROM customer_refusal WHERE customer_id = ANY($1::uuid[]) AND ended_at IS NULL ORDER BY channel
"""
_ORGANISATIONS = """
SELECT m.person_id AS of_id, c.id, c.name, c.kept_id, k.name AS kept_name, m.title
FROM customer_member m JOIN customer c ON c.id = m.organisation_id LEFT JOIN customer k ON k.id = c.kept_id
WHERE m.person_id = ANY($1::uuid[]) ORDER BY m.n
"""
_MEMBERS = """
SELECT of_id, id, name, kept_id, kept_name, title FROM (
    SELECT m.organisation_id AS of_id, c.id AS id, c.name AS name, c.kept_id AS kept_id, k.name AS kept_name, m.title AS title,
           row_number() OVER (PARTITION BY m.organisation_id ORDER BY m.n) AS place
    FROM customer_member m JOIN customer c ON c.id = m.person_id LEFT JOIN customer k ON k.id = c.kept_id
    WHERE m.organisation_id = ANY($1::uuid[])
) AS member WHERE place <= $2 ORDER BY place
"""


def everybody_of(id: str) -> str:
    """SQL for all the ids a customer has by merging; `id`, one of them, is a placeholder or a column."""
    return (
        f"SELECT coalesce(one.kept_id, one.id) FROM customer one WHERE one.id = {id} UNION ALL"
        f" SELECT alias.id FROM customer one JOIN customer alias ON alias.kept_id = coalesce(one.kept_id, one.id) WHERE one.id = {id}"
    )


_EVERYBODY = f"SELECT id FROM customer WHERE id IN ({everybody_of('$1')}) ORDER BY kept_id IS NOT NULL, n"


async def everybody(source: Reads, customer_id: CustomerId) -> list[CustomerId]:
    """All the ids the customer has by merging, the kept one's first; empty for nobody's."""
    return [row["id"] for row in await source.fetch(_EVERYBODY, customer_id)]


async def load(source: Reads, ids: Sequence[UUID]) -> list[Customer]:
    """The customers among `ids`, in the order of `ids`, each once: for one who was merged, the one he is part of now.

    Half a dozen statements however many there are.
    """
    if not ids:
        return []
    rows = {row["id"]: row for row in await source.fetch(_CUSTOMERS, list(ids))}
    wanted: list[UUID] = list(dict.fromkeys(rows[id_]["kept_id"] or id_ for id_ in ids if id_ in rows))
    if aliased := [id_ for id_ in wanted if id_ not in rows]:
        rows |= {row["id"]: row for row in await source.fetch(_CUSTOMERS, aliased)}
    aliases = await source.fetch(_MERGED, wanted)
    kept = {id_: id_ for id_ in wanted} | {row["id"]: row["kept_id"] for row in aliases}
    merged = _sorted(aliases, "kept_id", kept)
    addresses = _sorted(await source.fetch(_ADDRESSES, list(kept)), "customer_id", kept)
    refusals = _sorted(await source.fetch(_REFUSALS, list(kept)), "customer_id", kept)
    organisations = _sorted(await source.fetch(_ORGANISATIONS, list(kept)), "of_id", kept)
    organised = [one for one, id_ in kept.items() if rows[id_]["kind"] == CustomerKind.ORGANISATION]
    members = _sorted(await source.fetch(_MEMBERS, organised, MEMBERS_SHOWN) if organised else [], "of_id", kept)
    return [
        _customer(
            rows[id_],
            addresses=_addresses(addresses[id_]),
            refusals=_refusals(refusals[id_]),
            organisations=_members(organisations[id_]),
            members=_members(members[id_]),
            merged=tuple(map(_merged, merged[id_])),
        )
        for id_ in wanted
    ]


async def listed(db: Database, *, q: str = "", cursor: str | None = None, limit: int = 50) -> Page[Customer]:
    """Customers, newest first; with `q` those found by name, company, number, e-mail address or piece of a number."""
    rows = await _found(db, q, cursor, limit) if q.strip() else await _all(db, cursor, limit)
    shown, next_cursor = page(rows, limit)
    return Page(items=await load(db, [row["id"] for row in shown]), next_cursor=next_cursor)


async def _all(db: Database, cursor: str | None, limit: int) -> list[Row]:
    return await db.fetch(
        "SELECT n, id FROM customer WHERE n < $1 AND kept_id IS NULL ORDER BY n DESC LIMIT $2", after(cursor), limit + 1
    )


async def _found(db: Database, q: str, cursor: str | None, limit: int) -> list[Row]:
    asked = searching.condition(q, db.dialect)
    if asked is None:
        return []
    statement = db.sql(
        sqlite="""
        SELECT c.n, c.id FROM customer_grams g JOIN customer c ON c.n = g.rowid AND c.kept_id IS NULL
        WHERE customer_grams MATCH $1 AND g.rowid < $2 ORDER BY g.rowid DESC LIMIT $3""",
        postgres="""
        SELECT n, id FROM customer WHERE grams @@ $1::text::tsquery AND kept_id IS NULL AND n < $2 ORDER BY n DESC LIMIT $3""",
    )
    return await db.fetch(statement, asked, after(cursor), limit + 1)


async def owner(source: Reads, address: Address, *, among: CustomerId | None = None) -> CustomerId | None:
    """Whose address it is; None where it is nobody's or several people's. `among`: asked of this customer only, by any of its ids."""
    rows = await source.fetch(
        "SELECT a.customer_id, c.kept_id FROM customer_address a JOIN customer c ON c.id = a.customer_id"
        f" WHERE a.kind = $1 AND a.value = $2 AND ($3::uuid IS NULL OR a.customer_id IN ({everybody_of('$3::uuid')}))"
        " ORDER BY a.n LIMIT $4",
        *(address.kind.value, address.value, among, _OWNERS_READ),
    )
    return the_owner(rows)


def the_owner(rows: Sequence[Row]) -> CustomerId | None:
    """The one among the owners of an address (`customer_id`, `kept_id`) if they are one by merging: the kept one where it has it too."""
    if len({row["kept_id"] or row["customer_id"] for row in rows}) != 1:
        return None
    return CustomerId(min(rows, key=lambda row: row["kept_id"] is not None)["customer_id"])


async def names(source: Reads, customer_ids: Iterable[UUID]) -> Mapping[CustomerId, tuple[str, str]]:
    """Name and number of each customer, for lists of other things; of one who was merged, those of the kept one."""
    wanted = list(set(customer_ids))
    if not wanted:
        return {}
    rows = await source.fetch(
        "SELECT c.id, coalesce(k.n, c.n) AS n, coalesce(k.name, c.name) AS name"
        " FROM customer c LEFT JOIN customer k ON k.id = c.kept_id WHERE c.id = ANY($1::uuid[])",
        wanted,
    )
    return {row["id"]: (row["name"], number(row["n"])) for row in rows}


def _sorted(rows: Iterable[Row], key: str, kept: Mapping[UUID, UUID]) -> defaultdict[UUID, list[Row]]:
    """The rows of each kept customer: its own, then those of who was merged with it."""
    own: defaultdict[UUID, list[Row]] = defaultdict(list)
    others: defaultdict[UUID, list[Row]] = defaultdict(list)
    for row in rows:
        of = kept[row[key]]
        (own if of == row[key] else others)[of].append(row)
    for of, more in others.items():
        own[of] += more
    return own


def _customer(
    row: Row,
    *,
    addresses: tuple[CustomerAddress, ...],
    refusals: tuple[Refusal, ...],
    organisations: tuple[Member, ...],
    members: tuple[Member, ...],
    merged: tuple[MergedRecord, ...],
) -> Customer:
    return Customer(
        id=row["id"],
        number=number(row["n"]),
        kind=CustomerKind(row["kind"]),
        name=row["name"],
        level=Level(row["level"]),
        sex=Sex(row["sex"]) if row["sex"] else None,
        company=row["company"],
        title=row["title"],
        postal_address=row["postal_address"],
        locale=row["locale"],
        note=row["note"],
        unconfirmed=row["unconfirmed"],
        addresses=addresses,
        refusals=refusals,
        organisations=organisations,
        members=members,
        merged=merged,
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        version=row["version"],
    )


def display(kind: AddressKind, value: str) -> str:
    """How people read an address."""
    return national_phone(value) if kind is AddressKind.PHONE else value


def _addresses(rows: Sequence[Row]) -> tuple[CustomerAddress, ...]:
    """Each address once, verified if it is so anywhere; of each kind the first primary one stays it."""
    primary: dict[str, str] = {}
    same: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        same.setdefault((row["kind"], row["value"]), []).append(row)
        if row["is_primary"]:
            primary.setdefault(row["kind"], row["value"])
    return tuple(_address(rows, is_primary=primary.get(kind) == value) for (kind, value), rows in same.items())


def _address(same: Sequence[Row], *, is_primary: bool) -> CustomerAddress:
    kind, value = AddressKind(same[0]["kind"]), same[0]["value"]
    return CustomerAddress(
        id=same[0]["id"],
        kind=kind,
        value=value,
        display=display(kind, value),
        label=next((row["label"] for row in same if row["label"]), ""),
        verified=any(row["verified_at"] is not None for row in same),
        primary=is_primary,
    )


def _refusals(rows: Sequence[Row]) -> tuple[Refusal, ...]:
    once: dict[str, Row] = {}
    for row in rows:
        once.setdefault(row["channel"], row)
    return tuple(
        Refusal(
            channel=ChannelKind(channel), reason=once[channel]["reason"], at=once[channel]["at"], by_name=once[channel]["by_name"]
        )
        for channel in sorted(once)
    )


def _members(rows: Sequence[Row]) -> tuple[Member, ...]:
    once: dict[CustomerId, Member] = {}
    for row in rows:
        id_ = row["kept_id"] or row["id"]
        once.setdefault(id_, Member(id=id_, name=row["kept_name"] or row["name"], title=row["title"]))
    return tuple(once.values())


def _merged(row: Row) -> MergedRecord:
    return MergedRecord(
        id=row["id"],
        number=number(row["n"]),
        name=row["name"],
        into_id=row["into_id"],
        at=row["merged_at"],
        by_name=row["merged_by_name"],
    )
