"""Ephemeral notices: what may be lost (typing, presence, "wake up"). Durable truth goes through the event log."""

from hub.bus.contract import Bus, Notice
from hub.bus.local import LocalBus

__all__ = ["Bus", "LocalBus", "Notice"]
