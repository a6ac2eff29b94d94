"""The second factor: a device that shows codes, and recovery codes for who lost it."""

from dataclasses import dataclass, field
from typing import Final

from hub import clock
from hub.auth import audit, policy, totp
from hub.auth.callers import Caller
from hub.auth.errors import SecondFactorActive, SecondFactorInactive, TotpNeeded, TotpWrong, WrongCode
from hub.auth.hashing import hashed
from hub.auth.proof import PasswordProof
from hub.auth.queries import user as user_of
from hub.auth.throttle import PER_USER, Throttle
from hub.db import Database, Row, Work
from hub.ids import UserId
from hub.secrets import SecretKeys

ISSUER: Final = "Switchboard"

_BEGIN = """
INSERT INTO auth_totp (user_id, secret, confirmed_at, last_step, created_at) VALUES ($1, $2, NULL, 0, $3)
ON CONFLICT (user_id) DO UPDATE SET secret = excluded.secret, last_step = 0, created_at = excluded.created_at
WHERE auth_totp.confirmed_at IS NULL
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondFactor:
    """Whether a user has one, and how many recovery codes are left."""

    active: bool
    recovery_codes_left: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """What goes into the device: `secret` in base32 to type, `address` (`otpauth:`) to scan."""

    secret: str = field(repr=False)
    address: str = field(repr=False)


class SecondFactors:
    """Verbs on second factors. Secrets are sealed with the hub's key, under the user's id."""

    def __init__(self, db: Database, keys: SecretKeys, proof: PasswordProof) -> None:
        self._db, self._keys, self._proof = db, keys, proof
        self._throttle = Throttle()

    async def of(self, user_id: UserId) -> SecondFactor:
        """How it stands with the user."""
        row = await self._active(user_id)
        count = await self._db.fetch_one("SELECT count(*) AS n FROM auth_recovery_code WHERE user_id = $1", user_id)
        return SecondFactor(active=row is not None, recovery_codes_left=count["n"] if count else 0)

    async def begin(self, by: Caller) -> Enrolment:
        """A fresh secret for one's device; asked for at sign-in once `confirm` has seen a code. Raises `SecondFactorActive`."""
        user, secret = await user_of(self._db, by.person), totp.new_secret()
        async with self._db.unit_of_work() as work:
            if not await work.execute(_BEGIN, user.id, self._sealed(user.id, secret), clock.now()):
                raise SecondFactorActive("there is a second factor already: end it first")
        return Enrolment(secret=totp.as_text(secret), address=totp.address(secret, name=user.name, issuer=ISSUER))

    async def confirm(self, by: Caller, code: str) -> list[str]:
        """Put it in force with a code of the device. Returns the recovery codes, told only here. Raises `WrongCode`."""
        user_id = by.person
        self._throttle.begin((user_id, PER_USER))
        async with self._db.unit_of_work() as work:
            row = await work.fetch_one("SELECT secret, last_step, confirmed_at FROM auth_totp WHERE user_id = $1", user_id)
            if row is None or row["confirmed_at"] is not None:
                raise SecondFactorInactive("begin with a new secret")
            step = self._step(user_id, row, code)
            if step is None:
                raise WrongCode("this code is wrong")
            sql = "UPDATE auth_totp SET confirmed_at = $2, last_step = $3 WHERE user_id = $1"
            await work.execute(sql, user_id, clock.now(), step)
            codes = await _new_codes(work, user_id)
            await audit.record(work, by, "totp.add", subject=("user", user_id))
        self._throttle.forgive(user_id)
        return codes

    async def require(self, user_id: UserId, code: str | None, *, by: Caller) -> None:
        """At sign-in, after the password: a code of the device, or a recovery code, each good once.

        Nothing for who has no second factor. Raises `TotpNeeded`, `TotpWrong`, `TooManyAttempts`.
        """
        if await self._active(user_id) is None:
            return
        if not code:
            raise TotpNeeded("a code of the second factor is needed")
        self._throttle.begin((user_id, PER_USER))
        if not await self._use(user_id, totp.normal(code), by):
            async with self._db.unit_of_work() as work:
                await audit.record(work, by, "session.refuse", subject=("user", user_id), detail={"by": "second_factor"})
            raise TotpWrong("this code is wrong, or was used")
        self._throttle.forgive(user_id)

    async def end(self, by: Caller, password: str) -> None:
        """Do without from now on. Raises `WrongOldPassword`, `SecondFactorInactive`, `TooManyAttempts`."""
        await self._proof.require(by, password)
        async with self._db.unit_of_work() as work:
            await self._remove(work, by, by.person, "totp.remove")

    async def renew_codes(self, by: Caller, password: str) -> list[str]:
        """New recovery codes in place of the old. Raises `WrongOldPassword`, `SecondFactorInactive`, `TooManyAttempts`."""
        await self._proof.require(by, password)
        async with self._db.unit_of_work() as work:
            if await self._active(by.person) is None:
                raise SecondFactorInactive("there is no second factor")
            await audit.record(work, by, "totp.new_codes", subject=("user", by.person))
            return await _new_codes(work, by.person)

    async def reset(self, by: Caller, user_id: UserId) -> None:
        """Take somebody's second factor away, who lost it. Raises `NoSuchUser`, `Escalation`, `SecondFactorInactive`."""
        await user_of(self._db, user_id)
        async with self._db.unit_of_work() as work:
            await policy.require_over(work, by, user_id)
            await self._remove(work, by, user_id, "totp.reset")

    async def _use(self, user_id: UserId, code: str, by: Caller) -> bool:
        async with self._db.unit_of_work() as work:
            row = await work.fetch_one("SELECT secret, last_step FROM auth_totp WHERE user_id = $1", user_id)
            step = self._step(user_id, row, code) if row else None
            if step is not None:
                # Of two who come with one code at once, the second finds the step taken.
                sql = "UPDATE auth_totp SET last_step = $2 WHERE user_id = $1 AND last_step < $2::bigint"
                return bool(await work.execute(sql, user_id, step))
            sql = "DELETE FROM auth_recovery_code WHERE code_hash = $1 AND user_id = $2"
            if not await work.execute(sql, hashed(code), user_id):
                return False
            await audit.record(work, by, "totp.recover", subject=("user", user_id))
            return True

    async def _active(self, user_id: UserId) -> Row | None:
        sql = "SELECT user_id FROM auth_totp WHERE user_id = $1 AND confirmed_at IS NOT NULL"
        return await self._db.fetch_one(sql, user_id)

    async def _remove(self, work: Work, by: Caller, user_id: UserId, action: str) -> None:
        if not await work.execute("DELETE FROM auth_totp WHERE user_id = $1", user_id):
            raise SecondFactorInactive("there is no second factor")
        await work.execute("DELETE FROM auth_recovery_code WHERE user_id = $1", user_id)
        await audit.record(work, by, action, subject=("user", user_id))

    def _step(self, user_id: UserId, row: Row, code: str) -> int | None:
        secret = self._keys.open("second-factor", bytes(row["secret"]), context=user_id.bytes)
        return totp.step_of(secret, totp.normal(code), at=clock.now(), after=row["last_step"])

    def _sealed(self, user_id: UserId, secret: bytes) -> bytes:
        return self._keys.seal("second-factor", secret, context=user_id.bytes)


async def _new_codes(work: Work, user_id: UserId) -> list[str]:
    codes, now = totp.new_recovery_codes(), clock.now()
    await work.execute("DELETE FROM auth_recovery_code WHERE user_id = $1", user_id)
    rows = [(hashed(totp.normal(code)), user_id, now) for code in codes]
    await work.execute_many("INSERT INTO auth_recovery_code (code_hash, user_id, created_at) VALUES ($1, $2, $3)", rows)
    return codes
