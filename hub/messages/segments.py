"""A text as the parts of a short message: GSM-7 (3GPP TS 23.038 §6.2.1) where every character is in its table, else UCS-2.

What a person is shown while typing and what goes over the wire are counted here alike; the console has a twin, held to the same cases.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from hub.errors import Invalid

MAX_PARTS: Final = 255  # 3GPP TS 23.040 §9.2.3.24.1: the count is one octet

_ESCAPE: Final = 0x1B
_BASIC: Final = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION: Final = {
    "\f": 0x0A,
    "^": 0x14,
    "{": 0x28,
    "}": 0x29,
    "\\": 0x2F,
    "[": 0x3C,
    "~": 0x3D,
    "]": 0x3E,
    "|": 0x40,
    "€": 0x65,
}
_OCTETS: Final = {character: bytes([octet]) for octet, character in enumerate(_BASIC) if octet != _ESCAPE} | {
    character: bytes([_ESCAPE, octet]) for character, octet in _EXTENSION.items()
}
_EXTENDED: Final = {octet: character for character, octet in _EXTENSION.items()}

Encoding = Literal["gsm7", "ucs2"]


class TooManyParts(Invalid):
    """More than one short message can be, however long: `MAX_PARTS` parts."""

    code = "too_long"


@dataclass(frozen=True, slots=True, kw_only=True)
class Segmented:
    """A text cut into parts.

    `units` are septets (GSM-7; `^{}\\[~]|€` and form feed are two) or UTF-16 code units (UCS-2; an emoji is two), `per_part` how
    many of them one part holds, `left` how many more fit into the last one. `parts` are the payloads without user data headers: one
    octet a septet (unpacked), or UTF-16, big end first. An empty text has no part.
    """

    encoding: Encoding
    units: int
    parts: tuple[bytes, ...]
    per_part: int
    left: int


def segment(text: str, *, reference: int | None = None, ucs2: bool = False) -> Segmented:
    """Cut `text` into parts: one of 160/70 units, else of 153/67 beside their headers (152/66 where `reference` needs 16 bits).

    Neither an escape pair nor a surrogate pair is ever split. `ucs2`: even where GSM-7 would do. Raises `TooManyParts` beyond 255.
    """
    cut = _cut(text, reference, ucs2=ucs2)
    if len(cut.parts) > MAX_PARTS:
        raise TooManyParts(f"{len(cut.parts)} parts; a message has at most {MAX_PARTS}", parts=len(cut.parts))
    return cut


def count_parts(text: str) -> int:
    """How many parts `text` takes; never raises."""
    return len(_cut(text, None).parts)


def udh(reference: int, total: int, number: int) -> bytes:
    """The user data header of part `number` (from 1) of `total`: 8-bit references by IE 0x00, larger ones by IE 0x08 (3GPP TS 23.040 §9.2.3.24)."""
    if reference > 0xFF:
        return bytes([6, 0x08, 4, reference >> 8 & 0xFF, reference & 0xFF, total, number])
    return bytes([5, 0x00, 3, reference, total, number])


def encode_gsm7(text: str) -> bytes | None:
    """One octet a septet, unpacked; None where a character is not in the alphabet."""
    octets = [_OCTETS.get(character) for character in text]
    return None if None in octets else b"".join(octet for octet in octets if octet is not None)


def decode_gsm7(octets: bytes) -> str:
    """The text of unpacked septets. Never fails: an escape to nowhere shows the basic character (23.038 §6.2.1.1), what is no septet is U+FFFD."""
    return "".join(_characters(octets))


def _characters(octets: bytes) -> Iterator[str]:
    escaped = False
    for octet in octets:
        if octet == _ESCAPE and not escaped:
            escaped = True
            continue
        basic = " " if octet == _ESCAPE else _BASIC[octet] if octet < len(_BASIC) else "\ufffd"
        yield _EXTENDED.get(octet, basic) if escaped else basic
        escaped = False


def _cut(text: str, reference: int | None, *, ucs2: bool = False) -> Segmented:
    header = 7 if reference is not None and reference > 0xFF else 6  # octets
    gsm = [_OCTETS.get(character) for character in text]
    if None not in gsm and not ucs2:
        return _fill("gsm7", [octets for octets in gsm if octets is not None], 160, 160 - -(-header * 8 // 7), 1)
    pieces = [character.encode("utf-16-be", "replace") for character in text]
    return _fill("ucs2", pieces, 70, (140 - header) // 2, 2)


def _fill(encoding: Encoding, pieces: list[bytes], single: int, several: int, width: int) -> Segmented:
    units = sum(map(len, pieces)) // width
    if units <= single:
        parts = (b"".join(pieces),) if pieces else ()
        return Segmented(encoding=encoding, units=units, parts=parts, per_part=single, left=single - units)
    cut = list(_parts(pieces, several * width))
    left = several - len(cut[-1]) // width
    return Segmented(encoding=encoding, units=units, parts=tuple(cut), per_part=several, left=left)


def _parts(pieces: list[bytes], capacity: int) -> Iterator[bytes]:
    part = bytearray()
    for piece in pieces:
        if len(part) + len(piece) > capacity:
            yield bytes(part)
            part.clear()
        part += piece
    yield bytes(part)
