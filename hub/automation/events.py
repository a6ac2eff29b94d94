"""What this package announces."""

from typing import Literal
from uuid import UUID

from hub.automation.policy import Scope
from hub.db import Audience, Event


def shared_changed(type: Literal["canned_reply.changed", "macro.changed"], id: UUID, scope: Scope, holder_id: UUID) -> Event:
    """One was made, changed or deleted: pages that hold the list ask for it again. One's own concerns nobody else."""
    return Event(type=type, data={"id": id}, audience=Audience(user_id=holder_id if scope == "mine" else None))
