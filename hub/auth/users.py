"""Users: made, changed, disabled. Never deleted: what they did stays theirs."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from msgspec import UNSET

from hub import clock
from hub.auth import audit, events, policy, queries
from hub.auth.callers import SYSTEM, Caller
from hub.auth.errors import SetupDone, WorkNumberTaken
from hub.auth.names import fold, title, user_name
from hub.auth.passwords import Passwords, check_strength
from hub.auth.proof import PasswordProof
from hub.auth.values import NewUser, User, UserChange
from hub.bus import Bus
from hub.db import Database, UniqueViolation, Work
from hub.errors import NameTaken, Stale
from hub.ids import RoleId, TeamId, UserId, new_id
from hub.messages.address import normal_email

_INSERT = """
INSERT INTO auth_user (id, name, name_key, display_name, email, locale, theme, work_number, password_hash, disabled,
    created_at, updated_at, version)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11, 1)
"""
_COLUMNS = ("display_name", "email", "locale", "theme", "work_number", "disabled")
_TAKEN = {"auth_user_name_key": NameTaken, "auth_user_work_number": WorkNumberTaken, "auth_setup_pkey": SetupDone}


class Users:
    """Verbs on users. `by` needs `users.manage` (checked at the door); policies on what may be given to whom are checked here."""

    def __init__(self, db: Database, bus: Bus, passwords: Passwords, proof: PasswordProof) -> None:
        self._db, self._bus, self._passwords, self._proof = db, bus, passwords, proof

    async def needs_setup(self) -> bool:
        """No user was ever made."""
        return await self._db.fetch_one("SELECT id FROM auth_setup") is None

    async def set_up(self, new: NewUser, *, ip: str) -> User:
        """Make the first user, an administrator; raises `SetupDone` when there is, or was, one already."""
        if not await self.needs_setup():
            raise SetupDone("the first user exists already")
        made, hashed = await self._prepare(new)
        with _told_apart():
            async with self._db.unit_of_work() as work:
                await work.execute("INSERT INTO auth_setup (id, done_at) VALUES (1, $1)", clock.now())
                row = await work.fetch_one("SELECT id FROM auth_role WHERE name_key = 'administrator'")
                roles = [row["id"]] if row else []
                return await self._insert(work, SYSTEM.at(ip), made, hashed, roles, ())

    async def add(self, by: Caller, new: NewUser) -> User:
        """Make a user; raises `NameTaken`, `WorkNumberTaken`, `WeakPassword`, `BadName`, `Escalation`."""
        made, hashed = await self._prepare(new)
        with _told_apart():
            async with self._db.unit_of_work() as work:
                await policy.hold_rights(work)
                await work.execute("INSERT INTO auth_setup (id, done_at) VALUES (1, $1) ON CONFLICT DO NOTHING", clock.now())
                return await self._insert(work, by, made, hashed, new.role_ids, new.team_ids)

    async def change(self, by: Caller, user_id: UserId, change: UserChange, *, version: int) -> User:
        """Change what is set; raises `Stale`, `NoSuchUser`, `Escalation`, `LastAdministrator`."""
        fields = _fields(change)
        with _told_apart():
            async with self._db.unit_of_work() as work:
                await policy.hold_rights(work)
                before = await queries.user(work, user_id)
                if before.version != version:
                    raise Stale("somebody else changed this user", version=before.version)
                await policy.require_over(work, by, user_id)
                await self._update(work, user_id, fields)
                await self._set_memberships(work, by, before, change)
                await self._settle_access(work, before, change)
                detail = {"name": before.name} | fields | _lists(change)
                await audit.record(work, by, "user.change", subject=("user", user_id), detail=detail)
                work.announce(events.user_changed(user_id))
                return await queries.user(work, user_id)

    async def change_self(self, by: Caller, change: UserChange) -> User:
        """One's own display name, address, language and theme: nothing that gives rights."""
        allowed = UserChange(display_name=change.display_name, email=change.email, locale=change.locale, theme=change.theme)
        async with self._db.unit_of_work() as work:
            await self._update(work, by.person, _fields(allowed))
            work.announce(events.user_changed(by.person))
            return await queries.user(work, by.person)

    async def reset_password(self, by: Caller, user_id: UserId, password: str) -> None:
        """Set somebody's password and sign them out everywhere; raises `WeakPassword`, `NoSuchUser`, `Escalation`."""
        user = await queries.user(self._db, user_id)
        check_strength(password, name=user.name)
        hashed = await self._passwords.hash(password)
        async with self._db.unit_of_work() as work:
            await policy.require_over(work, by, user_id)
            await self._store_password(work, user_id, hashed)
            await self._end_sessions(work, user_id, but=by)
            await audit.record(work, by, "user.reset_password", subject=("user", user_id))

    async def change_password(self, by: Caller, *, old: str, new: str) -> None:
        """One's own; other sessions end. Raises `WrongOldPassword`, `TooManyAttempts`, `WeakPassword`."""
        await self._proof.require(by, old)
        check_strength(new, name=(await queries.user(self._db, by.person)).name)
        hashed = await self._passwords.hash(new)
        async with self._db.unit_of_work() as work:
            await self._store_password(work, by.person, hashed)
            await self._end_sessions(work, by.person, but=by)
            await audit.record(work, by, "user.change_password", subject=("user", by.person))

    async def _prepare(self, new: NewUser) -> tuple[User, str]:
        """The user as it will be, without memberships, and the hash: all that needs no transaction."""
        name = user_name(new.name)
        check_strength(new.password, name=name)
        hashed = await self._passwords.hash(new.password)
        made = User(
            id=UserId(new_id()),
            name=name,
            display_name=title(new.display_name or name, longest=100),
            email=normal_email(new.email) if new.email else "",
            locale=new.locale,
            theme=new.theme,
            work_number=_work_number(new.work_number),
            disabled=False,
            created_at=clock.now(),
            version=1,
        )
        return made, hashed

    async def _insert(
        self, work: Work, by: Caller, made: User, hashed: str, role_ids: Sequence[RoleId], team_ids: Sequence[TeamId]
    ) -> User:
        await work.execute(
            _INSERT, made.id, made.name, fold(made.name), made.display_name, made.email, made.locale, made.theme,
            made.work_number, hashed, False, made.created_at,
        )  # fmt: skip
        await self._set_memberships(work, by, made, UserChange(role_ids=tuple(role_ids), team_ids=tuple(team_ids)))
        await audit.record(work, by, "user.add", subject=("user", made.id), detail={"name": made.name})
        work.announce(events.user_changed(made.id))
        return await queries.user(work, made.id)

    async def _update(self, work: Work, user_id: UserId, fields: dict[str, Any]) -> None:
        chosen = [name for name in _COLUMNS if name in fields]
        places = "".join(f"{name} = ${place}, " for place, name in enumerate(chosen, 3))
        sql = f"UPDATE auth_user SET {places}updated_at = $2, version = version + 1 WHERE id = $1"
        await work.execute(sql, user_id, clock.now(), *(fields[name] for name in chosen))

    async def _set_memberships(self, work: Work, by: Caller, before: User, change: UserChange) -> None:
        if change.role_ids is not UNSET and set(change.role_ids) != set(before.role_ids):
            for role in await queries.roles_by_id(work, [*change.role_ids, *before.role_ids]):
                if (role.id in change.role_ids) != (role.id in before.role_ids):
                    policy.require_grant(by, role.rights)
            await _replace(work, "auth_user_role", "role_id", before.id, change.role_ids)
        if change.team_ids is not UNSET and set(change.team_ids) != set(before.team_ids):
            for team_id in change.team_ids:
                await queries.team(work, team_id)
            await _replace(work, "auth_team_member", "team_id", before.id, change.team_ids)

    async def _settle_access(self, work: Work, before: User, change: UserChange) -> None:
        if change.disabled is True:
            await work.execute("DELETE FROM auth_session WHERE user_id = $1", before.id)
        if change.disabled is not UNSET or change.role_ids is not UNSET:
            await policy.require_administrator(work)
        events.tell_callers(work, self._bus, user_id=before.id)

    async def _store_password(self, work: Work, user_id: UserId, hashed: str) -> None:
        await work.execute(
            "UPDATE auth_user SET password_hash = $2, updated_at = $3, version = version + 1 WHERE id = $1",
            user_id,
            hashed,
            clock.now(),
        )

    async def _end_sessions(self, work: Work, user_id: UserId, *, but: Caller) -> None:
        await work.execute(
            "DELETE FROM auth_session WHERE user_id = $1 AND ($2::uuid IS NULL OR id <> $2)", user_id, but.session_id
        )
        events.tell_callers(work, self._bus, user_id=user_id)


