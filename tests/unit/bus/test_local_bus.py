"""The bus inside one process."""

import asyncio
from collections.abc import Mapping
from typing import Any

from hub.bus import Bus, LocalBus


async def heard() -> None:
    await asyncio.sleep(0)
    await asyncio.sleep(0)


async def test_everyone_who_subscribed_hears_in_order() -> None:
    bus: Bus = LocalBus()
    first: list[Mapping[str, Any]] = []
    second: list[Mapping[str, Any]] = []
    bus.subscribe("typing", first.append)
    bus.subscribe("typing", second.append)
    bus.subscribe("presence", lambda notice: first.append({"wrong": notice}))

    bus.publish("typing", {"n": 1})
    bus.publish("typing", {"n": 2})
    assert first == []
    await heard()

    assert first == second == [{"n": 1}, {"n": 2}]


async def test_who_left_hears_nothing_not_even_what_was_under_way() -> None:
    bus = LocalBus()
    got: list[Mapping[str, Any]] = []
    leave = bus.subscribe("typing", got.append)
    bus.subscribe("typing", got.append)

    bus.publish("typing", {})
    leave()
    leave()
    await heard()

    assert got == [{}]


async def test_a_subscriber_that_fails_harms_neither_publisher_nor_neighbours() -> None:
    bus = LocalBus()
    got: list[Mapping[str, Any]] = []
    failures: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: failures.append(context))

    def fail(_notice: Mapping[str, Any]) -> None:
        raise ValueError("mine")

    bus.subscribe("typing", fail)
    bus.subscribe("typing", got.append)
    bus.publish("typing", {})
    await heard()

    assert got == [{}]
    assert len(failures) == 1
