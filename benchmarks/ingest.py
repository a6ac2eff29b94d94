"""Rows 1 and 2: messages stored durably by the group committer, against a bare group writer of the same four rows.

A message is four rows in one transaction: the conversation's update, the message, an event and a job. The limit is a writer
without anything around it: one hand-written statement a batch on PostgreSQL (asyncpg), one thread with `sqlite3` on SQLite.
Durable on both sides (fsync on).
"""

import asyncio
import queue
import sqlite3
import tempfile
import threading
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from benchmarks.row import Row
from hub import clock
from hub.db import Database, Event, Work, migrate
from hub.ids import new_id
from tests.fixtures.postgres import running_cluster

SECONDS, ROUNDS, SUBMITTERS, CONVERSATIONS = 2.0, 3, 64, 10_000
_BODY = "Hello, my order has not arrived yet. " * 6
_PAYLOAD = {"from": "+15550001111", "to": "+15550002222", "agent": None, "preview": _BODY[:35]}
_TEXT = orjson.dumps(_PAYLOAD).decode()

_PG_TABLES = f"""
CREATE TABLE b_conversation (id bigint PRIMARY KEY, status smallint NOT NULL DEFAULT 0, unread int NOT NULL DEFAULT 0,
    last_at timestamptz NOT NULL DEFAULT now(), last_seq bigint NOT NULL DEFAULT 0, preview text NOT NULL DEFAULT '') WITH
    (fillfactor=80);
CREATE INDEX b_inbox ON b_conversation (status, last_at DESC, id DESC);
CREATE TABLE b_message (id bigserial PRIMARY KEY, conversation_id bigint NOT NULL, external_id text NOT NULL UNIQUE, body
text NOT NULL,
    seq bigint NOT NULL DEFAULT 1, direction smallint NOT NULL DEFAULT 0, meta jsonb NOT NULL DEFAULT '{{}}',
    created_at timestamptz NOT NULL DEFAULT now());
CREATE INDEX b_thread ON b_message (conversation_id, id);
CREATE TABLE b_event (id bigserial PRIMARY KEY, kind smallint NOT NULL DEFAULT 1, payload jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now());
CREATE TABLE b_outbox (id bigserial PRIMARY KEY, kind smallint NOT NULL DEFAULT 1, payload jsonb NOT NULL,
    due_at timestamptz NOT NULL DEFAULT now(), attempts int NOT NULL DEFAULT 0);
INSERT INTO b_conversation (id) SELECT g FROM generate_series(1, {CONVERSATIONS}) g;
ANALYZE b_conversation;"""
_PG_UPDATE = """
UPDATE b_conversation c SET last_at = now(), last_seq = last_seq + a.n, unread = unread + a.n, preview = a.preview
FROM (SELECT id, count(*)::int AS n, left(max(body), 80) AS preview FROM unnest($1::bigint[], $2::text[]) AS k(id, body)
GROUP BY id) a WHERE c.id = a.id"""
_PG_BARE = """
WITH k AS (SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::jsonb[]) AS k(id, ext, body, pay)),
c AS (UPDATE b_conversation v SET last_at = now(), last_seq = v.last_seq + a.n, unread = v.unread + a.n, preview = a.p
    FROM (SELECT id, count(*)::int n, left(max(body), 80) p FROM k GROUP BY id) a WHERE v.id = a.id RETURNING v.id),
m AS (INSERT INTO b_message (conversation_id, external_id, body) SELECT c.id, k.ext, k.body FROM k JOIN c USING (id)
RETURNING id), e AS (INSERT INTO b_event (payload) SELECT pay FROM k RETURNING id)
INSERT INTO b_outbox (payload) SELECT pay FROM k"""
_LITE_TABLES = f"""
CREATE TABLE b_conversation (id INTEGER PRIMARY KEY, status INT DEFAULT 0, unread INT DEFAULT 0, last_at TIMESTAMP, last_seq
INT DEFAULT 0,
    preview TEXT DEFAULT '');
CREATE INDEX b_inbox ON b_conversation (status, last_at DESC, id DESC);
CREATE TABLE b_message (id INTEGER PRIMARY KEY, conversation_id INT, external_id TEXT UNIQUE, body TEXT, created_at TIMESTAMP);
CREATE INDEX b_thread ON b_message (conversation_id, id);
CREATE TABLE b_event (id INTEGER PRIMARY KEY, payload TEXT, created_at TIMESTAMP);
CREATE TABLE b_outbox (id INTEGER PRIMARY KEY, payload TEXT, due_at TIMESTAMP);
WITH RECURSIVE g(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM g WHERE n < {CONVERSATIONS})
INSERT INTO b_conversation (id, last_at) SELECT n, CURRENT_TIMESTAMP FROM g;"""
_LITE_UPDATE = "UPDATE b_conversation SET last_at = $1, last_seq = last_seq + 1, unread = unread + 1, preview = $2 WHERE id = $3"
_LITE_BARE = (
    (
        "preview",
        "UPDATE b_conversation SET last_at=CURRENT_TIMESTAMP, last_seq=last_seq+1, unread=unread+1, preview=? WHERE id=?",
    ),
    ("message", "INSERT INTO b_message (conversation_id, external_id, body, created_at) VALUES (?, ?, ?, CURRENT_TIMESTAMP)"),
    ("payload", "INSERT INTO b_event (payload, created_at) VALUES (?, CURRENT_TIMESTAMP)"),
    ("payload", "INSERT INTO b_outbox (payload, due_at) VALUES (?, CURRENT_TIMESTAMP)"),
)
_MESSAGE = {"conversation_id": "bigint", "external_id": "text", "body": "text", "created_at": "timestamptz"}

