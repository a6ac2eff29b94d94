"""Live pages: Socket.IO for agents and visitors, fed from the event log."""

from hub.realtime.server import Realtime

__all__ = ["Realtime"]
