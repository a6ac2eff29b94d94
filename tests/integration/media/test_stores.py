"""What every blob store promises."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from hub.media import BlobMissing, BlobTooLarge, MediaStore, StoreUnavailable, digest_of
from hub.media.local import LocalStore


async def stream(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


async def test_what_was_put_is_read_back_under_its_digest(store: MediaStore) -> None:
    content = os.urandom(700_000)

    blob = await store.put(content)

    assert (blob.digest, blob.size) == (digest_of(content), len(content))
    assert await store.read(blob.digest) == content
    assert b"".join([chunk async for chunk in store.open(blob.digest)]) == content
    assert await store.has(blob.digest)


async def test_a_stream_is_stored_like_bytes(store: MediaStore) -> None:
    blob = await store.put(stream(b"one ", b"", b"two"))

    assert blob.digest == digest_of(b"one two")
    assert await store.read(blob.digest) == b"one two"


async def test_nothing_is_a_blob_too(store: MediaStore) -> None:
    blob = await store.put(b"")

    assert await store.read(blob.digest) == b""


async def test_equal_bytes_may_be_put_again_and_at_once(store: MediaStore) -> None:
    blobs = await asyncio.gather(*(store.put(b"the same") for _ in range(8)))

    assert len(set(blobs)) == 1
    assert await store.read(blobs[0].digest) == b"the same"


async def test_above_the_limit_nothing_is_kept(store: MediaStore) -> None:
    with pytest.raises(BlobTooLarge):
        await store.put(stream(b"x" * 600, b"y" * 600), limit=1000)

    assert not await store.has(digest_of(b"x" * 600 + b"y" * 600))
    assert (await store.put(b"x" * 1000, limit=1000)).size == 1000


@pytest.mark.parametrize("digest", [digest_of(b"never stored"), "../secret", "", "a/b", "0" * 63 + "/"])
async def test_what_is_not_there_is_missing_whatever_was_asked_for(store: MediaStore, digest: str) -> None:
    with pytest.raises(BlobMissing):
        await store.read(digest)
    with pytest.raises(BlobMissing):
        await anext(aiter(store.open(digest)))
    assert not await store.has(digest)


async def test_a_deleted_blob_is_gone_and_may_be_deleted_again(store: MediaStore) -> None:
    blob = await store.put(b"for a moment")

    await store.delete(blob.digest)
    await store.delete(blob.digest)

    assert not await store.has(blob.digest)


async def test_what_was_put_lately_even_once_more_is_not_deleted_as_old(store: MediaStore) -> None:
    blob = await store.put(b"twice")

    refused = await store.delete(blob.digest, untouched_for=timedelta(minutes=1))
    kept = await store.has(blob.digest)
    await asyncio.sleep(1.1)  # S3 tells whole seconds
    deleted = await store.delete(blob.digest, untouched_for=timedelta(microseconds=1))

    assert (refused, kept, deleted, await store.has(blob.digest)) == (False, True, True, False)


async def test_a_source_that_breaks_leaves_nothing_behind(tmp_path: Path) -> None:
    async def breaks() -> AsyncIterator[bytes]:
        yield b"half"
        raise ConnectionResetError

    store = LocalStore(tmp_path)
    with pytest.raises(ConnectionResetError):
        await store.put(breaks())

    assert files(tmp_path) == []


async def test_drafts_of_a_killed_process_are_swept_after_a_day(tmp_path: Path) -> None:
    drafts = tmp_path / "drafts"
    drafts.mkdir()
    for name, age in (("old", 200_000), ("new", 10)):
        (drafts / name).write_bytes(b"half")
        written = (drafts / name).stat().st_mtime - age
        os.utime(drafts / name, (written, written))

    LocalStore(tmp_path)

    assert files(tmp_path) == ["new"]


_FULL_DISK = """
import asyncio, resource, signal, sys
from pathlib import Path
from hub.media import StoreUnavailable
from hub.media.local import LocalStore
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    asyncio.run(LocalStore(Path(sys.argv[1])).put(bytes(500_000)))
except StoreUnavailable as error:
    print("unavailable:", error.detail)
"""


def test_a_write_that_the_disk_refuses_is_our_trouble_and_leaves_nothing(tmp_path: Path) -> None:
    said = subprocess.run([sys.executable, "-c", _FULL_DISK, tmp_path], capture_output=True, text=True, check=True)

    assert said.stdout == "unavailable: the disk gives an error\n"
    assert files(tmp_path) == []


async def test_an_object_store_that_is_away_is_our_trouble(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from hub.media import open_store

    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    store = open_store("s3://hub-blobs?endpoint=http://127.0.0.1:9&region=us-east-1", tmp_path)

    with pytest.raises(StoreUnavailable):
        await store.put(b"x")


def files(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.rglob("*") if file.is_file())
