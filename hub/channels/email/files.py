"""The files of a mail, opened as far as a person wants them open."""

from dataclasses import dataclass
from typing import Final

from hub.channels.email.body import Body, Segment
from hub.channels.email.headers import split_head
from hub.channels.email.mime import Part, safe_filename
from hub.channels.email.tnef import TYPES as TNEF_TYPES
from hub.channels.email.tnef import open_tnef
from hub.messages.content import IncomingFile

_MAILS: Final = ("message/rfc822", "message/global")
_EXTENSIONS: Final = {
    "text/plain": "txt",
    "text/html": "html",
    "text/calendar": "ics",
    "text/rfc822-headers": "txt",
    "text/csv": "csv",
    "message/rfc822": "eml",
    "message/global": "eml",
    "image/jpeg": "jpg",
    "image/jpg": "jpg",
    "image/png": "png",
    "image/gif": "gif",
    "image/bmp": "bmp",
    "image/webp": "webp",
    "image/tiff": "tif",
    "audio/wav": "wav",
    "audio/mpeg": "mp3",
    "audio/amr": "amr",
    "application/pdf": "pdf",
    "application/zip": "zip",
    "application/pgp-signature": "asc",
    "application/pkcs7-signature": "p7s",
    "application/pkcs7-mime": "p7m",
    "application/ms-tnef": "dat",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """The files in the order of the mail, and the text that was found in `winmail.dat`."""

    files: tuple[IncomingFile, ...]
    segments: tuple[Segment, ...]
    winmail: bool


def read_files(body: Body, charset: str) -> Files:
    """The files of `body`; `winmail.dat` is replaced by what is in it. `charset`: what raw names are probably in."""
    files: list[IncomingFile] = []
    segments: list[Segment] = []
    winmail = False
    for number, part in enumerate(body.files, 1):
        file = _read_file(part, number, inline=id(part) in body.inline, charset=charset)
        if file.content_type in TNEF_TYPES or file.filename.lower() == "winmail.dat":
            winmail = True
            if unpacked := open_tnef(file.content):
                files.extend(unpacked.files)
                segments.extend([unpacked.segment] if unpacked.segment else [])
                continue
        files.append(file)
    return Files(files=tuple(files), segments=tuple(segments), winmail=winmail)


def _read_file(part: Part, number: int, *, inline: bool, charset: str) -> IncomingFile:
    content_type = part.content_type if "/" in part.content_type else "application/octet-stream"
    content = part.decoded()
    name = part.filename(charset) or _name_of_mail(content_type, content, charset)
    return IncomingFile(
        filename=name or f"attachment-{number}.{_EXTENSIONS.get(content_type, 'bin')}",
        content_type=content_type,
        content=content,
        content_id=part.content_id,
        inline=inline,
    )


def _name_of_mail(content_type: str, content: bytes, charset: str) -> str:
    """A forwarded mail is called by its subject."""
    if content_type not in _MAILS:
        return ""
    subject = split_head(content)[0].text("subject", charset)
    return safe_filename(f"{subject.replace('/', '-')[:100]}.eml") if subject else ""
