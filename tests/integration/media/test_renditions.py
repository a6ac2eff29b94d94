"""What is shown of files: small, made once, and refused for what would harm us."""

import asyncio
import io
import math
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import time
import zlib
from datetime import timedelta
from pathlib import Path

import pytest
from PIL import Image

from hub.db import Database
from hub.media import BlobMissing, MediaStore, NoPreview, Rendition, Renditions, confined, keep, open_store, record
from hub.media.confined import Limits, TookTooLong

CHILD = f"61.{os.getpid()}"  # seconds, of this process only: another may test the same at the same time
needs_sox = pytest.mark.skipif(shutil.which("sox") is None, reason="sox is not installed")
needs_poppler = pytest.mark.skipif(shutil.which("pdftoppm") is None, reason="poppler-utils is not installed")


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


async def shown(blobs: MediaStore, made: Rendition) -> Image.Image:
    return Image.open(io.BytesIO(await blobs.read(made.digest)))


@pytest.mark.covers("M-17")
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP", "TIFF"])
async def test_an_image_gets_a_small_picture_of_itself(database: Database, blobs: MediaStore, kind: str) -> None:
    made = await Renditions(database, blobs).picture(await stored(database, blobs, picture(kind)))

    small = await shown(blobs, made)
    assert small.size == (480, 120)
    assert made.content_type == f"image/{(small.format or '').lower()}"
    assert made.size == len(await blobs.read(made.digest))


async def test_pictures_come_in_a_few_widths_and_are_never_larger_than_the_image(database: Database, blobs: MediaStore) -> None:
    renditions, digest = Renditions(database, blobs), await stored(database, blobs, picture("PNG", (700, 350)))

    widths = [(await shown(blobs, await renditions.picture(digest, width=width))).width for width in (100, 161, 640, 1600)]

    assert widths == [160, 320, 640, 700]


@pytest.mark.covers("M-17")
async def test_a_fax_is_shown_page_by_page_with_square_dots(database: Database, blobs: MediaStore) -> None:
    sheets = [Image.new("1", (1728, 1078), sheet % 2) for sheet in range(3)]
    fax = io.BytesIO()
    sheets[0].save(fax, "TIFF", save_all=True, append_images=sheets[1:], compression="group4", dpi=(204, 98))
    renditions, digest = Renditions(database, blobs), await stored(database, blobs, fax.getvalue(), "fax.tif")

    pages = [await renditions.picture(digest, page=page) for page in (1, 2, 3)]

    assert [page.pages for page in pages] == [3, 3, 3]
    drawn = [await shown(blobs, page) for page in pages]
    assert [picture.convert("L").getpixel((50, 50)) for picture in drawn] == [0, 255, 0]
    assert 1.2 < drawn[0].height / drawn[0].width < 1.4  # about A4, and not half of it
    with pytest.raises(NoPreview, match="3 pages"):
        await renditions.picture(digest, page=4)


@needs_poppler
@pytest.mark.covers("M-17")
async def test_a_pdf_is_shown_page_by_page(database: Database, blobs: MediaStore) -> None:
    sheets = [Image.new("RGB", (300, 400), colour) for colour in ((255, 0, 0), (0, 0, 255))]
    document = io.BytesIO()
    sheets[0].save(document, "PDF", save_all=True, append_images=sheets[1:])
    renditions, digest = Renditions(database, blobs), await stored(database, blobs, document.getvalue(), "a.pdf")

    second = await renditions.picture(digest, width=320, page=2)

    drawn = await shown(blobs, second)
    assert (second.pages, second.content_type, drawn.width) == (2, "image/jpeg", 320)
    red, _, blue = drawn.convert("RGB").getpixel((100, 100))  # type: ignore[misc]
    assert blue > 200 > 50 > red
    with pytest.raises(NoPreview, match="2 pages"):
        await renditions.picture(digest, page=3)


async def test_a_picture_is_upright_and_without_metadata(database: Database, blobs: MediaStore) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    exif[0x010F] = "Camera of Alice"
    content = picture("JPEG", exif=exif)

    made = await Renditions(database, blobs).picture(await stored(database, blobs, content))

    drawn = await shown(blobs, made)
    assert drawn.height == 4 * drawn.width
    assert b"Alice" not in await blobs.read(made.digest)


