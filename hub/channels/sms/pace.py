"""How fast messages are handed to a centre: never above what is allowed, and slower as soon as it says that this is too fast."""

from collections.abc import Callable
from time import monotonic

_LOOK = 1.0  # seconds between two looks at how it went
_BEARABLE = 0.1  # share of refusals; fewer say nothing about the rate, or that it is about right
_FEW = 3  # refusals; fewer are chance
_PROBE = 1.05
_FIRST_STEP, _LONGEST_STEP = 0.1, 3.0  # by which share the limit rises after a second without refusals; doubled with each
_SLOWEST = 2.0  # messages a second
_NONE = float("inf")


class Pace:
    """A limit in messages a second that finds the centre's own.

    After a second with many refusals the limit is what was taken in it, and a little: so much the centre does take. Then it rises again, slowly
    while some are refused and faster where none are. What lies far above the rate that is asked for is no limit at all.
    """

    def __init__(self, allowed: float = 0, *, now: Callable[[], float] = monotonic) -> None:
        self._allowed = allowed or _NONE
        self._limit = self._allowed
        self._now = now
        self._next = 0.0  # when the next message may leave
        self._looked = now()
        self._taken = self._refused = 0
        self._step = _FIRST_STEP

    @property
    def limit(self) -> float:
        """Messages a second; infinite where nothing is known to bound it."""
        return self._limit

    def delay(self) -> float:
        """Take the next place; the seconds until then."""
        self._look()
        if self._limit == _NONE:
            return 0.0
        now = self._now()
        place = max(self._next, now)
        self._next = place + 1 / self._limit
        return place - now

    def taken(self) -> None:
        """The centre took one."""
        self._taken += 1

    def refused(self) -> None:
        """The centre said that it was too much."""
        self._refused += 1
        self._look()

    def _look(self) -> None:
        passed = self._now() - self._looked
        if passed < _LOOK:
            return
        rate, share = self._taken / passed, self._refused / max(self._taken + self._refused, 1)
        if share > _BEARABLE and self._refused >= _FEW:
            self._limit = max(rate * _PROBE, _SLOWEST)
        elif rate < self._limit / 10:
            self._limit = _NONE
        else:
            self._limit *= _PROBE if self._refused else 1 + self._step
        self._limit = min(self._limit, self._allowed)
        self._step = _FIRST_STEP if self._refused else min(self._step * 2, _LONGEST_STEP)
        self._looked, self._taken, self._refused = self._now(), 0, 0
