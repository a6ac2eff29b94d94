"""The addresses of one customer. One of each kind is the primary one, as long as there is any."""

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


async def put(work: Work, customer_id: CustomerId, new: NewAddress, *, region: str) -> None:
    """Add an address in normal form, or change the label and marks of the same one. Raises `BadAddress`."""
    value = normal(new.kind, plain.line(new.value, _LONGEST), region=region)
    if not value:
        raise Invalid("an address is needed")
    await _require_room(work, customer_id)
    now = clock.now()
    await work.execute(
        _PUT,
        *(new_id(), customer_id, str(new.kind), value, plain.line(new.label, 100), now if new.verified else None),
        *(False, now),
    )
    if new.primary:
        await work.execute(
            "UPDATE customer_address SET is_primary = (value = $3) WHERE customer_id = $1 AND kind = $2",
            *(customer_id, str(new.kind), value),
        )
    await _settle_primary(work, customer_id, new.kind)


async def remove(work: Work, customer_id: CustomerId, address_id: UUID) -> None:
    """Take it away. Raises `NoSuchAddress`."""
    row = await work.fetch_one(
        "DELETE FROM customer_address WHERE id = $1 AND customer_id = $2 RETURNING kind", address_id, customer_id
    )
    if row is None:
        raise NoSuchAddress("there is no such address")
    await _settle_primary(work, customer_id, AddressKind(row["kind"]))


async def verify(work: Work, customer_id: CustomerId, address_id: UUID) -> None:
    """Mark it as theirs for sure. Raises `NoSuchAddress`."""
    touched = await work.execute(
        "UPDATE customer_address SET verified_at = coalesce(verified_at, $3) WHERE id = $1 AND customer_id = $2",
        *(address_id, customer_id, clock.now()),
    )
    if not touched:
        raise NoSuchAddress("there is no such address")


async def _require_room(work: Work, customer_id: CustomerId) -> None:
    row = await work.fetch_one("SELECT count(*) AS many FROM customer_address WHERE customer_id = $1", customer_id)
    if row is not None and row["many"] >= _MOST:
        raise Invalid(f"a customer has {_MOST} addresses at most")


async def _settle_primary(work: Work, customer_id: CustomerId, kind: AddressKind) -> None:
    """Where no address of this kind is primary, the oldest is."""
    await work.execute(
        """
        UPDATE customer_address SET is_primary = $3
        WHERE n = (SELECT min(n) FROM customer_address WHERE customer_id = $1 AND kind = $2)
          AND NOT EXISTS (
              SELECT 1 FROM customer_address AS other WHERE other.customer_id = $1 AND other.kind = $2 AND other.is_primary
          )
        """,
        *(customer_id, str(kind), True),
    )