async def test_what_can_be_seen_through_stays_so(database: Database, blobs: MediaStore) -> None:
    made = await Renditions(database, blobs).picture(await stored(database, blobs, picture("PNG", mode="RGBA")))

    assert made.content_type == "image/png"


async def test_a_picture_is_made_once(database: Database, blobs: MediaStore) -> None:
    digest = await stored(database, blobs, picture("PNG"))
    first = await Renditions(database, blobs).picture(digest)
    await blobs.delete(digest)

    assert await Renditions(database, blobs).picture(digest) == first


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


def tone(seconds: float = 1.0, rate: int = 8000) -> bytes:
    """Samples of 16 bits: silence, then loud."""
    count = int(seconds * rate)
    values = (0 if place < count // 2 else int(20_000 * math.sin(place / 3)) for place in range(count))
    return struct.pack(f"<{count}h", *values)


def wav(content: bytes, codec: int = 1, bits: int = 16, rate: int = 8000, channels: int = 1) -> bytes:
    form = struct.pack("<HHIIHH", codec, channels, rate, rate * channels * bits // 8, channels * bits // 8, bits)
    body = (
        b"WAVEfmt "
        + struct.pack("<I", 16)
        + form
        + b"LIST\x03\x00\x00\x00abc\x00data"
        + struct.pack("<I", len(content))
        + content
    )
    return b"RIFF" + struct.pack("<I", len(body)) + body


def by_sox(content: bytes, kind: str) -> bytes:
    """A WAV as another kind of file."""
    if kind in ("ulaw", "alaw", "gsm-wav"):
        encoding = {"ulaw": "u-law", "alaw": "a-law", "gsm-wav": "gsm"}[kind]
        argv = ["sox", "-t", "wav", "-", "-e", encoding, "-t", "wav", "-"]
    else:
        argv = ["sox", "-t", "wav", "-", "-t", kind, "-"]
    return subprocess.run(argv, input=content, capture_output=True, check=True).stdout


def assert_like_the_tone(peaks: list[int]) -> None:
    assert len(peaks) <= 200
    quarter = len(peaks) // 4
    assert max(peaks[:quarter]) < 12
    assert min(peaks[-quarter:-2]) > 100


@pytest.mark.covers("M-17")
@pytest.mark.parametrize("seconds", [0.5, 3, 60])
async def test_a_recording_has_a_waveform(database: Database, blobs: MediaStore, seconds: float) -> None:
    digest = await stored(database, blobs, wav(tone(seconds)), "call.wav")

    found = await Renditions(database, blobs).waveform(digest)

    assert found.seconds == pytest.approx(seconds, abs=0.01)
    assert_like_the_tone(found.peaks)
    assert max(found.peaks) == 20_000 >> 7


@needs_sox
@pytest.mark.covers("M-17")
@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("ulaw", "v.wav"), ("alaw", "v.wav"), ("gsm-wav", "v.wav"), ("gsm", "v.gsm"), ("amr-nb", "v.amr"), ("au", "v.au"),
        ("mp3", "v.mp3"), ("ogg", "v.ogg"), ("flac", "v.flac"),
    ],
)  # fmt: skip
async def test_sound_of_telephones_is_seen_and_can_be_played(database: Database, blobs: MediaStore, kind: str, name: str) -> None:
    try:
        content = by_sox(wav(tone(2)), kind)
    except subprocess.CalledProcessError as error:
        pytest.skip(f"this sox does not write {kind}: {error.stderr.decode()[-100:]}")
    renditions, digest = Renditions(database, blobs), await stored(database, blobs, content, name)

    found = await renditions.waveform(digest, filename=name)
    played = await renditions.playable(digest, filename=name)

    assert found.seconds == pytest.approx(2, abs=0.15)
    assert_like_the_tone(found.peaks)
    if kind in ("mp3", "ogg", "flac"):
        assert played.digest == digest
    else:
        assert (played.content_type, (await blobs.read(played.digest))[20:22]) == ("audio/wav", b"\x01\x00")
        assert played.size == pytest.approx(44 + 2 * 2 * 8000, rel=0.1) or kind == "au"


