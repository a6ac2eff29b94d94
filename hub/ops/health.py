"""Is the process alive (`/healthz`: the loop's lag), and can it serve (`/readyz`: probes)?"""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from hub.errors import HubError
from hub.ops.metrics import gauge

_lag_gauge = gauge("event_loop_lag_seconds", "Worst delay of the event loop in the last minute")

Probe = Callable[[], Awaitable[None]]
"""Returns when its part can serve; raises a `HubError` that says why it cannot."""


class LoopLag:
    """Measures how late the event loop is, four times a second, while its `run` runs."""

    def __init__(self, *, every: float = 0.25, window: int = 240) -> None:
        self._every = every
        self._lags: deque[float] = deque([0.0], maxlen=window)

    @property
    def current(self) -> float:
        """Seconds, as last measured."""
        return self._lags[-1]

    @property
    def worst(self) -> float:
        """Seconds, the worst of the last minute."""
        return max(self._lags)

    async def run(self) -> None:
        """Measure until cancelled."""
        while True:
            due = time.monotonic() + self._every
            await asyncio.sleep(self._every)
            self._lags.append(max(0.0, time.monotonic() - due))
            _lag_gauge.set(self.worst)


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What one probe said; `detail` is empty when all is well."""

    name: str
    ok: bool
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """Whether the process can serve, and what every probe said."""

    ok: bool
    checks: tuple[Check, ...]


class Probes:
    """What `/readyz` asks. Packages are asked through what `app.py` registers, so none of them knows of it."""

    def __init__(self, *, limit: float = 1.0) -> None:
        self._limit = limit
        self._probes: dict[str, tuple[Probe, bool]] = {}

    def register(self, name: str, probe: Probe, *, vital: bool = True) -> None:
        """Ask `probe` under `name`. One that is not vital is reported and does not make the process unready."""
        self._probes[name] = (probe, vital)

    async def ask(self) -> Readiness:
        """Run all probes side by side, each for `limit` seconds at most."""
        checks = await asyncio.gather(*(self._check(name, probe) for name, (probe, _) in self._probes.items()))
        ok = all(check.ok or not self._probes[check.name][1] for check in checks)
        return Readiness(ok=ok, checks=tuple(checks))

    async def _check(self, name: str, probe: Probe) -> Check:
        try:
            async with asyncio.timeout(self._limit):
                await probe()
        except TimeoutError:
            return Check(name=name, ok=False, detail=f"no answer within {self._limit:g} s")
        except HubError as error:
            return Check(name=name, ok=False, detail=error.detail or error.code)
        return Check(name=name, ok=True, detail="")
