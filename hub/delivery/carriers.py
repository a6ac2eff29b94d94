"""What is known of the channel accounts that carry messages, kept for a moment: it is asked for with every message."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic

from hub.accounts import events, queries
from hub.accounts.adapters import Adapters
from hub.accounts.errors import BadAccountSettings, NoSuchAccount
from hub.accounts.values import Brief, RunState
from hub.bus import Bus
from hub.channels.catalog import adapter_class
from hub.channels.contract import CarriedByLog, ChannelAdapter, Settings
from hub.db import Database
from hub.errors import NotFound
from hub.ids import AccountId, QueueId
from hub.messages.address import Address, AddressKind, ChannelKind
from hub.secrets import BrokenSeal

_KEPT = 2.0  # seconds, for what another process changed; a change made in this one is seen at once
_READING = 0.5  # seconds until another tries where the one that reads comes to nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Carrier:
    """An enabled account with its adapter."""

    account_id: AccountId
    name: str
    channel: ChannelKind
    queue_id: QueueId | None
    adapter: ChannelAdapter
    settings: Settings = field(repr=False)

    @property
    def by_log(self) -> bool:
        """What is stored is accepted: the event log itself carries it."""
        return isinstance(self.adapter, CarriedByLog) and self.adapter.carried_by_log


@dataclass(frozen=True, slots=True)
class Shut:
    """The accounts with one connection (`exclusive`) that this process cannot send by now.

    `elsewhere`: another process holds it, or none does: it is theirs. `waiting`: it is held here and not connected: nothing is tried until it is, or
    until its time to give up has come.
    """

    elsewhere: frozenset[AccountId] = frozenset()
    waiting: frozenset[AccountId] = frozenset()


class Carriers:
    """The accounts of this hub, as delivery and intake ask for them."""

    def __init__(self, db: Database, bus: Bus, adapters: Adapters) -> None:
        self._db = db
        self._adapters = adapters
        self._briefs: dict[AccountId, Brief] = {}
        self._own: frozenset[str] = frozenset()
        self._exclusive: frozenset[AccountId] = frozenset()
        self._ready: dict[AccountId, tuple[int, Carrier]] = {}  # with the version it was made of
        self._until = 0.0
        self._asked = self._known = self._told = 0  # readings begun; the newest that is known, and that a change came after
        self._unsubscribe: Callable[[], None] = bus.subscribe(events.TOPIC, lambda _: self._forget())

    async def get(self, account_id: AccountId) -> Carrier:
        """Raises `NoSuchAccount`, `AccountDisabled`, and what the account's settings are wrong about."""
        brief = await self._brief(account_id)
        known = self._ready.get(account_id)
        if known is not None and self._adapters.is_newest(account_id, known[1].adapter):
            return known[1]
        adapter, settings = await self._adapters.with_settings(account_id)
        carrier = Carrier(
            account_id=account_id,
            name=brief.name,
            channel=brief.channel,
            queue_id=brief.queue_id,
            adapter=adapter,
            settings=settings,
        )
        self._ready[account_id] = brief.version, carrier
        return carrier

    async def of_channel(self, channel: ChannelKind) -> list[Carrier]:
        """The enabled accounts of a channel, the oldest first; without those whose settings are wrong."""
        await self._refresh()
        found = []
        for id in sorted(id for id, brief in self._briefs.items() if brief.channel is channel and brief.enabled):
            with suppress(BadAccountSettings, BrokenSeal):
                found.append(await self.get(id))
        return found

    async def shut(self, running: Mapping[AccountId, RunState]) -> Shut:
        """What may not be sent by, where `running` are the accounts that run in this process."""
        await self._refresh()
        waiting = {id for id in self._exclusive & running.keys() if running[id] is not RunState.CONNECTED}
        return Shut(elsewhere=self._exclusive - running.keys(), waiting=frozenset(waiting))

    async def queue_of(self, account_id: AccountId) -> QueueId | None:
        """Where the account's conversations wait."""
        return (await self._brief(account_id)).queue_id

    async def parser_of(self, account_id: AccountId) -> tuple[str, int]:
        """The parser (`"module:function"`) of the account's adapter, and its version."""
        found = adapter_class((await self._brief(account_id)).provider)
        return getattr(found, "parser", ""), getattr(found, "parser_version", 0)

    async def ours(self, addresses: Iterable[Address]) -> frozenset[str]:
        """Those of `addresses` that are our own mailboxes', with or without `+detail`."""
        await self._refresh()
        return frozenset(a.value for a in addresses if a.kind is AddressKind.EMAIL and not self._own.isdisjoint(_names(a.value)))

    async def _brief(self, account_id: AccountId) -> Brief:
        await self._refresh()
        if account_id not in self._briefs:
            await asyncio.sleep(0)  # what this process did a moment ago is told in the loop's next turn
            await self._refresh()
        try:
            return self._briefs[account_id]
        except KeyError as missing:
            raise NoSuchAccount("no such account") from missing

    async def _refresh(self) -> None:
        if monotonic() < self._until:
            return
        if self._known > self._told:  # only time has passed: while one reads, the others go on with what is known
            self._until = monotonic() + _READING
        self._asked = asked = self._asked + 1
        briefs, own = dict(await queries.briefs(self._db)), await queries.own_names(self._db)
        if asked < self._known:  # somebody asked later and was answered first
            return
        self._known = asked
        for id in [id for id, (version, _) in self._ready.items() if id not in briefs or briefs[id].version != version]:
            del self._ready[id]
        self._adapters.forget_off(briefs.values())
        self._briefs, self._own = briefs, own
        self._exclusive = frozenset(id for id, brief in briefs.items() if brief.enabled and _is_exclusive(brief.provider))
        if asked > self._told:
            self._until = monotonic() + _KEPT

    def _forget(self) -> None:
        self._until, self._told = 0.0, self._asked


def _is_exclusive(provider: str) -> bool:
    try:
        return adapter_class(provider).connection == "exclusive"
    except NotFound:  # an account of a newer hub: nobody can send by it
        return False


def _names(address: str) -> tuple[str, str, str]:
    """What an account may be named by to be the one of `address`: itself, itself without `+detail`, its domain."""
    local, _, domain = address.rpartition("@")
    return address, f"{local.partition('+')[0]}@{domain}", domain
