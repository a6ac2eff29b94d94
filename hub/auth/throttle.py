"""How often a wrong password or code may be tried."""

from collections import OrderedDict
from collections.abc import Hashable
from datetime import datetime, timedelta
from math import ceil

from hub import clock
from hub.auth.errors import TooManyAttempts

WINDOW = timedelta(minutes=15)
PER_NAME = 5  # wrong tries for one name from one address: nobody can lock somebody else out
PER_ADDRESS = 50  # for any names: an office behind one address has many people
PER_USER = 5  # wrong codes, or wrong old passwords, of one user: who tries them knows the password or has the session
_REMEMBERED = 20_000  # keys; the oldest are forgotten first


class Throttle:
    """Counts tries by any key in this process."""

    def __init__(self) -> None:
        self._tries: OrderedDict[Hashable, list[datetime]] = OrderedDict()

    def begin(self, *limits: tuple[Hashable, int]) -> None:
        """Count a try as wrong, before it is looked at: many at once are as many tries. Raises `TooManyAttempts`."""
        now = clock.now()
        for key, limit in limits:
            recent = self._recent(key, now)
            if len(recent) >= limit:
                wait = recent[-limit] + WINDOW - now
                raise TooManyAttempts("too many wrong tries", retry_after=max(1, ceil(wait.total_seconds())))
        for key, _ in limits:
            self._tries[key] = [*self._recent(key, now), now]
            self._tries.move_to_end(key)
        while len(self._tries) > _REMEMBERED:
            self._tries.popitem(last=False)

    def forgive(self, key: Hashable) -> None:
        """It was right: earlier slips under this key are forgotten."""
        self._tries.pop(key, None)

    def take_back(self, key: Hashable) -> None:
        """It was right: this one try does not count."""
        self._tries[key] = self._tries.get(key, [])[:-1]

    def _recent(self, key: Hashable, now: datetime) -> list[datetime]:
        return [at for at in self._tries.get(key, ()) if at > now - WINDOW]


class LoginThrottle:
    """Wrong passwords by name and address. Right or wrong names count alike, so that the answer says nothing about them."""

    def __init__(self) -> None:
        self._throttle = Throttle()

    def begin(self, name: str, ip: str) -> None:
        """Before the password is looked at; raises `TooManyAttempts`."""
        self._throttle.begin(((name, ip), PER_NAME), (ip, PER_ADDRESS))

    def succeeded(self, name: str, ip: str) -> None:
        """It was the right password: this try does not count, and earlier slips of the same person are forgiven."""
        self._throttle.forgive((name, ip))
        self._throttle.take_back(ip)
