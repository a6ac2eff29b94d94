"""`winmail.dat`: what Outlook packs a mail into when it believes that an Outlook will read it (MS-OXTNEF)."""

from dataclasses import dataclass
from typing import Any, Final

from hub.channels.email.body import Segment
from hub.channels.email.charset import clean, decode
from hub.channels.email.foreign import attempt
from hub.channels.email.mime import safe_filename
from hub.messages.content import IncomingFile

_MAX_TNEF: Final = 40 * 1024 * 1024  # bytes
_MAX_FILES: Final = 200
TYPES: Final = {"application/ms-tnef", "application/vnd.ms-tnef"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpacked:
    """What was in it. `segment` is None where it held no text we can read (RTF stays a file)."""

    files: tuple[IncomingFile, ...]
    segment: Segment | None


def open_tnef(content: bytes) -> Unpacked | None:
    """Unpack; None if it cannot be read (then it is offered as it came)."""
    if len(content) > _MAX_TNEF:
        return None
    return attempt(lambda: _open(content))


def _open(content: bytes) -> Unpacked:
    from tnefparse import TNEF

    tnef = TNEF(content, do_checksum=False)
    files = [_file(attachment, number) for number, attachment in enumerate(tnef.attachments[:_MAX_FILES], 1)]
    if rtf := tnef.rtfbody:
        files.append(IncomingFile(filename="message.rtf", content_type="application/rtf", content=_as_bytes(rtf)))
    plain, html = _as_text(tnef.body), _as_text(tnef.htmlbody)
    return Unpacked(files=tuple(files), segment=Segment(plain=plain, html=html) if plain or html else None)


def _file(attachment: Any, number: int) -> IncomingFile:
    name = safe_filename(clean(str(attachment.long_filename() or attachment.name or "")).strip())
    return IncomingFile(
        filename=name or f"attachment-{number}.bin", content_type="application/octet-stream", content=_as_bytes(attachment.data)
    )


def _as_bytes(value: Any) -> bytes:
    return value.encode("utf-8", "replace") if isinstance(value, str) else bytes(value or b"")


def _as_text(value: Any) -> str | None:
    if not value:
        return None
    return clean(value) if isinstance(value, str) else decode(bytes(value)).text
