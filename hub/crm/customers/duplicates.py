"""Customers who may be one and the same (M-23): suggested, never merged by themselves."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from hub.crm.customers import queries
from hub.crm.customers.values import Customer
from hub.db import Database
from hub.messages.address import AddressKind

MOST: Final = 20
_LOOKED_AT: Final = 50  # candidates by each question
_ENDING: Final = 8  # digits: the same number written with and without its country, or its trunk prefix
_PARTS = re.compile(r"[\s.,·・]+")

_SAME_ADDRESS = """
SELECT DISTINCT other.customer_id FROM customer_address mine
JOIN customer_address other ON other.value = mine.value AND other.kind = mine.kind
WHERE mine.customer_id = ANY($1::uuid[]) AND other.customer_id <> ALL($1::uuid[]) LIMIT $2
"""


class Likeness(StrEnum):
    """Why two may be one."""

    SAME_EMAIL = "same_email"
    SAME_PHONE = "same_phone"
    SAME_VISITOR = "same_visitor"
    SAME_PHONE_ENDING = "same_phone_ending"
    SAME_NAME = "same_name"


_SCORES: Final[Mapping[Likeness, int]] = {
    Likeness.SAME_EMAIL: 60,
    Likeness.SAME_PHONE: 60,
    Likeness.SAME_VISITOR: 60,
    Likeness.SAME_PHONE_ENDING: 40,
    Likeness.SAME_NAME: 30,
}
_SAME: Final = {
    AddressKind.EMAIL: Likeness.SAME_EMAIL,
    AddressKind.PHONE: Likeness.SAME_PHONE,
    AddressKind.VISITOR: Likeness.SAME_VISITOR,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Duplicate:
    """Somebody who may be the same; `score` is 1 to 100, from the reasons."""

    customer: Customer
    reasons: tuple[Likeness, ...]
    score: int


async def duplicates(db: Database, customer: Customer) -> list[Duplicate]:
    """Those who may be the same, likeliest first. A handful of indexed questions, whatever the size of the hub."""
    mine = [customer.id, *(one.id for one in customer.merged)]
    found = {row["customer_id"] for row in await db.fetch(_SAME_ADDRESS, mine, _LOOKED_AT)}
    for asked in _questions(customer):
        found |= {other.id for other in (await queries.listed(db, q=asked, limit=_LOOKED_AT)).items}
    return likely(customer, await queries.load(db, sorted(found, key=str)))


def likely(customer: Customer, others: list[Customer]) -> list[Duplicate]:
    """Those of `others` who may be the same, likeliest first, of the same score the newest."""
    suspects = [
        Duplicate(customer=other, reasons=reasons, score=min(100, sum(_SCORES[reason] for reason in reasons)))
        for other in others
        if (reasons := likeness(customer, other))
    ]
    suspects.sort(key=lambda one: (one.score, one.customer.number), reverse=True)
    return suspects[:MOST]


def likeness(one: Customer, other: Customer) -> tuple[Likeness, ...]:
    """Why two may be one; empty where nothing speaks for it. A person is never an organisation."""
    if one.id == other.id or one.kind is not other.kind:
        return ()
    mine, theirs = ({(address.kind, address.value) for address in customer.addresses} for customer in (one, other))
    reasons = sorted({_SAME[kind] for kind, _ in mine & theirs}, key=list(Likeness).index)
    if Likeness.SAME_PHONE not in reasons and {*_endings(one)} & {*_endings(other)}:
        reasons.append(Likeness.SAME_PHONE_ENDING)
    if _plain(one.name) and _plain(one.name) == _plain(other.name):
        reasons.append(Likeness.SAME_NAME)
    return tuple(reasons)


def _questions(customer: Customer) -> list[str]:
    """What to search for beside equal addresses."""
    return [customer.name, *list(_endings(customer))[:3]]


def _endings(customer: Customer) -> Iterator[str]:
    for address in customer.addresses:
        digits = "".join(filter(str.isdecimal, address.value)) if address.kind is AddressKind.PHONE else ""
        if len(digits) >= _ENDING:
            yield digits[-_ENDING:]


def _plain(name: str) -> str:
    """A name without case, width, dots and the order of its parts."""
    return " ".join(sorted(filter(None, _PARTS.split(unicodedata.normalize("NFKC", name).casefold()))))
