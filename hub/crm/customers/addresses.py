"""The addresses of one customer. One of each kind is the primary one, as long as there is any."""

from collections.abc import Sequence
from uuid import UUID

from hub import clock
from hub.crm.customers.errors import NoSuchAddress
from hub.crm.customers.values import NewAddress
from hub.db import Work
from hub.errors import Invalid
from hub.ids import CustomerId, new_id
from hub.messages import plain
from hub.messages.address import AddressKind, normal

_LONGEST = 330
_MOST = 100  # of one customer

_PUT = """
INSERT INTO customer_address (id, customer_id, kind, value, label, verified_at, is_primary, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (customer_id, kind, value) DO UPDATE SET
    label = excluded.label, verified_at = coalesce(customer_address.verified_at, excluded.verified_at)
"""


async def put(work: Work, customer_ids: Sequence[CustomerId], new: NewAddress, *, region: str) -> None:
    """Add an address in normal form, or change the label and marks of the same one. Raises `BadAddress`.

    `customer_ids`: all those of the customer, the one it goes to first.
    """
    value = normal(new.kind, plain.line(new.value, _LONGEST), region=region)
    if not value:
        raise Invalid("an address is needed")
    now = clock.now()
    owner = await _owner(work, customer_ids, new.kind, value)
    if owner is None:
        await _require_room(work, customer_ids)
        owner = customer_ids[0]
    await work.execute(
        _PUT,
        *(new_id(), owner, str(new.kind), value, plain.line(new.label, 100), now if new.verified else None),
        *(False, now),
    )
    if new.primary:
        await work.execute(
            "UPDATE customer_address SET is_primary = (value = $3) WHERE customer_id = ANY($1::uuid[]) AND kind = $2",
            *(list(customer_ids), str(new.kind), value),
        )
    await _settle_primary(work, customer_ids, new.kind)


async def remove(work: Work, customer_ids: Sequence[CustomerId], address_id: UUID) -> None:
    """Take it away, from everybody who was merged. Raises `NoSuchAddress`."""
    kind, value = await _known(work, customer_ids, address_id)
    await work.execute(
        "DELETE FROM customer_address WHERE customer_id = ANY($1::uuid[]) AND kind = $2 AND value = $3",
        *(list(customer_ids), kind, value),
    )
    await _settle_primary(work, customer_ids, AddressKind(kind))


async def verify(work: Work, customer_ids: Sequence[CustomerId], address_id: UUID) -> None:
    """Mark it as theirs for sure. Raises `NoSuchAddress`."""
    kind, value = await _known(work, customer_ids, address_id)
    await work.execute(
        "UPDATE customer_address SET verified_at = coalesce(verified_at, $4)"
        " WHERE customer_id = ANY($1::uuid[]) AND kind = $2 AND value = $3",
        *(list(customer_ids), kind, value, clock.now()),
    )


async def _known(work: Work, customer_ids: Sequence[CustomerId], address_id: UUID) -> tuple[str, str]:
    row = await work.fetch_one(
        "SELECT kind, value FROM customer_address WHERE id = $1 AND customer_id = ANY($2::uuid[])", address_id, list(customer_ids)
    )
    if row is None:
        raise NoSuchAddress("there is no such address")
    return row["kind"], row["value"]


async def _owner(work: Work, customer_ids: Sequence[CustomerId], kind: AddressKind, value: str) -> CustomerId | None:
    """Who among the merged has the address already, the kept one first."""
    rows = await work.fetch(
        "SELECT customer_id FROM customer_address WHERE customer_id = ANY($1::uuid[]) AND kind = $2 AND value = $3",
        *(list(customer_ids), str(kind), value),
    )
    return min((row["customer_id"] for row in rows), key=customer_ids.index, default=None)


async def _require_room(work: Work, customer_ids: Sequence[CustomerId]) -> None:
    row = await work.fetch_one(
        "SELECT count(*) AS many FROM customer_address WHERE customer_id = ANY($1::uuid[])", list(customer_ids)
    )
    if row is not None and row["many"] >= _MOST:
        raise Invalid(f"a customer has {_MOST} addresses at most")


async def _settle_primary(work: Work, customer_ids: Sequence[CustomerId], kind: AddressKind) -> None:
    """Where no address of this kind is primary, the oldest of the kept one is, or else the oldest of all."""
    await work.execute(
        """
        UPDATE customer_address SET is_primary = $4
        WHERE n = (
            SELECT n FROM customer_address WHERE customer_id = ANY($1::uuid[]) AND kind = $2
            ORDER BY CASE customer_id WHEN $3 THEN 0 ELSE 1 END, n LIMIT 1
        ) AND NOT EXISTS (
            SELECT 1 FROM customer_address AS other WHERE other.customer_id = ANY($1::uuid[]) AND other.kind = $2 AND other.is_primary
        )
        """,
        *(list(customer_ids), str(kind), customer_ids[0], True),
    )
