"""Who is it? From an address to a customer; an unknown one becomes a person whom somebody has to confirm.

Only the address counts. A display name, or what a message refers to, never identifies: anybody can write those.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from hub import clock
from hub.crm.customers import events, searching
from hub.crm.customers.queries import display, the_owner
from hub.crm.customers.values import Customer, CustomerAddress, CustomerKind, Level, number
from hub.db import Row, Work
from hub.ids import CustomerId, new_id
from hub.messages import plain
from hub.messages.address import Address, AddressKind, ChannelKind

_NAME = 300
_ADDRESS_COLUMNS = {
    "id": "uuid",
    "customer_id": "uuid",
    "kind": "text",
    "value": "text",
    "label": "text",
    "is_primary": "boolean",
    "created_at": "timestamptz",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Identified:
    """Whose address it is. With several customers behind it nobody is meant, and all are candidates."""

    customer_id: CustomerId | None
    candidates: tuple[CustomerId, ...] = ()
    created: bool = False


async def identify(work: Work, address: Address, *, channel: ChannelKind | None = None) -> Identified:
    """Find or make the customer of one address."""
    return (await identify_many(work, [address], channel=channel))[address]


async def identify_many(
    work: Work, addresses: Iterable[Address], *, channel: ChannelKind | None = None
) -> dict[Address, Identified]:
    """Find or make the customers of many addresses: one statement where all are known, a handful where not.

    Two transactions that meet the same new address at the same time make one customer: the second waits for the first.
    """
    wanted = _with_names(addresses)
    found = await _known(work, wanted)
    unknown = [address for address in wanted if address not in found]
    if unknown and work.dialect == "postgres":
        await work.hold(*(f"customer {address.kind} {address.value}" for address in unknown))
        found |= await _known(work, unknown)
        unknown = [address for address in unknown if address not in found]
    return found | await _make(work, unknown, channel)


def _with_names(addresses: Iterable[Address]) -> list[Address]:
    """Each address once, with the first name somebody gave it."""
    once: dict[Address, Address] = {}
    for address in addresses:
        if address not in once or (address.name and not once[address].name):
            once[address] = address
    return list(once.values())


async def _known(work: Work, addresses: Sequence[Address]) -> dict[Address, Identified]:
    rows = await work.fetch(
        "SELECT a.kind, a.value, a.customer_id, c.kept_id FROM customer_address a JOIN customer c ON c.id = a.customer_id"
        " WHERE a.value = ANY($1::text[]) ORDER BY a.n",
        [address.value for address in addresses],
    )
    owners: dict[Address, list[Row]] = {}
    for row in rows:
        owners.setdefault(Address(kind=AddressKind(row["kind"]), value=row["value"]), []).append(row)
    return {address: _among(owners[address]) for address in addresses if address in owners}


def _among(owners: Sequence[Row]) -> Identified:
    """Of those who are one by merging, the owner itself is named: what comes by its address stays with it if they are separated."""
    if (owner := the_owner(owners)) is not None:
        return Identified(customer_id=owner)
    return Identified(customer_id=None, candidates=tuple(dict.fromkeys(row["kept_id"] or row["customer_id"] for row in owners)))


async def _make(work: Work, addresses: Sequence[Address], channel: ChannelKind | None) -> dict[Address, Identified]:
    if not addresses:
        return {}
    made = await _insert(work, [_person(address, channel) for address in addresses])
    await searching.index(work, made)
    for customer in made:
        work.announce(events.changed(customer))
    return {address: Identified(customer_id=customer.id, created=True) for address, customer in zip(addresses, made, strict=True)}


def _person(address: Address, channel: ChannelKind | None) -> Customer:
    """Somebody nobody knows yet; the number comes with the row."""
    now = clock.now()
    reached = CustomerAddress(
        id=new_id(),
        kind=address.kind,
        value=address.value,
        display=display(address.kind, address.value),
        label=str(channel) if channel and address.kind is AddressKind.PHONE else "",
        verified=False,
        primary=True,
    )
    return Customer(
        id=CustomerId(new_id()),
        number="",
        kind=CustomerKind.PERSON,
        name=plain.line(address.name, _NAME) or _called_by(reached),
        level=Level.POTENTIAL,
        sex=None,
        company="",
        title="",
        postal_address="",
        locale="",
        note="",
        unconfirmed=True,
        addresses=(reached,),
        refusals=(),
        organisations=(),
        members=(),
        merged=(),
        created_at=now,
        updated_at=now,
        version=1,
    )


def _called_by(address: CustomerAddress) -> str:
    return f"Visitor {address.value[-6:].upper()}" if address.kind is AddressKind.VISITOR else address.display


async def _insert(work: Work, made: Sequence[Customer]) -> list[Customer]:
    """Write the rows, which gives the customers their numbers."""
    rows = await work.fetch_many(
        "INSERT INTO customer (id, kind, name, level, company, title, postal_address, locale, note, unconfirmed,"
        " version, created_at, updated_at) VALUES ($1, $2, $3, $4, '', '', '', '', '', $5, 1, $6, $6) RETURNING n",
        [(one.id, str(one.kind), one.name, str(one.level), True, one.created_at) for one in made],
    )
    await work.insert_many(
        "customer_address",
        _ADDRESS_COLUMNS,
        [(to.id, one.id, str(to.kind), to.value, to.label, to.primary, one.created_at) for one in made for to in one.addresses],
    )
    return [replace(one, number=number(row["n"])) for one, row in zip(made, rows, strict=True)]
