"""What goes wrong around one mail holds up no other, and ends nothing."""

import asyncio
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from hub.app.build import assemble
from hub.app.first_start import first_start
from hub.db import Database, DatabaseGone, DatabaseLocked, Row
from hub.intake import filer, journal
from hub.intake.parsing import ParserPool
from hub.media import BlobMissing, StoreUnavailable, digest_of
from hub.settings import load
from tests.fixtures.desk import Desk, eventually, mail

LARGE = mail(subject="large", text="x" * 200_000)


@pytest.mark.parametrize(
    ("trouble", "attempts"), [(BlobMissing("not there"), 1), (StoreUnavailable("the disk gives an error"), 0)]
)
async def test_a_mail_whose_bytes_cannot_be_read_waits_and_the_others_are_filed(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, trouble: Exception, attempts: int
) -> None:
    real = desk.hub.media.read

    async def read(digest: str) -> bytes:
        if digest == digest_of(LARGE):
            raise trouble
        return await real(digest)

    monkeypatch.setattr(desk.hub.media, "read", read)
    await desk.receive(LARGE, key="large")
    await desk.receive(mail(subject="one"))

    assert [m["subject"] for m in await desk.filed(1)] == ["one"]

    async def put_back() -> None:
        entry = await desk.db.fetch_one("SELECT state, attempts, lease_until FROM journal WHERE key = 'large'")
        assert entry is not None
        assert (entry["state"], entry["attempts"], entry["lease_until"]) == ("pending", attempts, None)

    await eventually(put_back)
    await desk.receive(mail(subject="two"))
    assert [m["subject"] for m in await desk.filed(2)] == ["one", "two"]


async def test_mail_that_met_a_locked_row_is_filed_soon_and_not_when_its_lease_ends(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, tries = filer.file_all, 0

    async def file_all(*args: Any) -> Any:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise DatabaseLocked("a row is locked")
        return await real(*args)

    monkeypatch.setattr(filer, "file_all", file_all)
    await desk.receive(mail())

    await desk.filed(1)
    assert tries == 2


@pytest.mark.covers("E-01")
async def test_mail_that_could_not_even_be_let_go_is_filed_soon_and_not_when_its_lease_ends(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk without room lets nothing be stored, nor that nothing was stored."""
    real_file_all, real_release = filer.file_all, journal.release
    refused = Counter[str]()

    async def file_all(*args: Any) -> Any:
        if not refused["file"]:
            refused["file"] += 1
            raise DatabaseGone("no room")
        return await real_file_all(*args)

    async def release(*args: Any, **options: Any) -> None:
        if refused["release"] < 2:
            refused["release"] += 1
            raise DatabaseGone("no room")
        await real_release(*args, **options)

    monkeypatch.setattr(filer, "file_all", file_all)
    monkeypatch.setattr(journal, "release", release)
    await desk.receive(mail())

    await desk.filed(1)
    assert refused == {"file": 1, "release": 2}


@pytest.mark.covers("E-02")
async def test_more_mail_than_is_held_in_memory_is_filed_all_the_same_in_the_order_it_came(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.intake.fresh.ROOM", 3)
    monkeypatch.setattr(filer, "BATCH", 2)

    for number in range(20):
        await desk.receive(mail(subject="one matter", text=f"mail {number}"), key=str(number))

    assert [m["text"].strip() for m in await desk.filed(20)] == [f"mail {number}" for number in range(20)]


async def test_what_is_being_read_is_leased_and_let_go_when_the_hub_stops(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading = asyncio.Event()

    async def parse(*args: Any) -> Any:
        reading.set()
        await asyncio.Event().wait()

    parsers = ParserPool(1)
    monkeypatch.setattr(parsers, "parse", parse)
    parts = assemble(load({"data_dir": str(tmp_path)}, {}), database, parsers)
    await first_start(parts)
    running = asyncio.create_task(parts.filer.run())
    desk = Desk(parts)
    await desk.receive(mail(), key="held")
    await reading.wait()
    assert (await lease(database))["lease_until"] is not None

    running.cancel()
    with suppress(asyncio.CancelledError):
        await running

    assert dict(await lease(database)) == {"state": "pending", "attempts": 0, "lease_until": None}
    parts.hub.auth.close()


async def lease(database: Database) -> Row:
    found = await database.fetch_one("SELECT state, attempts, lease_until FROM journal WHERE key = 'held'")
    assert found is not None
    return found
