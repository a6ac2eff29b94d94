"""Asking a signed-in user for their password once more, before what a stolen session must not do."""

from hub.auth.callers import Caller
from hub.auth.errors import WrongOldPassword
from hub.auth.passwords import Passwords
from hub.auth.throttle import PER_USER, Throttle
from hub.db import Database


class PasswordProof:
    """Checks a user's own password, a few times a quarter of an hour."""

    def __init__(self, db: Database, passwords: Passwords) -> None:
        self._db, self._passwords = db, passwords
        self._throttle = Throttle()

    async def require(self, by: Caller, password: str) -> None:
        """Raises `WrongOldPassword`, `TooManyAttempts`."""
        self._throttle.begin((by.person, PER_USER))
        row = await self._db.fetch_one("SELECT password_hash FROM auth_user WHERE id = $1", by.person)
        if not await self._passwords.verify(row["password_hash"] if row else None, password):
            raise WrongOldPassword("the password is wrong")
        self._throttle.forgive(by.person)
