"""Reports of mail servers about mails of ours.

Bounces, delays and deliveries (RFC 3464), read receipts (RFC 8098), and what old servers tell in free text.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from hub.channels.email.bounce_text import TextFailure, is_delay, looks_like_bounce, read_text, words_about
from hub.channels.email.headers import Headers, decode_text, split_head
from hub.channels.email.mime import Part
from hub.channels.email.status import best_code, failure_of, reply_code
from hub.channels.email.threading import message_ids, token_in
from hub.messages.address import Address, AddressKind, BadAddress, normal_email
from hub.messages.events import DeliveryReport
from hub.messages.states import DeliveryState, SendFailure

MAX_REPORTS: Final = 500
_MAX_DETAIL: Final = 500

_STATUS_TYPES: Final = {"message/delivery-status", "message/global-delivery-status"}
_RETURNED_TYPES: Final = {
    "message/rfc822",
    "text/rfc822-headers",
    "message/rfc822-headers",
    "message/global",
    "message/global-headers",
}
_BLOCKS: Final = re.compile(rb"(?:[ \t]*\r?\n){2,}")
_ADDRESS: Final = re.compile(r"[^\s<>;,()\"]{1,64}@[^\s<>;,()\"]{1,255}")
_STATUS: Final = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
_DIAGNOSIS_TYPE: Final = re.compile(r"^\s*[\w-]{1,20}\s*;\s*")
_OWN_MESSAGE_ID: Final = re.compile(r"^<([a-z2-7]{40})@", re.IGNORECASE)

# RFC 3464 §2.3.3. "relayed" and "expanded": as far as anybody will ever tell.
_STATES: Final = {
    "failed": DeliveryState.FAILED,
    "failure": DeliveryState.FAILED,
    "delayed": DeliveryState.DEFERRED,
    "delivered": DeliveryState.DELIVERED,
    "relayed": DeliveryState.ACCEPTED,
    "expanded": DeliveryState.ACCEPTED,
}
_STATES_BY_CLASS: Final = {"2": DeliveryState.DELIVERED, "4": DeliveryState.DEFERRED, "5": DeliveryState.FAILED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """A mail that reports on another: what it is called in `extra`, and the reports in it."""

    kind: Literal["bounce", "receipt"]
    reports: tuple[DeliveryReport, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Origin:
    """Which mail of ours is meant."""

    token: str | None
    message_id: str | None
    recipients: tuple[str, ...]  # whom the returned copy was addressed to
    ours: frozenset[str]  # addresses that cannot have bounced: the report came to them


def read_notification(root: Part, envelope: Mapping[str, Any], *, text: str, subject: str, sender: str) -> Notification | None:
    """The reports in a mail, None if it is none. VERP names the mail of ours; then the returned copy does."""
    parts = list(root.walk())
    receipts = [part for part in parts if part.content_type == "message/disposition-notification"]
    statuses = [part for part in parts if _is_status(part)]
    if statuses and (reports := _status_reports(statuses, _origin(root, parts, envelope), text)):
        return Notification(kind="bounce", reports=reports[:MAX_REPORTS])
    if complaints := [part for part in parts if part.content_type == "message/feedback-report"]:
        return Notification(kind="bounce", reports=tuple(_complaint_reports(complaints, _origin(root, parts, envelope))))
    if receipts:
        return Notification(kind="receipt", reports=_receipt_reports(receipts, _origin(root, parts, envelope)))
    null_sender = envelope.get("mail_from") == "" or root.headers.raw("return-path").strip() == b"<>"
    verp = any(kind == "verp" for kind, _ in _tokens(_named_recipients(root, envelope)))
    if not looks_like_bounce(
        root.headers, subject=subject, sender=sender, text=text, null_sender=null_sender, verp=verp, has_status=bool(statuses)
    ):
        return None
    origin = _origin(root, parts, envelope)
    return Notification(kind="bounce", reports=tuple(_text_reports(root, parts, text, subject, origin)))


def _is_status(part: Part) -> bool:
    if part.content_type in _STATUS_TYPES:
        return True
    # Some servers label it as text.
    return part.content_type == "text/plain" and b"Final-Recipient:" in part.body[:4000] and b"\nAction:" in part.body[:4000]


def _status_reports(statuses: Iterable[Part], origin: _Origin, text: str) -> tuple[DeliveryReport, ...]:
    reports = []
    for part in statuses:
        for block in _field_blocks(part.decoded()):
            if report := _report_of(block, origin, text):
                reports.append(report)
    return tuple(dict.fromkeys(reports))


def _field_blocks(content: bytes) -> Iterator[Headers]:
    for block in _BLOCKS.split(content.strip(), MAX_REPORTS):
        headers, _ = split_head(block + b"\n\n")
        if headers.fields:
            yield headers


def _report_of(block: Headers, origin: _Origin, text: str) -> DeliveryReport | None:
    """One recipient's block; None for the block about the whole mail. `text`: what the report says to people."""
    if not any(name in block for name in ("final-recipient", "original-recipient", "action")):
        return None
    recipient = _recipient(block) or _only(origin.recipients)
    diagnosis = _DIAGNOSIS_TYPE.sub("", block.text("diagnostic-code"))
    if not diagnosis and recipient:
        diagnosis = words_about(text, recipient.value)
    found = _STATUS.search(block.text("status"))
    status = found[0] if found else ""
    state = _STATES.get(block.token("action")) or _STATES_BY_CLASS.get(status[:1], DeliveryState.FAILED)
    bad = state in (DeliveryState.FAILED, DeliveryState.DEFERRED)
    code = best_code(status, diagnosis, delayed=state is DeliveryState.DEFERRED) if bad else status
    return DeliveryReport(
        state=state,
        source="dsn",
        token=origin.token,
        message_id=origin.message_id,
        recipient=recipient,
        failure=failure_of(code, reply_code(diagnosis)) if state is DeliveryState.FAILED else None,
        provider_code=code,
        detail=" ".join((diagnosis or block.text("status")).split())[:_MAX_DETAIL],
    )


