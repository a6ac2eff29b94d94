"""`winmail.dat`: what Outlook packs a mail into when it believes that an Outlook will read it (MS-OXTNEF)."""

import logging
from dataclasses import dataclass
from typing import Any, Final

from hub.channels.email.body import Segment
from hub.channels.email.charset import clean, decode
from hub.channels.email.foreign import attempt
from hub.channels.email.mime import safe_filename
from hub.messages.content import IncomingFile

_MAX_WORK: Final = 2_000_000_000  # bytes the library may copy: it copies the rest of the file for every object in it
_MAX_FILES: Final = 200
TYPES: Final = {"application/ms-tnef", "application/vnd.ms-tnef"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpacked:
    """What was in it. `segment` is None where it held no text we can read (RTF stays a file)."""

    files: tuple[IncomingFile, ...]
    segment: Segment | None


def open_tnef(content: bytes) -> Unpacked | None:
    """Unpack; None if it cannot be read (then it is offered as it came)."""
    if _objects(content) * len(content) > _MAX_WORK:
        return None
    return attempt(lambda: _open(content))


def _objects(content: bytes) -> int:
    """How many objects a file consists of: level (1 byte), name (4), length (4), that many bytes, checksum (2)."""
    count, offset = 0, 6
    while offset + 11 <= len(content):
        offset += 11 + int.from_bytes(content[offset + 5 : offset + 9], "little")
        count += 1
    return count


def _open(content: bytes) -> Unpacked:
    from tnefparse import TNEF

    logging.getLogger("tnefparse").setLevel(logging.CRITICAL + 1)  # it logs every oddity of a stranger's file
    tnef = TNEF(content, do_checksum=False)
    files = [_file(attachment, number) for number, attachment in enumerate(tnef.attachments[:_MAX_FILES], 1)]
    rtf = _as_bytes(attempt(lambda: tnef.rtfbody))
    if rtf.startswith(b"{\\rtf"):  # without its optional decompressor the library returns it compressed, of no use to anybody
        files.append(IncomingFile(filename="message.rtf", content_type="application/rtf", content=rtf))
    plain, html = _as_text(tnef.body), _as_text(tnef.htmlbody)
    return Unpacked(files=tuple(files), segment=Segment(plain=plain, html=html) if plain or html else None)


def _file(attachment: Any, number: int) -> IncomingFile:
    # The library reads names as UTF-8 only; the old short name is in the code page of the sender.
    long_name = attempt(lambda: attachment.long_filename())
    name = safe_filename(_as_text(long_name or attachment._name) or "").strip("\0 ")
    return IncomingFile(
        filename=name or f"attachment-{number}.bin", content_type="application/octet-stream", content=_as_bytes(attachment.data)
    )


def _as_bytes(value: Any) -> bytes:
    return value.encode("utf-8", "replace") if isinstance(value, str) else bytes(value or b"")


def _as_text(value: Any) -> str | None:
    if not value:
        return None
    return clean(value) if isinstance(value, str) else decode(bytes(value)).text
