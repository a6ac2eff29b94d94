"""Users, for those who manage them; names of agents, for everybody."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import UNSET, UnsetType

from hub.api.endpoint import SIGNED_IN, Page, Request, Router
from hub.api.paging import Cursor, Limit, SearchText, page
from hub.auth import Right, queries
from hub.auth.errors import Escalation, LastAdministrator, NoSuchUser, WeakPassword, WorkNumberTaken
from hub.auth.names import BadName, fold
from hub.auth.values import Locale, NewUser, User, UserChange
from hub.db.keyset import BadCursor, read_cursor
from hub.errors import NameTaken, Stale
from hub.ids import RoleId, TeamId, UserId

api = Router(tag="users")

Name = Annotated[str, msgspec.Meta(max_length=100)]
Secret = Annotated[str, msgspec.Meta(max_length=256)]
Mail = Annotated[str, msgspec.Meta(max_length=330)]
WorkNumber = Annotated[str, msgspec.Meta(max_length=32)]
Roles = Annotated[list[RoleId], msgspec.Meta(max_length=100)]
Teams = Annotated[list[TeamId], msgspec.Meta(max_length=1000)]


class UserView(msgspec.Struct, kw_only=True):
    """Who can sign in."""

    id: UserId
    name: str
    display_name: str
    email: str
    role_ids: list[RoleId]
    team_ids: list[TeamId]
    disabled: bool
    work_number: str | None
    second_factor: bool
    created_at: datetime
    version: int


class UserQuery(msgspec.Struct, kw_only=True):
    """`q` is part of the name, the display name or the work number."""

    q: SearchText = ""
    cursor: Cursor | None = None
    limit: Limit = 50


class UserCreate(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A user to be made; the name stays for good."""

    name: Name
    password: Secret
    display_name: Name = ""
    email: Mail = ""
    locale: Locale = "zh-CN"
    work_number: WorkNumber | None = None
    role_ids: Roles = []
    team_ids: Teams = []


class UserPatch(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What is left out stays; `version` is the one that was read."""

    version: int
    display_name: Name | UnsetType = UNSET
    email: Mail | UnsetType = UNSET
    role_ids: Roles | UnsetType = UNSET
    team_ids: Teams | UnsetType = UNSET
    disabled: bool | UnsetType = UNSET
    work_number: WorkNumber | UnsetType | None = UNSET


class NewPassword(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A password to be set."""

    password: Secret


class AgentView(msgspec.Struct, kw_only=True):
    """A colleague, as lists to choose from show them. Presence comes from `/presence`."""

    id: UserId
    display_name: str
    work_number: str | None


@api.get("/users", needs=Right.USERS_MANAGE, raises=(BadCursor,))
async def list_users(request: Request, query: UserQuery) -> Page[UserView]:
    """All users, in the order of their names."""
    after = read_cursor(query.cursor, str) or ""
    found = await queries.users(request.hub.db, text=query.q, after=after, limit=query.limit + 1)
    return page(found, query.limit, view=_view, key=lambda user: fold(user.name))


@api.post("/users", needs=Right.USERS_MANAGE, status=201, raises=(NameTaken, WorkNumberTaken, WeakPassword, BadName, Escalation))
async def add_user(request: Request, body: UserCreate) -> UserView:
    """Make a user. They can sign in once they have a role."""
    new = NewUser(
        name=body.name,
        password=body.password,
        display_name=body.display_name,
        email=body.email,
        locale=body.locale,
        work_number=body.work_number,
        role_ids=tuple(body.role_ids),
        team_ids=tuple(body.team_ids),
    )
    return _view(await request.hub.auth.users.add(request.caller, new))


@api.get("/users/{user_id}", needs=Right.USERS_MANAGE, raises=(NoSuchUser,))
async def get_user(request: Request, user_id: UserId) -> UserView:
    """One user."""
    return _view(await queries.user(request.hub.db, user_id))


@api.patch(
    "/users/{user_id}", needs=Right.USERS_MANAGE, raises=(NoSuchUser, Stale, WorkNumberTaken, Escalation, LastAdministrator)
)
async def change_user(request: Request, user_id: UserId, body: UserPatch) -> UserView:
    """Change a user. Disabling signs them out at once; a user is never deleted."""
    change = UserChange(
        display_name=body.display_name,
        email=body.email,
        role_ids=body.role_ids if body.role_ids is UNSET else tuple(body.role_ids),
        team_ids=body.team_ids if body.team_ids is UNSET else tuple(body.team_ids),
        disabled=body.disabled,
        work_number=body.work_number,
    )
    return _view(await request.hub.auth.users.change(request.caller, user_id, change, version=body.version))


@api.post("/users/{user_id}/password", needs=Right.USERS_MANAGE, status=204, raises=(NoSuchUser, WeakPassword, Escalation))
async def reset_password(request: Request, user_id: UserId, body: NewPassword) -> None:
    """Set a user's password; they are signed out everywhere."""
    await request.hub.auth.users.reset_password(request.caller, user_id, body.password)


@api.get("/agents", needs=SIGNED_IN)
async def agents(request: Request) -> list[AgentView]:
    """The names of those who can be given work."""
    found = await queries.enabled_users(request.hub.db)
    return [AgentView(id=user.id, display_name=user.display_name, work_number=user.work_number) for user in found]


def _view(user: User) -> UserView:
    return UserView(
        id=user.id,
        name=user.name,
        display_name=user.display_name,
        email=user.email,
        role_ids=list(user.role_ids),
        team_ids=list(user.team_ids),
        disabled=user.disabled,
        work_number=user.work_number,
        second_factor=user.second_factor,
        created_at=user.created_at,
        version=user.version,
    )
