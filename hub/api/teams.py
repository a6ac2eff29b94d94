"""Teams: groups of users."""

from typing import Annotated

import msgspec

from hub.api.endpoint import SIGNED_IN, Request, Router
from hub.auth import Right, queries
from hub.auth.errors import NoSuchUser
from hub.auth.names import BadName
from hub.auth.values import Team
from hub.errors import NameTaken, NotFound, Stale
from hub.ids import TeamId, UserId

api = Router(tag="teams")

Name = Annotated[str, msgspec.Meta(max_length=64)]
Members = Annotated[list[UserId], msgspec.Meta(max_length=2000)]


class TeamView(msgspec.Struct, kw_only=True):
    """A group of users."""

    id: TeamId
    name: str
    member_ids: list[UserId]
    version: int


class TeamCreate(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A team to be made."""

    name: Name
    member_ids: Members = []


class TeamPatch(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What is left out stays."""

    version: int
    name: Name | None = None
    member_ids: Members | None = None


@api.get("/teams", needs=SIGNED_IN)
async def list_teams(request: Request) -> list[TeamView]:
    """All teams, by name."""
    return [_view(team) for team in await queries.teams(request.hub.db)]


@api.post("/teams", needs=Right.USERS_MANAGE, status=201, raises=(NameTaken, BadName, NoSuchUser))
async def add_team(request: Request, body: TeamCreate) -> TeamView:
    """Make a team."""
    return _view(await request.hub.auth.teams.add(request.caller, name=body.name, member_ids=body.member_ids))


@api.patch("/teams/{team_id}", needs=Right.USERS_MANAGE, raises=(NotFound, NameTaken, BadName, NoSuchUser, Stale))
async def change_team(request: Request, team_id: TeamId, body: TeamPatch) -> TeamView:
    """Another name, or other members."""
    changed = await request.hub.auth.teams.change(
        request.caller, team_id, name=body.name, member_ids=body.member_ids, version=body.version
    )
    return _view(changed)


@api.delete("/teams/{team_id}", needs=Right.USERS_MANAGE, raises=(NotFound,))
async def remove_team(request: Request, team_id: TeamId) -> None:
    """Delete a team; its members stay users."""
    await request.hub.auth.teams.remove(request.caller, team_id)


def _view(team: Team) -> TeamView:
    return TeamView(id=team.id, name=team.name, member_ids=list(team.member_ids), version=team.version)
