"""Rows 8 and 9 on the demo: what `hub demo --size` writes into SQLite, listed and searched over HTTP as an agent's page does it."""

import itertools
import random
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from urllib.parse import quote

from benchmarks._http import Client, latencies, percentile
from benchmarks.row import Row
from hub.devkit.example import TALKS
from tests.fixtures.program import Program

SIZE, QUICK_SIZE = 200_000, 5_000

_LISTS = (
    "view=all", "view=all&sort=waiting", "view=unassigned&waiting_for=us", "view=closed", "view=closed&channel=email", "view=all&priority=normal",
)  # fmt: skip


async def run(quick: bool = False) -> list[Row]:
    """About three minutes, nearly all of it for filling."""
    size, seconds = (QUICK_SIZE, 1.5) if quick else (SIZE, 5.0)
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        program = Program(f"sqlite:///{folder}/hub.sqlite3", Path(folder))
        began = perf_counter()
        process = program._spawn("demo", "--size", str(size), stdout=subprocess.DEVNULL)
        assert process.wait(900) == 0
        filled = perf_counter() - began
        await program.start()
        try:
            await program.make_token()
            rows = await measure(program, seconds, f"{size:,} demo conversations, SQLite")
        finally:
            program.stop()
    return [Row(number=8, workload=f"{size:,} demo conversations: filling", value=filled, unit="s", goal=300, bound="≤"), *rows]


async def measure(program: Program, seconds: float, what: str) -> list[Row]:
    """List and search, one request after the other."""
    lists = itertools.cycle([f"/api/v1/conversations?{one}&limit=50" for one in _LISTS])
    client = Client(program.ports["http_port"], program.token)
    await latencies(client, lists, 0.5)
    listed = await latencies(client, lists, seconds)
    found = await latencies(client, _searches(), seconds)
    client.close()
    return [
        Row(number=8, workload=f"{what}: list, p50", value=percentile(listed, 0.5) * 1e3, unit="ms", goal=2, bound="≤"),
        Row(number=8, workload=f"{what}: list, p99", value=percentile(listed, 0.99) * 1e3, unit="ms", goal=8, bound="≤"),
        Row(number=9, workload=f"{what}: search, p50", value=percentile(found, 0.5) * 1e3, unit="ms", goal=5, bound="≤"),
        Row(number=9, workload=f"{what}: search, p99", value=percentile(found, 0.99) * 1e3, unit="ms", goal=50, bound="≤"),
    ]


def _searches() -> Iterator[str]:
    """Words of the example, alone and with the number that only one copy has."""
    chance = random.Random(3)
    words = sorted({word for talk in TALKS for line in talk.lines for word in line.text.split()})
    while True:
        word = chance.choice(words)[:40]
        yield f"/api/v1/search?limit=20&q={quote(word)}"
        yield f"/api/v1/search?limit=20&q={chance.randrange(QUICK_SIZE)}"
