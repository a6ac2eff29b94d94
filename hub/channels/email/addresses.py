"""Address lists (RFC 5322 §3.4) as they really are: unclosed quotes, bare commas, names in 8 bits. One pass, no recursion."""

import re
from dataclasses import dataclass, field
from typing import Final

from hub.channels.email.charset import decode
from hub.channels.email.headers import decode_words, one_line
from hub.messages.address import Address, AddressKind, BadAddress, normal_email

MAX_ADDRESSES: Final = 1000
NOBODY: Final = Address(kind=AddressKind.EMAIL, value="unknown@sender.invalid")  # RFC 2606: can never be anybody's
_MAX_NAME: Final = 200
_MAX_ADDRESS: Final = 320  # RFC 5321 §4.5.3.1: 64 + @ + 255

_WORD: Final = re.compile(r'[^"(<,;:]+')
_QUOTED: Final = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)
_PARENTHESIS: Final = re.compile(r"\\.|[()]", re.DOTALL)
_BARE: Final = re.compile(r"[^\s<>()\",;:\[\]]{1,64}@[^\s<>()\",;:]{1,255}")
_SPACES: Final = re.compile(r"[\s\x00-\x1f]+")


@dataclass(slots=True)
class _Scan:
    """What was read of the entry in hand, and the entries before it."""

    found: list[Address] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    comment: str = ""
    angle: str | None = None

    def finish_entry(self, *, comma: bool) -> None:
        """An entry ended. A piece without an address before a comma is the first half of `Doe, John <j@x>`."""
        text = "".join(self.words).strip()
        if self.angle is None and "@" not in text:
            self.words = [f"{text}, "] if comma and text else []
            return
        name, address = (text, self.angle) if self.angle is not None else _split_bare(text)
        if made := make_address(address, name or self.comment):
            self.found.append(made)
        self.words, self.comment, self.angle = [], "", None


def parse_addresses(value: bytes, charset: str = "") -> tuple[Address, ...]:
    """The addresses of a From, To or Cc field with the names beside them; at most `MAX_ADDRESSES`. Linear."""
    text = decode(value, charset).text
    found = _scan(text).found
    if not found and "@" in text:
        loose = (make_address(match[0], "") for match in _BARE.finditer(text[:4000]))
        found = [address for address in loose if address]
    return tuple(found)


def _scan(text: str) -> _Scan:
    scan = _Scan()
    position, last_semicolon = 0, text.rfind(";")
    quotes_close = comments_close = True
    while position < len(text) and len(scan.found) < MAX_ADDRESSES:
        character = text[position]
        if word := _WORD.match(text, position):
            scan.words.append(word[0])
            position = word.end()
        elif character == '"' and quotes_close and (quoted := _QUOTED.match(text, position)):
            scan.words.append(_ESCAPED.sub(r"\1", quoted[1]))
            position = quoted.end()
        elif character == "(" and comments_close and (end := _end_of_comment(text, position)):
            scan.comment = scan.comment or text[position + 1 : end - 1]
            position = end
        elif character == "<":
            position = _read_angle(scan, text, position)
        else:
            quotes_close &= character != '"'  # once one is not closed none after it is: keeps the scan linear
            comments_close &= character != "("
            _read_sign(scan, character, in_group=position < last_semicolon)
            position += 1
    scan.finish_entry(comma=False)
    return scan


def _read_sign(scan: _Scan, character: str, *, in_group: bool) -> None:
    if character in ",;":
        scan.finish_entry(comma=character == ",")
    elif character == ":" and in_group:  # `undisclosed-recipients:;`
        scan.words = []
    else:
        scan.words.append(character)


def _read_angle(scan: _Scan, text: str, position: int) -> int:
    end = text.find(">", position, position + 2 * _MAX_ADDRESS)
    if end < 0:
        end = min(len(text), position + _MAX_ADDRESS)
    if scan.angle is None or "@" not in scan.angle:
        scan.angle = text[position + 1 : end]
    return end + 1


def _end_of_comment(text: str, start: int) -> int:
    """Just behind the parenthesis that closes the one at `start`; 0 if none does."""
    depth = 0
    for match in _PARENTHESIS.finditer(text, start):
        depth += {"(": 1, ")": -1}.get(match[0], 0)
        if depth == 0:
            return match.end()
    return 0


def _split_bare(text: str) -> tuple[str, str]:
    """Name and address of an entry without angle brackets."""
    at = text.find("@")
    start = max(text.rfind(" ", 0, at), text.rfind("\t", 0, at)) + 1
    stop = next((i for i in range(at, len(text)) if text[i].isspace()), len(text))
    if start == at and start:  # `name @ domain`
        return "", _SPACES.sub("", text)
    return f"{text[:start]} {text[stop:]}".strip(), text[start:stop]


def make_address(text: str, name: str) -> Address | None:
    """An address from what stood between the brackets; None if there is no address in it."""
    bare = _SPACES.sub("", decode_words(text)).strip("<>'\"")
    bare = bare.removeprefix("mailto:").removeprefix("MAILTO:")
    if bare.startswith("@") and ":" in bare:  # a source route (RFC 5321 §4.1.1.3 wants it read over)
        bare = bare.partition(":")[2]
    if "@" not in bare:
        return None
    shown = decode_name(name)
    try:
        value = normal_email(bare.replace('"', ""))
    except BadAddress:
        value = bare.lower()[:_MAX_ADDRESS]
    return Address(kind=AddressKind.EMAIL, value=value, name="" if shown.lower() == value else shown)


def decode_name(text: str) -> str:
    """A display name: decoded, on one line, without quotes around it."""
    name = " ".join(one_line(decode_words(text)).split())
    if len(name) > 1 and name[0] == name[-1] and name[0] in "\"'":
        name = name[1:-1].strip()
    return name[:_MAX_NAME]
