"""Header fields as bytes, read within limits, and the values in them.

Python's own `email.policy.default` needs seconds for `Content-Type: text/plain;;;;…` and a stack for `From: ((((…`;
everything here is one pass.
"""

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote_to_bytes

from hub.channels.email.charset import clean, decode

MAX_HEAD: Final = 256 * 1024  # bytes of one header block that are read
MAX_FIELD: Final = 64 * 1024  # bytes of one field that are read
MAX_FIELDS: Final = 2000
MAX_PARAMETERS: Final = 64

_END_OF_HEAD: Final = re.compile(rb"\r?\n\r?\n")
_FIELD: Final = re.compile(rb"([\x21-\x39\x3b-\x7e]{1,100})[ \t]*:")
_ENCODED_WORD: Final = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?([^?]*)\?=")
_BETWEEN_WORDS: Final = re.compile(r"(\?=)[ \t\r\n]+(?==\?)")
_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]+")
_HEX: Final = re.compile(rb"=([0-9A-Fa-f]{2})")


@dataclass(frozen=True, slots=True)
class Headers:
    """The fields of one block, in order: lower-case name, and the value as it stood, unfolded."""

    fields: tuple[tuple[str, bytes], ...]
    truncated: bool = False

    def raw(self, name: str) -> bytes:
        """The first field of this name (the topmost, for trace fields); empty if there is none."""
        return next((value for key, value in self.fields if key == name), b"")

    def all(self, name: str) -> Iterator[bytes]:
        """Every field of this name, from the top."""
        return (value for key, value in self.fields if key == name)

    def __contains__(self, name: str) -> bool:
        return any(key == name for key, _ in self.fields)

    def text(self, name: str, charset: str = "") -> str:
        """The first field of this name for people: encoded words (RFC 2047) decoded, on one line, without controls."""
        return decode_text(self.raw(name), charset)

    def token(self, name: str) -> str:
        """The first field of this name for machines: lower case, blanks at the ends and anything after `;` gone."""
        return self.raw(name).decode("ascii", "replace").partition(";")[0].strip().lower()


def split_head(raw: bytes) -> tuple[Headers, bytes]:
    """The header block and the body. What does not begin like a header block is all body."""
    start = _skip_unix_from(raw)
    if raw[start : start + 1] in (b"\n", b"\r"):
        return Headers(()), raw[start:].removeprefix(b"\r").removeprefix(b"\n")
    if not _FIELD.match(raw, start):
        return Headers(()), raw
    end = _END_OF_HEAD.search(raw, start)
    head, body = (raw[start : end.start()], raw[end.end() :]) if end else (raw[start:], b"")
    lines = head[:MAX_HEAD].replace(b"\0", b"").replace(b"\r\n", b"\n").split(b"\n")
    fields, broken_at = _fields(lines)
    if broken_at is not None and len(head) <= MAX_HEAD:
        # RFC 5322 wants an empty line between head and body; some programs forget it.
        body = b"\n".join(lines[broken_at:]) + (b"\n\n" + body if end else b"")
    return Headers(tuple(fields), truncated=len(head) > MAX_HEAD or len(fields) >= MAX_FIELDS), body


def _skip_unix_from(raw: bytes) -> int:
    """mbox files begin each mail with a line `From sender date`, some relays keep it."""
    if not raw.startswith((b"From ", b">From ")):
        return 0
    return raw.find(b"\n", 0, 1000) + 1


def _fields(lines: list[bytes]) -> tuple[list[tuple[str, bytes]], int | None]:
    """The fields, and the number of the first line that is none."""
    found: list[tuple[str, list[bytes], int]] = []
    for number, line in enumerate(lines):
        if line[:1] in (b" ", b"\t") and found:
            _fold_in(found, line)
        elif field := _FIELD.match(line):
            if len(found) >= MAX_FIELDS:
                break
            found.append((field[1].decode("ascii").lower(), [], 0))
            _fold_in(found, line[field.end() :])
        elif line.startswith((b"From ", b">From ")) or not line.strip():
            continue
        else:
            return _joined(found), number
    return _joined(found), None


def _fold_in(found: list[tuple[str, list[bytes], int]], line: bytes) -> None:
    name, pieces, size = found[-1]
    if size < MAX_FIELD:
        pieces.append(line[: MAX_FIELD - size])
        found[-1] = (name, pieces, size + len(line))


def _joined(found: list[tuple[str, list[bytes], int]]) -> list[tuple[str, bytes]]:
    return [(name, b"".join(pieces).strip()) for name, pieces, _ in found]


def decode_text(value: bytes, charset: str = "") -> str:
    """A field's value for people, on one line. `charset`: what raw 8-bit bytes are probably in."""
    plain = b"=?" not in value and value.isascii()
    return one_line(value.decode("ascii") if plain else decode_words(decode(value, charset).text))


