"""Blobs in a folder of this machine: `ab/<digest>`, written beside, synced, then renamed.

One level of folders: each new one costs a sync of the folder above, a few milliseconds while somebody waits.
"""

import asyncio
import errno
import hashlib
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import BinaryIO, TypeVar

from hub.media.digest import Blob, is_digest
from hub.media.errors import BlobMissing, BlobTooLarge, StoreUnavailable
from hub.media.store import CHUNK, Source, chunks_of

_T = TypeVar("_T")
_DRAFTS = "drafts"
_DRAFT_LIFE = 86_400.0
"""Seconds after which a draft can only be what a killed process left."""


class LocalStore:
    """A folder; every file operation runs in a thread."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._drafts = root / _DRAFTS
        self._drafts.mkdir(parents=True, exist_ok=True)
        self._synced: set[Path] = set()
        _sweep(self._drafts, older_than=time.time() - _DRAFT_LIFE)

    async def put(self, source: Source, *, limit: int | None = None) -> Blob:
        digest, size = hashlib.sha256(), 0
        if isinstance(source, bytes) and (limit is None or len(source) <= limit):
            return await _on_disk(partial(self._put_at_once, source))
        draft, path = await _on_disk(self._new_draft)
        try:
            async for chunk in chunks_of(source):
                size += len(chunk)
                if limit is not None and size > limit:
                    raise BlobTooLarge(f"more than {limit} bytes", limit=limit)
                digest.update(chunk)
                await _on_disk(partial(_write, draft, chunk))
            await _on_disk(partial(self._keep, draft, path, digest.hexdigest()))
        finally:
            os.close(draft)
            path.unlink(missing_ok=True)
        return Blob(digest=digest.hexdigest(), size=size)

    def _put_at_once(self, content: bytes) -> Blob:
        draft, path = self._new_draft()
        try:
            digest = hashlib.sha256(content).hexdigest()
            _write(draft, content)
            self._keep(draft, path, digest)
        finally:
            os.close(draft)
            path.unlink(missing_ok=True)
        return Blob(digest=digest, size=len(content))

    async def open(self, digest: str, *, start: int = 0, size: int | None = None) -> AsyncIterator[bytes]:
        path = self._path(digest)
        left = sys.maxsize if size is None else size
        with await _on_disk(lambda: _open(path)) as file:
            file.seek(start)
            while left > 0 and (chunk := await _on_disk(partial(file.read, min(CHUNK, left)))):
                left -= len(chunk)
                yield chunk

    async def read(self, digest: str) -> bytes:
        path = self._path(digest)
        return await _on_disk(lambda: _read(path))

    async def has(self, digest: str) -> bool:
        return is_digest(digest) and await _on_disk(self._path(digest).is_file)

    async def delete(self, digest: str, *, untouched_for: timedelta = timedelta()) -> bool:
        path = self._path(digest)
        return await _on_disk(lambda: _remove(path, time.time() - untouched_for.total_seconds()))

    def _path(self, digest: str) -> Path:
        if not is_digest(digest):
            raise BlobMissing("not a digest")
        return self._root / digest[:2] / digest

    def _new_draft(self) -> tuple[int, Path]:
        handle, name = tempfile.mkstemp(dir=self._drafts)
        return handle, Path(name)

    def _keep(self, draft: int, written: Path, digest: str) -> None:
        """Sync the bytes, then the folders, then the name: in this order nothing half-written is ever found."""
        os.fsync(draft)
        path = self._path(digest)
        if path.parent not in self._synced:
            path.parent.mkdir(exist_ok=True)
            _sync_folder(self._root)
            self._synced.add(path.parent)
        written.replace(path)
        _sync_folder(path.parent)


async def _on_disk(work: Callable[[], _T]) -> _T:
    try:
        return await asyncio.to_thread(work)
    except OSError as error:
        reason = "the disk is full" if error.errno in (errno.ENOSPC, errno.EDQUOT) else "the disk gives an error"
        raise StoreUnavailable(reason) from error


def _write(handle: int, chunk: bytes) -> None:
    rest = memoryview(chunk)
    while rest:
        rest = rest[os.write(handle, rest) :]


def _open(path: Path) -> BinaryIO:
    try:
        return path.open("rb", buffering=0)
    except FileNotFoundError as error:
        raise BlobMissing(path.name) from error


def _read(path: Path) -> bytes:
    with _open(path) as file:
        return file.read()


def _remove(path: Path, before: float) -> bool:
    """Every `put` writes the file anew, so its time is that of the last one."""
    try:
        if path.stat().st_mtime > before:
            return False
    except FileNotFoundError:
        return True
    path.unlink(missing_ok=True)
    return True


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _sweep(drafts: Path, *, older_than: float) -> None:
    for draft in drafts.iterdir():
        if draft.stat().st_mtime < older_than:
            draft.unlink(missing_ok=True)
