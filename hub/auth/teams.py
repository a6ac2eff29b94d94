"""Teams: groups of users."""

from collections.abc import Sequence

from hub.auth import audit, events, queries
from hub.auth.callers import Caller
from hub.auth.names import fold, title
from hub.auth.values import Team
from hub.bus import Bus
from hub.db import Database, UniqueViolation, Work
from hub.errors import NameTaken, Stale
from hub.ids import TeamId, UserId, new_id


class Teams:
    """Verbs on teams. `by` needs `users.manage` (checked at the door)."""

    def __init__(self, db: Database, bus: Bus) -> None:
        self._db, self._bus = db, bus

    async def add(self, by: Caller, *, name: str, member_ids: Sequence[UserId]) -> Team:
        """Make a team; raises `NameTaken`, `BadName`, `NoSuchUser`."""
        shown, team_id = title(name), TeamId(new_id())
        try:
            async with self._db.unit_of_work() as work:
                await work.execute(
                    "INSERT INTO auth_team (id, name, name_key, version) VALUES ($1, $2, $3, 1)",
                    team_id,
                    shown,
                    fold(shown),
                )
                await self._set_members(work, team_id, (), member_ids)
                await audit.record(work, by, "team.add", subject=("team", team_id), detail={"name": shown})
                work.announce(events.team_changed(team_id))
                return await queries.team(work, team_id)
        except UniqueViolation as error:
            raise NameTaken("there is a team of this name already") from error

    async def change(
        self, by: Caller, team_id: TeamId, *, name: str | None, member_ids: Sequence[UserId] | None, version: int
    ) -> Team:
        """Another name, other members; None stays. Raises `Stale`, `NameTaken`, `NoSuchUser`."""
        shown = title(name) if name is not None else None
        try:
            async with self._db.unit_of_work() as work:
                before = await queries.team(work, team_id)
                await self._rename(work, team_id, shown or before.name, version)
                if member_ids is not None:
                    await self._set_members(work, team_id, before.member_ids, member_ids)
                detail = {"name": shown, "member_ids": None if member_ids is None else list(member_ids)}
                await audit.record(work, by, "team.change", subject=("team", team_id), detail=detail)
                work.announce(events.team_changed(team_id))
                return await queries.team(work, team_id)
        except UniqueViolation as error:
            raise NameTaken("there is a team of this name already") from error

    async def remove(self, by: Caller, team_id: TeamId) -> None:
        """Delete a team; its members stay users."""
        async with self._db.unit_of_work() as work:
            before = await queries.team(work, team_id)
            await self._set_members(work, team_id, before.member_ids, ())
            await work.execute("DELETE FROM auth_team WHERE id = $1", team_id)
            await audit.record(work, by, "team.remove", subject=("team", team_id), detail={"name": before.name})
            work.announce(events.team_changed(team_id))

    async def _rename(self, work: Work, team_id: TeamId, name: str, version: int) -> None:
        sql = "UPDATE auth_team SET name = $2, name_key = $3, version = version + 1 WHERE id = $1 AND version = $4::bigint"
        if not await work.execute(sql, team_id, name, fold(name), version):
            raise Stale("somebody else changed this team")

    async def _set_members(self, work: Work, team_id: TeamId, before: Sequence[UserId], member_ids: Sequence[UserId]) -> None:
        for user_id in member_ids:
            await queries.user(work, user_id)
        await work.execute("DELETE FROM auth_team_member WHERE team_id = $1", team_id)
        rows = [(team_id, user_id) for user_id in dict.fromkeys(member_ids)]
        await work.execute_many("INSERT INTO auth_team_member (team_id, user_id) VALUES ($1, $2)", rows)
        for user_id in set(before) ^ set(member_ids):
            events.tell_callers(work, self._bus, user_id=user_id)