def one_line(text: str) -> str:
    """Without control characters, which forge lines in logs and lists."""
    return _CONTROLS.sub(" ", clean(text)).strip()


def decode_words(text: str) -> str:
    """Replace the encoded words of RFC 2047 in `text`.

    Neighbours in one charset are joined before decoding: many programs cut a character in two between them.
    """
    if "=?" not in text:
        return text
    text = _BETWEEN_WORDS.sub(r"\1", text)
    pieces: list[str] = []
    pending, label, end = b"", "", 0
    for word in _ENCODED_WORD.finditer(text):
        between = text[end : word.start()]
        charset = word[1].partition("*")[0].lower()
        if pending and (between or charset != label):
            pieces.append(decode(pending, label).text)
            pending = b""
        pieces.append(between)
        pending, label, end = pending + _word_bytes(word[2], word[3]), charset, word.end()
    pieces.append(decode(pending, label).text)
    return "".join((*pieces, text[end:]))


def _word_bytes(encoding: str, text: str) -> bytes:
    raw = text.encode("utf-8", "replace")
    if encoding in "bB":
        return decode_base64(raw)
    return _HEX.sub(lambda pair: bytes((int(pair[1], 16),)), raw.replace(b"_", b" "))


_NOT_BASE64: Final = re.compile(rb"[^A-Za-z0-9+/]+")


def decode_base64(raw: bytes) -> bytes:
    """Base64 with anything foreign in it left out, and whatever its padding is."""
    try:
        return binascii.a2b_base64(raw)
    except binascii.Error:
        letters = _NOT_BASE64.sub(b"", raw)
        return base64.b64decode(letters[: len(letters) - (len(letters) % 4 == 1)] + b"==")


@dataclass(frozen=True, slots=True)
class Parametrized:
    """A value with parameters (`text/plain; charset=utf-8`): both in lower case but for the parameters' values."""

    value: str
    parameters: dict[str, str]


_ATTRIBUTE: Final = re.compile(r'([^\s=;"]{1,100})\s*=\s*')
_UNQUOTED: Final = re.compile(r"[^;]*")
_QUOTED: Final = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)
_CONTINUED: Final = re.compile(r"^(.+?)\*(\d{1,3})?(\*)?$")


def parse_parameters(value: bytes, charset: str = "") -> Parametrized:
    """Read Content-Type and Content-Disposition (RFC 2045, 2231) the way real ones are written."""
    text = decode(value, charset).text
    main, _, rest = text.partition(";")
    found: dict[str, str] = {}
    position = 0
    while position < len(rest) and len(found) < MAX_PARAMETERS:
        attribute = _ATTRIBUTE.match(rest, position) if rest[position] not in "; \t\r\n" else None
        if attribute is None:
            position += 1
            continue
        position, parameter = _parameter(rest, attribute.end())
        found.setdefault(attribute[1].lower(), parameter)
    return Parametrized(main.strip().lower(), _joined_parameters(found))


def _parameter(text: str, position: int) -> tuple[int, str]:
    if text.startswith('"', position):
        if quoted := _QUOTED.match(text, position):
            return quoted.end(), _ESCAPED.sub(_unescape, quoted[1])
        position += 1  # a quote that is never closed: up to the next semicolon
    unquoted = _UNQUOTED.match(text, position)
    assert unquoted is not None  # the pattern matches the empty string
    return unquoted.end(), unquoted[0].strip()


def _unescape(pair: re.Match[str]) -> str:
    # Windows programs write paths without doubling the backslash: only quote and backslash are escaped.
    return pair[1] if pair[1] in '"\\' else pair[0]


def _joined_parameters(found: dict[str, str]) -> dict[str, str]:
    """Put together what RFC 2231 split (`filename*0*=utf-8''…; filename*1*=…`)."""
    joined: dict[str, str] = {}
    pieces: dict[str, dict[int, tuple[str, bool]]] = {}
    for name, value in found.items():
        if continued := _CONTINUED.match(name):
            pieces.setdefault(continued[1], {})[int(continued[2] or 0)] = (value, bool(continued[3] or not continued[2]))
        else:
            joined[name] = value
    for name, numbered in pieces.items():
        joined[name] = _decode_pieces([numbered[number] for number in sorted(numbered)])
    return joined


def _decode_pieces(pieces: list[tuple[str, bool]]) -> str:
    charset = ""
    first, encoded = pieces[0]
    if encoded and first.count("'") >= 2:
        charset, _, first = first.split("'", 2)
        pieces = [(first, True), *pieces[1:]]
    raw = b"".join(unquote_to_bytes(text) if percent else text.encode() for text, percent in pieces)
    return decode(raw, charset).text
