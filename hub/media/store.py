"""Where blobs are kept: what a store promises, and how one is opened from the settings."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Protocol

from hub.media.digest import Blob

CHUNK = 256 * 1024
"""Bytes a blob is read in."""

Source = bytes | AsyncIterator[bytes]


class MediaStore(Protocol):
    """Keeps blobs under their digest. What `put` returned survives a power cut: a row may name it."""

    async def put(self, source: Source, *, limit: int | None = None) -> Blob:
        """Store `source`, equal bytes once. Raises `BlobTooLarge` above `limit` bytes, and `StoreUnavailable`."""

    def open(self, digest: str, *, start: int = 0, size: int | None = None) -> AsyncIterator[bytes]:
        """The bytes in chunks, or `size` of them from `start` on. Raises `BlobMissing` (also for what is no digest) and `StoreUnavailable`."""

    async def read(self, digest: str) -> bytes:
        """The bytes at once: for what is known to be small."""

    async def has(self, digest: str) -> bool:
        """Whether the blob is here."""

    async def delete(self, digest: str, *, untouched_for: timedelta = timedelta()) -> bool:
        """Forget the blob, unless it was put, perhaps once more, within this time; whether it is gone. One that is not here is no error."""


def open_store(url: str, data_dir: Path) -> MediaStore:
    """The store `Settings.media_url` names: an empty address means the folder `media` of `data_dir`."""
    if not url:
        from hub.media.local import LocalStore

        return LocalStore(data_dir / "media")
    from hub.media.s3 import S3Store  # loads a large library, which most installations do not need

    return S3Store.from_url(url)


async def chunks_of(source: Source) -> AsyncIterator[bytes]:
    """`source` as chunks, whichever of the two it is."""
    if isinstance(source, bytes):
        yield source
    else:
        async for chunk in source:
            yield chunk
