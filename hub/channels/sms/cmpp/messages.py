"""The bodies that carry messages and what became of them: SUBMIT, DELIVER and the status report. Pure."""

from dataclasses import dataclass
from enum import IntEnum

from hub.channels.sms.cmpp.octets import V3, Octets, fixed
from hub.channels.sms.framing import BadPdu

MOST_DESTINATIONS = 99  # "fewer than 100"


class Format(IntEnum):
    """Msg_Fmt."""

    ASCII = 0
    BINARY = 4
    UCS2 = 8
    GBK = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Submit:
    """Body of SUBMIT. `source` is the number recipients see (Src_Id), `sp_id` who we are (Msg_src), `content` with its header (`has_header`)."""

    source: str
    sp_id: str
    destinations: tuple[str, ...]
    content: bytes
    format: int
    total: int = 1
    number: int = 1
    wants_report: bool = True
    level: int = 1
    service: str = ""
    fee_user_type: int = 2
    fee_number: str = ""
    fee_type: str = "02"
    fee_code: str = "10"
    has_header: bool = False
    valid_until: str = ""
    send_at: str = ""
    link_id: str = ""

    def encode(self, version: int) -> bytes:
        """Raises `BadPdu` where a field is longer than its place."""
        if len(self.content) > 0xFF or not 1 <= len(self.destinations) <= MOST_DESTINATIONS:
            raise BadPdu(f"{len(self.content)} octets to {len(self.destinations)} numbers")
        wide = version >= V3
        width, kind = (32, b"\0") if wide else (21, b"")
        return b"".join((
            bytes(8),  # Msg_Id, the gateway's to fill
            bytes((self.total, self.number, self.wants_report, self.level)),
            fixed(self.service, 10), bytes((self.fee_user_type,)), fixed(self.fee_number, width), kind,
            bytes((0, self.has_header, self.format)), fixed(self.sp_id, 6), fixed(self.fee_type, 2), fixed(self.fee_code, 6),
            fixed(self.valid_until, 17), fixed(self.send_at, 17), fixed(self.source, 21),
            bytes((len(self.destinations),)), *(fixed(number, width) for number in self.destinations), kind,
            bytes((len(self.content),)), self.content,
            fixed(self.link_id, 20) if wide else bytes(8),
        ))  # fmt: skip


def decode_submit(body: bytes, version: int) -> Submit:
    """As a gateway reads it."""
    octets, wide = Octets(body), version >= V3
    width = 32 if wide else 21
    octets.take(8)
    total, number, report, level = octets.take(4)
    service, fee_user_type, fee_number = octets.text(10), octets.number(1), octets.text(width)
    octets.take(2 if wide else 1)  # type of the number, TP_pId
    header, fmt = octets.take(2)
    sp_id, fee_type, fee_code = octets.text(6), octets.text(2), octets.text(6)
    valid_until, send_at, source = octets.text(17), octets.text(17), octets.text(21)
    destinations = tuple(octets.text(width) for _ in range(octets.number(1)))
    octets.take(1 if wide else 0)
    content = octets.take(octets.number(1))
    link_id = octets.text(20) if wide else octets.text(8)
    octets.end()
    return Submit(
        source=source,
        sp_id=sp_id,
        destinations=destinations,
        content=content,
        format=fmt,
        total=total,
        number=number,
        wants_report=report == 1,
        level=level,
        service=service,
        fee_user_type=fee_user_type,
        fee_number=fee_number,
        fee_type=fee_type,
        fee_code=fee_code,
        has_header=header == 1,
        valid_until=valid_until,
        send_at=send_at,
        link_id=link_id,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Deliver:
    """Body of DELIVER: a message to us, or, with `is_report`, a status report in `content` (see `decode_report`)."""

    msg_id: int
    destination: str
    source: str
    content: bytes
    format: int = 0
    service: str = ""
    has_header: bool = False
    is_report: bool = False
    link_id: str = ""

    def encode(self, version: int) -> bytes:
        """Raises `BadPdu` where a field is longer than its place."""
        if len(self.content) > 0xFF:
            raise BadPdu(f"{len(self.content)} octets")
        wide = version >= V3
        return b"".join((
            self.msg_id.to_bytes(8, "big"), fixed(self.destination, 21), fixed(self.service, 10),
            bytes((0, self.has_header, self.format)), fixed(self.source, 32 if wide else 21), bytes(1 if wide else 0),
            bytes((self.is_report, len(self.content))), self.content,
            fixed(self.link_id, 20) if wide else bytes(8),
        ))  # fmt: skip


def decode_deliver(body: bytes, version: int) -> Deliver:
    """As we read it."""
    octets, wide = Octets(body), version >= V3
    msg_id, destination, service = octets.number(8), octets.text(21), octets.text(10)
    _, header, fmt = octets.take(3)
    source = octets.text(32 if wide else 21)
    octets.take(1 if wide else 0)
    is_report = octets.number(1) == 1
    content = octets.take(octets.number(1))
    link_id = octets.text(20) if wide else octets.text(8)
    octets.end()
    return Deliver(
        msg_id=msg_id,
        destination=destination,
        source=source,
        content=content,
        format=fmt,
        service=service,
        has_header=header & 1 == 1,
        is_report=is_report,
        link_id=link_id,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Content of a DELIVER that is a status report. Times are `YYMMDDHHMM` of China; `word` is Stat, such as DELIVRD."""

    msg_id: int
    word: str
    submitted: str
    done: str
    destination: str
    smsc_sequence: int = 0

    def encode(self, version: int) -> bytes:
        """As it goes over the wire."""
        return b"".join((
            self.msg_id.to_bytes(8, "big"), fixed(self.word, 7), fixed(self.submitted, 10), fixed(self.done, 10),
            fixed(self.destination, 32 if version >= V3 else 21), self.smsc_sequence.to_bytes(4, "big"),
        ))  # fmt: skip


_REPORT_BESIDE_NUMBER = 8 + 7 + 10 + 10 + 4


def decode_report(content: bytes) -> Report:
    """Of either version: gateways of 3.0 are known to send the shorter form, so that its length tells, not the version."""
    octets = Octets(content)
    width = 32 if len(content) >= _REPORT_BESIDE_NUMBER + 32 else 21
    return Report(
        msg_id=octets.number(8),
        word=octets.text(7).strip(),
        submitted=octets.text(10),
        done=octets.text(10),
        destination=octets.text(width),
        smsc_sequence=octets.number(4),
    )
