"""The tree of parts of a mail (RFC 2045, 2046), within limits.

Not Python's `email.feedparser`: it matches each line against every boundary it is inside of (100 KB of short lines in
300 nested parts cost seconds) and recurses without end. Here each level looks for its own boundary with `bytes.find`.
"""

import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from hub.channels.email.headers import Headers, Parametrized, decode_base64, decode_text, parse_parameters, split_head

MAX_PARTS: Final = 1000
MAX_DEPTH: Final = 50
_MAX_BOUNDARY: Final = 250  # bytes; RFC 2046 §5.1.1 allows 70
_MAX_NAME: Final = 200

_TYPE: Final = re.compile(r"^[a-z0-9][a-z0-9!#$&^_.+-]{0,126}/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}$")
_FIRST_BOUNDARY: Final = re.compile(rb"(?:\A|\n)--([^\r\n]{1,250}?)[ \t]*\r?\n")
# Not in a name that is shown or offered for saving: controls, and marks that turn `exe.fdp` round (U+202E) or hide in it.
_UNPRINTABLE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
_UU_BEGIN: Final = re.compile(rb"^begin [0-7]{3,4} [^\r\n]*\r?\n", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Part:
    """One part: its own headers and its body as it stood, not yet decoded. `children` only of multiparts."""

    headers: Headers
    body: bytes
    content_type: str
    parameters: dict[str, str]
    disposition: str
    disposition_parameters: dict[str, str]
    children: tuple["Part", ...] = ()

    @property
    def charset(self) -> str:
        """The label, as it stands."""
        return self.parameters.get("charset", "")

    @property
    def content_id(self) -> str | None:
        """Without the angle brackets (RFC 2392)."""
        text = self.headers.raw("content-id").decode("ascii", "replace").strip().strip("<>").strip()
        return text[:_MAX_NAME] or None

    def filename(self, charset: str = "") -> str:
        """What the sender calls the file: the last component, for showing only; empty if it has no name."""
        named = self.disposition_parameters.get("filename") or self.parameters.get("name") or ""
        return safe_filename(decode_text(named.encode("utf-8", "replace"), charset))

    def decoded(self) -> bytes:
        """The body with its transfer encoding (RFC 2045 §6) undone; what cannot be decoded stays as it is."""
        match self.headers.token("content-transfer-encoding"):
            case "base64" | "b":
                return decode_base64(self.body)
            case "quoted-printable" | "q" | "quotedprintable":
                return binascii.a2b_qp(self.body)
            case "x-uuencode" | "uuencode" | "uue" | "x-uue":
                return _decode_uu(self.body)
        return self.body

    def walk(self) -> Iterator["Part"]:
        """This part and all below it, in the order of the mail."""
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass(frozen=True, slots=True)
class Tree:
    """A mail's root part, and whether limits cut something off."""

    root: Part
    truncated: bool


@dataclass(slots=True)
class _Budget:
    parts: int = MAX_PARTS
    exceeded: bool = False


def parse_tree(raw: bytes) -> Tree:
    """Read a whole mail. Total: whatever the bytes are, there is a root part."""
    if b"\n" not in raw:
        raw = raw.replace(b"\r", b"\n")  # a mail with the line ends of old Macintoshes
    budget = _Budget()
    root = _parse_part(raw, budget, depth=0, default="text/plain")
    return Tree(root, truncated=budget.exceeded or root.headers.truncated)


def _parse_part(raw: bytes, budget: _Budget, *, depth: int, default: str) -> Part:
    headers, body = split_head(raw)
    kind = _content_type(headers, default)
    disposition = parse_parameters(headers.raw("content-disposition"))
    children: tuple[Part, ...] = ()
    if kind.value.startswith("multipart/"):
        children = _parse_children(body, kind, budget, depth)
    return Part(
        headers=headers,
        body=body,
        content_type=kind.value,
        parameters=kind.parameters,
        disposition=disposition.value,
        disposition_parameters=disposition.parameters,
        children=children,
    )


def _content_type(headers: Headers, default: str) -> Parametrized:
    kind = parse_parameters(headers.raw("content-type"))
    if _TYPE.match(kind.value):
        return kind
    # RFC 2045 §5.2: without a readable type it is plain text; `text` alone was written by programs of the nineties.
    return Parametrized(default if not kind.value else "text/plain", kind.parameters)


def _parse_children(body: bytes, kind: Parametrized, budget: _Budget, depth: int) -> tuple[Part, ...]:
    if depth >= MAX_DEPTH:
        budget.exceeded = True
        return ()
    default = "message/rfc822" if kind.value == "multipart/digest" else "text/plain"
    children = []
    for section in _sections(body, _boundary(body, kind)):
        if budget.parts <= 0:
            budget.exceeded = True
            break
        budget.parts -= 1
        children.append(_parse_part(section, budget, depth=depth + 1, default=default))
    return tuple(children)


def _boundary(body: bytes, kind: Parametrized) -> bytes:
    named = kind.parameters.get("boundary", "").encode("utf-8", "replace").rstrip()
    if named and len(named) <= _MAX_BOUNDARY and (body.startswith(b"--" + named) or b"\n--" + named in body):
        return named
    found = _FIRST_BOUNDARY.search(body[:20_000])  # a relay rewrote it, or it was forgotten: take what is there
    return found[1].rstrip() if found else b""


def _sections(body: bytes, boundary: bytes) -> Iterator[bytes]:
    """What lies between the delimiter lines. A missing last one is no reason to lose a part."""
    if not boundary:
        return
    delimiter = b"\n--" + boundary
    start: int | None = None
    position = -1 if body.startswith(delimiter[1:]) else body.find(delimiter)
    while position >= -1:
        line_end = body.find(b"\n", position + len(delimiter))
        line_end = len(body) if line_end < 0 else line_end
        rest = body[position + len(delimiter) : line_end].strip() if line_end - position < 1000 else b"?"
        if rest in (b"", b"--"):
            if start is not None:
                section = body[start : max(start, position)].removesuffix(b"\r")
                if len(section) > 2 or section.strip():  # two delimiters in a row are one
                    yield section
            start = None if rest else line_end + 1
            if rest:
                return
        position = body.find(delimiter, max(position + 1, line_end))
        if position < 0:
            break
    if start is not None:
        yield body[start:]


def _decode_uu(body: bytes) -> bytes:
    begin = _UU_BEGIN.search(body)
    if begin is None:
        return body
    decoded = bytearray()
    for line in body[begin.end() :].splitlines():
        if line.strip() in (b"end", b"`", b""):
            break
        try:
            decoded += binascii.a2b_uu(line)
        except binascii.Error:  # some encoders leave rubbish behind the counted bytes
            length = (((line[0] - 32) & 63) * 4 + 5) // 3
            decoded += _decode_uu_line(line[: length + 1])
    return bytes(decoded)


def _decode_uu_line(line: bytes) -> bytes:
    try:
        return binascii.a2b_uu(line)
    except binascii.Error:
        return b""


def safe_filename(name: str) -> str:
    """The last component of a path, without unprintable characters, at most 200 characters with its ending kept."""
    last = _UNPRINTABLE.sub("", name).replace("\\", "/").rstrip("/ ").rpartition("/")[2].strip()
    if last in (".", ".."):
        return ""
    stem, dot, ending = last.rpartition(".")
    if len(last) <= _MAX_NAME or not dot or len(ending) > 20:
        return last[:_MAX_NAME]
    return stem[: _MAX_NAME - len(ending) - 1] + dot + ending
