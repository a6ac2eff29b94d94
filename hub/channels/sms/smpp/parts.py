"""What the hub has to remember of short messages that came: parts of long ones, and those whose acknowledgement may not have arrived. Pure.

A deliver_sm has no id, and a centre that saw no acknowledgement sends the same again. `Book` is written in the transaction that makes a
message durable, so that the next process knows as much as this one.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256

import msgspec

from hub.channels.sms.smpp.coding import Piece

MAX_SETS = 200
"""Long messages that wait for parts; of more the oldest is let go with what came of it."""

MAX_UNSURE = 200


class Part(msgspec.Struct, frozen=True, array_like=True):
    """Octets without their header, and what they are written in (data_coding)."""

    coding: int
    octets: bytes


class PartSet(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """The parts of one long message that have come. `at`: when the first did (seconds since 1970)."""

    sender: str
    to: str
    total: int
    at: float
    parts: dict[int, Part]


class Unsure(msgspec.Struct, frozen=True, array_like=True):
    """Something durable whose acknowledgement may not have arrived: `digest` of its body, `at` in seconds since 1970."""

    digest: str
    at: float


class Book(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """Everything that is remembered, by the key of each set."""

    sets: dict[str, PartSet] = {}
    unsure: tuple[Unsure, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """A long message as far as it came: its parts by number, of `total`."""

    sender: str
    to: str
    total: int
    parts: Mapping[int, Part]


def digest_of(body: bytes) -> str:
    """Two bodies with the same digest are the same."""
    return sha256(body).hexdigest()[:32]


def set_key(sender: str, to: str, piece: Piece) -> str:
    """References are counted by each sender for each recipient (3GPP TS 23.040 §9.2.3.24.1)."""
    return f"{sender}|{to}|{piece.reference}|{piece.total}"


def in_the_way(book: Book, key: str, piece: Piece, part: Part) -> list[str]:
    """The keys of sets to let go before `part` can be added to the set `key`.

    Another text under its number is another message of the same reference; and there is a most of sets that wait.
    """
    if (known := book.sets.get(key)) is not None:
        return [key] if known.parts.get(piece.number, part) != part else []
    oldest = sorted(book.sets, key=lambda name: book.sets[name].at)
    return oldest[: max(0, len(oldest) - MAX_SETS + 1)]


def add(book: Book, piece: Piece, part: Part, *, sender: str, to: str, at: float) -> tuple[Book, Joined | None]:
    """The book with this part; or without its set, and the message, where this was the last one."""
    key = set_key(sender, to, piece)
    known = book.sets.get(key) or PartSet(sender=sender, to=to, total=piece.total, at=at, parts={})
    grown = msgspec.structs.replace(known, parts={**known.parts, piece.number: part})
    if len(grown.parts) == piece.total:
        return without(book, key), joined(grown)
    return msgspec.structs.replace(book, sets={**book.sets, key: grown}), None


def overdue(book: Book, *, before: float) -> list[str]:
    """The keys of sets whose first part came earlier, the oldest first."""
    late = [(kept.at, key) for key, kept in book.sets.items() if kept.at < before]
    return [key for _, key in sorted(late)]


def without(book: Book, key: str) -> Book:
    """The book without one set."""
    return msgspec.structs.replace(book, sets={name: kept for name, kept in book.sets.items() if name != key})


def joined(kept: PartSet) -> Joined:
    """What there is of a set."""
    return Joined(sender=kept.sender, to=kept.to, total=kept.total, parts=kept.parts)


def with_unsure(book: Book, unsure: Iterable[Unsure]) -> Book:
    """The book with these as what may come again, the newest of them."""
    return msgspec.structs.replace(book, unsure=tuple(unsure)[-MAX_UNSURE:])


def write(book: Book) -> str:
    """As it is stored."""
    return msgspec.json.encode(book).decode()


def read(stored: str | None) -> Book:
    """The reverse; an empty book where nothing (readable) is stored."""
    try:
        return msgspec.json.decode(stored, type=Book) if stored else Book()
    except msgspec.DecodeError:
        return Book()
