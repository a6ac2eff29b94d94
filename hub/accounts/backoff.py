"""How long to wait before trying again."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Backoff:
    """Doubles from `first` to `longest` seconds; up to half of each wait is left to chance, so that a crowd spreads."""

    first: float = 1.0
    longest: float = 60.0
    chance: Callable[[], float] = field(default=random.random)
    _step: int = 0

    def next(self) -> float:
        """Seconds to wait now."""
        full = min(self.longest, self.first * 2.0**self._step)
        self._step = min(self._step + 1, 32)
        return full * (0.5 + self.chance() / 2)

    def reset(self) -> None:
        """It worked: begin anew."""
        self._step = 0
