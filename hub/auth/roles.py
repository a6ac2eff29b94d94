"""Roles: sets of rights that can be edited. The name of a role stays."""

from collections.abc import Iterable

from hub.auth import audit, events, policy, queries
from hub.auth.callers import Caller
from hub.auth.errors import RoleInUse
from hub.auth.names import fold, title
from hub.auth.rights import Right, compact
from hub.auth.values import Role
from hub.bus import Bus
from hub.db import Database, UniqueViolation, Work
from hub.errors import NameTaken, Stale
from hub.ids import RoleId, new_id


class Roles:
    """Verbs on roles. `by` needs `roles.manage` (checked at the door)."""

    def __init__(self, db: Database, bus: Bus) -> None:
        self._db, self._bus = db, bus

    async def add(self, by: Caller, *, name: str, rights: Iterable[Right]) -> Role:
        """Make a role; raises `NameTaken`, `BadName`, `Escalation`."""
        wanted, shown, role_id = frozenset(rights), title(name), RoleId(new_id())
        policy.require_grant(by, wanted)
        sql = "INSERT INTO auth_role (id, name, name_key, rights, built_in, version) VALUES ($1, $2, $3, $4, $5, 1)"
        try:
            async with self._db.unit_of_work() as work:
                await work.execute(sql, role_id, shown, fold(shown), compact(wanted), False)
                await audit.record(
                    work, by, "role.add", subject=("role", role_id), detail={"name": shown, "rights": sorted(wanted)}
                )
                work.announce(events.role_changed(role_id))
                return await queries.role(work, role_id)
        except UniqueViolation as error:
            raise NameTaken("there is a role of this name already") from error

    async def change(self, by: Caller, role_id: RoleId, *, rights: Iterable[Right], version: int) -> Role:
        """Give the role other rights, effective at once; raises `Stale`, `Escalation`, `LastAdministrator`."""
        wanted = frozenset(rights)
        async with self._db.unit_of_work() as work:
            await policy.hold_rights(work)
            before = await queries.role(work, role_id)
            if before.version != version:
                raise Stale("somebody else changed this role", version=before.version)
            policy.require_grant(by, wanted ^ before.rights)
            await work.execute("UPDATE auth_role SET rights = $2, version = version + 1 WHERE id = $1", role_id, compact(wanted))
            await policy.require_administrator(work)
            await self._tell_holders(work, role_id)
            detail = {"added": sorted(wanted - before.rights), "removed": sorted(before.rights - wanted)}
            await audit.record(work, by, "role.change", subject=("role", role_id), detail={"name": before.name, **detail})
            work.announce(events.role_changed(role_id))
            return await queries.role(work, role_id)

    async def remove(self, by: Caller, role_id: RoleId) -> None:
        """Delete a role nobody has; raises `RoleInUse`, `Escalation`."""
        async with self._db.unit_of_work() as work:
            await policy.hold_rights(work)
            before = await queries.role(work, role_id)
            policy.require_grant(by, before.rights)
            if users := await queries.user_ids_with_role(work, role_id):
                raise RoleInUse("users still have this role", users=len(users))
            await work.execute("DELETE FROM auth_role WHERE id = $1", role_id)
            await audit.record(work, by, "role.remove", subject=("role", role_id), detail={"name": before.name})
            work.announce(events.role_changed(role_id))

    async def _tell_holders(self, work: Work, role_id: RoleId) -> None:
        for user_id in await queries.user_ids_with_role(work, role_id):
            events.tell_callers(work, self._bus, user_id=user_id)
