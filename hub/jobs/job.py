"""What a job is to the one who does it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from random import uniform
from typing import Any
from uuid import UUID

from hub.errors import Conflict


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One run of a durable job. `payload` is what JSON made of it; `attempts` counts this run; `fence` is this lease's number."""

    id: UUID
    name: str
    payload: Mapping[str, Any]
    attempts: int
    fence: int


# It may be run again after a crash, so it is idempotent. An exception means: try again later.
Handler = Callable[[Job], Awaitable[None]]


class LeaseLost(Conflict):
    """This run took so long that another worker has the job now; whatever it would still write must not be written."""

    code = "lease_lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """How long to wait before the next try: doubling from `first` up to `most`, each time shortened by up to a half at random."""

    first: timedelta = timedelta(seconds=2)
    most: timedelta = timedelta(hours=1)

    def after(self, attempts: int) -> timedelta:
        """The pause after this many attempts (1 or more)."""
        doubled = self.first * (1 << min(attempts - 1, 30))
        return min(doubled, self.most) * uniform(0.5, 1.0)
