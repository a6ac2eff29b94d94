"""What goes wrong around one mail holds up no other, and ends nothing."""

from typing import Any

import pytest

from hub.db import DatabaseLocked
from hub.intake import filer
from hub.media import BlobMissing, StoreUnavailable, digest_of
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
