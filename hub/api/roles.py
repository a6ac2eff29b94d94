"""Roles and the rights they are made of."""

from typing import Annotated

import msgspec

from hub.api.endpoint import SIGNED_IN, Request, Router
from hub.auth import Right, queries
from hub.auth.errors import Escalation, LastAdministrator, RoleInUse
from hub.auth.names import BadName
from hub.auth.values import Role
from hub.errors import NameTaken, NotFound, Stale
from hub.ids import RoleId

api = Router(tag="roles")

Name = Annotated[str, msgspec.Meta(max_length=64)]
Rights = Annotated[list[Right], msgspec.Meta(max_length=100)]


class RoleView(msgspec.Struct, kw_only=True):
    """A named set of rights."""

    id: RoleId
    name: str
    rights: list[Right]
    built_in: bool
    version: int


class RoleCreate(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A role to be made; the name stays for good."""

    name: Name
    rights: Rights


class RolePatch(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The rights as they shall be."""

    version: int
    rights: Rights


@api.get("/rights", needs=SIGNED_IN)
async def rights(request: Request) -> list[Right]:
    """Every right there is."""
    return list(Right)


@api.get("/roles", needs=(Right.ROLES_MANAGE, Right.USERS_MANAGE))
async def list_roles(request: Request) -> list[RoleView]:
    """All roles."""
    return [_view(role) for role in await queries.roles(request.hub.db)]


@api.post("/roles", needs=Right.ROLES_MANAGE, status=201, raises=(NameTaken, BadName, Escalation))
async def add_role(request: Request, body: RoleCreate) -> RoleView:
    """Make a role of rights one has oneself."""
    return _view(await request.hub.auth.roles.add(request.caller, name=body.name, rights=body.rights))


@api.patch("/roles/{role_id}", needs=Right.ROLES_MANAGE, raises=(NotFound, Stale, Escalation, LastAdministrator))
async def change_role(request: Request, role_id: RoleId, body: RolePatch) -> RoleView:
    """Give a role other rights, at once for all who have it."""
    roles = request.hub.auth.roles
    return _view(await roles.change(request.caller, role_id, rights=body.rights, version=body.version))


@api.delete("/roles/{role_id}", needs=Right.ROLES_MANAGE, raises=(NotFound, RoleInUse, Escalation))
async def remove_role(request: Request, role_id: RoleId) -> None:
    """Delete a role nobody has."""
    await request.hub.auth.roles.remove(request.caller, role_id)


def _view(role: Role) -> RoleView:
    return RoleView(id=role.id, name=role.name, rights=sorted(role.rights), built_in=role.built_in, version=role.version)
