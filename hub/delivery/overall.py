"""One word for a message to several addresses: the worst, since that is where somebody has to act."""

from collections.abc import Iterable

from hub.delivery.store import Delivery
from hub.messages.states import DeliveryState

_WORST_FIRST = (
    DeliveryState.FAILED,
    DeliveryState.UNKNOWN,
    DeliveryState.DEFERRED,
    DeliveryState.QUEUED,
    DeliveryState.SENDING,
    DeliveryState.CANCELLED,
    DeliveryState.ACCEPTED,
    DeliveryState.DELIVERED,
    DeliveryState.READ,
)


def overall(states: Iterable[DeliveryState]) -> DeliveryState:
    """The state a message is shown with."""
    return min(states, key=_WORST_FIRST.index)


def worst(deliveries: Iterable[Delivery]) -> Delivery:
    """The delivery whose state, reason and words stand for the message."""
    return min(deliveries, key=lambda delivery: _WORST_FIRST.index(delivery.state))
