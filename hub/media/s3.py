"""Blobs in an object store that speaks S3."""

import asyncio
import hashlib
import tempfile
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, BinaryIO, cast
from urllib.parse import parse_qsl, urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store as Bucket

from hub import clock
from hub.media.digest import Blob, is_digest
from hub.media.errors import BlobMissing, BlobTooLarge, StoreUnavailable
from hub.media.store import CHUNK, Source, chunks_of

if TYPE_CHECKING:
    from obstore import GetOptions
    from obstore.store import ClientConfig, RetryConfig, S3Config

_IN_MEMORY = 1024 * 1024
"""Bytes held in memory before a blob on its way to the bucket is spooled to disk: its key is known only at its end."""

_FRESH = timedelta(minutes=1)
"""Equal bytes are not sent again within this time. Later they are, so that the time of an object tells when they were put last."""

_RETRIES: "RetryConfig" = {"max_retries": 3, "retry_timeout": timedelta(seconds=20)}


class S3Store:
    """A bucket and a prefix. S3 promises that an object is whole or not there, and durable once `put` returned."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    @classmethod
    def from_url(cls, url: str) -> "S3Store":
        """Open `s3://BUCKET/PREFIX?endpoint=URL&region=…`.

        The keys come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or from the role of the machine.
        """
        parts = urlsplit(url)
        config = cast("S3Config", dict(parse_qsl(parts.query)))
        plain = config.get("endpoint", "").startswith("http://")
        client: ClientConfig = {"connect_timeout": "3s", "timeout": "60s", "allow_http": plain}
        prefix = parts.path.strip("/") or None
        return cls(Bucket(parts.netloc, prefix=prefix, config=config, client_options=client, retry_config=_RETRIES))

    async def put(self, source: Source, *, limit: int | None = None) -> Blob:
        digest, size = hashlib.sha256(), 0
        with tempfile.SpooledTemporaryFile(_IN_MEMORY) as spool:
            async for chunk in chunks_of(source):
                size += len(chunk)
                if limit is not None and size > limit:
                    raise BlobTooLarge(f"more than {limit} bytes", limit=limit)
                digest.update(chunk)
                await asyncio.to_thread(spool.write, chunk)
            spool.seek(0)
            await self._upload(digest.hexdigest(), spool)  # type: ignore[arg-type]
        return Blob(digest=digest.hexdigest(), size=size)

    async def _upload(self, digest: str, spool: BinaryIO) -> None:
        stored = await self._stored_at(digest)
        if stored is not None and stored > clock.now() - _FRESH:
            return
        try:
            await obstore.put_async(self._bucket, _key(digest), spool)
        except BaseError as error:
            raise StoreUnavailable("the object store took nothing") from error

    async def open(self, digest: str, *, start: int = 0, size: int | None = None) -> AsyncIterator[bytes]:
        if size == 0:
            return
        try:
            answer = await obstore.get_async(self._bucket, _key(digest), options=_range(start, size))
            async for chunk in answer.stream(min_chunk_size=CHUNK):
                yield bytes(chunk)
        except FileNotFoundError as error:
            raise BlobMissing(digest) from error
        except BaseError as error:
            raise StoreUnavailable("the object store does not answer") from error

    async def read(self, digest: str) -> bytes:
        return b"".join([chunk async for chunk in self.open(digest)])

    async def has(self, digest: str) -> bool:
        return await self._stored_at(digest) is not None

    async def _stored_at(self, digest: str) -> datetime | None:
        try:
            return (await obstore.head_async(self._bucket, _key(digest)))["last_modified"]
        except (FileNotFoundError, BlobMissing):
            return None
        except BaseError as error:
            raise StoreUnavailable("the object store does not answer") from error

    async def delete(self, digest: str, *, untouched_for: timedelta = timedelta()) -> bool:
        stored = await self._stored_at(digest) if untouched_for else None
        if stored is not None and stored > clock.now() - untouched_for:
            return False
        try:
            await obstore.delete_async(self._bucket, _key(digest))
        except FileNotFoundError:
            pass
        except BaseError as error:
            raise StoreUnavailable("the object store does not answer") from error
        return True


def _range(start: int, size: int | None) -> "GetOptions":
    if size is not None:
        return {"range": (start, start + size)}
    return {"range": {"offset": start}} if start else {}


def _key(digest: str) -> str:
    if not is_digest(digest):
        raise BlobMissing("not a digest")
    return f"{digest[:2]}/{digest}"
