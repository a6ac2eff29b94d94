"""Adapters as they are needed: one instance an account and version, with what the hub lends it."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field, replace

import aiohttp

from hub import clock
from hub.accounts import forms, queries
from hub.accounts.errors import AccountDisabled
from hub.accounts.values import Brief
from hub.channels import catalog
from hub.channels.contract import AdapterContext, ChannelAdapter, Check, ChecksAccount, Exchange, Settings
from hub.db import Database
from hub.errors import HubError
from hub.ids import AccountId
from hub.secrets import SecretKeys

State = Callable[[str, str], None]

_TEST_SECONDS = 30.0


async def _no_cursor(account_id: AccountId, name: str) -> str | None:
    return None


def _no_record(account_id: AccountId, exchange: Exchange) -> None:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Lent:
    """What adapters are lent, given by the composition root.

    `connect` is the egress gate: (host, port) to the checked address; `http` is the session behind it. `cursor` is what intake stored
    last under a name. `hooks_url` is the public address of all hooks.
    """

    connect: Callable[[str, int], Awaitable[str]]
    http: Callable[[], aiohttp.ClientSession]
    read_blob: Callable[[str], Awaitable[bytes]]
    cursor: Callable[[AccountId, str], Awaitable[str | None]] = _no_cursor
    record: Callable[[AccountId, Exchange], None] = _no_record
    public_url: str = ""
    hooks_url: str = ""

    def context(self, account_id: AccountId, name: str, state: State) -> AdapterContext:
        """For one adapter."""
        return AdapterContext(
            account_id=account_id,
            account_name=name,
            now=clock.now,
            cursor=lambda key: self.cursor(account_id, key),
            record=lambda exchange: self.record(account_id, exchange),
            read_blob=self.read_blob,
            connect=self.connect,
            http=self.http,
            state=state,
            public_url=self.public_url,
            hooks_url=self.hook_address(account_id),
        )

    def hook_address(self, account_id: AccountId) -> str:
        """Where the provider of an account reaches it."""
        return f"{self.hooks_url}/hooks/{account_id}"


@dataclass(slots=True)
class _Built:
    brief: Brief
    adapter: ChannelAdapter
    settings: Settings = field(repr=False)
    states: list[State] = field(default_factory=list)


class Adapters:
    """The adapters of this process. Senders and the supervisor get the same instance of an account."""

    def __init__(self, db: Database, *, keys: SecretKeys, lent: Lent) -> None:
        self._db, self._keys, self._lent = db, keys, lent
        self._built: dict[AccountId, _Built] = {}

    async def get(self, account_id: AccountId) -> ChannelAdapter:
        """The adapter of an enabled account, by its newest settings.

        Raises `NoSuchAccount`, `AccountDisabled`, `BadAccountSettings`, `BrokenSeal`.
        """
        return (await self._get(account_id)).adapter

    def is_newest(self, account_id: AccountId, adapter: ChannelAdapter) -> bool:
        """Whether nobody had the account's adapter built anew since: only the newest is connected."""
        built = self._built.get(account_id)
        return built is not None and built.adapter is adapter

    async def with_settings(self, account_id: AccountId) -> tuple[ChannelAdapter, Settings]:
        """As `get`, and by which settings it was built: secrets and all, not to be shown."""
        built = await self._get(account_id)
        return built.adapter, built.settings

    async def watched(self, account_id: AccountId, state: State) -> tuple[ChannelAdapter, Callable[[], None]]:
        """As `get`, and `state` is called with what the adapter tells of itself until the second value is called."""
        built = await self._get(account_id)
        built.states.append(state)
        return built.adapter, lambda: built.states.remove(state)

    def hook_address(self, account_id: AccountId) -> str:
        """See `Lent.hook_address`."""
        return self._lent.hook_address(account_id)

    def forget_off(self, accounts: Iterable[Brief]) -> None:
        """Let go of those that are switched off or deleted, passwords and all; one that was switched on since is left alone."""
        for account in accounts:
            built = self._built.get(account.id)
            if built is not None and not account.enabled and built.brief.version < account.version:
                del self._built[account.id]

    async def _get(self, account_id: AccountId) -> _Built:
        row = await queries.row_of(self._db, account_id)
        account = queries.brief(row)
        if not account.enabled:
            raise AccountDisabled("the account is switched off")
        built = self._built.get(account_id)
        if built is None or built.brief.version < account.version:
            form = forms.opened(row["settings"], row["secrets"], self._keys, account_id)
            built = self._build(account, forms.typed(account.provider, form))
            self._built[account_id] = built
        return built

    def _build(self, account: Brief, settings: Settings) -> _Built:
        states: list[State] = []

        def tell(state: str, detail: str) -> None:
            for listener in tuple(states):
                listener(state, detail)

        context = self._lent.context(account.id, account.name, tell)
        adapter = catalog.adapter_class(account.provider)(settings, context)
        return _Built(account, adapter, settings, states)


async def try_settings(lent: Lent, provider: str, settings: Settings, account_id: AccountId) -> list[Check]:
    """Try settings on an adapter made for it and thrown away; it knows no cursor and leaves no record."""
    trial = replace(lent, cursor=_no_cursor, record=_no_record)
    context = trial.context(account_id, "", lambda state, detail: None)
    adapter = catalog.adapter_class(provider)(settings, context)
    return await _checks(adapter) if isinstance(adapter, ChecksAccount) else []


async def _checks(adapter: ChecksAccount) -> list[Check]:
    try:
        async with asyncio.timeout(_TEST_SECONDS):
            return list(await adapter.check())
    except TimeoutError:
        return [Check(name="time", ok=False, detail=f"no answer within {_TEST_SECONDS:g} s")]
    except (HubError, OSError) as error:
        return [Check(name="connection", ok=False, detail=str(error))]
