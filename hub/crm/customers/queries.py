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
    Refusal,
    Sex,
    number,
)
from hub.crm.reads import Page, after, page
from hub.db import Database, Reads, Row
from hub.ids import CustomerId
from hub.messages.address import Address, AddressKind, ChannelKind, national_phone

MEMBERS_SHOWN = 200

_CUSTOMERS = """
SELECT n, id, kind, name, level, sex, company, title, postal_address, locale, note, unconfirmed, created_at, updated_at,
       version
FROM customer WHERE id = ANY($1::uuid[])
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
SELECT m.person_id AS of_id, c.id, c.name, m.title
FROM customer_member m JOIN customer c ON c.id = m.organisation_id
WHERE m.person_id = ANY($1::uuid[]) ORDER BY m.n
"""
_MEMBERS = """
SELECT of_id, id, name, title FROM (
    SELECT m.organisation_id AS of_id, c.id AS id, c.name AS name, m.title AS title,
           row_number() OVER (PARTITION BY m.organisation_id ORDER BY m.n) AS place
    FROM customer_member m JOIN customer c ON c.id = m.person_id
    WHERE m.organisation_id = ANY($1::uuid[])
) AS member WHERE place <= $2 ORDER BY place
"""


async def load(source: Reads, ids: Sequence[UUID]) -> list[Customer]:
    """The customers among `ids`, in the order of `ids`. Five statements however many there are."""
    if not ids:
        return []
    wanted = list(ids)
    rows = {row["id"]: row for row in await source.fetch(_CUSTOMERS, wanted)}
    addresses = _by_customer(await source.fetch(_ADDRESSES, wanted), "customer_id")
    refusals = _by_customer(await source.fetch(_REFUSALS, wanted), "customer_id")
    organisations = _by_customer(await source.fetch(_ORGANISATIONS, wanted), "of_id")
    organised = [id_ for id_ in wanted if id_ in rows and rows[id_]["kind"] == CustomerKind.ORGANISATION]
    members = _by_customer(await source.fetch(_MEMBERS, organised, MEMBERS_SHOWN) if organised else [], "of_id")
    return [
        _customer(
            rows[id_],
            addresses=tuple(map(_address, addresses[id_])),
            refusals=tuple(map(_refusal, refusals[id_])),
            organisations=tuple(map(_member, organisations[id_])),
            members=tuple(map(_member, members[id_])),
        )
        for id_ in wanted
        if id_ in rows
    ]


async def listed(db: Database, *, q: str = "", cursor: str | None = None, limit: int = 50) -> Page[Customer]:
    """Customers, newest first; with `q` those found by name, company, number, e-mail address or piece of a number."""
    rows = await _found(db, q, cursor, limit) if q.strip() else await _all(db, cursor, limit)
    shown, next_cursor = page(rows, limit)
    return Page(items=await load(db, [row["id"] for row in shown]), next_cursor=next_cursor)


async def _all(db: Database, cursor: str | None, limit: int) -> list[Row]:
    return await db.fetch("SELECT n, id FROM customer WHERE n < $1 ORDER BY n DESC LIMIT $2", after(cursor), limit + 1)


async def _found(db: Database, q: str, cursor: str | None, limit: int) -> list[Row]:
    asked = searching.condition(q, db.dialect)
    if asked is None:
        return []
    statement = db.sql(
        sqlite="""
        SELECT c.n, c.id FROM customer_grams g JOIN customer c ON c.n = g.rowid
        WHERE customer_grams MATCH $1 AND g.rowid < $2 ORDER BY g.rowid DESC LIMIT $3""",
        postgres="""
        SELECT n, id FROM customer WHERE grams @@ $1::text::tsquery AND n < $2 ORDER BY n DESC LIMIT $3""",
    )
    return await db.fetch(statement, asked, after(cursor), limit + 1)


async def owner(source: Reads, address: Address) -> CustomerId | None:
    """Whose address it is; None where it is nobody's or several people's."""
    rows = await source.fetch(
        "SELECT customer_id FROM customer_address WHERE kind = $1 AND value = $2 LIMIT 2", address.kind.value, address.value
    )
    return rows[0]["customer_id"] if len(rows) == 1 else None


async def names(source: Reads, customer_ids: Iterable[UUID]) -> Mapping[CustomerId, tuple[str, str]]:
    """Name and number of each customer, for lists of other things."""
    wanted = list(set(customer_ids))
    if not wanted:
        return {}
    rows = await source.fetch("SELECT n, id, name FROM customer WHERE id = ANY($1::uuid[])", wanted)
    return {row["id"]: (row["name"], number(row["n"])) for row in rows}


def _by_customer(rows: Iterable[Row], key: str) -> defaultdict[UUID, list[Row]]:
    sorted_: defaultdict[UUID, list[Row]] = defaultdict(list)
    for row in rows:
        sorted_[row[key]].append(row)
    return sorted_


def _customer(
    row: Row,
    *,
    addresses: tuple[CustomerAddress, ...],
    refusals: tuple[Refusal, ...],
    organisations: tuple[Member, ...],
    members: tuple[Member, ...],
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
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        version=row["version"],
    )


def display(kind: AddressKind, value: str) -> str:
    """How people read an address."""
    return national_phone(value) if kind is AddressKind.PHONE else value


def _address(row: Row) -> CustomerAddress:
    kind = AddressKind(row["kind"])
    return CustomerAddress(
        id=row["id"],
        kind=kind,
        value=row["value"],
        display=display(kind, row["value"]),
        label=row["label"],
        verified=row["verified_at"] is not None,
        primary=row["is_primary"],
    )


def _refusal(row: Row) -> Refusal:
    return Refusal(channel=ChannelKind(row["channel"]), reason=row["reason"], at=row["at"], by_name=row["by_name"])


def _member(row: Row) -> Member:
    return Member(id=row["id"], name=row["name"], title=row["title"])
