"""Rows 8, 9 and 17: the inbox and search over HTTP with a million messages stored, and starting up with them.

The limit of a page is what `asyncpg` reads of the same rows by the same index, without a server around it.
"""

import itertools
import random
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any
from urllib.parse import quote

import asyncpg
import msgspec

from benchmarks._full_desk import COMMON, HAN, MID, RARE, WORDS, fill
from benchmarks._http import Client, latencies, percentile, rate
from benchmarks.row import Row
from tests.fixtures.postgres import Cluster, running_cluster
from tests.fixtures.program import Program

PAGES = 16  # connections that read pages at once

_PAGE = """
SELECT * FROM conversation WHERE state = 'closed' AND (last_message_at, n) < ($1, $2)
ORDER BY last_message_at DESC, n DESC LIMIT 51"""


async def run(quick: bool = False) -> list[Row]:
    """Fill a database, then ask; about two minutes, most of them for the filling."""
    messages, seconds = (100_000, 1.0) if quick else (1_000_000, 3.0)
    with running_cluster(durable=True) as cluster, tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        program = Program(cluster.url("postgres"), Path(folder))
        program.command("migrate")
        await _settle(cluster)
        await fill(cluster.url("postgres"), messages=messages, conversations=messages // 10)
        starts = await _starts(program, rounds=1 if quick else 3)
        try:
            await program.make_token()
            pages = await _pages(program, cluster, seconds)
            found = await _searches(program, seconds)
        finally:
            program.stop()
    note = f"{messages:,} messages" if quick else ""
    return [_noted(row, note) for row in (*pages, *found, *starts)]


def _noted(row: Row, note: str) -> Row:
    return row if not note else Row(**{**{name: getattr(row, name) for name in row.__slots__}, "note": note})


async def _settle(cluster: Cluster) -> None:
    """As an administrator would set it for such a database."""
    connection = await asyncpg.connect(cluster.url("postgres"))
    await connection.execute("ALTER SYSTEM SET shared_buffers = '1GB'")
    await connection.execute("ALTER SYSTEM SET max_wal_size = '4GB'")
    await connection.close()
    cluster.stop()
    cluster.start()


async def _starts(program: Program, rounds: int) -> list[Row]:
    fresh, after_kill = [], []
    for _ in range(rounds):
        fresh.append(await program.start())
        program.kill()
        after_kill.append(await program.start())
        program.stop()
    await program.start()
    return [
        Row(number=17, workload="start with all stored, to the first 200", value=median(fresh), unit="s", goal=1.5, bound="≤"),
        Row(number=17, workload="the same after SIGKILL", value=median(after_kill), unit="s", goal=2.0, bound="≤"),
    ]


async def _pages(program: Program, cluster: Cluster, seconds: float) -> list[Row]:
    deep = await _deep_cursors(program)
    first = itertools.repeat("/api/v1/conversations?view=closed&limit=50")
    client = Client(program.ports["http_port"], program.token)
    await latencies(client, first, 0.5)
    near = await latencies(client, first, seconds)
    far = await latencies(client, deep, seconds)
    client.close()
    ours = await rate(lambda: Client(program.ports["http_port"], program.token), first, seconds, connections=PAGES)
    limit = await _bare(cluster, seconds)
    what = "inbox page of 50 over HTTP"
    return [
        Row(number=8, workload=f"{what}, p50", value=percentile(near, 0.5) * 1e3, unit="ms", goal=2, bound="≤"),
        Row(number=8, workload=f"{what}, p99", value=percentile(near, 0.99) * 1e3, unit="ms", goal=8, bound="≤"),
        Row(
            number=8,
            workload="deep page ÷ first page, p50",
            value=percentile(far, 0.5) * 1e3,
            unit="ms",
            goal=1.2,
            bound="≤",
            limit=percentile(near, 0.5) * 1e3,
            limit_name="first page",
        ),
        Row(
            number=8,
            workload=f"{what}, {PAGES} at once",
            value=ours,
            unit="pages/s",
            goal=0.6,
            limit=limit,
            limit_name="asyncpg alone",
        ),
    ]


async def _deep_cursors(program: Program) -> Iterator[str]:
    client = Client(program.ports["http_port"], program.token)
    cursors, cursor = [], ""
    for _ in range(40):
        page: dict[str, Any] = msgspec.json.decode(await client.get(f"/api/v1/conversations?view=closed&limit=200{cursor}"))
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
        cursors.append(f"/api/v1/conversations?view=closed&limit=50{cursor}")
    client.close()
    return itertools.cycle(cursors[len(cursors) // 2 :])


async def _bare(cluster: Cluster, seconds: float) -> float:
    pool = await asyncpg.create_pool(cluster.url("postgres"), min_size=4, max_size=4)
    row = await pool.fetchrow("SELECT last_message_at, n FROM conversation ORDER BY last_message_at DESC LIMIT 1")
    assert row is not None
    done, began = 0, perf_counter()
    end = began + seconds

    async def read() -> None:
        nonlocal done
        while perf_counter() < end:
            await pool.fetch(_PAGE, row["last_message_at"], row["n"])
            done += 1

    import asyncio

    await asyncio.gather(*(read() for _ in range(PAGES)))
    await pool.close()
    return done / seconds


async def _searches(program: Program, seconds: float) -> list[Row]:
    rows = []
    client = Client(program.ports["http_port"], program.token)
    for name, asked in _questions().items():
        took = await latencies(client, map(_search_path, asked), seconds)
        for share, goal in ((0.5, 5.0), (0.99, 50.0)):
            what = f"search, newest 20, {name}, p{share * 100:.0f}"
            rows.append(Row(number=9, workload=what, value=percentile(took, share) * 1e3, unit="ms", goal=goal, bound="≤"))
    client.close()
    return rows


def _search_path(text: str) -> str:
    return f"/api/v1/search?limit=20&q={quote(text)}"


def _questions() -> dict[str, Iterator[str]]:
    chance = random.Random(1)

    def words(begin: int, count: int) -> Iterator[str]:
        return (chance.choice(WORDS[begin : begin + 100]) for _ in itertools.repeat(None, count))

    def han(begin: int) -> Iterator[str]:
        return ("".join(chance.choice(HAN[begin : begin + 20]) for _ in range(2)) for _ in itertools.count())

    return {
        "common word": (next(words(COMMON, 1)) for _ in itertools.count()),
        "mid word": (next(words(MID, 1)) for _ in itertools.count()),
        "rare word": (next(words(RARE, 1)) for _ in itertools.count()),
        "two mid words": (" ".join(words(MID, 2)) for _ in itertools.count()),
        "absent word": (f"nobody{number}" for number in itertools.count()),
        "common 中文": han(0),
        "rare 中文": han(800),
    }
