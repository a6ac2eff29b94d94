"""The pure half of the SMTP door: where a message ends, who it is for, and by what it is known again."""

import json
import re
from collections.abc import Iterable
from hashlib import sha256

CRLF = b"\r\n"
_END = b"\r\n.\r\n"

# RFC 5321 §4.4 names Return-Path and Received; the others are what mail systems put beside them on each hop.
_TRACE = frozenset(
    {
        b"return-path",
        b"received",
        b"x-received",
        b"delivered-to",
        b"x-original-to",
        b"received-spf",
        b"authentication-results",
    }
)

# RFC 5321 §4.1.2, with the loose local parts real senders have (`name.@docomo.ne.jp`).
# A source route is read over (§4.1.1.3).
_PATH = re.compile(r'<(?:@[^:<>]*:)?((?:"(?:[^"\\]|\\.)*"|[^<>\s"])*)>(?:\s+(.*))?\s*', re.DOTALL)
_BARE = re.compile(r"([^<>\s\"]+@[^<>\s\"]+)(?:\s+(.*))?\s*", re.DOTALL)
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


class DataCollector:
    """Takes the bytes after DATA as they come and finds their end: CRLF.CRLF and nothing else (RFC 5321 §4.1.1.4).

    Above `limit` bytes they are counted but no longer kept: the end must be found all the same, so that the session
    stays usable.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.size = 0
        self._kept = bytearray()
        self._tail = CRLF  # the line end of the DATA command: an empty message begins with its dot

    @property
    def too_much(self) -> bool:
        """More came than is taken."""
        return self.size > self.limit

    def feed(self, chunk: bytes) -> bytes | None:
        """None while more must come; else what came behind the end of the message."""
        window = self._tail + chunk
        end = window.find(_END)
        if end < 0:
            self._keep(chunk)
            self._tail = window[-(len(_END) - 1) :]
            return None
        taken = end + len(_END) - len(self._tail)
        self._keep(chunk[:taken])
        return chunk[taken:]

    def discard(self) -> None:
        """Keep nothing (more) of it."""
        self.limit = -1
        self._kept = bytearray()

    def _keep(self, chunk: bytes) -> None:
        """Without the dots of transparency (RFC 5321 §4.5.2), the one that ends the message among them."""
        self.size += len(chunk)
        if self.too_much:
            self._kept = bytearray()
            return
        before = self._tail[-2:]
        self._kept += (before + chunk).replace(b"\r\n.", CRLF)[len(before) :]

    def content(self) -> bytes:
        """The message as its sender had it. Asked for once, when its end was found."""
        kept, self._kept = self._kept, bytearray()
        return bytes(memoryview(kept)[: -len(CRLF)])


def read_path(argument: str) -> tuple[str, str] | None:
    """The address and the parameters of `<address> PARAMS`; `("<>", …)` for the null path; None if it is neither.

    Control characters and bytes that are no UTF-8 are refused: neither can be stored or answered.
    """
    text = argument.strip()
    if _CONTROL.search(text):
        return None
    match = _PATH.fullmatch(text) or _BARE.fullmatch(text)
    if match is None:
        return None
    return match[1] or "<>", match[2] or ""


def trace_end(raw: bytes) -> int:
    """Where the first header field begins that was not put there by a hop."""
    start = 0
    while start < len(raw):
        end = _field_end(raw, start)
        name, colon, _ = raw[start:end].partition(b":")
        if not colon or name.strip().lower() not in _TRACE:
            break
        start = end
    return start


def _field_end(raw: bytes, start: int) -> int:
    """Where the header field at `start` ends, its folded lines (RFC 5322 §2.2.3) included."""
    end = raw.find(b"\n", start)
    while 0 <= end < len(raw) - 1 and raw[end + 1 : end + 2] in (b" ", b"\t"):
        end = raw.find(b"\n", end + 1)
    return len(raw) if end < 0 else end + 1


def content_key(mail_from: str, recipients: Iterable[str], raw: bytes) -> str:
    """By what a message that is sent again is known: a relay's retry differs by nothing but its trace fields."""
    digest = sha256(memoryview(raw)[trace_end(raw) :]).hexdigest()
    envelope = json.dumps([mail_from, sorted(recipients), digest], ensure_ascii=False)
    return f"smtp:{sha256(envelope.encode()).hexdigest()}"
