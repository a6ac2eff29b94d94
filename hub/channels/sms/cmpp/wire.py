"""CMPP 2.0 and 3.0 PDUs: from bytes to values and back. No sockets; what is malformed raises `BadPdu`, whatever the bytes are.

Names and lengths are those of China Mobile's "China Mobile Point to Point" interface, versions 2.0 (2002) and 3.0 (2003). 3.0 widens
status fields from one octet to four, terminal numbers from 21 to 32 with a type octet behind them, and has a LinkID of 20 octets in the place
of 8 reserved ones. Integers are big-endian, texts are padded with NULs.
"""

import struct
from dataclasses import dataclass
from enum import IntEnum
from hashlib import md5

import msgspec

from hub.channels.sms.cmpp.octets import Octets, encode_result, fixed
from hub.channels.sms.framing import Frames

HEADER = 12  # Total_Length, Command_Id, Sequence_Id
LONGEST = 4096
"""Octets of the longest PDU taken: a SUBMIT 3.0 to a hundred numbers, the largest there is, has 3,491."""

RESPONSE = 0x8000_0000
CONNECT_ANSWER_2 = 18
"""Octets of the body of a CONNECT_RESP in the form of 2.0; in that of 3.0 it has 21."""

_head = struct.Struct("!III")


class Command(IntEnum):
    """Command_Id; a response is the request's with `RESPONSE` set."""

    CONNECT = 0x01
    TERMINATE = 0x02
    SUBMIT = 0x04
    DELIVER = 0x05
    ACTIVE_TEST = 0x08


class Pdu(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One PDU, its body not yet looked at. (Made for each request and answer: as a dataclass it would cost ten times as much.)"""

    command: int
    sequence: int
    body: bytes = b""

    def encode(self) -> bytes:
        """As it goes over the wire."""
        return _head.pack(HEADER + len(self.body), self.command, self.sequence) + self.body


def frames() -> Frames[Pdu]:
    """To read one connection with."""
    return Frames(_head, LONGEST, lambda command, sequence, body: Pdu(command=command, sequence=sequence, body=body))


def digest(sp_id: str, secret: str, timestamp: int) -> bytes:
    """AuthenticatorSource: MD5 of Source_Addr, nine NULs, the secret and the time as `MMDDHHMMSS`."""
    return md5(fixed(sp_id, 6) + bytes(9) + secret.encode() + b"%010d" % timestamp, usedforsecurity=False).digest()


def answer_digest(result: int, authenticator: bytes, secret: str, version: int) -> bytes:
    """AuthenticatorISMG: MD5 of the status as it stands in the answer, AuthenticatorSource and the secret."""
    return md5(encode_result(result, version) + authenticator + secret.encode(), usedforsecurity=False).digest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Connect:
    """Body of CONNECT. `timestamp` is `MMDDHHMMSS` as a number."""

    sp_id: str
    authenticator: bytes
    version: int
    timestamp: int

    def encode(self) -> bytes:
        """As it goes over the wire."""
        return fixed(self.sp_id, 6) + self.authenticator + bytes((self.version,)) + self.timestamp.to_bytes(4, "big")


def decode_connect(body: bytes) -> Connect:
    """As a gateway reads it."""
    octets = Octets(body)
    connect = Connect(sp_id=octets.text(6), authenticator=octets.take(16), version=octets.number(1), timestamp=octets.number(4))
    octets.end()
    return connect


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectAnswer:
    """Body of CONNECT_RESP: its form is that of the version asked for; `version` is the highest the gateway speaks."""

    result: int
    authenticator: bytes
    version: int

    def encode(self, version: int) -> bytes:
        """As it goes over the wire."""
        return encode_result(self.result, version) + self.authenticator + bytes((self.version,))


def decode_connect_answer(body: bytes) -> ConnectAnswer:
    """The two forms differ in length; a gateway of 2.0 answers in its own, whatever it was asked for."""
    octets = Octets(body)
    answer = ConnectAnswer(
        result=octets.number(1 if len(body) == CONNECT_ANSWER_2 else 4), authenticator=octets.take(16), version=octets.number(1)
    )
    octets.end()
    return answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Body of SUBMIT_RESP and DELIVER_RESP."""

    msg_id: int
    result: int = 0

    def encode(self, version: int) -> bytes:
        """As it goes over the wire."""
        return self.msg_id.to_bytes(8, "big") + encode_result(self.result, version)


def decode_answer(body: bytes) -> Answer:
    """Either version's: their lengths differ."""
    octets = Octets(body)
    answer = Answer(msg_id=octets.number(8), result=octets.number(4 if len(body) == 12 else 1))
    octets.end()
    return answer
