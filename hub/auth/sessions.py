"""Signing in and out."""

import hashlib
import secrets
from datetime import timedelta
from typing import Final, Literal
from uuid import UUID

from hub import clock
from hub.auth import audit, events, queries
from hub.auth.callers import Caller
from hub.auth.errors import NoRights, WrongPassword
from hub.auth.hashing import hashed
from hub.auth.names import fold
from hub.auth.passwords import Passwords
from hub.auth.second_factor import SecondFactors
from hub.auth.throttle import LoginThrottle
from hub.auth.values import SignedIn
from hub.bus import Bus
from hub.db import Database
from hub.errors import NotFound
from hub.ids import UserId, new_id

LIFETIME: Final = timedelta(days=14)  # then the password is asked for again, however busy the session was
IDLE: Final = timedelta(hours=24)  # unseen for longer: ended

_INSERT = """
INSERT INTO auth_session (id, user_id, secret_hash, ip, agent, created_at, seen_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $6, $7)
"""


def csrf_token(secret: str) -> str:
    """The token that goes with a session: only who was told it by us knows it, for the cookie itself is closed to scripts."""
    return hashlib.sha256(f"csrf {secret}".encode()).hexdigest()


class Sessions:
    """Sessions of users, one a browser."""

    def __init__(self, db: Database, bus: Bus, passwords: Passwords, factors: SecondFactors) -> None:
        self._db, self._bus, self._passwords, self._factors = db, bus, passwords, factors
        self._throttle = LoginThrottle()

    async def sign_in(self, name: str, password: str, *, ip: str, agent: str = "", code: str | None = None) -> SignedIn:
        """Open a session; `code` is one of the second factor, for who has one.

        Raises `WrongPassword` (the same, after the same time, for a wrong name, a wrong password and a disabled user),
        `TooManyAttempts`; and to who has the right password `TotpNeeded`, `TotpWrong`, or `NoRights` without a role.
        """
        key = fold(name)
        row = await self._db.fetch_one("SELECT id, name, password_hash, disabled FROM auth_user WHERE name_key = $1", key)
        self._throttle.begin(key, ip)
        right = await self._passwords.verify(row["password_hash"] if row else None, password)
        if row is None or not right or row["disabled"]:
            await self._record_refusal(row["id"] if row else None, ip)
            raise WrongPassword("name or password is wrong")
        self._throttle.succeeded(key, ip)
        await self._factors.require(row["id"], code, by=Caller(kind="anonymous", ip=ip))
        if not await queries.rights_of(self._db, row["id"]):
            raise NoRights("nobody has given you a role yet")
        renewed = await self._passwords.hash(password) if self._passwords.is_outdated(row["password_hash"]) else None
        return await self.open(row["id"], row["name"], ip=ip, agent=agent, password_hash=renewed)

    async def open(
        self,
        user_id: UserId,
        name: str,
        *,
        ip: str,
        agent: str = "",
        password_hash: str | None = None,
        means: Literal["password", "oidc"] = "password",
    ) -> SignedIn:
        """A session for a user who has proved who they are, by these `means`."""
        now, secret = clock.now(), secrets.token_urlsafe(32)
        fresh = SignedIn(session_id=new_id(), secret=secret, user_id=user_id, expires_at=now + LIFETIME)
        by = Caller(kind="user", user_id=user_id, name=name, session_id=fresh.session_id, ip=ip)
        async with self._db.unit_of_work() as work:
            await work.execute(
                _INSERT, fresh.session_id, user_id, hashed(secret), ip, _printable(agent)[:300], now, fresh.expires_at
            )
            await work.execute("DELETE FROM auth_session WHERE expires_at < $1 OR seen_at < $2", now, now - IDLE)
            if password_hash is not None:
                await work.execute("UPDATE auth_user SET password_hash = $2 WHERE id = $1", user_id, password_hash)
            await audit.record(work, by, "session.open", subject=("user", user_id), detail={"by": means})
        return fresh

    async def end(self, by: Caller, session_id: UUID) -> None:
        """Sign out one of one's own sessions; raises `NotFound` for anybody else's."""
        async with self._db.unit_of_work() as work:
            ended = await work.execute("DELETE FROM auth_session WHERE id = $1 AND user_id = $2", session_id, by.person)
            if not ended:
                raise NotFound("there is no such session")
            events.tell_callers(work, self._bus, user_id=by.person, session_id=session_id)
            await audit.record(work, by, "session.end", subject=("session", session_id))

    async def end_others(self, by: Caller) -> None:
        """Sign out all of one's own sessions but the one that asks."""
        async with self._db.unit_of_work() as work:
            sql = "DELETE FROM auth_session WHERE user_id = $1 AND ($2::uuid IS NULL OR id <> $2)"
            ended = await work.execute(sql, by.person, by.session_id)
            events.tell_callers(work, self._bus, user_id=by.person)
            await audit.record(work, by, "session.end_others", subject=("user", by.person), detail={"ended": ended})

    async def _record_refusal(self, user_id: UserId | None, ip: str) -> None:
        # The name that was tried is left out: people type their password there.
        async with self._db.unit_of_work() as work:
            by = Caller(kind="anonymous", ip=ip)
            await audit.record(work, by, "session.refuse", subject=("user", user_id))


def _printable(text: str) -> str:
    return "".join(character for character in text if character.isprintable())
