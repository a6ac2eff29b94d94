"""The pure half of IMAP: what aioimaplib hands over as lines and literals, as values (RFC 9051)."""

import base64
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

_START = re.compile(rb"\d+ FETCH \(", re.IGNORECASE)
_UID = re.compile(rb"[( ]UID (\d+)", re.IGNORECASE)
_SIZE = re.compile(rb"[( ]RFC822\.SIZE (\d+)", re.IGNORECASE)
_DATE = re.compile(rb'[( ]INTERNALDATE "([^"]*)"', re.IGNORECASE)
_BODY = re.compile(rb'[( ]BODY\[\](?:<\d+>)? (?:\{(?P<literal>\d+)\}|"(?P<text>(?:[^"\\]|\\.)*)"|NIL)', re.IGNORECASE)
_UIDVALIDITY = re.compile(rb"\[UIDVALIDITY (\d+)\]", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchedMail:
    """One message of a FETCH answer. `size` is what the server says it has in all; `raw` is None if it was not asked."""

    uid: int
    size: int = 0
    received_at: datetime | None = None  # INTERNALDATE
    raw: bytes | None = None


def quoted(text: str, *, utf7: bool = False) -> str:
    """`text` as an IMAP quoted string; raises `ValueError` where it cannot be one."""
    if re.search(r"[\x00\r\n]", text):
        raise ValueError("a quoted string holds no line ends")
    plain = to_utf7(text) if utf7 else text
    return '"' + plain.replace("\\", "\\\\").replace('"', '\\"') + '"'


def to_utf7(name: str) -> str:
    """A mailbox name in IMAP's modified UTF-7 (RFC 3501 §5.1.3)."""

    def encode(run: re.Match[str]) -> str:
        packed = base64.b64encode(run[0].encode("utf-16-be")).decode().rstrip("=")
        return "&" + packed.replace("/", ",") + "-"

    return re.sub(r"[^\x20-\x7e]+", encode, name.replace("&", "&-"))


def read_uidvalidity(lines: Iterable[bytes]) -> int:
    """From the answer to SELECT; 0 if the server gives none."""
    for line in lines:
        if match := _UIDVALIDITY.search(line):
            return int(match[1])
    return 0


def read_search(lines: Sequence[bytes]) -> list[int]:
    """The numbers of all SEARCH answers, rising. The last line is the server's closing word."""
    return sorted({int(number) for line in lines[:-1] for number in line.split() if number.isdigit()})


def read_fetches(lines: Sequence[bytes | bytearray]) -> list[FetchedMail]:
    """Every FETCH answer that names a UID; flags the server tells on the way are read over."""
    return [mail for group in _groups(lines) if (mail := _read_fetch(group)) is not None]


def _groups(lines: Sequence[bytes | bytearray]) -> Iterator[list[bytes | bytearray]]:
    group: list[bytes | bytearray] = []
    for line in lines:
        if isinstance(line, bytes) and _START.match(line):
            if group:
                yield group
            group = []
        group.append(line)
    if group:
        yield group


def _read_fetch(group: Sequence[bytes | bytearray]) -> FetchedMail | None:
    text = b"".join(piece for piece in group if isinstance(piece, bytes))
    if not _START.match(text) or (uid := _UID.search(text)) is None:
        return None
    size, date = _SIZE.search(text), _DATE.search(text)
    return FetchedMail(
        uid=int(uid[1]),
        size=int(size[1]) if size else 0,
        received_at=_read_date(date[1].decode(errors="replace")) if date else None,
        raw=_read_body(text, group),
    )


def _read_body(text: bytes, group: Sequence[bytes | bytearray]) -> bytes | None:
    body = _BODY.search(text)
    if body is None:
        return None
    if body["literal"] is not None:
        return bytes(next((piece for piece in group if isinstance(piece, bytearray)), b""))
    return re.sub(rb"\\(.)", rb"\1", body["text"] or b"")


def _read_date(text: str) -> datetime | None:
    try:
        return datetime.strptime(text.strip(), "%d-%b-%Y %H:%M:%S %z")
    except ValueError:
        return None
