"""Whose canned replies and macros are: one user's, a team's, everybody's. One rule for both."""

from typing import Final, Literal
from uuid import UUID

from hub.auth import queries
from hub.auth.callers import Caller
from hub.auth.rights import Right
from hub.automation.errors import NotYours
from hub.conversations.policy import Args
from hub.db import Reads
from hub.errors import Invalid
from hub.ids import TeamId

Scope = Literal["mine", "team", "everybody"]

NOBODY: Final = UUID(int=0)
"""The holder of what is everybody's."""


def visible_to(caller: Caller, args: Args) -> str:
    """The rule as an SQL condition on `scope` and `holder_id`. Who manages the shared ones sees those of all teams."""
    if caller.may(Right.CANNED_MANAGE):
        shared = "scope <> 'mine'"
    else:
        shared = f"scope = 'everybody' OR (scope = 'team' AND holder_id = ANY({args.add(sorted(caller.team_ids))}::uuid[]))"
    own = f" OR (scope = 'mine' AND holder_id = {args.add(caller.user_id)})" if caller.user_id else ""
    return f"({shared}{own})"


def may_change(caller: Caller, scope: Scope, holder_id: UUID) -> bool:
    """One's own, and what is shared for those who manage it."""
    return holder_id == caller.user_id if scope == "mine" else caller.may(Right.CANNED_MANAGE)


def require_change(caller: Caller, scope: Scope, holder_id: UUID) -> None:
    """Raise `NotYours` unless the caller may change it."""
    if not may_change(caller, scope, holder_id):
        raise NotYours("this is shared: changing it needs the right canned.manage")


def holder(caller: Caller, scope: Scope, team_id: TeamId | None) -> UUID:
    """Who will hold what the caller makes for this scope. Raises `NotYours`, `NeedsUser`, `Invalid`."""
    if (scope == "team") != (team_id is not None):
        raise Invalid("a team is named for the scope `team`, and only for it", path="team_id")
    held_by = caller.person if scope == "mine" else team_id or NOBODY
    require_change(caller, scope, held_by)
    return held_by


async def require_team(reads: Reads, team_id: TeamId | None) -> None:
    """Raise `NotFound` where the team that shall hold it is none."""
    if team_id is not None:
        await queries.team(reads, team_id)


def team_of(scope: Scope, holder_id: UUID) -> TeamId | None:
    """The team that holds it, if one does."""
    return TeamId(holder_id) if scope == "team" else None
