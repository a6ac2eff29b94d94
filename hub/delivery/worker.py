"""The worker: claims what is due, has it sent once, and has written down what came of it."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from logging import getLogger
from time import monotonic
from typing import TypeVar

from hub import clock
from hub.accounts.values import RunState
from hub.db import Database, DatabaseGone, GroupCommitter
from hub.delivery import claims, outcomes
from hub.delivery.carriers import Carriers, Shut
from hub.delivery.claims import Parcel
from hub.delivery.compose import Composer
from hub.delivery.outcomes import Sent
from hub.delivery.releasing import Releases
from hub.delivery.sender import Sender
from hub.delivery.store import Delivery
from hub.ids import AccountId

T = TypeVar("T")

log = getLogger(__name__)

PER_ACCOUNT = 16  # parcels that the adapter of one account has at a time: so many may become unknown when the process is killed
PARALLEL = 4 * PER_ACCOUNT  # that all adapters have: who answers slowly, or not at all, leaves the others places
UNSTORED = 3 * PER_ACCOUNT  # whose outcome is being written down
POLL = 1.0
PAST_FULL = 0.1  # seconds between two looks past what waits for accounts without a free place; more where a look takes long
RELEASE_PAUSE = 0.05  # seconds between two looks at a held message whose time has come
LANDING = 4.0  # seconds that sending may go on when the process is told to stop


Running = Callable[[], Mapping[AccountId, RunState]]
"""The accounts that run in this process, and how they fare."""


class DeliveryWorker:
    """One per process; any number of processes."""

    def __init__(self, db: Database, carriers: Carriers, composer: Composer, *, running: Running, alone: bool) -> None:
        self._db = db
        self._carriers = carriers
        self._sender = Sender(db, carriers, composer)
        self._running = running
        self._alone = alone  # the only process: at start nobody else can be sending
        self._releases = Releases(db, carriers)
        self._ledger = GroupCommitter(db.unit_of_work, db.refuse_nested)  # its own: what arrives waits for nothing that left
        self._ledger.register("outcome", outcomes.write)
        self._due = asyncio.Event()
        self._flying: set[Parcel] = set()  # adapters have them
        self._held: set[Parcel] = set()  # claimed, and their outcome not written down yet
        self._asking = asyncio.Semaphore(PER_ACCOUNT)
        self._past_full_at = self._past_full_from = 0.0  # when to look past full accounts again, and not before when (monotonic)

    def wake(self) -> None:
        """Something was queued."""
        self._past_full_at = self._past_full_from
        self._due.set()

    async def run(self) -> None:
        """Work until cancelled; then take nothing more, and end what is being sent within seconds."""
        if self._alone:
            await claims.release_all(self._db)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._each("leases of deliveries were not renewed", self._renew), name="delivery leases")
                group.create_task(self._each("nobody looks after lost deliveries", self._settle_lost), name="lost deliveries")
                group.create_task(self._each("no held messages leave for now", self._release), name="held messages")
                try:
                    await self._work(group)
                except asyncio.CancelledError:
                    await self._land()
                    raise
        finally:
            await self._ledger.close()

    async def _each(self, trouble: str, action: Callable[[], Awaitable[float]]) -> None:
        """Do it again and again, each time after as many seconds as it says."""
        while True:
            wait = await self._tried(trouble, action)
            await asyncio.sleep(POLL if wait is None else wait)

    async def _tried(self, trouble: str, action: Callable[[], Awaitable[T]]) -> T | None:
        """What it returns, or None: neither a database that is away nor a mistake of ours ends the worker."""
        try:
            return await action()
        except DatabaseGone as error:
            log.warning(trouble, extra={"reason": error.detail})
        except Exception:
            log.exception(trouble)
        return None

    async def _work(self, group: asyncio.TaskGroup) -> None:
        while True:
            self._due.clear()
            wait = await self._tried("no deliveries for now", partial(self._round, group))
            if wait != 0:
                await clock.wait(self._due, POLL if wait is None else wait)

    async def _land(self) -> None:
        """Let what is in the air arrive, for a moment: of what is cut in the middle nobody knows whether it went out."""
        for account_id in {parcel.account_id for parcel in self._flying}:
            await self._tried("it sends all it has", partial(self._sender.withdraw, account_id))
        try:
            async with asyncio.timeout(LANDING):
                while self._held:
                    self._due.clear()
                    await self._due.wait()
        except TimeoutError:
            log.warning("stopped in the middle of sending", extra={"messages": len(self._held)})

    async def _round(self, group: asyncio.TaskGroup) -> float:
        """Claim what there is room for and have it sent; the seconds until there may be more, 0 for at once."""
        full, room = self._room()
        wait = max(self._past_full_at - monotonic(), 0) if full else 0
        if room <= 0 or wait:
            return wait or POLL
        shut, began = await self._carriers.shut(self._running()), monotonic()
        if full:
            self._past_full_at = began + POLL  # sooner where something is queued meanwhile
        if await self._claim(room, replace(shut, elsewhere=shut.elsewhere | full), group):
            self._past_full_at = 0.0 if full else self._past_full_at
            return 0
        now = monotonic()
        self._past_full_from = now + max(PAST_FULL, 10 * (now - began))
        return POLL

    def _room(self) -> tuple[frozenset[AccountId], int]:
        """The accounts whose adapters have all they may, and how many parcels of any others may be claimed."""
        busy = Counter(parcel.account_id for parcel in self._flying)
        full = frozenset(id for id, many in busy.items() if many >= PER_ACCOUNT)
        most = max((many for id, many in busy.items() if id not in full), default=0)
        unstored = len(self._held) - len(self._flying)
        return full, min(PER_ACCOUNT - most, PARALLEL - len(self._flying), UNSTORED - unstored)

    async def _claim(self, limit: int, shut: Shut, group: asyncio.TaskGroup) -> bool:
        """Where we are told to stop meanwhile what is claimed is sent as well: it would be nobody's, and end as unknown."""
        claiming = asyncio.create_task(claims.claim(self._db, now=clock.now(), limit=limit, shut=shut))
        try:
            await asyncio.shield(claiming)
        except asyncio.CancelledError:
            await asyncio.wait([claiming])
            if claiming.exception() is None:
                self._begin(claiming.result(), group)
            raise
        return self._begin(claiming.result(), group)

    def _begin(self, claimed: Sequence[Delivery], group: asyncio.TaskGroup) -> bool:
        if parcels := claims.parcels(claimed):
            self._flying.update(parcels)
            self._held.update(parcels)
            group.create_task(self._send_all(parcels, group), name=f"send {len(parcels)}")
        return bool(parcels)

    async def _send_all(self, parcels: list[Parcel], group: asyncio.TaskGroup) -> None:
        """Each by itself, once what all of them need is read."""
        read = await self._tried("read one by one", partial(self._sender.read, parcels))
        for parcel in parcels:
            group.create_task(self._send(parcel, partial(self._sender.send, parcel, read)), name=f"send {parcel.message_id}")

    async def _send(self, parcel: Parcel, send: Callable[[], Awaitable[Sent]]) -> None:
        try:
            sent = await send()
            self._flying.discard(parcel)
            self._due.set()
            await self._store(sent)
        finally:
            self._flying.discard(parcel)
            self._held.discard(parcel)
            self._due.set()

    async def _store(self, sent: Sent) -> None:
        """The outcome is all that stands between us and sending twice: it is kept until it is stored, the bare word of it at least."""
        is_bare = False
        while True:
            try:
                await self._ledger.submit("outcome", sent)
                return
            except DatabaseGone:
                await asyncio.sleep(POLL)
            except Exception as error:
                log.exception("an outcome could not be stored", extra={"message_id": str(sent.parcel.message_id)})
                if is_bare:
                    await self._tried(
                        "it is looked after when its lease is over", partial(claims.leave_unknown, self._db, sent.parcel)
                    )
                    return
                sent, is_bare = outcomes.bare(sent, error), True

    async def _settle_lost(self) -> float:
        shut = await self._carriers.shut(self._running())
        ours = {delivery.id for parcel in self._held for delivery in parcel.deliveries}
        lost = claims.parcels(await claims.expired(self._db, now=clock.now(), shut=shut))
        # Of one that is still ours the database was away for longer than a lease.
        async with asyncio.TaskGroup() as group:
            for parcel in (one for one in lost if one.deliveries[0].id not in ours):
                group.create_task(self._settle(parcel), name=f"lost {parcel.message_id}")
        return POLL

    async def _settle(self, parcel: Parcel) -> None:
        async with self._asking:
            if (sent := await self._tried("nobody could ask for it", partial(self._sender.ask, parcel))) is not None:
                await self._store(sent)
                self._due.set()

    async def _release(self) -> float:
        """Let held messages go on time."""
        if await self._releases.release_due():
            self.wake()
        if (at := await self._releases.next_at()) is None:
            return POLL
        return min(POLL, max((at - clock.now()).total_seconds(), RELEASE_PAUSE))

    async def _renew(self) -> float:
        if self._held:
            held = [delivery for parcel in self._held for delivery in parcel.deliveries]
            await claims.renew(self._db, held, now=clock.now())
        return claims.LEASE.total_seconds() / 3
