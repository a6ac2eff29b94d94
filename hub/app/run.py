"""Running the parts until somebody says stop."""

import asyncio
import gc
import signal
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from logging import getLogger
from typing import TYPE_CHECKING, Any

from hub.accounts.supervisor import Supervisor
from hub.app.build import Parts, build
from hub.app.chores import job_worker
from hub.app.first_start import first_start
from hub.app.live import realtime
from hub.app.mail import mail_doors
from hub.app.origins import origins
from hub.app.welcome import say_where
from hub.delivery.worker import DeliveryWorker
from hub.settings import Settings

if TYPE_CHECKING:
    from hub.devkit.demo import Demo

log = getLogger(__name__)

Run = Callable[[], Coroutine[Any, Any, None]]


async def run(settings: Settings, *, serves: bool, works: bool) -> None:
    """Serve browsers, or do the work behind, or both; returns after SIGTERM or SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with build(settings) as parts, AsyncExitStack() as stack:
        await first_start(parts)
        tasks = _common(parts)
        if serves:
            example = await stack.enter_async_context(_demo(parts)) if settings.demo else None
            live = realtime(parts)
            await stack.enter_async_context(origins(parts, live, [example.router] if example else []))
            tasks += [parts.tailer.run, live.run]
        if works:
            await stack.enter_async_context(mail_doors(parts))
            tasks += _workers(parts)
        _settle_memory()
        if serves:
            say_where(settings, example.password if example else None)
        log.info("ready", extra={"url": settings.public_url, "database": parts.hub.db.dialect})
        await _until(stop, tasks)


def _demo(parts: Parts) -> "AbstractAsyncContextManager[Demo]":
    from hub.devkit.demo import demo  # nobody else shall wait for it at start

    return demo(parts.hub)


def _common(parts: Parts) -> list[Run]:
    # Every process decides about routing (one at a time) and keeps its own agents' connections fresh.
    return [parts.hub.lag.run, parts.exchanges.run, parts.hub.routing.dispatcher.run, parts.keeper.run]


def _workers(parts: Parts) -> list[Run]:
    async def sending() -> None:
        await carry(parts.supervisor, parts.deliveries)

    return [parts.filer.run, sending, job_worker(parts.hub).run]


async def carry(supervisor: Supervisor, deliveries: DeliveryWorker) -> None:
    """Send until cancelled. Connections outlast what sends by them: what is in the air then is still answered over them."""
    async with asyncio.TaskGroup() as group:
        group.create_task(supervisor.run(), name="accounts")
        await deliveries.run()


async def _until(stop: asyncio.Event, tasks: Sequence[Run]) -> None:
    """Run all of `tasks`; when one fails all end, and the process with them: a hub that works by half helps nobody."""
    async with asyncio.TaskGroup() as group:
        running = [group.create_task(task(), name=task.__qualname__) for task in tasks]
        await stop.wait()
        log.info("stopping")
        for task in running:
            task.cancel()


def _settle_memory() -> None:
    """What was made at start stays: the collector need not look at it again and again (its pauses were the longest ones)."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
