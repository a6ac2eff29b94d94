"""Waits double up to a limit, and begin anew after success."""

from hub.accounts.backoff import Backoff


def test_waits_double_up_to_the_longest() -> None:
    backoff = Backoff(1.0, 60.0, chance=lambda: 1.0)
    assert [backoff.next() for _ in range(8)] == [1, 2, 4, 8, 16, 32, 60, 60]
    backoff.reset()
    assert backoff.next() == 1


def test_half_of_a_wait_is_left_to_chance() -> None:
    assert Backoff(4.0, 60.0, chance=lambda: 0.0).next() == 2.0
    waits = {Backoff(4.0).next() for _ in range(50)}
    assert len(waits) > 40
    assert all(2.0 <= wait <= 4.0 for wait in waits)


def test_a_thousand_failures_are_still_a_minute_apart() -> None:
    backoff = Backoff(chance=lambda: 1.0)
    assert max(backoff.next() for _ in range(1_000)) == 60.0
