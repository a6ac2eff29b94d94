"""Parts of long messages, in whatever order they come."""

from itertools import permutations

import pytest

from hub.channels.sms import parts
from hub.channels.sms.parts import Book, Part, PartSet, Piece


def part(number: int, total: int = 3, reference: int = 7) -> tuple[Piece, Part]:
    return Piece(reference=reference, total=total, number=number), Part(0, f"part {number} ".encode())


def came(book: Book, piece: Piece, one: Part, *, at: float = 1.0, sender: str = "1") -> tuple[Book, PartSet | None]:
    book, whole = parts.add(book, piece, one, sender=sender, to="2", at=at)
    return parts.read(parts.write(book)), whole  # as the next process has it


@pytest.mark.covers("S-02")
@pytest.mark.parametrize("order", list(permutations((1, 2, 3))))
def test_parts_come_in_any_order_and_some_twice(order: tuple[int, ...]) -> None:
    book, whole = Book(), None
    for number in (order[0], *order):
        assert whole is None
        book, whole = came(book, *part(number))

    assert whole is not None
    assert b"".join(whole.parts[number].octets for number in (1, 2, 3)) == b"part 1 part 2 part 3 "
    assert book == Book()


def test_messages_of_others_and_of_other_references_are_kept_apart() -> None:
    book, _ = came(Book(), *part(1))
    book, _ = came(book, *part(2, reference=8))
    book, _ = came(book, *part(2, total=2))
    book, whole = came(book, *part(2), sender="9")

    assert whole is None
    assert len(book.sets) == 4


def test_another_text_under_the_same_number_is_another_message() -> None:
    book, _ = came(Book(), *part(1))
    key = parts.set_key("1", "2", part(1)[0])

    assert parts.in_the_way(book, key, part(1)[0], Part(0, b"other")) == [key]
    assert parts.in_the_way(book, key, *part(1)) == []
    assert parts.in_the_way(book, key, *part(2)) == []


def test_what_waits_too_long_is_named_and_the_oldest_makes_room() -> None:
    book = Book()
    for number in range(parts.MAX_SETS):
        book, _ = came(book, *part(1), at=float(number), sender=str(number))
    oldest = parts.set_key("0", "2", part(1)[0])

    assert parts.overdue(book, before=1.0) == [oldest]
    assert parts.in_the_way(book, "new", *part(1)) == [oldest]
    assert parts.in_the_way(book, oldest, *part(2)) == []
    assert oldest not in parts.without(book, oldest).sets


@pytest.mark.parametrize("stored", [None, "", "nonsense", "[1]", '{"sets": 1}'])
def test_a_book_nobody_can_read_is_empty(stored: str | None) -> None:
    assert parts.read(stored) == Book()
