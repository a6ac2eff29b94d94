"""Previews: small, made once, and refused for what would harm us."""

import io
import struct
import time
import zlib
from pathlib import Path

import pytest
from PIL import Image

from hub.db import Database
from hub.media import BlobMissing, MediaStore, PreviewRefused, Previews, keep, open_store, record
from hub.media.previews import EDGE


@pytest.fixture
def blobs(tmp_path: Path) -> MediaStore:
    return open_store("", tmp_path)


async def stored(database: Database, blobs: MediaStore, content: bytes, filename: str = "") -> str:
    kept = await keep(blobs, content, filename=filename)
    async with database.unit_of_work() as work:
        await record(work, kept)
    return kept.digest


def picture(kind: str, size: tuple[int, int] = (1600, 400), mode: str = "RGB", **options: object) -> bytes:
    made = io.BytesIO()
    Image.new(mode, size, (200, 30, 30) if mode == "RGB" else (200, 30, 30, 0)).save(made, kind, **options)
    return made.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP", "TIFF"])
async def test_an_image_gets_a_small_picture_of_itself(database: Database, blobs: MediaStore, kind: str) -> None:
    preview = await Previews(database, blobs).get(await stored(database, blobs, picture(kind)))

    with Image.open(io.BytesIO(await blobs.read(preview.digest))) as small:
        assert small.size == (preview.width, preview.height) == (EDGE, EDGE // 4)
        assert preview.content_type == f"image/{(small.format or '').lower()}"


async def test_a_preview_is_upright_and_without_metadata(database: Database, blobs: MediaStore) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    exif[0x010F] = "Camera of Alice"
    content = picture("JPEG", exif=exif)

    preview = await Previews(database, blobs).get(await stored(database, blobs, content))

    assert (preview.width, preview.height) == (EDGE // 4, EDGE)
    assert b"Alice" not in await blobs.read(preview.digest)


async def test_what_can_be_seen_through_stays_so(database: Database, blobs: MediaStore) -> None:
    preview = await Previews(database, blobs).get(await stored(database, blobs, picture("PNG", mode="RGBA")))

    assert preview.content_type == "image/png"


async def test_a_preview_is_made_once(database: Database, blobs: MediaStore) -> None:
    digest = await stored(database, blobs, picture("PNG"))
    first = await Previews(database, blobs).get(digest)
    await blobs.delete(digest)

    assert await Previews(database, blobs).get(digest) == first


def png(width: int, height: int) -> bytes:
    """A PNG that says it is that large, packed small."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    packer = zlib.compressobj(9)
    rows = b"".join(packer.compress(bytes(4000)) for _ in range(30_000)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def gif_of_many_frames() -> bytes:
    frame = b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\x00"
    return b"GIF89a" + struct.pack("<HHBBB", 1, 1, 0x80, 0, 0) + b"\x00\x00\x00\xff\xff\xff" + frame * 100_000 + b"\x3b"


def tiff_whose_directories_loop() -> bytes:
    return b"II*\x00" + struct.pack("<I", 8) + struct.pack("<H", 0) + struct.pack("<I", 8)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (png(30_000, 30_000), "too many"),
        (png(2**31 - 1, 2**31 - 1), "too many"),
        (tiff_whose_directories_loop(), ""),
        (picture("PNG")[:200], ""),
        (b"\x89PNG\r\n\x1a\n" + b"\xff" * 5000, ""),
        (b"%PDF-1.7", "no preview"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "no preview"),
        (b"plain text", "no preview"),
    ],
    ids=["bomb", "overflow", "loop", "cut", "garbage", "pdf", "svg", "text"],
)
async def test_what_would_harm_us_is_refused_and_stays_untouched(
    database: Database, blobs: MediaStore, content: bytes, reason: str
) -> None:
    digest = await stored(database, blobs, content, "innocent.png")
    begun = time.monotonic()

    for _ in range(2):
        with pytest.raises(PreviewRefused) as refused:
            await Previews(database, blobs).get(digest)
        assert reason in refused.value.detail

    assert await blobs.read(digest) == content
    assert time.monotonic() - begun < 15


async def test_a_film_of_a_hundred_thousand_frames_shows_its_first(database: Database, blobs: MediaStore) -> None:
    preview = await Previews(database, blobs).get(await stored(database, blobs, gif_of_many_frames()))

    assert (preview.width, preview.height) == (1, 1)


async def test_a_blob_without_a_row_has_no_preview(database: Database, blobs: MediaStore) -> None:
    blob = await blobs.put(picture("PNG"))

    with pytest.raises(BlobMissing):
        await Previews(database, blobs).get(blob.digest)


async def test_recording_twice_keeps_the_first_row(database: Database, blobs: MediaStore) -> None:
    kept = await keep(blobs, picture("PNG"))
    for _ in range(2):
        async with database.unit_of_work() as work:
            await record(work, kept)

    rows = await database.fetch("SELECT digest, size, content_type FROM media_blob")
    assert [(row["digest"], row["size"], row["content_type"]) for row in rows] == [(kept.digest, kept.size, "image/png")]
