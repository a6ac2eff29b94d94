"""Kannel's HTTP, both ways, as values. Pure.

The source is the user guide of Kannel 1.4.5, chapters "Setting up SMS gateway" (get-url) and "SMS gateway: sendsms and delivery reports";
where it is silent, what a real 1.4.5 was seen to do (2026-11).
"""

import hmac
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final
from urllib.parse import unquote_to_bytes

from hub.channels.contract import Handover, SendError
from hub.channels.sms.common import inbound, party
from hub.channels.sms.kannel.settings import KannelSettings
from hub.channels.sms.parts import split
from hub.errors import Forbidden, Invalid
from hub.messages.address import Address, national_phone
from hub.messages.content import OutboundMessage
from hub.messages.events import DeliveryReport
from hub.messages.segments import encode_gsm7
from hub.messages.states import DeliveryState, SendFailure

EVERY_REPORT: Final = 31  # dlr-mask: 1 delivered, 2 failed, 4 buffered, 8 taken by the centre, 16 refused by it
_REPORT_QUERY: Final = "type=%d&fid=%F&smsc=%i&reply=%A"  # Kannel puts the values in
_STATES: Final = {
    "1": DeliveryState.DELIVERED,
    "2": DeliveryState.FAILED,
    "4": DeliveryState.ACCEPTED,
    "8": DeliveryState.ACCEPTED,
    "16": DeliveryState.FAILED,
}
_MOST_FIELDS: Final = 40
_CHARSETS: Final = {
    "utf-8": "utf-8",
    "iso-8859-1": "latin-1",
    "latin1": "latin-1",
    "us-ascii": "ascii",
    "ascii": "ascii",
    "windows-1252": "cp1252",
    "cp1252": "cp1252",
    "utf-16be": "utf-16-be",
    "ucs-2": "utf-16-be",
    "gbk": "gb18030",
    "gb2312": "gb18030",
}
_UNROUTABLE: Final = "Not routable"


def report_path(secret: str, message_id: str, recipient: str, attempt: str) -> str:
    """Where reports about one attempt go, below the account's hooks: only Kannel is told it, and it gives the secret away to no log.

    A message may go to several people, and to one of them again.
    """
    name = f"{message_id}/{recipient.replace('+', '00')}/{attempt}"
    return f"dlr/{name}/{_mac(secret, name)}"


def _mac(secret: str, name: str) -> str:
    return hmac.digest(secret.encode(), _octets(f"dlr:{name}"), "sha256").hex()[:32]


def _is_ours(mac: str, name: str, settings: KannelSettings) -> bool:
    return hmac.compare_digest(_octets(mac), _mac(settings.hook_secret, name).encode())


def headers(message: OutboundMessage, recipient: str, attempt: str, settings: KannelSettings, hooks_url: str) -> dict[str, str]:
    """Of the POST that sends `message`, whose body is its text. (With GET the password would stand in every proxy's log.)

    `attempt` names this one sending in its reports.
    """
    coding, to = 0 if encode_gsm7(message.text) is not None else 2, written(recipient, settings)
    report = f"{hooks_url}/{report_path(settings.hook_secret, str(message.id), recipient, attempt)}?{_REPORT_QUERY}"
    return {
        **sign_in(settings),
        "Content-Type": "text/plain; charset=UTF-8",
        "X-Kannel-To": to,
        "X-Kannel-Coding": str(coding),
        "X-Kannel-DLR-Mask": str(EVERY_REPORT),
        "X-Kannel-DLR-Url": report,
        **({"X-Kannel-From": settings.sender} if settings.sender else {}),
        **({"X-Kannel-SMSC": settings.smsc} if settings.smsc else {}),
    }


def sign_in(settings: KannelSettings) -> dict[str, str]:
    """The headers every request has. Without a recipient Kannel answers 400 where they are right, 403 where they are not."""
    return {"X-Kannel-Username": settings.username, "X-Kannel-Password": settings.password}


def written(recipient: str, settings: KannelSettings) -> str:
    """A number as the centre behind Kannel wants it; raises `SendError` for what is none."""
    if not re.fullmatch(r"\+?[0-9]{2,20}", recipient):
        raise SendError(SendFailure.BAD_RECIPIENT, "not a telephone number")
    if settings.numbers == "national" and recipient.startswith("+"):
        return re.sub(r"\D", "", national_phone(recipient))
    return recipient if settings.numbers == "plus" else recipient.removeprefix("+")


def failure_of(status: int, said: str) -> SendError | None:
    """What sendsms answered; None where it took the message: 202, whether handed on (`0:`) or kept for later (`3:`).

    Only Kannel's own words are proof that it did not take it; what a proxy says of a server it lost is none.
    """
    if status == 202:
        return None
    detail = f"HTTP {status}: {said[:200]}"
    return SendError(_sorted(status, said), detail, provider_code=str(status))


def _sorted(status: int, said: str) -> SendFailure:
    match status:
        case 401 | 403 | 407:
            return SendFailure.REJECTED if _UNROUTABLE in said else SendFailure.BAD_CREDENTIALS
        case 400:
            return _bad_request(said)
        case 413 | 414:
            return SendFailure.BAD_CONTENT
        case 429:
            return SendFailure.THROTTLED
        case 503:
            return SendFailure.UNAVAILABLE
        case _ if 300 <= status < 500:
            return SendFailure.BAD_SETTINGS
        case _:
            return SendFailure.OUTCOME_UNKNOWN


