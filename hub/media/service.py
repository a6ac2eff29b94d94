"""Blobs as rows: what is recorded was durable before."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from hub import clock
from hub.db import Database, Work
from hub.media.digest import Blob
from hub.media.errors import BlobMissing
from hub.media.sniff import SAMPLE, sniff
from hub.media.store import MediaStore, Source, chunks_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A blob with its row."""

    digest: str
    size: int
    content_type: str


async def keep(store: MediaStore, source: Source, *, filename: str = "", limit: int | None = None) -> Recorded:
    """Store `source` and tell what it is by its bytes. The caller writes the row with `record` in its own transaction."""
    head = bytearray()

    async def watched() -> AsyncIterator[bytes]:
        async for chunk in chunks_of(source):
            head.extend(chunk[: SAMPLE - len(head)])
            yield chunk

    blob = await store.put(source if isinstance(source, bytes) else watched(), limit=limit)
    sample = source[:SAMPLE] if isinstance(source, bytes) else bytes(head)
    return Recorded(digest=blob.digest, size=blob.size, content_type=sniff(sample, filename))


async def record(work: Work, blob: Blob | Recorded, content_type: str = "") -> None:
    """Write the row of a stored blob, if it has none yet. Call it in the transaction whose rows name the digest."""
    kind = blob.content_type if isinstance(blob, Recorded) else content_type
    await record_all(work, [Recorded(digest=blob.digest, size=blob.size, content_type=kind)])


async def record_all(work: Work, blobs: Sequence[Recorded]) -> None:
    """`record` for many."""
    now = clock.now()
    await work.execute_many(
        "INSERT INTO media_blob (digest, size, content_type, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT (digest) DO NOTHING",
        [(blob.digest, blob.size, blob.content_type, now) for blob in sorted(blobs, key=lambda blob: blob.digest)],
    )


async def find(db: Database, digest: str) -> Recorded:
    """The row of a blob. Raises `BlobMissing`."""
    row = await db.fetch_one("SELECT digest, size, content_type FROM media_blob WHERE digest = $1", digest)
    if row is None:
        raise BlobMissing(digest)
    return Recorded(digest=row["digest"], size=row["size"], content_type=row["content_type"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Struck:
    """Rows that are gone: of the blobs, and the digests of what had been made of them to be shown."""

    blobs: tuple[Recorded, ...]
    made: tuple[str, ...]


async def strike(work: Work, digests: Sequence[str]) -> Struck:
    """Take the rows of blobs away. The caller knows that nothing names them, and sees to the bytes once this is committed."""
    made = await work.fetch(
        "DELETE FROM media_rendition WHERE digest = ANY($1::text[]) RETURNING made_digest",
        list(digests),
    )
    rows = await work.fetch(
        "DELETE FROM media_blob WHERE digest = ANY($1::text[]) RETURNING digest, size, content_type",
        list(digests),
    )
    return Struck(
        blobs=tuple(Recorded(**dict(row.items())) for row in rows),
        made=tuple(sorted({row["made_digest"] for row in made if row["made_digest"]})),
    )
