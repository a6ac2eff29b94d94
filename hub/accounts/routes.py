"""Which account takes a mail, by its recipient.

An account's own addresses come first, then domains, then the account that takes everything because it names neither. What
answers to something we sent (`bounce+token@…`, `name+token@…`) is taken in any case: the token says where it belongs.
"""

import re
from collections.abc import Iterable
from time import monotonic

from hub.accounts import events
from hub.accounts.errors import RecipientTaken
from hub.accounts.values import Brief
from hub.bus import Bus
from hub.channels.contract import Settings
from hub.channels.email.settings import MailSettings
from hub.db import Database, UniqueViolation, Work
from hub.ids import AccountId

# 16 bytes of an id and 9 of its HMAC in base32 (RFC 4648), behind the plus of the address.
_TOKEN = re.compile(r"[^@]*\+[a-z2-7]{40}")
_RANKS = ("address", "domain", "any")

_KEPT = 2.0  # seconds
_MOST = 10_000  # recipients; those nobody takes are not remembered

_CANDIDATES = """
SELECT r.account_id, r.kind, r.value FROM account_route r
WHERE (r.kind = 'address' AND r.value = ANY($1::text[])) OR (r.kind = 'domain' AND r.value = $2) OR r.kind = 'any'
ORDER BY r.account_id
"""
_FIRST = """
SELECT id FROM account WHERE channel = 'email' AND enabled = $1 AND deleted_at IS NULL ORDER BY n LIMIT 1
"""


async def route_recipient(db: Database, address: str) -> AccountId | None:
    """The enabled account that takes mail for `address` (RFC 5321 forward-path); None where nobody does."""
    local, _, domain = address.strip().lower().rpartition("@")
    if not local:  # `postmaster` alone is an address too (RFC 5321 §4.1.1.3)
        local, domain = domain, ""
    exact = [f"{local}@{domain}", f"{local.partition('+')[0]}@{domain}"]
    rows = await db.fetch(_CANDIDATES, exact, domain)
    for kind in _RANKS:
        for row in rows:
            if row["kind"] == kind:
                return AccountId(row["account_id"])
    if _TOKEN.fullmatch(local) or local == "postmaster":
        first = await db.fetch_one(_FIRST, True)
        return AccountId(first["id"]) if first else None
    return None


class Routes:
    """`route_recipient`, remembered for a moment: it is asked for every recipient of every mail.

    A change made in this process is seen at once, one of another process within two seconds.
    """

    def __init__(self, db: Database, bus: Bus) -> None:
        self._db = db
        self._found: dict[str, AccountId] = {}
        self._until = 0.0
        bus.subscribe(events.TOPIC, lambda _: self._forget())

    async def of(self, recipient: str) -> AccountId | None:
        """See `route_recipient`."""
        if monotonic() > self._until or len(self._found) > _MOST:
            self._found = {}
            self._until = monotonic() + _KEPT
        found, known = self._found, self._found.get(recipient)
        if known is None and (known := await route_recipient(self._db, recipient)) is not None:
            found[recipient] = known  # if everything was forgotten meanwhile, this is too
        return known

    def _forget(self) -> None:
        self._until = 0.0


async def write(work: Work, account: Brief, settings: Settings | None) -> None:
    """Let mail for what `settings` name go to the account; for None (disabled, deleted) none does. Raises `RecipientTaken`."""
    await work.execute("DELETE FROM account_route WHERE account_id = $1", account.id)
    for kind, value in _routes(settings):
        try:
            await work.execute("INSERT INTO account_route (account_id, kind, value) VALUES ($1, $2, $3)", account.id, kind, value)
        except UniqueViolation as error:
            raise RecipientTaken(f"another account takes mail for {value}", recipient=value) from error


def _routes(settings: Settings | None) -> Iterable[tuple[str, str]]:
    if not isinstance(settings, MailSettings) or not settings.takes_smtp:
        return ()
    named = dict.fromkeys(entry for entry in (settings.address, *settings.addresses) if entry)
    routes = [("address" if "@" in entry else "domain", entry[:330]) for entry in named]
    return [*routes, ("any", "")] if settings.takes_everything else routes
