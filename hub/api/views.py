"""Saved views over HTTP."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from hub.api.endpoint import Request, Router
from hub.auth.rights import Right
from hub.conversations.errors import NoSuchView
from hub.conversations.filters import Filter, Sort
from hub.conversations.saved import SavedView, Scope
from hub.errors import Forbidden, Invalid, Stale
from hub.ids import TeamId

api = Router(tag="views")

Name = Annotated[str, Meta(min_length=1, max_length=100)]
Position = Annotated[int, Meta(ge=0, le=100_000)]


class ViewCreate(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A view to be made. `filter` takes the names of the query of `GET /conversations`."""

    name: Name
    scope: Scope = "mine"
    team_id: TeamId | None = None
    filter: Filter = msgspec.field(default_factory=Filter)
    sort: Sort = "newest"
    position: Position = 0


class ViewPatch(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What shall be different; `version` as the caller last read it."""

    version: int
    name: Name | UnsetType = UNSET
    scope: Scope | UnsetType = UNSET
    team_id: TeamId | UnsetType | None = UNSET
    filter: Filter | UnsetType = UNSET
    sort: Sort | UnsetType = UNSET
    position: Position | UnsetType = UNSET


@api.get("/views", needs=Right.CONVERSATIONS_READ)
async def list_(request: Request) -> list[SavedView]:
    """One's own, those of one's teams, and everybody's, in order."""
    return await request.hub.views.listed(request.caller)


@api.post("/views", needs=Right.CONVERSATIONS_REPLY, status=201, raises=(Forbidden, Invalid))
async def create(request: Request, body: ViewCreate) -> SavedView:
    """Make a view; one that others see needs the right to manage queues."""
    new = SavedView(**msgspec.structs.asdict(body), id=UUID(int=0), version=1)
    return await request.hub.views.add(new, by=request.caller)


@api.patch("/views/{view_id}", needs=Right.CONVERSATIONS_REPLY, raises=(NoSuchView, Forbidden, Stale, Invalid))
async def change(request: Request, view_id: UUID, body: ViewPatch) -> SavedView:
    """Change a view."""
    given: dict[str, Any] = {
        name: value for name, value in msgspec.structs.asdict(body).items() if value is not UNSET and name != "version"
    }
    return await request.hub.views.change(view_id, body.version, given, by=request.caller)


@api.delete("/views/{view_id}", needs=Right.CONVERSATIONS_REPLY, raises=(NoSuchView, Forbidden))
async def remove(request: Request, view_id: UUID) -> None:
    """Delete a view."""
    await request.hub.views.remove(view_id, by=request.caller)
