"""Keeps every enabled account's adapter running, in one process of all at a time, and says how it fares."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from hub import clock
from hub.accounts import events, queries
from hub.accounts.adapters import Adapters
from hub.accounts.backoff import Backoff
from hub.accounts.leases import Due, Leases
from hub.accounts.values import RunState
from hub.bus import Bus
from hub.channels.contract import SendError, Sink
from hub.db import Database, DatabaseGone, Work
from hub.errors import HubError, Unavailable
from hub.ids import AccountId
from hub.messages import plain
from hub.messages.states import NEEDS_PERSON
from hub.ops.redact import redact_text
from hub.secrets import SecretKeys

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Seconds. `margin`: a run is cancelled so long before its lease ends, and must have stopped by then."""

    poll: float = 2.0
    lease: float = 12.0
    margin: float = 3.0
    first_retry: float = 1.0
    longest_retry: float = 60.0
    person_retry: float = 300.0  # what needs a person may mend itself: a provider's sign-in that was down
    settled: float = 30.0  # connected so long, the next trouble begins with a short wait again


@dataclass(slots=True, eq=False)
class _Run:
    account_id: AccountId
    version: int
    fence: int
    until: float  # of the loop's clock: when the lease must be renewed, or the run is cancelled
    task: "asyncio.Task[None] | None" = None
    scope: asyncio.Timeout | None = None
    state: tuple[RunState, str] = (RunState.STARTING, "")
    connected_at: float | None = None
    is_stopping: bool = False


