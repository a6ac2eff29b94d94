"""SMPP 3.4 PDUs: from bytes to values and back. No sockets; what is malformed raises `Unreadable`, whatever the bytes are.

Numbers in brackets are sections of "Short Message Peer to Peer Protocol Specification v3.4", issue 1.2.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum

import msgspec

from hub.channels.sms.framing import BadPdu, Frames, text_field
from hub.channels.sms.smpp.status import Status

HEADER = 16  # octets (3.2)
LONGEST = 65_536
"""Octets of the longest PDU taken: a message_payload of 64 kB is the largest thing the standard knows, and nobody sends it."""

RESPONSE = 0x8000_0000
VERSION = 0x34
_head = struct.Struct("!IIII")
_tag = struct.Struct("!HH")


class Command(IntEnum):
    """Command ids (5.1.2.1); a response is the request's with `RESPONSE` set."""

    NACK = 0x8000_0000
    BIND_RECEIVER = 0x01
    BIND_TRANSMITTER = 0x02
    QUERY_SM = 0x03
    SUBMIT_SM = 0x04
    DELIVER_SM = 0x05
    UNBIND = 0x06
    BIND_TRANSCEIVER = 0x09
    ENQUIRE_LINK = 0x15
    ALERT_NOTIFICATION = 0x102


class Tag(IntEnum):
    """Optional parameters we know (5.3.2)."""

    RECEIPTED_MESSAGE_ID = 0x001E
    SAR_REFERENCE = 0x020C
    SAR_TOTAL = 0x020E
    SAR_NUMBER = 0x020F
    NETWORK_ERROR_CODE = 0x0423
    MESSAGE_PAYLOAD = 0x0424
    MESSAGE_STATE = 0x0427


class Unreadable(BadPdu):
    """Received, and not what the standard says. `status` is the answer to it."""

    def __init__(self, detail: str, status: Status = Status.RINVMSGLEN) -> None:
        super().__init__(detail)
        self.status = status