def _recipient(block: Headers) -> Address | None:
    """Whom we wrote to: the original recipient where it is told (a forwarded mail bounces at another address)."""
    for name in ("original-recipient", "final-recipient", "x-actual-recipient"):
        if (address := _address(block.text(name).partition(";")[2] or block.text(name))) is not None:
            return address
    return None


def _address(text: str) -> Address | None:
    found = _ADDRESS.search(text.replace("+40", "@") if "@" not in text else text)
    if found is None:
        return None
    try:
        return Address(kind=AddressKind.EMAIL, value=normal_email(found[0].strip("'`.:")))
    except BadAddress:
        return None


def _only(recipients: tuple[str, ...]) -> Address | None:
    return _address(recipients[0]) if len(recipients) == 1 else None


def _receipt_reports(receipts: Iterable[Part], origin: _Origin) -> tuple[DeliveryReport, ...]:
    """RFC 8098 §3.2: only "displayed" says that somebody saw it."""
    reports = []
    for part in receipts:
        block = next(_field_blocks(part.decoded()), Headers(()))
        if "displayed" not in block.text("disposition").lower():
            continue
        named = message_ids(block.raw("original-message-id"))
        reports.append(
            DeliveryReport(
                state=DeliveryState.READ,
                source="mdn",
                token=origin.token or _token_of_id(named),
                message_id=named[0] if named else origin.message_id,
                recipient=_recipient(block),
            )
        )
    return tuple(reports)


def _complaint_reports(complaints: Iterable[Part], origin: _Origin) -> Iterator[DeliveryReport]:
    """RFC 5965: somebody pressed "this is spam". He does not want to hear from us again."""
    for part in complaints:
        block = next(_field_blocks(part.decoded()), Headers(()))
        yield DeliveryReport(
            state=DeliveryState.FAILED,
            source="arf",
            token=origin.token,
            message_id=origin.message_id,
            recipient=_address(block.text("original-rcpt-to")) or _only(origin.recipients),
            failure=SendFailure.OPTED_OUT,
            detail=block.text("feedback-type")[:_MAX_DETAIL],
        )


def _text_reports(root: Part, parts: list[Part], text: str, subject: str, origin: _Origin) -> Iterator[DeliveryReport]:
    failures = read_text(root, parts, text, ours=origin.ours, returned_to=origin.recipients)
    delayed = is_delay(subject, text)
    for failure in failures[:MAX_REPORTS] or [TextFailure(recipient="", diagnosis=text[:_MAX_DETAIL])]:
        code = best_code("", f"{failure.diagnosis}\n{text}", delayed=delayed)
        yield DeliveryReport(
            state=DeliveryState.DEFERRED if delayed else DeliveryState.FAILED,
            source="dsn",
            token=origin.token,
            message_id=origin.message_id,
            recipient=_address(failure.recipient),
            failure=None if delayed else failure_of(code, reply_code(failure.diagnosis)),
            provider_code=code,
            detail=" ".join(failure.diagnosis.split())[:_MAX_DETAIL],
        )


def _origin(root: Part, parts: list[Part], envelope: Mapping[str, Any]) -> _Origin:
    named = _named_recipients(root, envelope)
    tokens = _tokens(named)
    returned = _returned_headers(parts)
    ids = message_ids(returned.raw("message-id"))
    token = next((token for kind, token in tokens if kind == "verp"), None) or next((token for _, token in tokens), None)
    return _Origin(
        token=token or _token_of_copy(returned, ids),
        message_id=ids[0] if ids else None,
        recipients=tuple(found[0].lower() for found in _ADDRESS.finditer(returned.text("to")[:4000])),
        ours=frozenset(found[0].lower() for address in named for found in _ADDRESS.finditer(address[:4000])),
    )


def _named_recipients(root: Part, envelope: Mapping[str, Any]) -> list[str]:
    recipients = [str(address) for address in envelope.get("rcpt_tos") or ()]
    return [*recipients, *(root.headers.text(name) for name in ("to", "delivered-to", "x-original-to", "envelope-to"))]


def _tokens(named: Iterable[str]) -> list[tuple[str, str]]:
    return [found for address in named if (found := token_in(address))]


def _returned_headers(parts: list[Part]) -> Headers:
    """The header of the mail that came back; searched for in the text where it is no part of its own."""
    for part in parts:
        if part.content_type in _RETURNED_TYPES:
            return split_head(part.decoded().lstrip(b"\r\n"))[0]
    for part in parts:
        if part.content_type == "text/plain" and (copy := _copy_in_text(part.decoded())):
            return copy
    return Headers(())


_COPY: Final = re.compile(rb"^(?:Return-Path|Received|DKIM-Signature|X-[\w-]{1,60}): ", re.MULTILINE | re.IGNORECASE)


def _copy_in_text(content: bytes) -> Headers | None:
    found = _COPY.search(content)
    if found is None or b"essage-" not in content[found.start() :]:
        return None
    return split_head(content[found.start() :])[0]


def _token_of_copy(returned: Headers, ids: list[str]) -> str | None:
    for name in ("return-path", "reply-to", "sender", "from"):
        if found := token_in(decode_text(returned.raw(name))):
            return found[1]
    return _token_of_id(ids)


def _token_of_id(ids: list[str]) -> str | None:
    found = _OWN_MESSAGE_ID.match(ids[0]) if ids else None
    return found[1].lower() if found else None
