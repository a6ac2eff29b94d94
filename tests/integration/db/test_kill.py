"""Killed at any moment: what was acknowledged is there, whole and once."""

import asyncio
import random
import subprocess
import sys
from pathlib import Path

import pytest

from hub.db import Database

_PROGRAM = Path(__file__).with_name("kill_writer.py")
_ROOT = Path(__file__).parents[3]


async def test_nothing_acknowledged_is_lost_when_the_writer_is_killed(database_url: str) -> None:
    chance = random.Random(1)
    acknowledged: set[str] = set()
    for turn in range(6):
        acknowledged |= await asyncio.to_thread(_run_and_kill, database_url, str(turn), 0.05 + chance.random() * 0.3)
    assert len(acknowledged) > 100
    db = await Database.open(database_url, models=["hub.db.models"])
    stored = [row["name"] for row in await db.fetch("SELECT name FROM hub_meta WHERE value = 'x'")]
    announced = [row["data"]["item"] for row in await db.fetch("SELECT data FROM event_log")]
    queued = [row["payload"]["item"] for row in await db.fetch("SELECT payload FROM job")]
    await db.close()
    assert acknowledged <= set(stored)
    assert sorted(stored) == sorted(announced) == sorted(queued)


def _run_and_kill(url: str, prefix: str, seconds: float) -> set[str]:
    process = subprocess.Popen(
        [sys.executable, str(_PROGRAM), url, prefix], stdout=subprocess.PIPE, text=True, env={"PYTHONPATH": str(_ROOT)}
    )
    assert process.stdout is not None
    first = process.stdout.readline()
    if not first:
        pytest.fail("the writer never stored anything")
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
    rest, _ = process.communicate()
    return set((first + rest[: rest.rfind("\n") + 1]).split())
