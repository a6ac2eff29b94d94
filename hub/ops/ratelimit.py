"""Limits at the doors of one process: token buckets in memory."""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from hub.errors import RateLimited


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """`per_second` on average, up to `burst` at once."""

    per_second: float
    burst: float


class RateLimit:
    """One bucket per key (an address, a session, an account). Keeps the `keys` used last and forgets the rest."""

    def __init__(self, rate: Rate, *, keys: int = 10_000, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._keys = keys
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()  # key → tokens, when counted

    def wait(self, key: str, cost: float = 1.0) -> float:
        """Take `cost` tokens and answer 0.0, or take none and answer after how many seconds they would be there."""
        now = self._clock()
        tokens = self._tokens(key, now)
        missing = max(0.0, min(cost, self._rate.burst) - tokens)
        self._buckets[key] = (tokens if missing else tokens - cost, now)
        self._buckets.move_to_end(key)
        while len(self._buckets) > self._keys:
            self._buckets.popitem(last=False)
        return missing / self._rate.per_second

    def require(self, key: str, cost: float = 1.0) -> None:
        """Take `cost` tokens, or raise `RateLimited` with `retry_after` in seconds."""
        if (seconds := self.wait(key, cost)) > 0:
            raise RateLimited("too many, too fast", retry_after=round(seconds, 3))

    def refund(self, key: str, cost: float = 1.0) -> None:
        """Give back what turned out not to count, such as a sign-in that succeeded."""
        now = self._clock()
        self._buckets[key] = (min(self._rate.burst, self._tokens(key, now) + cost), now)

    def _tokens(self, key: str, now: float) -> float:
        tokens, counted = self._buckets.get(key, (self._rate.burst, now))
        return min(self._rate.burst, tokens + (now - counted) * self._rate.per_second)
