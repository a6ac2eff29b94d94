"""What this package announces."""

from typing import Literal
from uuid import UUID

from hub.automation.policy import Scope
from hub.db import Audience, Event


def shared_changed(kind: Literal["canned_reply", "macro"], id: UUID, scope: Scope, holder_id: UUID) -> Event:
    """One was made, changed or deleted: pages that hold the list ask for it again. One's own concerns nobody else."""
    return Event(type=f"{kind}.changed", data={"id": id}, audience=Audience(user_id=holder_id if scope == "mine" else None))
