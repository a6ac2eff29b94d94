"""What this package announces."""

from uuid import UUID

from hub.auth.rights import Right
from hub.bus import Bus
from hub.db import Audience, Event, Work
from hub.ids import RoleId, TeamId, UserId

CALLER_CHANGED = "caller.changed"


def user_changed(user_id: UserId) -> Event:
    """Names, state or memberships of a user are other than before."""
    return Event(type="user.changed", data={"id": user_id}, audience=Audience())


def role_changed(role_id: RoleId) -> Event:
    """A role was made, edited or deleted."""
    return Event(type="role.changed", data={"id": role_id}, audience=Audience(right=Right.ROLES_MANAGE))


def team_changed(team_id: TeamId) -> Event:
    """A team was made, edited or deleted."""
    return Event(type="team.changed", data={"id": team_id}, audience=Audience())


def tell_callers(
    work: Work, bus: Bus, *, user_id: UUID | None = None, session_id: UUID | None = None, token_id: UUID | None = None
) -> None:
    """What a caller may do is other than before, or nothing any more: open sockets look again.

    The event reaches every process through the log; the notice of the same name reaches them faster. A `session_id`
    narrows it to one session.
    """
    data = {"user_id": user_id, "session_id": session_id, "token_id": token_id}
    audience = Audience(user_id=user_id) if user_id else Audience(right=Right.TOKENS_MANAGE)
    work.announce(Event(type=CALLER_CHANGED, data=data, audience=audience))
    notice = {name: str(value) for name, value in data.items() if value is not None}
    work.after_commit(lambda: bus.publish(CALLER_CHANGED, notice))
