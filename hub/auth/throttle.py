"""How often a wrong password may be tried."""

from collections import OrderedDict
from collections.abc import Hashable
from datetime import datetime, timedelta
from math import ceil

from hub import clock
from hub.auth.errors import TooManyAttempts

WINDOW = timedelta(minutes=15)
PER_NAME = 5  # wrong tries for one name from one address: nobody can lock somebody else out
PER_ADDRESS = 50  # for any names: an office behind one address has many people
_REMEMBERED = 20_000  # keys; the oldest are forgotten first


class LoginThrottle:
    """Counts wrong tries in this process. Right or wrong names count alike, so that the answer says nothing about them."""

    def __init__(self) -> None:
        self._failures: OrderedDict[Hashable, list[datetime]] = OrderedDict()

    def begin(self, name: str, ip: str) -> None:
        """Count a try as wrong, before the password is looked at: many at once are as many tries. Raises `TooManyAttempts`."""
        now = clock.now()
        for key, limit in ((name, ip), PER_NAME), (ip, PER_ADDRESS):
            recent = self._recent(key, now)
            if len(recent) >= limit:
                wait = recent[-limit] + WINDOW - now
                raise TooManyAttempts("too many wrong passwords", retry_after=max(1, ceil(wait.total_seconds())))
        for key in ((name, ip), ip):
            self._failures[key] = [*self._recent(key, now), now]
            self._failures.move_to_end(key)
        while len(self._failures) > _REMEMBERED:
            self._failures.popitem(last=False)

    def succeeded(self, name: str, ip: str) -> None:
        """It was the right password: this try does not count, and earlier slips of the same person are forgiven."""
        self._failures.pop((name, ip), None)
        self._failures[ip] = self._failures.get(ip, [])[:-1]

    def _recent(self, key: Hashable, now: datetime) -> list[datetime]:
        return [at for at in self._failures.get(key, ()) if at > now - WINDOW]
