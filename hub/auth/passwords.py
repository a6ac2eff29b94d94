"""Argon2id, away from the event loop."""

import asyncio
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from hub.auth.errors import WeakPassword

T = TypeVar("T")

SHORTEST: Final = 8  # ASVS 5.0 §6.2.1
LONGEST: Final = 256
_THREADS = 2  # each hash takes 46 MiB while it runs: more at once would be a way to exhaust memory

_COMMON = frozenset(
    """password password1 passw0rd 12345678 123456789 1234567890 87654321 11111111 00000000 88888888 66666666 12341234 qwertyui
    qwerty123 qwertyuiop 1q2w3e4r 1qaz2wsx abcd1234 abc12345 iloveyou woaini1314 5201314520 administrator admin123 admin1234
    letmein1 welcome1 changeme switchboard""".split()
)


class Passwords:
    """Hashes and verifies. A name nobody has is verified against a hash nobody knows, so that both take the same time."""

    def __init__(self) -> None:
        # OWASP Password Storage Cheat Sheet, 2026: Argon2id with 46 MiB and one pass, about 40 ms.
        self._hasher = PasswordHasher(time_cost=1, memory_cost=46 * 1024, parallelism=1)
        self._threads = ThreadPoolExecutor(max_workers=_THREADS, thread_name_prefix="argon2")
        self._nobody: str | None = None

    async def hash(self, password: str) -> str:
        """The PHC string to store."""
        return await self._run(self._hasher.hash, _normal(password))

    async def verify(self, stored: str | None, password: str) -> bool:
        """Does it match; False for no stored hash, after the same time."""
        if self._nobody is None:
            self._nobody = await self.hash("nobody has this password")
        return await self._run(self._matches, stored or self._nobody, _normal(password)) and stored is not None

    def is_outdated(self, stored: str) -> bool:
        """Made with weaker parameters than today's: hash again at the next sign-in."""
        return self._hasher.check_needs_rehash(stored)

    def close(self) -> None:
        """Let go of the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _matches(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False

    async def _run(self, call: Callable[..., T], *args: str) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, call, *args)


def check_strength(password: str, *, name: str) -> None:
    """Raise `WeakPassword` for one that is too short, too long, in every list of guesses, or holds the user's name."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise WeakPassword(f"a password has {SHORTEST} to {LONGEST} characters")
    folded = password.casefold()
    if folded in _COMMON or len(set(folded)) < 3 or (len(name) > 2 and name.casefold() in folded):
        raise WeakPassword("this password is too easy to guess")


def _normal(password: str) -> str:
    # RFC 8265 §4.2.2: the same characters typed on another machine must give the same password.
    return unicodedata.normalize("NFC", password)
