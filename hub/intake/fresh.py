"""What was journalled a moment ago: filed from memory, without asking the database for what this process has just written."""

from collections import deque
from collections.abc import Sequence

from hub.intake.journal import Pending

ROOM = 400
"""Entries; above that they wait in the table. The bytes of each are at most `journal.IN_ROW`."""


class Fresh:
    """Entries that were journalled as taken by this process.

    While some wait in the table that came earlier, none is taken here: they would overtake those.
    """

    def __init__(self) -> None:
        self._entries: deque[Pending] = deque()
        self._open = False
        self._passed_by = True  # something went to the table since we began to look there

    @property
    def takes(self) -> bool:
        """Whether what is journalled now may be given here. Asked before it is written, for the lease stands in its row."""
        if len(self._entries) >= ROOM:
            self._open = False
        return self._open

    def pass_by(self) -> None:
        """Something went to the table: what comes after it must not overtake it."""
        self._open, self._passed_by = False, True

    def begin_to_look(self) -> None:
        """Somebody looks for what waits in the table."""
        self._passed_by = False

    def open(self) -> None:
        """Nothing more waited there."""
        self._open = not self._passed_by

    def close(self) -> list[Pending]:
        """Take no more; what is left."""
        self._open = False
        return self.take(len(self._entries))

    def give(self, entries: Sequence[Pending]) -> None:
        """Entries that are committed."""
        self._entries.extend(entries)

    def take(self, limit: int) -> list[Pending]:
        """The oldest."""
        return [self._entries.popleft() for _ in range(min(limit, len(self._entries)))]

    def __bool__(self) -> bool:
        return bool(self._entries)