async def test_a_plain_wav_is_played_as_it_is(database: Database, blobs: MediaStore) -> None:
    digest = await stored(database, blobs, wav(tone()), "call.wav")

    assert (await Renditions(database, blobs).playable(digest)).digest == digest


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (png(30_000, 30_000), "too many"),
        (png(2**31 - 1, 2**31 - 1), "too many"),
        (tiff_whose_directories_loop(), ""),
        (picture("PNG")[:200], ""),
        (b"\x89PNG\r\n\x1a\n" + b"\xff" * 5000, ""),
        (b"%PDF-1.7", ""),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "no preview"),
        (b"plain text", "no preview"),
        (wav(tone()), "no preview"),
    ],
    ids=["bomb", "overflow", "loop", "cut", "garbage", "pdf", "svg", "text", "sound"],
)
async def test_a_picture_of_what_would_harm_us_is_refused_and_the_file_stays_untouched(
    database: Database, blobs: MediaStore, content: bytes, reason: str
) -> None:
    digest = await stored(database, blobs, content, "innocent.png")
    begun = time.monotonic()

    for _ in range(2):
        with pytest.raises(NoPreview) as refused:
            await Renditions(database, blobs).picture(digest)
        assert reason in refused.value.detail

    assert await blobs.read(digest) == content
    assert time.monotonic() - begun < 25


@pytest.mark.parametrize(
    "content",
    [
        b"OggS" + b"\xff" * 5000,
        b"ID3\x04" + bytes(300),
        b"#!AMR\n",
        wav(b"", codec=2, bits=4),
        wav(tone(), rate=5),
        wav(tone(), channels=0),
        wav(tone())[:40],
        b"RIFF\xff\xff\xff\xffWAVEdata\xff\xff\xff\xff",
        picture("PNG"),
        b"plain text",
        b"\x00\x01\x02" * 500,
    ],
    ids=["ogg", "mp3", "amr", "codec", "rate", "channels", "cut", "lies", "image", "text", "binary"],
)
async def test_there_is_no_waveform_of_what_is_no_sound(database: Database, blobs: MediaStore, content: bytes) -> None:
    digest = await stored(database, blobs, content, "song.wav")

    with pytest.raises(NoPreview):
        await Renditions(database, blobs).waveform(digest, filename="song.wav")


async def test_a_film_of_a_hundred_thousand_frames_shows_its_first(database: Database, blobs: MediaStore) -> None:
    made = await Renditions(database, blobs).picture(await stored(database, blobs, gif_of_many_frames()))

    assert (await shown(blobs, made)).size == (1, 1)


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        ("while True: pass", ""),
        ("x = bytearray(1 << 40)", "MemoryError"),
        ("import sys\nwhile True: sys.stdout.write('x' * 100_000)", ""),
        ("import time; time.sleep(60)", "too long"),
        (f"import subprocess; subprocess.run(['sleep', '{CHILD}'])", "too long"),
    ],
    ids=["processor", "memory", "output", "clock", "children"],
)
async def test_a_program_that_runs_wild_is_ended(program: str, reason: str) -> None:
    limits = Limits(seconds=1, patience=3, output=1 << 20)
    begun = time.monotonic()

    with tempfile.TemporaryFile() as nothing, pytest.raises(NoPreview) as refused:
        await confined.run([sys.executable, "-c", program], nothing, limits)

    assert reason in refused.value.detail
    assert isinstance(refused.value, TookTooLong) == (reason == "too long")
    assert time.monotonic() - begun < 6
    left = await asyncio.create_subprocess_exec("pgrep", "-f", f"sleep {CHILD}", stdout=subprocess.DEVNULL)
    assert await left.wait() == 1


async def test_a_missing_program_is_said_and_asked_for_again(
    database: Database, blobs: MediaStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = io.BytesIO()
    Image.new("RGB", (30, 40)).save(document, "PDF")
    renditions, digest = Renditions(database, blobs), await stored(database, blobs, document.getvalue())
    with monkeypatch.context() as patched:
        patched.setattr("hub.media.confined.which", lambda name: None)
        with pytest.raises(NoPreview, match="pdfinfo is not installed"):
            await renditions.picture(digest)

    monkeypatch.setattr("hub.media.renditions.AGAIN_AFTER", timedelta(0))
    if shutil.which("pdftoppm"):
        assert (await renditions.picture(digest)).pages == 1


async def test_a_blob_nobody_recorded_is_missing(database: Database, blobs: MediaStore) -> None:
    blob = await blobs.put(picture("PNG"))

    with pytest.raises(BlobMissing):
        await Renditions(database, blobs).picture(blob.digest)
