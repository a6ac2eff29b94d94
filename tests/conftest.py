"""Guards every test runs under, and the fixtures all of them share.

Nothing leaves this machine, nothing of the hub blocks the event loop, and no test leaves a task behind.
"""

import asyncio
import inspect
import sys
import time
from collections.abc import AsyncIterator, Callable
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
_HUB = str(ROOT / "hub") + "/"
_LOCAL_NAMES = {"localhost", "", None}

pytest_plugins = [
    f"tests.fixtures.{file.stem}" for file in sorted((ROOT / "tests/fixtures").glob("*.py")) if file.stem != "__init__"
]


class Guarded(Exception):
    """A test reached beyond this machine, or the hub blocked its event loop."""


def _is_local(host: Any) -> bool:
    if isinstance(host, bytes):
        host = host.decode()
    if host in _LOCAL_NAMES or host.endswith(".localhost"):
        return True
    try:
        address = ip_address(host.split("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback or address.is_unspecified


def _keep_here(event: str, args: tuple[Any, ...]) -> None:
    if event in ("socket.connect", "socket.sendto") and isinstance(args[1], tuple) and not _is_local(args[1][0]):
        raise Guarded(f"tests may reach loopback only, not {args[1][0]}")
    if event == "socket.getaddrinfo" and not _is_local(args[0]):
        raise Guarded(f"tests may look up no name but localhost, not {args[0]!r}")


def _in_hub_on_a_loop() -> bool:
    if asyncio._get_running_loop() is None:
        return False
    frame = sys._getframe(2)
    while frame is not None:
        if frame.f_code.co_filename.startswith(_HUB):
            return True
        frame = frame.f_back
    return False


def _guarded_sleep(seconds: float, sleep: Callable[[float], None] = time.sleep) -> None:
    if _in_hub_on_a_loop():
        raise Guarded("time.sleep blocks the event loop")
    sleep(seconds)


sys.addaudithook(_keep_here)
time.sleep = _guarded_sleep


def pytest_itemcollected(item: pytest.Item) -> None:
    """Async tests take the guard against left-over tasks first, so that it looks last."""
    if isinstance(item, pytest.Function) and inspect.iscoroutinefunction(item.function):
        item.fixturenames.insert(0, "no_task_is_left")


@pytest.fixture
async def no_task_is_left() -> AsyncIterator[None]:
    """Fail a test whose tasks are still there after its fixtures have cleaned up."""
    before = asyncio.all_tasks()
    yield
    left = asyncio.all_tasks() - before - {asyncio.current_task()}
    if left:
        _, left = await asyncio.wait(left, timeout=0.25)
    if left:
        pytest.fail("tasks were left behind: " + ", ".join(sorted(repr(task) for task in left)))
