"""The database is away: everybody is asked to come back, soon and without a word of what is wrong; then all goes on."""

import asyncio
import signal
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from time import monotonic

import pytest

from tests.faults.traffic import Visitor, insist_on_mail, mail, make_site, send_mail
from tests.fixtures.desk import eventually
from tests.fixtures.postgres import Cluster, running_cluster
from tests.fixtures.program import Api, Program

SOON = 1.5  # seconds: one, and what a busy machine adds
Gone = Callable[[], AbstractContextManager[None]]


@pytest.fixture(params=["stopped", "hanging"])
async def shaky(request: pytest.FixtureRequest, dialect: str, tmp_path: Path) -> AsyncIterator[tuple[Program, Gone]]:
    """A hub, and a way to take its database from it."""
    if dialect == "sqlite":
        if request.param == "hanging":
            pytest.skip("a file does not hang; this is for PostgreSQL")
        program = Program(f"sqlite:///{tmp_path}/hub.sqlite3", tmp_path)
        await _begin(program)
        yield program, lambda: _locked(tmp_path / "hub.sqlite3")
        program.stop()
        return
    with running_cluster() as cluster:
        program = Program(cluster.url("postgres"), tmp_path)
        program.command("migrate")
        await _begin(program)
        yield program, lambda: _stopped(cluster) if request.param == "stopped" else _hanging(cluster)
        program.stop()


async def _begin(program: Program) -> None:
    await program.start()
    await program.make_token()


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


@contextmanager
def _stopped(cluster: Cluster) -> Iterator[None]:
    cluster.stop()
    try:
        yield
    finally:
        cluster.start()


@contextmanager
def _hanging(cluster: Cluster) -> Iterator[None]:
    cluster.signal(signal.SIGSTOP)
    try:
        yield
    finally:
        cluster.signal(signal.SIGCONT)


@pytest.mark.covers("E-01")
async def test_senders_are_asked_to_come_back_and_served_when_the_database_is_back(shaky: tuple[Program, Gone]) -> None:
    program, gone = shaky
    api = Api(program)
    visitor = Visitor(program, await make_site(api))
    await visitor.send("before")
    await insist_on_mail(program, mail(0), sender="c0@example.com")
    talk = (await eventually(lambda: _filed(api, 2)))[0]["conversation_id"]

    with gone():
        for number in range(1, 4):
            began = monotonic()
            said = await send_mail(program.smtp_port, mail(number), sender="c@example.com")
            assert said.startswith("451 4."), said
            assert monotonic() - began < SOON
            assert not any(word in said.lower() for word in ("error", "exception", "sql", "postgres", "lock", "traceback")), said
        began = monotonic()
        status, problem = await api.ask("POST", f"/conversations/{talk}/messages", json={"text": "hello", "kind": "note"})
        assert status == 503, problem
        assert monotonic() - began < SOON
        assert not any(word in str(problem).lower() for word in ("traceback", "asyncpg", "sqlite"))
        chat = asyncio.create_task(visitor.send("meanwhile"))
        await asyncio.sleep(2)
        assert not chat.done()
    began = monotonic()

    await asyncio.gather(chat, *(insist_on_mail(program, mail(n), sender="c@example.com") for n in range(1, 4)))
    assert monotonic() - began < 3
    status, said = await api.ask("POST", f"/conversations/{talk}/messages", json={"text": "hello", "kind": "note"})
    assert status in (200, 201), said
    assert len(await eventually(lambda: _filed(api, 6))) == 6
    assert '"level": "error"' not in program.log
    await visitor.leave()
    await api.close()


async def _filed(api: Api, count: int) -> list[dict[str, str]]:
    found = await api.all("/messages", direction="in")
    assert len(found) >= count
    return found
