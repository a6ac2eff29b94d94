"""The guards of tests/conftest.py hold."""

import asyncio
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent.parent


def test_no_socket_leaves_this_machine() -> None:
    with socket.socket() as away, pytest.raises(Exception, match="loopback only"):
        away.connect(("192.0.2.1", 80))


def test_no_name_is_looked_up() -> None:
    with pytest.raises(Exception, match="no name but localhost"):
        socket.getaddrinfo("example.org", 80)


async def test_loopback_is_open() -> None:
    server = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0)
    async with server:
        _, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer.close()
        await writer.wait_closed()


_SUITE = """
import asyncio, time, warnings
import pytest

kept = []

async def test_leaves_a_task():
    kept.append(asyncio.create_task(asyncio.sleep(30)))

@pytest.fixture
async def served():
    task = asyncio.create_task(asyncio.sleep(30))
    yield
    task.cancel()

async def test_whose_fixture_cleans_up(served): ...

async def test_blocks_the_loop_inside_the_hub():
    exec(compile("import time; time.sleep(0.001)", {inside!r}, "exec"))

async def test_sleeps_in_its_own_code():
    time.sleep(0.001)

def test_warns():
    warnings.warn("soon gone", DeprecationWarning)
"""


def test_left_over_tasks_blocking_calls_and_warnings_fail_a_test(tmp_path: Path) -> None:
    suite = tmp_path / "test_suite.py"
    suite.write_text(_SUITE.format(inside=str(ROOT / "hub" / "slow.py")))

    options = ("-c", "setup.cfg", "--rootdir", str(ROOT), "-p", "tests.conftest", "-q", "-rA")
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", *options, str(suite)], cwd=ROOT, capture_output=True, text=True, check=False
    )

    outcomes = {line.split("::")[1].split(" ")[0]: line.split(" ")[0] for line in ran.stdout.splitlines() if "::test_" in line}
    assert outcomes == {
        "test_leaves_a_task": "ERROR",
        "test_whose_fixture_cleans_up": "PASSED",
        "test_blocks_the_loop_inside_the_hub": "FAILED",
        "test_sleeps_in_its_own_code": "PASSED",
        "test_warns": "FAILED",
    }
    assert "tasks were left behind" in ran.stdout
    assert "time.sleep blocks the event loop" in ran.stdout
