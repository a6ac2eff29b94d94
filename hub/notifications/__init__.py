"""What a user is told: a mention, work given to them, an answer that is late.

Whoever has something to tell asks for it inside their own transaction, `tell(work, Telling(...))`; a job does it. Nothing
here leaves the hub.
"""

from hub.notifications.service import Notifications
from hub.notifications.telling import Kind, Telling, tell

__all__ = ["Kind", "Notifications", "Telling", "tell"]
