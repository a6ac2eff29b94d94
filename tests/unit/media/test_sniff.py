"""What bytes are, whatever their name says."""

import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from hub.media import digest_of, is_digest, sniff


def image(kind: str) -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (4, 4)).save(made, kind)
    return made.getvalue()


def archive() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as file:
        file.writestr("word/document.xml", "<w/>")
    return made.getvalue()


DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
CASES = [
    (image("PNG"), "a.png", "image/png"),
    (image("JPEG"), "report.pdf", "image/jpeg"),
    (image("GIF"), "", "image/gif"),
    (image("TIFF"), "fax.tif", "image/tiff"),
    (image("WEBP"), "", "image/webp"),
    (image("BMP"), "", "image/bmp"),
    (b"%PDF-1.7\n%\xe2\xe3", "photo.jpg", "application/pdf"),
    (archive(), "letter.docx", DOCX),
    (archive(), "letter.png", "application/zip"),
    (b"MZ\x90\x00\x03", "photo.png", "application/vnd.microsoft.portable-executable"),
    (b"\x7fELF\x02\x01\x01", "x.txt", "application/x-elf"),
    (b"<!DOCTYPE html><p>x", "notes.txt", "text/html"),
    (b"\n \xef\xbb\xbf<html>", "notes.txt", "text/plain"),
    (b"\xef\xbb\xbf\n<HTML>", "notes.txt", "text/html"),
    (b"<svg xmlns='http://www.w3.org/2000/svg'>", "logo.png", "image/svg+xml"),
    (b"<?xml version='1.0'?><!-- x --><svg>", "logo.png", "image/svg+xml"),
    (b"<?xml version='1.0'?><a/>", "a.txt", "text/xml"),
    (b"a,b\n1,2\n", "table.csv", "text/csv"),
    (b"BEGIN:VCALENDAR\r\n", "invite.ics", "text/calendar"),
    ("你好，世界".encode(), "a.png", "text/plain"),
    ("好".encode() * 5000, "", "text/plain"),
    (b"", "empty.png", "text/plain"),
    (b"\x00\x01\x02\x03" * 20, "a.txt", "application/octet-stream"),
    (b"\x00\x00\x00\x20ftypisom", "a.mp4", "video/mp4"),
    (b"RIFF\x00\x00\x00\x00WAVEfmt ", "voice.wav", "audio/wav"),
]


@pytest.mark.parametrize(("content", "filename", "expected"), CASES)
def test_the_bytes_decide_and_the_name_only_refines(content: bytes, filename: str, expected: str) -> None:
    assert sniff(content, filename) == expected


@given(st.binary(max_size=200), st.text(max_size=30))
def test_any_bytes_have_one_plausible_type(content: bytes, filename: str) -> None:
    kind = sniff(content, filename)

    assert kind.count("/") == 1
    assert kind.isascii()
    assert len(kind) <= 127


@pytest.mark.parametrize("text", ["", "../../etc/passwd", "A" * 64, "0" * 63, "0" * 65, "0" * 64 + "\n", "g" * 64])
def test_nothing_but_a_digest_is_one(text: str) -> None:
    assert not is_digest(text)
    assert is_digest(digest_of(text.encode()))
