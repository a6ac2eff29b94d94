"""What bodies of PDUs are made of: numbers, big end first, and texts padded with NULs. Pure."""

from hub.channels.sms.framing import BadPdu, text_field

V2, V3 = 0x20, 0x30
"""Versions, as CONNECT names them."""


class Octets:
    """Reads a body from front to back."""

    def __init__(self, body: bytes) -> None:
        self._body, self._at = body, 0

    def take(self, length: int) -> bytes:
        """The next octets; raises `BadPdu` where there are fewer."""
        taken = self._body[self._at : self._at + length]
        if len(taken) < length:
            raise BadPdu("the body ends too early")
        self._at += length
        return taken

    def number(self, width: int) -> int:
        """An unsigned number of `width` octets."""
        return int.from_bytes(self.take(width), "big")

    def text(self, width: int) -> str:
        """A text of at most `width` octets, without its padding."""
        return self.take(width).partition(b"\0")[0].decode("latin-1")

    def end(self) -> None:
        """Raises `BadPdu` where something is left."""
        if self._at != len(self._body):
            raise BadPdu(f"{len(self._body) - self._at} octets too many")


def fixed(text: str, width: int) -> bytes:
    """A text in its place, padded with NULs. Raises `BadPdu` where it is too long or not one octet a character."""
    return text_field(text, width).ljust(width, b"\0")


def encode_result(value: int, version: int) -> bytes:
    """One octet, from 3.0 on four."""
    return value.to_bytes(4 if version >= V3 else 1, "big")
