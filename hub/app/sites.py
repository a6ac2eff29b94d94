"""Sites: the accounts of the widget, opened and kept for a moment, since every visitor's page asks for one."""

from time import monotonic

from hub.accounts import events, forms, queries
from hub.accounts.errors import BadAccountSettings, NoSuchAccount
from hub.bus import Bus
from hub.channels.webchat.settings import SiteSettings
from hub.db import Database
from hub.ids import AccountId, QueueId
from hub.secrets import SecretKeys
from hub.visitors.values import Site

_KEPT = 2.0  # seconds, for what another process changed
_MOST = 1_000


class Sites:
    """Where sites are found."""

    def __init__(self, db: Database, bus: Bus, keys: SecretKeys) -> None:
        self._db = db
        self._keys = keys
        self._known: dict[AccountId, tuple[float, Site | None, QueueId | None]] = {}
        bus.subscribe(events.TOPIC, lambda _: self._known.clear())

    async def site(self, account_id: AccountId) -> Site | None:
        """The site, or None where there is none, it is switched off or deleted."""
        return (await self._find(account_id))[1]

    async def queue_of(self, account_id: AccountId) -> QueueId | None:
        """Where the site's conversations wait."""
        return (await self._find(account_id))[2]

    async def _find(self, account_id: AccountId) -> tuple[float, Site | None, QueueId | None]:
        known = self._known.get(account_id)
        if known is not None and known[0] > monotonic():
            return known
        if len(self._known) > _MOST:
            self._known.clear()
        site, queue_id = await self._read(account_id)
        self._known[account_id] = known = (monotonic() + _KEPT, site, queue_id)
        return known

    async def _read(self, account_id: AccountId) -> tuple[Site | None, QueueId | None]:
        try:
            row = await queries.row_of(self._db, account_id)
            settings = forms.typed(row["provider"], forms.opened(row["settings"], row["secrets"], self._keys, account_id))
        except (NoSuchAccount, BadAccountSettings):
            return None, None
        if not row["enabled"] or not isinstance(settings, SiteSettings):
            return None, None
        return Site(account_id=account_id, name=row["name"], settings=settings), row["queue_id"]
