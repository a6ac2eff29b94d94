"""Who gets what waits: queues, presence, capacity, offers."""

from hub.routing.service import Routing

__all__ = ["Routing"]
