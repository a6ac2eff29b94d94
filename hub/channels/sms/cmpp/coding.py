"""From a text to the bodies of SUBMIT, and from the octets of a DELIVER to its text. Pure.

Msg_Fmt 0 is ASCII, not GSM-7: the gateway turns it into that. What is not ASCII goes as UCS-2.
"""

from collections.abc import Sequence

from hub.channels.sms.cmpp.messages import Deliver, Format, Submit
from hub.channels.sms.cmpp.settings import CmppSettings
from hub.channels.sms.parts import Piece, split
from hub.messages.segments import Segmented, decode_gsm7, segment, udh

_FEE_USERS = {"recipient": 0, "sender": 1, "enterprise": 2}


def bodies(text: str, *, recipient: str, reference: int, settings: CmppSettings) -> tuple[Submit, ...]:
    """What to submit for `text`, in order; `reference` is 0 to 255. Raises `TooManyParts`."""
    cut = segment(text, ucs2=not text.isascii())
    octets = _octets(cut)
    total = len(octets)
    if total == 1:
        return (_submit(octets[0], cut, recipient, settings),)
    return tuple(
        _submit(udh(reference, total, number) + part, cut, recipient, settings, total=total, number=number)
        for number, part in enumerate(octets, 1)
    )


def source_of(settings: CmppSettings) -> str:
    """The number recipients see."""
    return settings.sender.removeprefix("+") + settings.extension


def destination_of(recipient: str, settings: CmppSettings) -> str:
    """A number as the gateway wants it."""
    plain = recipient.removeprefix("+")
    return plain if settings.country_code or not recipient.startswith("+86") else plain.removeprefix("86")


def text_of(octets: bytes, fmt: int) -> str:
    """The text of octets without a header; never fails: what cannot be read shows U+FFFD."""
    match fmt:
        case Format.UCS2:
            return octets.decode("utf-16-be", "replace")
        case Format.GBK:
            return octets.decode("gb18030", "replace")  # of which GBK is a part
        case _ if octets.isascii():
            return octets.decode("ascii")
        case _:  # gateways are known to call GBK ASCII
            return octets.decode("gb18030", "replace")


def piece_of(message: Deliver) -> tuple[Piece | None, bytes]:
    """Which part of a long message this is, if it is one, and its octets without the user data header."""
    return split(message.content) if message.has_header else (None, message.content)


def _octets(cut: Segmented) -> Sequence[bytes]:
    """153 characters of ASCII and a header are 159 octets: "fewer than 160" is what the specification allows."""
    parts = cut.parts or (b"",)
    return [decode_gsm7(part).encode("ascii") for part in parts] if cut.encoding == "gsm7" else parts


def _submit(content: bytes, cut: Segmented, recipient: str, settings: CmppSettings, *, total: int = 1, number: int = 1) -> Submit:
    return Submit(
        source=source_of(settings),
        sp_id=settings.sp_id,
        destinations=(destination_of(recipient, settings),),
        content=content,
        format=Format.ASCII if cut.encoding == "gsm7" else Format.UCS2,
        total=total,
        number=number,
        service=settings.service_id,
        fee_user_type=_FEE_USERS[settings.fee_user],
        fee_type=settings.fee_type,
        fee_code=settings.fee_code,
        has_header=total > 1,
    )
