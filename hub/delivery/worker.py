"""The worker: claims what is due, lets the adapter send it once, writes down what came of it."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from logging import getLogger
from uuid import UUID

from hub import clock
from hub.accounts.values import RunState
from hub.channels.contract import FetchesStatus, SendError
from hub.db import Database, DatabaseGone
from hub.delivery import claims
from hub.delivery.carriers import Carriers
from hub.delivery.compose import Composer
from hub.delivery.consent import Purpose
from hub.delivery.opt_outs import is_blocked
from hub.delivery.outcomes import Outcome, accepted, failed, lost, opted_out, write
from hub.delivery.releasing import Releases
from hub.delivery.store import Delivery
from hub.errors import HubError
from hub.ids import AccountId, MessageId
from hub.messages.address import ChannelKind
from hub.messages.content import OutboundMessage
from hub.messages.states import SendFailure

log = getLogger(__name__)

PARALLEL = 16
SEND_TIMEOUT = 300.0  # seconds an adapter may take for one message (RFC 5321 §4.5.3.2 allows ten minutes for the last dot)
POLL = 1.0
RELEASE_PAUSE = 0.05  # seconds between two looks at a held message whose time has come
LANDING = 4.0  # seconds that sending may go on when the process is told to stop


Running = Callable[[], Mapping[AccountId, RunState]]
"""The accounts that run in this process, and how they fare."""


class DeliveryWorker:
    """One per process; any number of processes."""

    def __init__(self, db: Database, carriers: Carriers, composer: Composer, *, running: Running, alone: bool) -> None:
        self._db = db
        self._carriers = carriers
        self._composer = composer
        self._running = running
        self._alone = alone  # the only process: at start nobody else can be sending
        self._releases = Releases(db, carriers)
        self._due = asyncio.Event()
        self._flying: list[list[Delivery]] = []  # a message to many may be in it several times

    def wake(self) -> None:
        """Something was queued."""
        self._due.set()

    async def run(self) -> None:
        """Work until cancelled; then take nothing more, and end what is being sent within seconds."""
        if self._alone:
            await claims.release_all(self._db)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._keep_leases(), name="delivery leases")
            group.create_task(self._look_after_expired(), name="expired deliveries")
            group.create_task(self._release(), name="held messages")
            try:
                await self._work(group)
            except asyncio.CancelledError:
                await self._land()
                raise

    async def _work(self, group: asyncio.TaskGroup) -> None:
        while True:
            self._due.clear()
            try:
                busy = await self._round(group)
            except DatabaseGone as error:
                log.warning("no deliveries for now", extra={"reason": error.detail})
                busy = False
            if not busy:
                await clock.wait(self._due, POLL)

    async def _land(self) -> None:
        """Let what is in the air arrive, for a moment: of what is cut in the middle nobody knows whether it went out."""
        try:
            async with asyncio.timeout(LANDING):
                while self._flying:
                    self._due.clear()
                    await self._due.wait()
        except TimeoutError:
            log.warning("stopped in the middle of sending", extra={"messages": len(self._flying)})

    async def _round(self, group: asyncio.TaskGroup) -> bool:
        free = PARALLEL - len(self._flying)
        if free <= 0:
            return False
        shut = await self._carriers.shut(self._running())
        claimed = await claims.claim(self._db, now=clock.now(), limit=free, shut=shut)
        for deliveries in claims.together(claimed):
            id = deliveries[0].message_id
            self._flying.append(deliveries)
            group.create_task(self._send_and_land(id, deliveries), name=f"send {id}")
        return bool(claimed)

    async def _send_and_land(self, id: MessageId, deliveries: list[Delivery]) -> None:
        try:
            outcomes = await self._attempt(id, deliveries)
            await self._write_until_stored(id, deliveries, outcomes)
        finally:
            self._flying.remove(deliveries)
            self._due.set()

    async def _attempt(self, id: MessageId, deliveries: Sequence[Delivery]) -> dict[UUID, Outcome]:
        message: OutboundMessage | None = None
        try:
            carrier = await self._carriers.get(deliveries[0].account_id)
            if await self._is_stopped(deliveries[0]):
                return {d.id: opted_out() for d in deliveries}
            message = await self._composer.compose(id, deliveries)
            async with asyncio.timeout(SEND_TIMEOUT):
                receipt = await carrier.adapter.send(message)
        except SendError as error:
            return {d.id: failed(error) for d in deliveries}
        except TimeoutError:
            unknown = SendError(SendFailure.OUTCOME_UNKNOWN, f"no answer within {SEND_TIMEOUT:g} s")
            return {d.id: failed(unknown) for d in deliveries}
        except HubError as error:  # before anything left: an account switched off, the database away
            late = SendError(SendFailure.UNAVAILABLE, error.detail or error.code)
            return {d.id: failed(late) for d in deliveries}
        except Exception as error:
            log.exception("an adapter failed", extra={"message_id": str(id)})
            unknown = SendError(SendFailure.OUTCOME_UNKNOWN, f"internal error ({type(error).__name__})")
            return {d.id: failed(unknown) for d in deliveries}
        return {d.id: accepted(d, receipt) for d in deliveries}

    async def _is_stopped(self, delivery: Delivery) -> bool:
        """Who wrote STOP after it was stored is not written to; the answer to that very word is."""
        if delivery.channel is not ChannelKind.SMS or delivery.consent.get("purpose") == Purpose.OPT_OUT.value:
            return False
        return await is_blocked(self._db, delivery.channel, [delivery.address])

    async def _write_until_stored(self, id: MessageId, deliveries: Sequence[Delivery], outcomes: Mapping[UUID, Outcome]) -> None:
        """The outcome is all that stands between us and sending twice: it is kept until it is stored."""
        while True:
            try:
                return await self._write(id, deliveries, outcomes)
            except DatabaseGone:
                await asyncio.sleep(POLL)

    async def _write(self, id: MessageId, deliveries: Sequence[Delivery], outcomes: Mapping[UUID, Outcome]) -> None:
        async with self._db.unit_of_work() as work:
            await write(work, id, deliveries, outcomes)

    async def _look_after_expired(self) -> None:
        while True:
            try:
                shut = await self._carriers.shut(self._running())
                for deliveries in claims.together(await claims.expired(self._db, now=clock.now(), shut=shut)):
                    await self._settle_expired(deliveries[0].message_id, deliveries)
            except DatabaseGone as error:
                log.warning("could not look after expired leases", extra={"reason": error.detail})
            await asyncio.sleep(POLL)

    async def _settle_expired(self, id: MessageId, deliveries: Sequence[Delivery]) -> None:
        if deliveries[0].id in {
            d.id for flying in self._flying for d in flying
        }:  # still ours: the database was away for longer than a lease
            return
        try:
            outcomes = await self._ask(id, deliveries)
        except DatabaseGone:
            raise
        except HubError as error:  # its account is gone, say: nobody can be asked
            outcomes = {d.id: lost(error.detail or error.code) for d in deliveries}
        await self._write(id, deliveries, outcomes)
        self._due.set()

    async def _ask(self, id: MessageId, deliveries: Sequence[Delivery]) -> dict[UUID, Outcome]:
        """What became of a message whose worker is gone: the provider's word, else unknown."""
        carrier = await self._carriers.get(deliveries[0].account_id)
        state = None
        if isinstance(carrier.adapter, FetchesStatus):
            state = await carrier.adapter.fetch_status(await self._composer.compose(id, deliveries))
        if state is not None:
            return {d.id: Outcome(state=state) for d in deliveries}
        return {d.id: lost("the hub was stopped while sending this") for d in deliveries}

    async def _release(self) -> None:
        """Let held messages go on time."""
        while True:
            wait = POLL
            try:
                if await self._releases.release_due():
                    self._due.set()
                if (at := await self._releases.next_at()) is not None:
                    wait = min(POLL, max((at - clock.now()).total_seconds(), RELEASE_PAUSE))
            except DatabaseGone as error:
                log.warning("no held messages leave for now", extra={"reason": error.detail})
            await asyncio.sleep(wait)

    async def _keep_leases(self) -> None:
        while True:
            await asyncio.sleep(claims.LEASE.total_seconds() / 3)
            flying = [d for deliveries in self._flying for d in deliveries]
            try:
                if flying:
                    await claims.renew(self._db, flying, now=clock.now())
            except DatabaseGone as error:
                log.warning("could not renew leases", extra={"reason": error.detail})