async def _replace(work: Work, table: str, column: str, user_id: UserId, ids: Sequence[Any]) -> None:
    await work.execute(f"DELETE FROM {table} WHERE user_id = $1", user_id)
    rows = [(user_id, one) for one in dict.fromkeys(ids)]
    await work.execute_many(f"INSERT INTO {table} (user_id, {column}) VALUES ($1, $2)", rows)


def _fields(change: UserChange) -> dict[str, Any]:
    """The columns to be written, in normal form."""
    given = {name: value for name in _COLUMNS if (value := getattr(change, name)) is not UNSET}
    if "display_name" in given:
        given["display_name"] = title(given["display_name"], longest=100)
    if given.get("email"):
        given["email"] = normal_email(given["email"])
    if "work_number" in given:
        given["work_number"] = _work_number(given["work_number"])
    return given


def _lists(change: UserChange) -> dict[str, Any]:
    return {name: list(value) for name in ("role_ids", "team_ids") if (value := getattr(change, name)) is not UNSET}


def _work_number(text: str | None) -> str | None:
    number = (text or "").strip()
    return title(number, longest=32) if number else None


@contextmanager
def _told_apart() -> Iterator[None]:
    """Say which unique value was taken."""
    try:
        yield
    except UniqueViolation as error:
        raise _TAKEN.get(error.constraint, NameTaken)("it is taken already") from error
