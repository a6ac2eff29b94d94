"""Lag of the loop, and probes."""

import asyncio
import time

from hub.errors import Unavailable
from hub.ops.health import LoopLag, Probes


async def test_a_blocked_loop_shows_as_lag() -> None:
    lag = LoopLag(every=0.01)
    task = asyncio.create_task(lag.run())
    await asyncio.sleep(0.03)

    time.sleep(0.15)
    await asyncio.sleep(0.03)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    assert 0.1 < lag.worst < 1.0
    assert lag.current < lag.worst


async def fine() -> None: ...


async def gone() -> None:
    raise Unavailable("the database does not answer")


async def hangs() -> None:
    await asyncio.sleep(30)


async def test_ready_when_every_vital_probe_is_fine() -> None:
    probes = Probes()
    probes.register("database", fine)
    probes.register("account", gone, vital=False)

    answer = await probes.ask()

    assert answer.ok
    assert [(check.name, check.ok, check.detail) for check in answer.checks] == [
        ("database", True, ""),
        ("account", False, "the database does not answer"),
    ]


async def test_not_ready_when_a_vital_one_fails_or_hangs() -> None:
    probes = Probes(limit=0.05)
    probes.register("database", hangs)
    begun = time.monotonic()

    answer = await probes.ask()

    assert not answer.ok
    assert answer.checks[0].detail == "no answer within 0.05 s"
    assert time.monotonic() - begun < 1
