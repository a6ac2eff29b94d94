"""Two customers become one, and can be separated again for as long as the hub keeps them (ADR 26).

Nothing moves. The one who is merged stays as an alias: addresses, conversations, tickets, refusals and memberships remain under the
id they came in under, and every read asks for all the ids of a customer. So separating them is to take the alias away, whatever came
in meanwhile. Only the fields of the kept one that the merge changed are written down, to be put back.
"""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any, Final

from msgspec import UNSET

from hub import clock
from hub.auth import Caller, audit
from hub.crm.customers import searching
from hub.crm.customers.errors import DifferentIdentities, NotMergeable
from hub.crm.customers.values import Change, Customer
from hub.db import Row, Work, as_uuid
from hub.ids import CustomerId
from hub.messages import plain
from hub.messages.address import AddressKind
from hub.messages.jobs import TELL_NAMES

_HOLD: Final = "customer merging"  # few and far between: one at a time, so that no two build a ring
_GIVEN: Final = ("name", "level", "sex", "company", "title", "postal_address", "locale", "note")
_IDENTITIES: Final = (AddressKind.EMAIL, AddressKind.PHONE)  # a browser's mark says nothing: everybody has several

_RECORD = """
INSERT INTO customer_merge (from_id, into_id, taken, merged_by, merged_by_name, merged_at) VALUES ($1, $2, $3, $4, $5, $6)
"""
_BRANCH = """
WITH RECURSIVE branch (id) AS (
    SELECT id FROM customer WHERE id = $1
    UNION ALL SELECT m.from_id FROM customer_merge m JOIN branch b ON m.into_id = b.id WHERE m.undone_at IS NULL
) SELECT id FROM branch
"""
# While they were one, one of them was the primary one; now each has its own.
_PRIMARY = """
UPDATE customer_address SET is_primary = $2 WHERE n IN (
    SELECT min(n) FROM customer_address WHERE customer_id = ANY($1::uuid[])
    GROUP BY customer_id, kind HAVING sum(CASE WHEN is_primary THEN 1 ELSE 0 END) = 0)
"""


async def hold(work: Work) -> None:
    """One merge or separation at a time."""
    await work.hold(_HOLD)


def require_mergeable(gone: Customer, kept: Customer, *, despite_verified: bool) -> None:
    """Raises `NotMergeable` for a person and an organisation, `DifferentIdentities` where somebody has to look twice."""
    if gone.kind is not kept.kind:
        raise NotMergeable("a person and an organisation cannot be one")
    differing = [kind for kind in _IDENTITIES if _differ(_verified(gone, kind), _verified(kept, kind))]
    if differing and not despite_verified:
        raise DifferentIdentities("both have verified addresses, and none in common", kinds=[str(kind) for kind in differing])


def _differ(one: set[str], other: set[str]) -> bool:
    return bool(one) and bool(other) and not one & other


def _verified(customer: Customer, kind: AddressKind) -> set[str]:
    return {address.value for address in customer.addresses if address.kind is kind and address.verified}


def given(change: Change) -> dict[str, Any]:
    """The fields the kept one is to get. Raises `NotMergeable` for one that a merge does not give."""
    wanted = {field.name: value for field in fields(change) if (value := getattr(change, field.name)) is not UNSET}
    if not wanted.keys() <= set(_GIVEN):
        raise NotMergeable("a merge does not change these fields")
    return wanted


async def join(work: Work, gone: Customer, kept: Customer, values: Mapping[str, Any], *, by: Caller) -> None:
    """Make `gone`, and who was merged into it, an alias of `kept`, which gets `values`."""
    seen = {"unconfirmed": False} if kept.unconfirmed and not gone.unconfirmed else {}
    taken = {name: [was, value] for name, value in {**values, **seen}.items() if (was := getattr(kept, name)) != value}
    await _write(work, kept.id, {name: value for name, (_, value) in taken.items()})
    name = plain.line(by.name, 200)
    await work.execute(_RECORD, gone.id, kept.id, taken, by.author_id, name, clock.now())
    await work.execute("UPDATE customer SET kept_id = $2 WHERE id = $1 OR kept_id = $1", gone.id, kept.id)
    branch = [gone.id, *(one.id for one in gone.merged)]
    await searching.forget(work, branch)
    tell_names(work, [*branch, kept.id] if "name" in taken else branch)
    detail = {"number": gone.number, "name": gone.name, "into": str(kept.id), "into_number": kept.number}
    await audit.record(work, by, "customer.merge", subject=("customer", gone.id), detail=detail)


async def standing(work: Work, customer_id: CustomerId) -> Row:
    """The merge by which a customer is an alias. Raises `NotMergeable`."""
    row = await work.fetch_one("SELECT * FROM customer_merge WHERE from_id = $1 AND undone_at IS NULL", customer_id)
    if row is None:
        raise NotMergeable("this customer is not merged into another")
    return row


async def part(work: Work, merge: Row, whole: Customer, *, by: Caller) -> None:
    """Undo one merge; who was merged into that customer goes with it. `whole`: the customer all of them are part of now."""
    gone_id, now, name = CustomerId(merge["from_id"]), clock.now(), plain.line(by.name, 200)
    await work.execute(
        "UPDATE customer_merge SET undone_at = $2, undone_by = $3, undone_by_name = $4 WHERE n = $1",
        *(merge["n"], now, by.author_id, name),
    )
    branch = [one for row in await work.fetch(_BRANCH, gone_id) if (one := as_uuid(row["id"])) is not None]
    await work.execute(
        "UPDATE customer SET kept_id = CASE WHEN id = $1 THEN NULL ELSE $1::uuid END WHERE id = ANY($2::uuid[])", gone_id, branch
    )
    await _put_back(work, merge)
    everybody = [whole.id, *(one.id for one in whole.merged)]
    await work.execute(_PRIMARY, everybody, True)
    tell_names(work, everybody)
    number = next(one.number for one in whole.merged if one.id == gone_id)
    detail = {"number": number, "from": str(whole.id), "from_number": whole.number}
    await audit.record(work, by, "customer.unmerge", subject=("customer", gone_id), detail=detail)


def tell_names(work: Work, customer_ids: Sequence[CustomerId]) -> None:
    """Let those who see conversations of these customers learn what they are called now."""
    work.enqueue(TELL_NAMES, customer_ids=[str(id_) for id_ in customer_ids])


async def _put_back(work: Work, merge: Row) -> None:
    """Fields that this merge changed become what they were before it, unless somebody wrote something else there since.

    Where a later merge changed the same field it is that one which will put it back: to what it would have been without this one.
    """
    into_id = CustomerId(merge["into_id"])
    later = await work.fetch(
        "SELECT n, taken FROM customer_merge WHERE into_id = $1 AND n > $2 AND undone_at IS NULL ORDER BY n", into_id, merge["n"]
    )
    kept = await work.fetch_one("SELECT * FROM customer WHERE id = $1", into_id)
    assert kept is not None
    back = {}
    for name, (before, after) in merge["taken"].items():
        following = next((one for one in later if name in one["taken"]), None)
        if following is None:
            if kept[name] == after:
                back[name] = before
        elif following["taken"][name][0] == after:
            following["taken"][name][0] = before
            await work.execute("UPDATE customer_merge SET taken = $2 WHERE n = $1", following["n"], following["taken"])
    await _write(work, into_id, back)


async def _write(work: Work, customer_id: CustomerId, values: Mapping[str, Any]) -> None:
    if values:
        columns = ", ".join(f"{name} = ${place}" for place, name in enumerate(values, start=2))
        await work.execute(f"UPDATE customer SET {columns} WHERE id = $1", customer_id, *values.values())