@dataclass(slots=True, kw_only=True)
class Supervisor:
    """One a process. `run()` until cancelled; it stops the adapters and gives the leases back."""

    db: Database
    bus: Bus
    keys: SecretKeys
    adapters: Adapters
    sink_for: Callable[[AccountId], Sink]
    holder: str
    timing: Timing = field(default_factory=Timing)
    _runs: dict[AccountId, _Run] = field(default_factory=dict, init=False)
    _unwritten: dict[AccountId, tuple[int, RunState, str]] = field(default_factory=dict, init=False)
    _woken: asyncio.Event = field(default_factory=asyncio.Event, init=False)
    _leases: Leases = field(init=False)

    def __post_init__(self) -> None:
        self._leases = Leases(self.db, holder=self.holder, seconds=self.timing.lease)

    def states(self) -> dict[AccountId, RunState]:
        """How the accounts that run in this process fare; one that is being stopped runs no more."""
        return {account_id: run.state[0] for account_id, run in self._runs.items() if not run.is_stopping}

    async def run(self) -> None:
        """Supervise until cancelled."""
        unsubscribe = self.bus.subscribe(events.TOPIC, lambda notice: self._woken.set())
        try:
            async with asyncio.TaskGroup() as group:
                while True:
                    await self._round(group)
                    await clock.wait(self._woken, self.timing.poll)
                    self._woken.clear()
        finally:
            unsubscribe()
            await self._leave()

    async def _round(self, group: asyncio.TaskGroup) -> None:
        """Look at everything once. With the database gone nothing is renewed, so that what runs stops in time."""
        try:
            await self._renew()
            due = await self._leases.due()
            self._stop_others(due)
            for one in due:
                if one.is_free and one.account_id not in self._runs:
                    await self._start(group, one)
            await self._write_states()
        except DatabaseGone as error:
            log.warning("accounts cannot be looked after", extra={"detail": error.detail})

    async def _renew(self) -> None:
        if not self._runs:
            return
        until = self._deadline()
        held = await self._leases.renew()
        for run in self._runs.values():
            if held.get(run.account_id) == run.fence:
                run.until = until
                if run.scope is not None and not run.is_stopping:
                    run.scope.reschedule(until)
            else:
                self._stop(run)

    def _deadline(self) -> float:
        """Reckoned from before the statement is sent: the lease cannot end earlier."""
        return asyncio.get_running_loop().time() + self.timing.lease - self.timing.margin

    def _stop_others(self, due: Sequence[Due]) -> None:
        """Stop what is disabled, deleted or changed; what is changed starts again once it has stopped."""
        versions = {one.account_id: one.version for one in due}
        for run in self._runs.values():
            if versions.get(run.account_id) != run.version:
                self._stop(run)

    def _stop(self, run: _Run) -> None:
        if not run.is_stopping and run.task is not None:
            run.is_stopping = True
            run.task.cancel()

    async def _start(self, group: asyncio.TaskGroup, due: Due) -> None:
        until = self._deadline()
        fence = await self._leases.acquire(due.account_id)
        if fence is None:
            return
        run = _Run(due.account_id, due.version, fence, until)
        self._runs[due.account_id] = run
        self._tell(run, RunState.STARTING, "")
        run.task = group.create_task(self._supervise(run), name=f"account {due.account_id}")
        run.task.add_done_callback(lambda task: self._ended(run))

    def _ended(self, run: _Run) -> None:
        self._runs.pop(run.account_id, None)
        self._unwritten[run.account_id] = (run.fence, RunState.STOPPED, "")
        self._woken.set()

    async def _supervise(self, run: _Run) -> None:
        """Run the adapter again and again; ends when the lease does."""
        backoff = Backoff(self.timing.first_retry, self.timing.longest_retry)
        while True:
            wait = await self._attempt(run, backoff)
            if wait is None:
                return
            try:
                async with asyncio.timeout_at(run.until) as run.scope:
                    await asyncio.sleep(wait)
            except TimeoutError:
                return
            finally:
                run.scope = None

    async def _attempt(self, run: _Run, backoff: Backoff) -> float | None:
        """One life of the adapter; returns the seconds to wait before the next, None when the lease is over."""
        try:
            async with asyncio.timeout_at(run.until) as run.scope:
                await self._live(run)
            trouble: BaseException = ConnectionError("the adapter ended")
        except Exception as error:  # noqa: BLE001 - one of the three places for it
            trouble = error
        expired, run.scope = bool(run.scope and run.scope.expired()), None
        if run.is_stopping:  # the adapter turned its cancellation into another error
            return None
        if expired:
            log.warning("lease of an account ran out", extra={"account_id": run.account_id})
            return None
        return self._after(run, trouble, backoff)

    async def _live(self, run: _Run) -> None:
        def hear(state: str, detail: str) -> None:
            self._tell(run, _heard(state), detail)

        adapter, unwatch = await self.adapters.watched(run.account_id, hear)
        try:
            await adapter.run(self.sink_for(run.account_id))
        finally:
            unwatch()

    def _after(self, run: _Run, trouble: BaseException, backoff: Backoff) -> float:
        if run.connected_at is not None and _now() - run.connected_at > self.timing.settled:
            backoff.reset()
        run.connected_at = None
        state = _sort(trouble)
        leaves = _leaves(trouble)
        if not all(_passes(one) or isinstance(one, HubError | SendError) for one in leaves):
            log.error("adapter failed", extra={"account_id": run.account_id}, exc_info=trouble)
        self._tell(run, state, "; ".join(dict.fromkeys(str(one) or type(one).__name__ for one in leaves)))
        return backoff.next() if state is RunState.RETRYING else self.timing.person_retry

    def _tell(self, run: _Run, state: RunState, detail: str) -> None:
        """Note how it fares; written by the next round, at once."""
        if state is RunState.CONNECTED:
            run.connected_at = run.connected_at or _now()
        said = plain.line(redact_text(detail), 500)
        if run.state != (state, said) or state is RunState.STARTING:
            run.state = (state, said)
            self._unwritten[run.account_id] = (run.fence, state, said)
            self._woken.set()

    async def _write_states(self) -> None:
        """What is stored is announced with it, or neither is and both are tried again."""
        states, self._unwritten = self._unwritten, {}
        if not states:
            return
        try:
            async with self.db.unit_of_work() as work:
                changed = await self._leases.write_states(work, states)
                await self._leases.release(work, [(id_, fence) for id_, (fence, _, _) in states.items() if id_ not in self._runs])
                await self._announce(work, changed)
        except (DatabaseGone, asyncio.CancelledError):
            self._unwritten = {**states, **self._unwritten}
            raise

    async def _announce(self, work: Work, changed: Sequence[AccountId]) -> None:
        for account in await queries.listed(work, self.keys) if changed else ():
            if account.id in changed:
                work.announce(events.changed(account))

    async def _leave(self) -> None:
        """What ran has stopped: say so, and let others have it."""
        try:
            async with asyncio.timeout(1):
                await self._write_states()
        except (DatabaseGone, TimeoutError):
            log.warning("leases were not given back; they end by themselves")


def _now() -> float:
    return asyncio.get_running_loop().time()


def _heard(state: str) -> RunState:
    return RunState(state) if state in RunState._value2member_map_ else RunState.STARTING


def _sort(trouble: BaseException) -> RunState:
    """Whether it may pass by itself."""
    return RunState.RETRYING if all(_passes(one) for one in _leaves(trouble)) else RunState.NEEDS_PERSON


def _passes(trouble: BaseException) -> bool:
    if isinstance(trouble, SendError):
        return trouble.failure not in NEEDS_PERSON
    return isinstance(trouble, OSError | Unavailable)  # connection, time-out, TLS and look-up errors are OSErrors


def _leaves(trouble: BaseException) -> list[BaseException]:
    """What a task group raises may be several."""
    if isinstance(trouble, BaseExceptionGroup):
        return [leaf for one in trouble.exceptions for leaf in _leaves(one)]
    return [trouble]
