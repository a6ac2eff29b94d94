"""The bytes of files after their visitor had his chat deleted."""

import io
import os
import re
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from PIL import Image

from hub import clock
from hub.accounts.values import NewAccount
from hub.auth import SYSTEM
from hub.channels.contract import Handover
from hub.ids import AccountId, VisitorId, new_id
from hub.intake.forgetting import Forgetting
from hub.intake.unnamed import RESTS, UnnamedBytes
from hub.jobs import Job
from hub.media import Renditions, digest_of
from hub.messages.address import Address, AddressKind, ChannelKind
from hub.messages.events import InboundMessage, ThreadKey
from hub.messages.jobs import DROP_BYTES
from hub.visitors.values import upload_owner
from tests.fixtures.desk import Desk


def picture() -> bytes:
    """A PNG larger than a preview."""
    file = io.BytesIO()
    Image.new("RGB", (400, 200), "red").save(file, "PNG")
    return file.getvalue()


async def _sends(desk: Desk, *files: bytes, text: str = "look") -> VisitorId:
    """A new visitor of a new site, who has sent these files."""
    settings = {"allowed_origins": ["https://x.example"]}
    site = await desk.hub.accounts.create(NewAccount(name=f"Site {new_id()}", provider="widget", settings=settings), by=SYSTEM)
    visitor = Address(kind=AddressKind.VISITOR, value=str(new_id()))
    owner = upload_owner(UUID(visitor.value))
    added = [await desk.hub.uploads.add(file, filename="file.png", owner=owner, limit=1 << 20) for file in files]
    said = InboundMessage(
        channel=ChannelKind.WEBCHAT,
        sender=visitor,
        text=text,
        stored=await desk.hub.uploads.take([one.id for one in added], owner=owner),
        thread_keys=(ThreadKey(kind="visitor", value=visitor.value),),
    )
    handover = Handover(key=f"k{new_id()}", raw=text.encode(), events=[said], received_at=clock.now())
    await desk.hub.intake.sink_for(AccountId(site.id)).accept(handover)
    return VisitorId(UUID(visitor.value))


async def _due(desk: Desk) -> list[Job]:
    """The jobs that wait, taken away."""
    async with desk.db.unit_of_work() as work:
        rows = await work.fetch("DELETE FROM job WHERE name = $1 RETURNING id, payload, due_at", DROP_BYTES)
    return [Job(id=row["id"], name=DROP_BYTES, payload=row["payload"], attempts=1, fence=1) for row in rows]


async def _perform(desk: Desk) -> None:
    """Every job of it, and those that follow."""
    unnamed = UnnamedBytes(desk.db, desk.hub.media)
    while jobs := await _due(desk):
        for job in jobs:
            await unnamed.perform(job)


def _rest(folder: Path, *digests: str) -> None:
    """As if they had been put the day before."""
    for digest in digests:
        then = (folder / "media" / digest[:2] / digest).stat().st_mtime - timedelta(days=1).total_seconds()
        os.utime(folder / "media" / digest[:2] / digest, (then, then))


def _files(folder: Path) -> set[str]:
    return {path.name for path in (folder / "media").rglob("*") if path.is_file()}


async def _rows(desk: Desk) -> set[str]:
    return {row["digest"] for row in await desk.db.fetch("SELECT digest FROM media_blob")}


@pytest.mark.covers("M-30")
async def test_the_bytes_of_a_forgotten_visitors_files_go_and_their_previews_with_them(desk: Desk, tmp_path: Path) -> None:
    png = picture()
    visitor = await _sends(desk, png, text="x" * 70_000)  # too long for its row of the journal
    shown = await Renditions(desk.db, desk.hub.media).picture(digest_of(png), width=160)
    before = _files(tmp_path)

    await Forgetting(desk.db).forget(visitor)
    await desk.hub.uploads.add(b"another's", filename="a.txt", owner="user:x", limit=100)
    _rest(tmp_path, *before)
    await _perform(desk)

    assert before == {digest_of(png), shown.digest, digest_of(b"x" * 70_000)}
    assert _files(tmp_path) == await _rows(desk) == {digest_of(b"another's")}


@pytest.mark.covers("M-30")
async def test_what_somebody_else_handed_over_too_stays(desk: Desk, tmp_path: Path) -> None:
    shared, uploaded, own = b"shared", b"uploaded", b"own"
    await _sends(desk, shared)
    visitor = await _sends(desk, shared, uploaded, own)
    await desk.hub.uploads.add(uploaded, filename="a.txt", owner="user:x", limit=100)
    _rest(tmp_path, *_files(tmp_path))

    await Forgetting(desk.db).forget(visitor)
    await _perform(desk)

    assert _files(tmp_path) == await _rows(desk) == {digest_of(shared), digest_of(uploaded)}


async def test_bytes_that_somebody_is_just_handing_over_are_left_until_it_is_clear_whose_they_are(
    desk: Desk, tmp_path: Path
) -> None:
    visitor = await _sends(desk, b"logo")
    await Forgetting(desk.db).forget(visitor)
    [job] = await _due(desk)

    await UnnamedBytes(desk.db, desk.hub.media).perform(job)

    assert _files(tmp_path) == await _rows(desk) == {digest_of(b"logo")}
    [later] = await _due(desk)
    _rest(tmp_path, digest_of(b"logo"))
    await UnnamedBytes(desk.db, desk.hub.media).perform(later)
    assert _files(tmp_path) == await _rows(desk) == set()


async def test_it_waits_until_what_was_uploaded_last_has_rested(desk: Desk) -> None:
    visitor = await _sends(desk, b"logo")
    await Forgetting(desk.db).forget(visitor)

    row = await desk.db.fetch_one("SELECT due_at FROM job WHERE name = $1", DROP_BYTES)

    assert row is not None
    assert row["due_at"] > clock.now() + RESTS


async def test_who_sent_no_files_leaves_nothing_to_do(desk: Desk) -> None:
    await Forgetting(desk.db).forget(await _sends(desk))

    assert await _due(desk) == []


async def test_every_column_that_can_name_a_blob_is_asked(desk: Desk) -> None:
    """Whoever adds one must add it to `hub.intake.unnamed`, or files get lost."""
    sql = desk.db.sql(
        sqlite="SELECT t.name AS place, c.name AS part FROM sqlite_master t, pragma_table_info(t.name) c WHERE t.type = 'table'",
        postgres="SELECT table_name AS place, column_name AS part FROM information_schema.columns WHERE table_schema = current_schema()",
    )
    named = {f"{row['place']}.{row['part']}" for row in await desk.db.fetch(sql)}
    digests = {
        one for one in named if re.search(r"\.(digest|\w*(sha256|_digest|attachments))$", one) and "client_digest" not in one
    }

    assert digests == {
        "upload.sha256",
        "journal.raw_sha256",
        "message.attachments",
        "media_rendition.made_digest",
        "media_rendition.digest",
        "media_blob.digest",
    }
