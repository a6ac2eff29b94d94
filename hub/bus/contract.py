"""What a bus is: one in this process, or one that reaches the other processes too."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

Notice = Mapping[str, Any]
"""JSON-able, a few hundred bytes at most."""


class Bus(Protocol):
    """Carries notices at most once, in order per publisher, without promise of arrival."""

    def publish(self, topic: str, data: Notice) -> None:
        """Hand `data` to everyone who subscribed to `topic`, this process included.

        Never blocks, and never raises for a subscriber's fault.
        """

    def subscribe(self, topic: str, fn: Callable[[Notice], None]) -> Callable[[], None]:
        """Call `fn` with each notice of `topic`, in the event loop; the answer ends the subscription."""
