"""Workers killed at any moment: every job has its effect, once."""

import asyncio
import random
import subprocess
import sys
from pathlib import Path

from hub.db import Database
from hub.jobs import counts

_PROGRAM = Path(__file__).with_name("kill_worker.py")
_ROOT = Path(__file__).parents[3]
_JOBS = 300


async def test_every_job_has_its_effect_once_however_often_workers_are_killed(database_url: str) -> None:
    db = await Database.open(database_url, models=["hub.db.models"])
    async with db.unit_of_work() as work:
        for number in range(_JOBS):
            work.enqueue("t", lock=f"lock {number % 7}" if number % 3 else None, number=number)
    if db.dialect == "sqlite":  # one serving process: this one leaves the file to the worker
        await db.close()
    chance = random.Random(2)
    for _ in range(4):
        await asyncio.to_thread(_run_and_kill, database_url, 0.05 + chance.random() * 0.2)
    last = _start(database_url)
    try:
        db = db if db.dialect == "postgres" else await Database.open(database_url, models=["hub.db.models"])
        async with asyncio.timeout(30):
            while await counts(db):
                await asyncio.sleep(0.05)
    finally:
        last.kill()
        last.communicate()
    rows = await db.fetch("SELECT value FROM hub_meta WHERE value LIKE 'job %'")
    await db.close()
    assert sorted(row["value"] for row in rows) == sorted(f"job {number}" for number in range(_JOBS))


def _start(url: str) -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        [sys.executable, str(_PROGRAM), url], stdout=subprocess.PIPE, text=True, env={"PYTHONPATH": str(_ROOT)}
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def _run_and_kill(url: str, seconds: float) -> None:
    process = _start(url)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
    process.communicate()