def _bad_request(said: str) -> SendFailure:
    lower = said.lower()
    if "receiver" in lower or "number(s)" in lower:
        return SendFailure.BAD_RECIPIENT
    return SendFailure.BAD_SETTINGS if "sender" in lower else SendFailure.BAD_CONTENT


def handover(path: str, query: str, settings: KannelSettings, now: datetime) -> Handover:
    """What a call of Kannel's says: `path` is what follows the account's hooks. Raises `Forbidden` and `Invalid`."""
    match path.split("/"):
        case ["mo", secret] if hmac.compare_digest(_octets(secret), settings.hook_secret.encode()):
            return _message(query, settings, now)
        case ["dlr", message_id, mac] if _is_ours(mac, message_id, settings):  # what left before an update is named so
            return _report(message_id, query, now)
        case ["dlr", message_id, recipient, attempt, mac] if _is_ours(mac, f"{message_id}/{recipient}/{attempt}", settings):
            return _report(message_id, query, now, recipient=party(recipient, region=settings.region), attempt=attempt)
        case _:
            raise Forbidden("not an address Kannel was given")


def _message(query: str, settings: KannelSettings, now: datetime) -> Handover:
    """By `get-url`. `id` is Kannel's own, the same however often it calls."""
    fields = _fields(query)
    said = {name: _plain(fields[name]) for name in ("from", "to", "id") if fields.get(name)}
    if len(said) < 3:
        raise Invalid("from, to and id have to be in get-url")
    text, notices = text_of(fields)
    return inbound(
        settings,
        key=f"mo:{said['id']}"[:200],
        raw=_octets(query),
        sender=said["from"],
        to=said["to"],
        text=text,
        received_at=now,
        sent_at=_time(_plain(fields.get("ts", b""))),
        notices=notices,
    )


def text_of(fields: Mapping[str, bytes]) -> tuple[str, tuple[str, ...]]:
    """The text and what there is to say about it: by `charset`, else by `coding` (2 is UCS-2). Never fails."""
    octets, charset, coding = (fields.get(name, b"") for name in ("text", "charset", "coding"))
    named = _CHARSETS.get(_plain(charset).lower(), "")
    codec = named or ("utf-16-be" if coding == b"2" else "utf-8")
    part, _ = split(fields.get("udh", b""))
    notices = ["parts_missing"] if part else []  # Kannel did not join it with the others
    if coding == b"1" and not named:  # eight-bit data: no text, unless it happens to be one
        notices.append("unreadable")
    try:
        return octets.decode(codec), tuple(notices)
    except UnicodeDecodeError:
        return octets.decode(codec, "replace"), (*notices, "charset_guessed")


def _report(message_id: str, query: str, now: datetime, *, recipient: Address | None = None, attempt: str = "") -> Handover:
    fields = {name: _plain(value) for name, value in _fields(query).items()}
    kind, reply = fields.get("type", ""), fields.get("reply", "")
    state = _STATES.get(kind)
    if state is None:
        raise Invalid("no report of a kind that was asked for")
    report = DeliveryReport(
        state=state,
        source="dlr",
        message_id=message_id,
        recipient=recipient,
        provider_id=attempt or None,
        failure=_why(reply) if state is DeliveryState.FAILED else None,
        provider_code=_code(reply),
        detail=reply[:500],
        at=now,
    )
    key = f"dlr:{attempt or message_id}:{kind}:{fields.get('fid', '')[:80]}"
    return Handover(key=key, raw=_octets(query), events=(report,), received_at=now)


def _why(reply: str) -> SendFailure:
    """SMPP's "invalid destination address" is 11; every other word is the operator's own."""
    return SendFailure.BAD_RECIPIENT if _code(reply) in ("11", "0x0000000b") else SendFailure.REJECTED


def _code(reply: str) -> str:
    """Of `NACK/11/Invalid destination address` and of a receipt's text `… stat:UNDELIV err:021 …`."""
    found = re.search(r"NACK/(\w+)|\berr:(\w+)", reply)
    return (found[1] or found[2])[:32] if found else ""


def _fields(query: str) -> dict[str, bytes]:
    """Names to octets, as sent; of a repeated name the first. Octets, since their charset stands in another field."""
    found: dict[str, bytes] = {}
    for pair in query.split("&", _MOST_FIELDS)[:_MOST_FIELDS]:
        name, _, value = pair.partition("=")
        found.setdefault(name, unquote_to_bytes(_octets(value.replace("+", " "))))
    return found


def _octets(text: str) -> bytes:
    """As it stood in the request line."""
    return text.encode("utf-8", "surrogateescape")


def _plain(octets: bytes) -> str:
    return octets.decode("utf-8", "replace").strip()


def _time(text: str) -> datetime | None:
    try:
        return datetime.fromtimestamp(int(text), UTC) if text.isascii() and text.isdigit() and len(text) < 12 else None
    except (ValueError, OverflowError, OSError):
        return None
