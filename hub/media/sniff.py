"""What bytes are, told by the bytes: the sender's word for it decides nothing."""

from pathlib import PurePath

import puremagic

SAMPLE = 4096
"""Bytes of the beginning that `sniff` looks at."""

BINARY = "application/octet-stream"

_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"%PDF-", "application/pdf"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"OggS", "audio/ogg"),
    (b"ID3", "audio/mpeg"),
    (b"\xff\xfb", "audio/mpeg"),  # a frame of layer III without a tag before it
    (b"\xff\xf3", "audio/mpeg"),
    (b"\xff\xf2", "audio/mpeg"),
    (b"\xff\xe3", "audio/mpeg"),  # MPEG 2.5
    (b"#!AMR", "audio/amr"),
    (b"\x1f\x8b", "application/gzip"),
    (b"MZ", "application/vnd.microsoft.portable-executable"),
    (b"\x7fELF", "application/x-elf"),
)
_MARKUP = (
    (b"<!doctype html", "text/html"),
    (b"<html", "text/html"),
    (b"<svg", "image/svg+xml"),
    (b"<?xml", "text/xml"),
)
_ZIP_KINDS = {
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ".odt": "application/vnd.oasis.opendocument.text",
    ".ods": "application/vnd.oasis.opendocument.spreadsheet",
}
_TEXT_KINDS = {".csv": "text/csv", ".ics": "text/calendar", ".vcf": "text/vcard", ".json": "application/json"}


def sniff(content: bytes, filename: str = "") -> str:
    """The content type of `content` (its first 4 KiB are enough).

    The name only chooses between kinds the bytes allow: a zip called .docx is a document, text called .csv is a table,
    a program called .png stays a program. What browsers would run (HTML, SVG, XML) is always called by its name.
    """
    head = content[:SAMPLE]
    suffix = PurePath(filename).suffix.lower()
    if not head:
        return "text/plain"
    return (
        _by_signature(head)
        or _container(head, suffix)
        or _markup(head)
        or _by_catalogue(head)
        or (_TEXT_KINDS.get(suffix, "text/plain") if _is_text(head) else BINARY)
    )


def _by_signature(head: bytes) -> str | None:
    return next((kind for start, kind in _SIGNATURES if head.startswith(start)), None)


def _container(head: bytes, suffix: str) -> str | None:
    if head.startswith(b"PK\x03\x04"):
        return _ZIP_KINDS.get(suffix, "application/zip")
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "image/webp"
    if head.startswith(b"RIFF") and head[8:12] == b"WAVE":
        return "audio/wav"
    if head.startswith(b"BM") and head[6:10] == bytes(4):  # two reserved words of the header
        return "image/bmp"
    if head[4:8] == b"ftyp":
        return "image/heic" if head[8:12] in (b"heic", b"heix", b"mif1") else "video/mp4"
    return None


def _markup(head: bytes) -> str | None:
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if b"<svg" in start and start.startswith((b"<?xml", b"<!--", b"<!doctype svg")):
        return "image/svg+xml"
    return next((kind for tag, kind in _MARKUP if start.startswith(tag)), None)


def _by_catalogue(head: bytes) -> str | None:
    """Ask puremagic for the rest; text is not its strength, so a match in readable text is not believed."""
    if _is_text(head):
        return None
    try:
        found = puremagic.magic_string(head)
    except (puremagic.PureError, ValueError):
        return None
    return next((match.mime_type for match in found if match.mime_type and match.confidence >= 0.5), None)


def _is_text(head: bytes) -> bool:
    if b"\x00" in head:
        return False
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start > len(head) - 4 and len(head) == SAMPLE  # a character cut by the end of the sample
    return True
