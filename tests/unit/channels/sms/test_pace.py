"""The pace at which messages are handed to an operator."""

import random

import pytest

from hub.channels.sms.pace import Pace


class Line:
    """An operator that takes `rate` messages a second and refuses the rest, and a share of all at random."""

    def __init__(self, rate: float, *, unlucky: float = 0.0, allowed: float = 0) -> None:
        self.rate, self.unlucky = rate, unlucky
        self.now = self.taken = self.refused = 0.0
        self.room = rate
        self.chance = random.Random(1)
        self.pace = Pace(allowed, now=lambda: self.now)

    def offer(self, seconds: float, wanted: float) -> None:
        """As many as the pace lets through of `wanted` a second."""
        until = self.now + seconds
        while self.now < until:
            passed = max(self.pace.delay(), 1 / wanted)
            self.now += passed
            self.room = min(self.rate, self.room + passed * self.rate)
            if self.room < 1 or self.chance.random() < self.unlucky:
                self.refused += 1
                self.pace.refused()
            else:
                self.room -= 1
                self.taken += 1
                self.pace.taken()


@pytest.mark.parametrize("rate", [20, 100, 500])
def test_it_finds_what_an_operator_takes(rate: float) -> None:
    line = Line(rate)
    line.offer(30, wanted=1000)
    taken, refused = line.taken, line.refused
    line.offer(30, wanted=1000)

    assert line.taken - taken > 0.95 * 30 * rate
    assert line.refused - refused < 0.2 * 30 * rate


def test_refusals_that_have_nothing_to_do_with_the_rate_do_not_slow_it_down() -> None:
    line = Line(10_000, unlucky=0.05)
    line.offer(60, wanted=300)

    assert line.taken > 0.9 * 60 * 300


def test_what_is_allowed_is_never_exceeded() -> None:
    line = Line(10_000, allowed=50)
    line.offer(10, wanted=1000)

    assert line.taken == pytest.approx(500, rel=0.05)


def test_a_limit_that_is_not_needed_is_forgotten() -> None:
    line = Line(20)
    line.offer(10, wanted=1000)
    assert line.pace.limit < 50
    line.rate = 10_000
    line.offer(10, wanted=1)

    assert line.pace.limit == float("inf")
