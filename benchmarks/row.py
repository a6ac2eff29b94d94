"""One line of the table of figures."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What was measured, beside a limit or a peer measured in the same run on the same machine.

    `bound` says which way is good: the `goal` bounds value ÷ limit, or the value itself where there is no limit or where it is
    `absolute`.
    `number` orders the table.
    """

    number: int
    workload: str
    value: float
    unit: str
    goal: float
    bound: Literal["≥", "≤"] = "≥"
    limit: float | None = None
    limit_name: str = ""
    note: str = ""
    absolute: bool = False

    @property
    def ratio(self) -> float | None:
        """value ÷ limit, or None where nothing was measured beside it."""
        return self.value / self.limit if self.limit else None

    @property
    def met(self) -> bool:
        """Whether the goal is reached."""
        figure = self.value if self.ratio is None or self.absolute else self.ratio
        return figure >= self.goal if self.bound == "≥" else figure <= self.goal
