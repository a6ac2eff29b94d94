"""By what a customer is found: name, company, number, e-mail address, any piece of a telephone number."""

import re
from collections.abc import Sequence

from hub.crm.customers.values import Customer
from hub.db import Dialect, Work
from hub.ids import CustomerId
from hub.messages.address import AddressKind
from hub.messages.grams import document, grams, query

_DIGITS = re.compile(r"[\d\s()+./-]{3,}")  # a telephone number as people write it, or a piece of one
_SHORTEST = 3  # digits


async def forget(work: Work, customer_ids: Sequence[CustomerId]) -> None:
    """Let these not be found by what they are: they are part of others."""
    statement = work.sql(
        sqlite="DELETE FROM customer_grams WHERE rowid = (SELECT n FROM customer WHERE id = $1)",
        postgres="UPDATE customer SET grams = NULL WHERE id = $1",
    )
    await work.execute_many(statement, [(id_,) for id_ in customer_ids])


async def index(work: Work, customers: Sequence[Customer]) -> None:
    """Let each customer be found by what it is now."""
    rows = [(customer.id, document(_words(customer), work.dialect)) for customer in customers]
    if work.dialect == "postgres":
        await work.execute_many("UPDATE customer SET grams = $2::text::tsvector WHERE id = $1", rows)
        return
    of = "(SELECT n FROM customer WHERE id = $1)"
    await work.execute_many(f"DELETE FROM customer_grams WHERE rowid = {of}", [(id_,) for id_, _ in rows])
    await work.execute_many(f"INSERT INTO customer_grams (rowid, grams) VALUES ({of}, $2)", rows)


def _words(customer: Customer) -> list[str]:
    """Of digits every ending is stored, so that a search for a beginning finds any piece."""
    digits = customer.number.lstrip("C0")
    found = [*grams(customer.name), *grams(customer.company), *grams(customer.number), f"c{digits}", *_endings(digits, 1)]
    for one in customer.merged:
        found += [*grams(one.name), *grams(one.number), *_endings(one.number.lstrip("C0"), 1)]
    for address in customer.addresses:
        if address.kind is AddressKind.PHONE:
            found += _endings(address.value.lstrip("+"), _SHORTEST)
        elif address.kind is AddressKind.EMAIL:
            found += grams(address.value)
    return found


def condition(typed: str, dialect: Dialect) -> str | None:
    """A full-text query for what was typed; None where it holds nothing to look for."""
    terms = [typed] if _DIGITS.fullmatch(typed.strip()) else typed.split()
    parts = [part for term in terms if (part := _part(term, dialect))]
    return (" AND " if dialect == "sqlite" else " & ").join(parts) or None


def _part(term: str, dialect: Dialect) -> str | None:
    plain = query(term, dialect)
    if not _DIGITS.fullmatch(term.strip()):
        return plain
    # Stored numbers begin with the country: without its trunk prefix (010-8888…, 0044…) the piece is an ending of one.
    digits = "".join(filter(str.isdecimal, term)).lstrip("0")
    piece = query(digits, dialect) if len(digits) >= _SHORTEST else None
    if plain is None or piece is None or plain == piece:
        return plain or piece
    return f"({plain} {'OR' if dialect == 'sqlite' else '|'} {piece})"


def _endings(digits: str, shortest: int) -> list[str]:
    return [digits[start:] for start in range(len(digits) - shortest + 1)]