Submit = Callable[[int, str], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Measured:
    """Messages a second, and the 99th percentile of one submit in seconds; the median round."""

    rate: float
    p50: float
    p99: float


async def run(quick: bool = False) -> list[Row]:
    """Measure both databases: about half a minute, a third of it when `quick`."""
    rounds = 1 if quick else ROUNDS
    with running_cluster(durable=True) as cluster:
        postgres = await _postgres(cluster.url("postgres"), rounds)
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:  # not /tmp, which may be memory
        lite = await _sqlite(Path(folder), rounds)
    return [*postgres, *lite]


async def _postgres(url: str, rounds: int) -> list[Row]:
    await migrate(url)
    connection = await asyncpg.connect(url)
    await connection.execute(_PG_TABLES)
    await connection.close()
    bare = await _bare_postgres(url, rounds)
    return await _ours(url, _write_postgres, bare, rounds, "PostgreSQL", 1, worst=10)


async def _sqlite(folder: Path, rounds: int) -> list[Row]:
    path = folder / "ours.sqlite3"
    await migrate(f"sqlite:///{path}")
    _make_lite(path).close()
    bare = await _bare_sqlite(folder / "bare.sqlite3", rounds)
    return await _ours(f"sqlite:///{path}", _write_sqlite, bare, rounds, "SQLite", 2, worst=25)


async def _ours(url: str, writer: Any, bare: Measured, rounds: int, name: str, number: int, *, worst: float) -> list[Row]:
    db = await Database.open(url, models=["hub.db.models"])
    db.committer.register("message", writer)

    async def submit(conversation: int, external: str) -> object:
        return await db.committer.submit("message", (conversation, external))

    many, alone = await measure(submit, SUBMITTERS, rounds), await measure(submit, 1, rounds)
    await db.close()
    what = f"durable ingest, {name}"
    return [
        Row(
            number=number,
            workload=f"{what}, {SUBMITTERS} submitters",
            value=many.rate,
            unit="msg/s",
            goal=0.6,
            limit=bare.rate,
            limit_name="bare group writer",
        ),
        Row(number=number, workload=f"{what}, p99", value=many.p99 * 1e3, unit="ms", goal=worst, bound="≤"),
        Row(number=number, workload=f"{what}, alone, p50", value=alone.p50 * 1e3, unit="ms", goal=1, bound="≤"),
    ]


async def measure(submit: Submit, submitters: int, rounds: int) -> Measured:
    """Let `submitters` tasks store one message after the other for `SECONDS`; the median of `rounds`."""
    measured = sorted([await _round(submit, submitters) for _ in range(rounds)], key=lambda one: one.rate)
    return measured[rounds // 2]


async def _round(submit: Submit, submitters: int) -> Measured:
    latencies: list[float] = []
    start = perf_counter()

    async def go(first: int) -> None:
        number = first
        while (began := perf_counter()) - start < SECONDS:
            await submit(number % CONVERSATIONS + 1, new_id().hex)
            latencies.append(perf_counter() - began)
            number += submitters

    await asyncio.gather(*(go(number) for number in range(submitters)))
    latencies.sort()
    rate = len(latencies) / (perf_counter() - start)
    return Measured(rate, latencies[len(latencies) // 2], latencies[int(len(latencies) * 0.99)])


def _tell(work: Work, items: Sequence[tuple[int, str]]) -> list[UUID]:
    made = []
    for conversation, external in items:
        work.announce(Event(type="message.received", data=_PAYLOAD))
        work.enqueue("route", conversation=conversation, message=external)
        made.append(new_id())
    return made


async def _write_postgres(work: Work, items: Sequence[tuple[int, str]]) -> Sequence[UUID]:
    now = clock.now()
    await work.execute(_PG_UPDATE, [item[0] for item in items], [_BODY] * len(items))
    await work.insert_many("b_message", _MESSAGE, [(*item, _BODY, now) for item in items])
    return _tell(work, items)


async def _write_sqlite(work: Work, items: Sequence[tuple[int, str]]) -> Sequence[UUID]:
    now = clock.now()
    await work.execute_many(_LITE_UPDATE, [(now, _BODY[:80], item[0]) for item in items])
    await work.insert_many("b_message", _MESSAGE, [(*item, _BODY, now) for item in items])
    return _tell(work, items)


async def _bare_postgres(url: str, rounds: int) -> Measured:
    pool = await asyncpg.create_pool(url, min_size=2, max_size=2)
    waiting: list[tuple[int, str, asyncio.Future[None]]] = []
    arrived = asyncio.Event()

    async def write() -> None:
        while True:
            await arrived.wait()
            arrived.clear()
            while waiting:
                batch = waiting[:200]
                del waiting[:200]
                size = len(batch)
                await pool.execute(_PG_BARE, [one[0] for one in batch], [one[1] for one in batch], [_BODY] * size, [_TEXT] * size)
                for one in batch:
                    one[2].set_result(None)

    async def submit(conversation: int, external: str) -> None:
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiting.append((conversation, external, done))
        arrived.set()
        await done

    task = asyncio.create_task(write())
    measured = await measure(submit, SUBMITTERS, rounds)
    task.cancel()
    await asyncio.wait([task])
    await pool.close()
    return measured


def _make_lite(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "cache_size=-65536"):
        connection.execute(f"PRAGMA {pragma}")
    connection.executescript(_LITE_TABLES)
    return connection


async def _bare_sqlite(path: Path, rounds: int) -> Measured:
    connection, loop = _make_lite(path), asyncio.get_running_loop()
    calls: queue.SimpleQueue[tuple[int, str, asyncio.Future[None]] | None] = queue.SimpleQueue()

    def resolve(batch: list[tuple[int, str, asyncio.Future[None]]]) -> None:
        for one in batch:
            one[2].set_result(None)

    def write() -> None:
        while (first := calls.get()) is not None:
            batch = [first]
            while len(batch) < 200 and not calls.empty():
                more = calls.get()
                assert more is not None
                batch.append(more)
            _write_bare(connection, batch)
            loop.call_soon_threadsafe(resolve, batch)

    async def submit(conversation: int, external: str) -> None:
        done: asyncio.Future[None] = loop.create_future()
        calls.put((conversation, external, done))
        await done

    thread = threading.Thread(target=write)
    thread.start()
    measured = await measure(submit, SUBMITTERS, rounds)
    calls.put(None)
    thread.join()
    connection.close()
    return measured


def _write_bare(connection: sqlite3.Connection, batch: list[tuple[int, str, Any]]) -> None:
    connection.execute("BEGIN")
    for conversation, external, _ in batch:
        values = {"preview": (_BODY[:80], conversation), "message": (conversation, external, _BODY), "payload": (_TEXT,)}
        for kind, sql in _LITE_BARE:
            connection.execute(sql, values[kind])
    connection.execute("COMMIT")
