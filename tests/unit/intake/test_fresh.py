"""What is filed from memory, and when it may not be."""

from datetime import UTC, datetime

import pytest

from hub.ids import AccountId, JournalId, new_id
from hub.intake import fresh
from hub.intake.fresh import Fresh
from hub.intake.journal import Pending


def entry() -> Pending:
    return Pending(
        id=JournalId(new_id()),
        account_id=AccountId(new_id()),
        received_at=datetime(2026, 11, 21, tzinfo=UTC),
        envelope={},
        raw=b"",
        raw_sha256=None,
        attempts=1,
    )


def look(hand: Fresh) -> None:
    """See that nothing waits in the table."""
    hand.begin_to_look()
    hand.open()


def test_nothing_is_taken_before_it_is_known_that_nothing_waits_in_the_table() -> None:
    hand = Fresh()
    assert not hand.takes

    look(hand)

    assert hand.takes


def test_what_was_given_first_is_taken_first() -> None:
    hand, entries = Fresh(), [entry() for _ in range(3)]
    hand.give(entries[:2])
    hand.give(entries[2:])

    assert hand.take(2) == entries[:2]
    assert hand.take(2) == entries[2:]
    assert not hand


def test_once_it_was_full_nothing_is_taken_until_the_table_is_empty_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fresh, "ROOM", 2)
    hand = Fresh()
    look(hand)
    hand.give([entry(), entry()])
    assert not hand.takes

    hand.take(2)
    assert not hand.takes  # what came meanwhile waits in the table, and is earlier

    look(hand)
    assert hand.takes


def test_closed_it_gives_back_what_is_left() -> None:
    hand, entries = Fresh(), [entry(), entry()]
    look(hand)
    hand.give(entries)

    assert hand.close() == entries
    assert not hand
    assert not hand.takes


def test_what_went_to_the_table_while_somebody_looked_there_is_not_overtaken() -> None:
    hand = Fresh()
    hand.begin_to_look()
    hand.pass_by()
    hand.open()
    assert not hand.takes

    look(hand)
    assert hand.takes

    hand.pass_by()
    assert not hand.takes
