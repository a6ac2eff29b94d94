"""One measured line: a value, the limit measured in the same run, and the ratio we want."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """`ratio` is value / limit where more is better, limit / value where less is; `goal` is the least ratio wanted."""

    name: str
    value: float
    unit: str
    limit: float | None = None
    ratio: float | None = None
    goal: float | None = None
