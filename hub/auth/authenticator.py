"""From a cookie or a token to a caller."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta
from uuid import UUID

from hub import clock
from hub.auth import queries
from hub.auth.callers import Caller
from hub.auth.events import CALLER_CHANGED
from hub.auth.hashing import hashed
from hub.auth.rights import expand
from hub.auth.sessions import IDLE
from hub.bus import Bus
from hub.db import Database, DatabaseGone, Row
from hub.errors import Unauthorised
from hub.ids import QueueId, TeamId, UserId

QueuesOf = Callable[[UserId], Awaitable[frozenset[QueueId]]]
"""The queues a user is a member of."""

_KEPT = timedelta(seconds=0.5)  # for what another process changed; a change made in this one is seen at once
_MOST_KEPT = 2_000
_TOUCH = timedelta(minutes=5)  # how exact `seen_at` and `used_at` are
_SESSION = """
SELECT s.id AS session_id, s.seen_at, s.expires_at, u.id AS user_id, u.display_name, u.disabled
FROM auth_session s JOIN auth_user u ON u.id = s.user_id
"""
_BEARER = "SELECT id, name, scopes, used_at, expires_at, revoked_at FROM auth_token"


async def no_queues(_: UserId) -> frozenset[QueueId]:
    """What a hub without routing answers."""
    return frozenset()


class Authenticator:
    """Reads the rights anew, but for what it read half a second ago: what was revoked is gone with the next request, in
    another process within a second.
    """

    def __init__(self, db: Database, bus: Bus, *, queues_of: QueuesOf = no_queues) -> None:
        self._db, self._queues_of = db, queues_of
        self._known: dict[str, tuple[datetime, Caller]] = {}
        self._unsubscribe: Callable[[], None] = bus.subscribe(CALLER_CHANGED, lambda _: self._forget())

    async def by_session(self, secret: str) -> Caller:
        """The user of a session's cookie; raises `Unauthorised` for anything not valid any more."""
        return await self._read(hashed(secret), f"{_SESSION} WHERE s.secret_hash = $1", self._of_session)

    async def by_token(self, text: str) -> Caller:
        """The caller of an API token; raises `Unauthorised`."""
        return await self._read(hashed(text), f"{_BEARER} WHERE secret_hash = $1", self._of_token)

    async def _read(self, secret: str, sql: str, caller_of: Callable[[Row | None], Awaitable[Caller]]) -> Caller:
        known, now = self._known, clock.now()
        if secret in known and abs(now - known[secret][0]) < _KEPT:
            return known[secret][1]
        caller = await caller_of(await self._db.fetch_one(sql, secret))
        if len(known) >= _MOST_KEPT:
            self._forget()
        elif known is self._known:  # else something was revoked while this was read
            known[secret] = now, caller
        return caller

    def _forget(self) -> None:
        self._known = {}

    async def again(self, caller: Caller) -> Caller:
        """The same caller as they stand now, for connections that stay open; raises `Unauthorised` when it is over."""
        if caller.session_id is not None:
            row = await self._db.fetch_one(f"{_SESSION} WHERE s.id = $1", caller.session_id)
            return (await self._of_session(row)).at(caller.ip)
        if caller.token_id is not None:
            row = await self._db.fetch_one(f"{_BEARER} WHERE id = $1", caller.token_id)
            return (await self._of_token(row)).at(caller.ip)
        return caller

    async def of_user(self, user_id: UserId) -> Caller:
        """A user as they would stand if they asked now; raises `Unauthorised` for nobody, or a disabled one."""
        row = await self._db.fetch_one("SELECT display_name, disabled FROM auth_user WHERE id = $1", user_id)
        if row is None or row["disabled"]:
            raise Unauthorised("there is no such user")
        return await self._user(user_id, row["display_name"])

    async def _of_session(self, row: Row | None) -> Caller:
        now = clock.now()
        if row is None or row["disabled"] or row["expires_at"] <= now or row["seen_at"] <= now - IDLE:
            raise Unauthorised("nobody is signed in")
        user_id = UserId(row["user_id"])
        await self._touch("auth_session", "seen_at", row["session_id"], row["seen_at"])
        return await self._user(user_id, row["display_name"], session_id=row["session_id"])

    async def _user(self, user_id: UserId, name: str, *, session_id: UUID | None = None) -> Caller:
        teams = await self._db.fetch("SELECT team_id FROM auth_team_member WHERE user_id = $1", user_id)
        return Caller(
            kind="user",
            name=name,
            user_id=user_id,
            session_id=session_id,
            rights=await queries.rights_of(self._db, user_id),
            team_ids=frozenset(TeamId(team["team_id"]) for team in teams),
            queue_ids=await self._queues_of(user_id),
        )

    async def _of_token(self, row: Row | None) -> Caller:
        now = clock.now()
        if row is None or row["revoked_at"] is not None or (row["expires_at"] is not None and row["expires_at"] <= now):
            raise Unauthorised("this token is not valid")
        await self._touch("auth_token", "used_at", row["id"], row["used_at"])
        return Caller(kind="token", name=row["name"], token_id=row["id"], rights=expand(row["scopes"]))

    async def _touch(self, table: str, column: str, row_id: UUID, before: datetime | None) -> None:
        now = clock.now()
        if before is not None and before > now - _TOUCH:
            return
        with suppress(DatabaseGone):  # reading must go on while nothing can be written
            async with self._db.unit_of_work() as work:
                await work.execute(f"UPDATE {table} SET {column} = $2 WHERE id = $1", row_id, now)
