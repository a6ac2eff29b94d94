"""Saved views: filters with a name, of one user, of a team, or of everybody."""

from collections.abc import Iterable
from typing import Literal
from uuid import UUID

import msgspec

from hub import clock
from hub.auth import audit
from hub.auth.callers import Caller
from hub.auth.rights import Right
from hub.conversations.errors import NoSuchView
from hub.conversations.filters import Filter, Sort
from hub.db import Audience, Database, Event, Reads, Row, Work
from hub.errors import Forbidden, Invalid, Stale
from hub.ids import TeamId, UserId, new_id
from hub.messages.plain import line

Scope = Literal["mine", "team", "everybody"]
MOST = 100  # views a user may have of his own


class SavedView(msgspec.Struct, frozen=True, kw_only=True):
    """A filter with a name. `position` orders them."""

    id: UUID
    name: str
    scope: Scope
    team_id: TeamId | None
    filter: Filter
    sort: Sort
    position: int
    version: int

    @property
    def wanted(self) -> Filter:
        """The filter with its order."""
        return msgspec.structs.replace(self.filter, sort=self.sort)


_SELECT = """
SELECT id, name, scope, user_id, team_id, filter, sort, place, version FROM saved_view
WHERE scope = 'everybody' OR (scope = 'mine' AND user_id = $1) OR (scope = 'team' AND team_id = ANY($2::uuid[]))
ORDER BY place, name, id"""


async def views_for(reads: Reads, user_id: UserId | None, team_ids: Iterable[TeamId]) -> list[SavedView]:
    """The views this user sees, in order."""
    return [_view(row) for row in await reads.fetch(_SELECT, user_id, sorted(team_ids))]


class SavedViews:
    """Verbs on saved views. One's own needs nothing; those of others the right to manage queues."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def listed(self, caller: Caller) -> list[SavedView]:
        """What the caller sees."""
        return await views_for(self._db, caller.user_id, caller.team_ids)

    async def add(self, new: SavedView, *, by: Caller) -> SavedView:
        """Make a view. Raises `Forbidden`, `Invalid`."""
        made = _checked(msgspec.structs.replace(new, id=new_id(), version=1), by)
        async with self._db.unit_of_work() as work:
            if made.scope == "mine":
                await _require_room(work, by)
            await work.execute(
                """
                INSERT INTO saved_view (id, name, scope, user_id, team_id, filter, sort, place, version, created_at)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1, $9)
                """,
                *(made.id, made.name, made.scope, by.person if made.scope == "mine" else None, made.team_id),
                *(msgspec.to_builtins(made.filter), made.sort, made.position, clock.now()),
            )
            await _note(work, "add", by, made)
        return made

    async def change(self, id: UUID, version: int, changed: dict[str, object], *, by: Caller) -> SavedView:
        """Change some fields. Raises `NoSuchView`, `Forbidden`, `Stale`, `Invalid`."""
        async with self._db.unit_of_work() as work:
            await work.hold(f"view {id}")  # of two who change it at once, the second sees what the first made of it
            before = await _get(work, id, by)
            if before.version != version:
                raise Stale("somebody changed this view meanwhile", version=before.version)
            now = _checked(msgspec.structs.replace(before, **changed, version=version + 1), by)
            _check_scope(before, by)
            await work.execute(
                """
                UPDATE saved_view SET name = $2, scope = $3, user_id = $4, team_id = $5, filter = $6, sort = $7, place = $8,
                    version = $9 WHERE id = $1
                """,
                *(id, now.name, now.scope, by.person if now.scope == "mine" else None, now.team_id),
                *(msgspec.to_builtins(now.filter), now.sort, now.position, now.version),
            )
            await _note(work, "change", by, before, now)
        return now

    async def remove(self, id: UUID, *, by: Caller) -> None:
        """Delete a view. Raises `NoSuchView`, `Forbidden`."""
        async with self._db.unit_of_work() as work:
            before = await _get(work, id, by)
            _check_scope(before, by)
            await work.execute("DELETE FROM saved_view WHERE id = $1", id)
            await _note(work, "remove", by, before)


def _view(row: Row) -> SavedView:
    return SavedView(
        id=row["id"],
        name=row["name"],
        scope=row["scope"],
        team_id=row["team_id"],
        filter=msgspec.convert(row["filter"], Filter),
        sort=row["sort"],
        position=row["place"],
        version=row["version"],
    )


async def _get(work: Work, id: UUID, by: Caller) -> SavedView:
    found = next((view for view in await views_for(work, by.user_id, by.team_ids) if view.id == id), None)
    if found is None:
        raise NoSuchView("there is no such view")
    return found


def _checked(view: SavedView, by: Caller) -> SavedView:
    name = " ".join(line(view.name, 100).split())
    if not name:
        raise Invalid("a view needs a name", path="name")
    if (view.scope == "team") != (view.team_id is not None):
        raise Invalid("a team's view names its team, and no other does", path="team_id")
    if view.filter.customer_id is not None or view.filter.ticket_id is not None:
        raise Invalid("a view is not about one customer or one ticket", path="filter")
    _check_scope(view, by)
    return msgspec.structs.replace(view, name=name, filter=msgspec.structs.replace(view.filter, sort="newest"))


def _check_scope(view: SavedView, by: Caller) -> None:
    if view.scope != "mine" and not by.may(Right.QUEUES_MANAGE):
        raise Forbidden("what others see needs the right to manage queues", needs=[Right.QUEUES_MANAGE.value])


async def _require_room(work: Work, by: Caller) -> None:
    row = await work.fetch_one("SELECT count(*) AS total FROM saved_view WHERE user_id = $1", by.person)
    if row is not None and row["total"] >= MOST:
        raise Invalid(f"{MOST} views are the most a user can have")


async def _note(work: Work, verb: str, by: Caller, *views: SavedView) -> None:
    """Tell those who see or saw it; write down what was done to what others see. `views`: as it was, as it is."""
    for view in views:
        audience = Audience(user_id=by.person) if view.scope == "mine" else Audience()
        work.announce(Event(type="view.changed", data={"view_id": view.id}, audience=audience))
    if any(view.scope != "mine" for view in views):
        detail = {"name": views[-1].name, "scope": views[-1].scope}
        await audit.record(work, by, f"view.{verb}", subject=("view", views[-1].id), detail=detail)
