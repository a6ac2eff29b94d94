"""No room left on the disk: nothing is acknowledged that is not stored, and all goes on when there is room again."""

import os
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from time import monotonic

import pytest

from hub.db import Database
from tests.faults.traffic import insist_on_mail, send_mail
from tests.fixtures.desk import eventually
from tests.fixtures.program import Api, Program

SIZE = 24  # MiB
LARGE = 200_000  # bytes: kept in a file, not in the database


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own with little room."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}m", "hub-faults", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mounting, capture_output=True, check=False).returncode:
        pytest.skip("a small disk to fill needs root and the right to mount; NOT PROVEN here")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.fixture
async def cramped(small_disk: Path, dialect: str, database_url: str) -> AsyncIterator[Program]:
    """A hub on the small disk; on PostgreSQL only its files lie there."""
    sqlite = f"sqlite:///{small_disk}/hub.sqlite3"
    program = Program(sqlite if dialect == "sqlite" else database_url, small_disk)
    await program.start()
    await program.make_token()
    yield program
    program.stop()


def fill(folder: Path) -> Path:
    """Take all the room there is."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"\0" * 4096)
        except OSError:
            pass
    return filler


def mail_of(number: int, size: int) -> bytes:
    text = ("z" * 76 + "\r\n") * (size // 78)
    return f"From: c{number}@example.com\r\nTo: support@hub.test\r\nSubject: m{number}\r\n\r\n{text}".encode()


@pytest.mark.covers("E-01")
async def test_a_full_disk_loses_nothing_and_is_got_over(cramped: Program, small_disk: Path, dialect: str) -> None:
    api = Api(cramped)
    taken = []
    for number in range(4):
        raw = mail_of(number, LARGE if number % 2 else 2_000)
        await insist_on_mail(cramped, raw, sender="a@example.com")
        taken.append(raw)
    filler = fill(small_disk)

    refused = []
    for number in range(4, 24):
        raw = mail_of(number, LARGE if number % 2 else 2_000)
        said = await send_mail(cramped.smtp_port, raw, sender="a@example.com")
        assert said.startswith(("250 ", "451 4.")), said
        (taken if said.startswith("250") else refused).append(raw)
    assert len([raw for raw in refused if len(raw) > 100_000]) == 10
    assert dialect == "postgres" or refused

    filler.unlink()
    began = monotonic()
    for raw in refused:
        await insist_on_mail(cramped, raw, sender="a@example.com")
    assert monotonic() - began < 5
    stored = await eventually(lambda: _filed(api, len(taken) + len(refused)))
    raws = [(await api.ask("GET", f"/messages/{m['id']}/raw"))[1] for m in stored]
    assert sorted(raws) == sorted(taken + refused)
    await api.close()
    cramped.stop()
    if dialect == "sqlite":
        db = await Database.open(f"sqlite:///{small_disk}/hub.sqlite3")
        assert [row[0] for row in await db.fetch("PRAGMA integrity_check")] == ["ok"]
        await db.close()


async def _filed(api: Api, count: int) -> list[dict[str, str]]:
    found = await api.all("/messages", direction="in")
    assert len(found) >= count, f"{len(found)} of {count}"
    return found
