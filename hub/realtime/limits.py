"""How often one connection may do a thing."""

from dataclasses import dataclass
from time import monotonic


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """`count` times in `seconds`, all at once if one likes."""

    count: int
    seconds: float


class Meter:
    """What one connection did lately: a leaky bucket for each kind of thing."""

    __slots__ = ("_levels",)

    def __init__(self) -> None:
        self._levels: dict[str, tuple[float, float]] = {}

    def take(self, name: str, limit: Limit) -> float:
        """Do it once more: 0.0 if that is within the limit, else the seconds after which it will be."""
        now = monotonic()
        level, at = self._levels.get(name, (0.0, now))
        level = max(0.0, level - (now - at) * limit.count / limit.seconds)
        if level + 1 > limit.count:
            return (level + 1 - limit.count) * limit.seconds / limit.count
        self._levels[name] = (level + 1, now)
        return 0.0


class Door:
    """How often one address may connect; forgets addresses that have been quiet."""

    def __init__(self, limit: Limit, *, remembered: int = 10_000) -> None:
        self._limit, self._remembered = limit, remembered
        self._meters: dict[str, Meter] = {}

    def knock(self, address: str) -> float:
        """0.0 to come in, else the seconds to wait."""
        meter = self._meters.pop(address, None) or Meter()
        self._meters[address] = meter  # the newest last
        if len(self._meters) > self._remembered:
            del self._meters[next(iter(self._meters))]
        return meter.take("connect", self._limit)
