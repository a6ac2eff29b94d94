"""PDUs of operators' protocols, cut from a stream of octets. No sockets."""

from collections.abc import Callable, Iterator
from struct import Struct
from typing import Generic, TypeVar

P = TypeVar("P")


class BadPdu(Exception):
    """Not what the protocol's specification says, or what cannot be said in it."""


class OutOfStep(BadPdu):
    """A length no PDU has: where the next one begins nobody knows, so the connection is of no more use."""


def text_field(text: str, most: int) -> bytes:
    """The octets of a text field. Raises `BadPdu` where they are more than `most`, or one of them is NUL."""
    try:
        octets = text.encode("latin-1")
    except UnicodeEncodeError as error:
        raise BadPdu(f"{text[:40]!r} cannot be put into a PDU") from error
    if len(octets) > most or b"\0" in octets:
        raise BadPdu(f"{text[:40]!r} is too long for its place or has a NUL")
    return octets


class Frames(Generic[P]):
    """`head` is the header all PDUs have, whose first number is the length of the whole; `longest` in octets.

    `made` is given the header's other numbers and the body.
    """

    def __init__(self, head: Struct, longest: int, made: Callable[..., P]) -> None:
        self._head, self._longest, self._made = head, longest, made
        self._rest = b""

    def feed(self, octets: bytes) -> Iterator[P]:
        """The PDUs that are whole now; to be read to the end. Raises `OutOfStep` behind the last good one; then nothing can be read any more."""
        data, at, header = self._rest + octets, 0, self._head.size
        while len(data) - at >= header:
            length, *numbers = self._head.unpack_from(data, at)
            if not header <= length <= self._longest:
                raise OutOfStep(f"a PDU of {length} octets")
            if len(data) - at < length:
                break
            yield self._made(*numbers, data[at + header : at + length])
            at += length
        self._rest = data[at:]