class Pdu(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One PDU, its body not yet looked at. (Made for each request and answer: as a dataclass it would cost ten times as much.)"""

    command: int
    status: int = 0
    sequence: int
    body: bytes = b""

    def encode(self) -> bytes:
        """As it goes over the wire."""
        return _head.pack(HEADER + len(self.body), self.command, self.status, self.sequence) + self.body


def frames() -> Frames[Pdu]:
    """To read one connection with."""
    return Frames(
        _head, LONGEST, lambda command, status, sequence, body: Pdu(command=command, status=status, sequence=sequence, body=body)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Bind:
    """Body of the three binds (4.1)."""

    system_id: str
    password: str
    system_type: str = ""
    interface_version: int = VERSION
    ton: int = 0
    npi: int = 0
    address_range: str = ""

    def encode(self) -> bytes:
        """Raises `BadPdu` where a field is longer than the standard's (16, 9, 13 octets with the final NUL)."""
        return b"".join((
            _cstring(self.system_id, 16), _cstring(self.password, 9), _cstring(self.system_type, 13),
            bytes((self.interface_version, self.ton, self.npi)), _cstring(self.address_range, 41),
        ))  # fmt: skip


def decode_bind(body: bytes) -> Bind:
    """As a centre reads it; the lengths of names are not held against the other side."""
    octets = _Octets(body)
    system_id, password, system_type = octets.cstring(), octets.cstring(), octets.cstring()
    version, ton, npi = octets.take(3)
    return Bind(
        system_id=system_id,
        password=password,
        system_type=system_type,
        interface_version=version,
        ton=ton,
        npi=npi,
        address_range=octets.cstring(),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortMessage:
    """Body of submit_sm and deliver_sm (4.4.1, 4.6.1); `message` are the octets of short_message."""

    source: str
    destination: str
    message: bytes = b""
    source_ton: int = 0
    source_npi: int = 0
    destination_ton: int = 0
    destination_npi: int = 0
    service_type: str = ""
    esm_class: int = 0
    protocol_id: int = 0
    priority: int = 0
    validity: str = ""
    registered_delivery: int = 0
    data_coding: int = 0
    tlvs: Mapping[int, bytes] = field(default_factory=dict)

    @property
    def octets(self) -> bytes:
        """What it says, wherever it stands: message_payload is used instead of short_message (5.3.2.32)."""
        return self.message or self.tlvs.get(Tag.MESSAGE_PAYLOAD, b"")

    def encode(self) -> bytes:
        """Raises `BadPdu` where a field is longer than the standard's."""
        if len(self.message) > 254:
            raise BadPdu(f"short_message of {len(self.message)} octets")
        return b"".join((
            _cstring(self.service_type, 6),
            bytes((self.source_ton, self.source_npi)), _cstring(self.source, 21),
            bytes((self.destination_ton, self.destination_npi)), _cstring(self.destination, 21),
            bytes((self.esm_class, self.protocol_id, self.priority)),
            b"\0", _cstring(self.validity, 17),
            bytes((self.registered_delivery, 0, self.data_coding, 0, len(self.message))), self.message,
            _tlvs(self.tlvs),
        ))  # fmt: skip


def decode_short_message(body: bytes) -> ShortMessage:
    """The body of a submit_sm or deliver_sm."""
    octets = _Octets(body)
    service_type = octets.cstring()
    source_ton, source_npi = octets.take(2)
    source = octets.cstring()
    destination_ton, destination_npi = octets.take(2)
    destination = octets.cstring()
    esm_class, protocol_id, priority = octets.take(3)
    octets.cstring()  # schedule_delivery_time
    validity = octets.cstring()
    registered, _, data_coding, _, length = octets.take(5)
    return ShortMessage(
        service_type=service_type,
        source_ton=source_ton,
        source_npi=source_npi,
        source=source,
        destination_ton=destination_ton,
        destination_npi=destination_npi,
        destination=destination,
        esm_class=esm_class,
        protocol_id=protocol_id,
        priority=priority,
        validity=validity,
        registered_delivery=registered,
        data_coding=data_coding,
        message=octets.take(length),
        tlvs=octets.tlvs(),
    )


def encode_id(message_id: str) -> bytes:
    """Body of submit_sm_resp, deliver_sm_resp (where it is empty) and bind responses (the system's name)."""
    return _cstring(message_id, 65)


def decode_id(body: bytes) -> str:
    """The id in a submit_sm_resp, the name in a bind's response. Some centres leave out the final NUL, or, refusing, everything."""
    return body.partition(b"\0")[0].decode("latin-1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """Body of query_sm (4.8.1): the source address has to be the one the message was submitted with."""

    message_id: str
    source: str
    source_ton: int = 0
    source_npi: int = 0

    def encode(self) -> bytes:
        """As it goes over the wire."""
        ton_npi = bytes((self.source_ton, self.source_npi))
        return _cstring(self.message_id, 65) + ton_npi + _cstring(self.source, 21)


def decode_query(body: bytes) -> Query:
    """As a centre reads it."""
    octets = _Octets(body)
    message_id = octets.cstring()
    ton, npi = octets.take(2)
    return Query(message_id=message_id, source_ton=ton, source_npi=npi, source=octets.cstring())


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryAnswer:
    """Body of query_sm_resp (4.8.2); `state` is a message_state (5.2.28)."""

    message_id: str
    final_date: str = ""
    state: int
    error: int = 0

    def encode(self) -> bytes:
        """As it goes over the wire."""
        return _cstring(self.message_id, 65) + _cstring(self.final_date, 17) + bytes((self.state, self.error))


def decode_query_answer(body: bytes) -> QueryAnswer:
    """As we read it."""
    octets = _Octets(body)
    message_id, final_date = octets.cstring(), octets.cstring()
    state, error = octets.take(2)
    return QueryAnswer(message_id=message_id, final_date=final_date, state=state, error=error)


class _Octets:
    """Reads a body from front to back."""

    def __init__(self, body: bytes) -> None:
        self._body, self._at = body, 0

    def take(self, length: int) -> bytes:
        taken = self._body[self._at : self._at + length]
        if len(taken) < length:
            raise Unreadable("the body ends too early")
        self._at += length
        return taken

    def cstring(self) -> str:
        end = self._body.find(b"\0", self._at)
        if end < 0:
            raise Unreadable("a string without an end")
        taken = self._body[self._at : end]
        self._at = end + 1
        return taken.decode("latin-1")

    def tlvs(self) -> dict[int, bytes]:
        """All that is left; of a tag that stands twice the first."""
        found: dict[int, bytes] = {}
        while self._at < len(self._body):
            if len(self._body) - self._at < _tag.size:
                raise Unreadable("an optional parameter is cut off", Status.RINVTLVSTREAM)
            tag, length = _tag.unpack_from(self._body, self._at)
            self._at += _tag.size
            if len(self._body) - self._at < length:
                raise Unreadable("an optional parameter is cut off", Status.RINVTLVSTREAM)
            found.setdefault(tag, self._body[self._at : self._at + length])
            self._at += length
        return found


def _cstring(text: str, longest: int) -> bytes:
    """`longest` counts the final NUL."""
    return text_field(text, longest - 1) + b"\0"


def _tlvs(tlvs: Mapping[int, bytes]) -> bytes:
    return b"".join(_tag.pack(tag, len(value)) + value for tag, value in tlvs.items())
