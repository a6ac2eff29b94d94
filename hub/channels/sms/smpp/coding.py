"""From a text to the bodies of submit_sm, and from the octets of a deliver_sm to its text. Pure.

Standards: 3GPP TS 23.038 (alphabets, data coding), 23.040 §9.2.3.24 (user data headers), SMPP 3.4 §5.2.12 and §5.2.19.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from hub.channels.sms import parts
from hub.channels.sms.parts import Piece
from hub.channels.sms.smpp.settings import SmppSettings
from hub.channels.sms.smpp.wire import ShortMessage, Tag
from hub.messages.segments import Segmented, decode_gsm7, segment, udh

UDHI = 0x40  # in esm_class: the octets begin with a user data header
UCS2 = 8
LATIN1 = 3
_IN_SHORT_MESSAGE = 254  # octets
_REGISTERED = {"all": 1, "failures": 2, "none": 0}

Charset = Literal["gsm7", "latin1", "utf8", "ascii", "ucs2"]


def bodies(text: str, *, recipient: str, reference: int, settings: SmppSettings) -> tuple[ShortMessage, ...]:
    """What to submit for `text`, in order. Raises `TooManyParts`."""
    cut = _cut(text, reference, settings)
    coding = UCS2 if cut.encoding == "ucs2" else _plain_coding(settings)
    octets = [_recoded(part, cut, settings) for part in cut.parts] or [b""]
    whole = _addressed(recipient, settings, coding)
    if len(octets) == 1:
        return (replace(whole, message=octets[0]),)
    if settings.long_messages == "payload":
        return (_payload(whole, b"".join(octets)),)
    if settings.long_messages == "sar":
        return tuple(_sar(whole, part, reference, len(octets), number) for number, part in enumerate(octets, 1))
    return tuple(_udh(whole, part, reference, len(octets), number) for number, part in enumerate(octets, 1))


def text_of(octets: bytes, coding: int, settings: SmppSettings) -> str:
    """The text of octets without a header; never fails: what cannot be read shows U+FFFD."""
    match _charset(coding, settings):
        case "ucs2":
            return octets.decode("utf-16-be", "replace")
        case "latin1":
            return octets.decode("latin-1")
        case "utf8":
            return octets.decode("utf-8", "replace")
        case "ascii":
            return octets.decode("ascii", "replace")
        case _:
            return decode_gsm7(octets)


def piece_of(message: ShortMessage) -> tuple[Piece | None, bytes]:
    """Which part of a long message this is, if it is one, and its octets without the user data header."""
    if message.esm_class & UDHI:
        return parts.split(message.octets)
    return _sar_piece(message), message.octets


def _cut(text: str, reference: int, settings: SmppSettings) -> Segmented:
    wide = reference if settings.long_messages == "udh" and reference > 0xFF else None
    cut = segment(text, reference=wide, ucs2=settings.alphabet == "ucs2")
    if cut.encoding == "gsm7" and settings.alphabet == "latin1" and not _is_latin1(text):
        return segment(text, reference=wide, ucs2=True)
    return cut


def _is_latin1(text: str) -> bool:
    return all(ord(character) < 0x100 for character in text)


def _plain_coding(settings: SmppSettings) -> int:
    if settings.data_coding >= 0:
        return settings.data_coding
    return LATIN1 if settings.alphabet == "latin1" else 0


def _recoded(part: bytes, cut: Segmented, settings: SmppSettings) -> bytes:
    if cut.encoding == "gsm7" and settings.alphabet == "latin1":
        return decode_gsm7(part).encode("latin-1")
    return part


def _addressed(recipient: str, settings: SmppSettings, coding: int) -> ShortMessage:
    ton, npi = sender_type(settings)
    return ShortMessage(
        source=settings.sender.removeprefix("+"),
        source_ton=ton,
        source_npi=npi,
        destination=recipient if settings.plus else recipient.removeprefix("+"),
        destination_ton=settings.destination_ton,
        destination_npi=settings.destination_npi,
        data_coding=coding,
        registered_delivery=_REGISTERED[settings.receipts],
    )


def sender_type(settings: SmppSettings) -> tuple[int, int]:
    """TON and NPI of the own address (5.2.5, 5.2.6), by its form where they are not set."""
    sender = settings.sender
    if sender.startswith("+"):
        ton, npi = 1, 1
    elif sender.isascii() and sender.isdigit():
        ton, npi = 3, 0
    else:
        ton, npi = (5, 0) if sender else (0, 0)
    return (
        settings.source_ton if settings.source_ton >= 0 else ton,
        settings.source_npi if settings.source_npi >= 0 else npi,
    )


def _payload(whole: ShortMessage, octets: bytes) -> ShortMessage:
    if len(octets) <= _IN_SHORT_MESSAGE:
        return replace(whole, message=octets)
    return replace(whole, tlvs={Tag.MESSAGE_PAYLOAD: octets})


def _sar(whole: ShortMessage, part: bytes, reference: int, total: int, number: int) -> ShortMessage:
    tlvs: dict[int, bytes] = {
        Tag.SAR_REFERENCE: reference.to_bytes(2, "big"),
        Tag.SAR_TOTAL: bytes([total]),
        Tag.SAR_NUMBER: bytes([number]),
    }
    return replace(whole, message=part, tlvs=tlvs)


def _udh(whole: ShortMessage, part: bytes, reference: int, total: int, number: int) -> ShortMessage:
    return replace(whole, message=udh(reference, total, number) + part, esm_class=UDHI)


def _charset(coding: int, settings: SmppSettings) -> Charset:
    """5.2.19; from 0xC0 on and 0x00-0x3F above the standard's numbers as in 23.038 §4: bits 3 and 2 name the alphabet."""
    match coding:
        case 0:
            return settings.default_alphabet
        case 1:
            return "ascii"
        case 2 | 3 | 4:
            return "latin1"
        case 8:
            return "ucs2"
    if coding & 0xF0 in (0x10, 0xE0):
        return "ucs2" if coding & 0x0C == 0x08 or coding & 0xF0 == 0xE0 else "gsm7"
    if coding & 0xF4 == 0xF4:
        return "latin1"
    return "gsm7" if coding & 0xF0 in (0xC0, 0xD0, 0xF0) else settings.default_alphabet


def _sar_piece(message: ShortMessage) -> Piece | None:
    """5.3.2.22 to 5.3.2.24."""
    found: Sequence[bytes] = [message.tlvs.get(tag, b"") for tag in (Tag.SAR_REFERENCE, Tag.SAR_TOTAL, Tag.SAR_NUMBER)]
    if not all(found):
        return None
    reference, total, number = (int.from_bytes(part[:2], "big") for part in found)
    return parts.piece_of(reference, total, number)
