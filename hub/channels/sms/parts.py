"""What the hub has to remember of short messages that came: parts of long ones, and those whose acknowledgement may not have arrived. Pure.

`Book` is written in the transaction that makes a message durable, so that the next process knows as much as this one.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import sha256

import msgspec

MAX_SETS = 200
"""Long messages that wait for parts; of more the oldest is let go with what came of it."""

MAX_UNSURE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One part of a long message that arrived: `number` (from 1) of `total`."""

    reference: int
    total: int
    number: int


class Part(msgspec.Struct, frozen=True, array_like=True):
    """Octets without their header, and the protocol's number for what they are written in."""

    coding: int
    octets: bytes


class PartSet(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """The parts of one long message that have come, by number, of `total`. `at`: when the first did (seconds since 1970)."""

    sender: str
    to: str
    total: int
    at: float
    parts: dict[int, Part]


class Unsure(msgspec.Struct, frozen=True, array_like=True):
    """Something durable whose acknowledgement may not have arrived: `digest` of its body, `at` in seconds since 1970.

    For protocols that give a message no id: a deliver_sm of SMPP that saw no acknowledgement comes again, and looks like a new one.
    """

    digest: str
    at: float


class Book(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """Everything that is remembered, by the key of each set."""

    sets: dict[str, PartSet] = {}
    unsure: tuple[Unsure, ...] = ()


def piece_of(reference: int, total: int, number: int) -> Piece | None:
    """What makes no sense is to be read as if it were not there; neither is one part of one a long message."""
    if not 1 <= number <= total <= 255 or total == 1:
        return None
    return Piece(reference=reference, total=total, number=number)


def split(octets: bytes) -> tuple[Piece | None, bytes]:
    """Octets that begin with a user data header (3GPP TS 23.040 §9.2.3.24): the part they are, and what follows it."""
    if not octets or len(octets) <= octets[0]:
        return None, octets  # it was said that there is a header, and there is none: better shown with it than lost
    end = 1 + octets[0]
    return _in_header(octets[1:end]), octets[end:]


def _in_header(header: bytes) -> Piece | None:
    """Of the information elements the concatenation, 8 bit (0x00) or 16 bit (0x08); the last one counts."""
    found, at = None, 0
    while at + 2 <= len(header):
        element, length = header[at], header[at + 1]
        content = header[at + 2 : at + 2 + length]
        if (element, len(content)) in ((0x00, 3), (0x08, 4)):
            found = piece_of(int.from_bytes(content[:-2], "big"), content[-2], content[-1]) or found
        at += 2 + length
    return found


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


def add(book: Book, piece: Piece, part: Part, *, sender: str, to: str, at: float) -> tuple[Book, PartSet | None]:
    """The book with this part; or without its set, and the set, where this was the last one."""
    key = set_key(sender, to, piece)
    known = book.sets.get(key) or PartSet(sender=sender, to=to, total=piece.total, at=at, parts={})
    grown = msgspec.structs.replace(known, parts={**known.parts, piece.number: part})
    if len(grown.parts) == piece.total:
        return without(book, key), grown
    return msgspec.structs.replace(book, sets={**book.sets, key: grown}), None


def overdue(book: Book, *, before: float) -> list[str]:
    """The keys of sets whose first part came earlier, the oldest first."""
    late = [(kept.at, key) for key, kept in book.sets.items() if kept.at < before]
    return [key for _, key in sorted(late)]


def without(book: Book, key: str) -> Book:
    """The book without one set."""
    return msgspec.structs.replace(book, sets={name: kept for name, kept in book.sets.items() if name != key})


def text(came: PartSet, read: Callable[[bytes, int], str]) -> str:
    """Its parts in order, `[…]` where some are missing. Characters may lie across parts, so runs of one coding are read whole."""
    runs: list[tuple[int | None, bytes]] = []
    for number in range(1, came.total + 1):
        part = came.parts.get(number)
        if runs and runs[-1][0] == (part.coding if part else None):
            runs[-1] = (runs[-1][0], runs[-1][1] + (part.octets if part else b""))
        else:
            runs.append((part.coding, part.octets) if part else (None, b""))
    return "".join("[…]" if coding is None else read(octets, coding) for coding, octets in runs)


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
