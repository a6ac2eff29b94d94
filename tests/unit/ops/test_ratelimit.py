"""Token buckets."""

import pytest

from hub.errors import RateLimited
from hub.ops.ratelimit import Rate, RateLimit


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_a_burst_passes_and_then_the_rate_holds(clock: Clock) -> None:
    limit = RateLimit(Rate(per_second=2, burst=3), clock=clock)

    assert [limit.wait("a") for _ in range(4)] == [0, 0, 0, 0.5]
    clock.now += 0.5
    assert [limit.wait("a") for _ in range(2)] == [0, 0.5]


def test_keys_do_not_disturb_one_another(clock: Clock) -> None:
    limit = RateLimit(Rate(per_second=1, burst=1), clock=clock)

    assert (limit.wait("a"), limit.wait("b")) == (0, 0)


def test_a_full_bucket_does_not_overflow(clock: Clock) -> None:
    limit = RateLimit(Rate(per_second=1, burst=2), clock=clock)
    limit.wait("a")
    clock.now += 1000

    assert [limit.wait("a") for _ in range(3)] == [0, 0, 1]


def test_what_costs_more_than_the_bucket_holds_waits_for_a_full_one(clock: Clock) -> None:
    limit = RateLimit(Rate(per_second=10, burst=10), clock=clock)

    assert limit.wait("a", cost=25) == 0
    assert limit.wait("a", cost=25) == pytest.approx(2.5)


def test_over_the_limit_tells_when_to_come_back(clock: Clock) -> None:
    limit = RateLimit(Rate(per_second=0.1, burst=1), clock=clock)
    limit.require("a")

    with pytest.raises(RateLimited) as caught:
        limit.require("a")
    assert caught.value.extra == {"retry_after": 10}


def test_a_refund_counts(clock: Clock) -> None:
    limit = RateLimit(Rate(per_second=1, burst=1), clock=clock)
    limit.require("a")
    limit.refund("a")
    limit.require("a")
    limit.refund("a", cost=50)

    assert (limit.wait("a"), limit.wait("a")) == (0, 1)


def test_memory_is_bounded_by_the_keys_used_last(clock: Clock) -> None:
    limit = RateLimit(Rate(per_second=1, burst=1), keys=100, clock=clock)
    for number in range(1000):
        limit.wait(str(number))

    assert limit.wait("999") > 0
    assert limit.wait("5") == 0
