"""From the bytes of a mail to what it says: the parser of the adapter contract."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

from hub.channels.email import loops
from hub.channels.email.addresses import MAX_ADDRESSES, NOBODY, decode_name, make_address, parse_addresses
from hub.channels.email.body import Body, Readable, Segment, read_body, readable
from hub.channels.email.bounce import Notification, read_notification
from hub.channels.email.calendar import read_calendar
from hub.channels.email.charset import codec_of, decode
from hub.channels.email.files import Files, read_files
from hub.channels.email.foreign import attempt
from hub.channels.email.headers import Headers, decode_text
from hub.channels.email.html import clean_html
from hub.channels.email.mime import Part, Tree, parse_tree
from hub.channels.email.threading import own_keys, thread_keys
from hub.messages.address import Address, ChannelKind
from hub.messages.content import MessageKind
from hub.messages.events import ChannelEvent, InboundMessage

MAX_SUBJECT: Final = 1000  # characters
_MAX_EXTRA: Final = 2000
_SENDER_FIELDS: Final = ("from", "sender", "reply-to", "return-path")
_KEPT_FIELDS: Final = ("authentication-results", "list-id", "importance", "x-priority", "user-agent", "x-mailer", "return-path")
_ENCRYPTED: Final = {"multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime"}


def parse(raw: bytes, envelope: Mapping[str, Any]) -> list[ChannelEvent]:
    """Read one mail: first exactly one `InboundMessage`, then what it reports about mails of ours.

    Total, and linear in the size of `raw`. `envelope` is what the transport knew: `mail_from` ("" for the null sender) and
    `rcpt_tos`.
    """
    events = attempt(lambda: _read(raw, envelope))
    return events if events is not None else [_unreadable(raw, envelope)]


def _read(raw: bytes, envelope: Mapping[str, Any]) -> list[ChannelEvent]:
    tree = parse_tree(raw)
    root, headers = tree.root, tree.root.headers
    charset = _charset_hint(root)
    body = read_body(root)
    files = read_files(body, charset)
    words = readable(body.segments if any(map(_says_something, body.segments)) else list(files.segments or body.segments))
    subject, sender = headers.text("subject", charset), _sender(headers, envelope, charset)
    notification = read_notification(root, envelope, text=words.text, subject=subject, sender=sender.value)
    machines = loops.automation(
        headers, subject=subject, sender=sender.value, null_sender=_null_sender(headers, envelope), content_type=root.content_type
    )
    html, remote_images = clean_html(words.html) if words.html else (None, 0)
    message = InboundMessage(
        channel=ChannelKind.EMAIL,
        sender=sender,
        to=_addresses(headers, "to", charset),
        cc=_addresses(headers, "cc", charset),
        reply_to=_addresses(headers, "reply-to", charset),
        subject=subject[:MAX_SUBJECT],
        text=words.text,
        reply_text=words.reply_text,
        html=html,
        files=files.files,
        kind=_kind(notification, machines),
        sent_at=_date(headers),
        thread_keys=thread_keys(headers, _recipients(envelope), subject),
        own_keys=own_keys(headers),
        automatic=machines.automatic or notification is not None,
        notices=_notices(tree, body, words, files, sender, subject),
        extra=_extra(root, charset, remote_images, notification),
    )
    return [message, *(notification.reports if notification else ())]


def _says_something(segment: Segment) -> bool:
    return bool((segment.plain or "").strip() or (segment.html or "").strip())


def _unreadable(raw: bytes, envelope: Mapping[str, Any]) -> InboundMessage:
    """What is left to say of a mail that broke the parser: who sent it, by the envelope, and its first lines."""
    sender = make_address(str(envelope.get("mail_from") or ""), "") or NOBODY
    text = decode(raw[:4000]).text
    return InboundMessage(
        channel=ChannelKind.EMAIL, sender=sender, text=text, reply_text=text, automatic=True, notices=("unreadable",)
    )


def _charset_hint(root: Part) -> str:
    """What raw 8-bit bytes in the header are probably in: the charset of the first text."""
    labelled = (part.charset for part in root.walk() if part.content_type.startswith("text/"))
    return next((label for label in labelled if codec_of(label) not in ("", "utf-8")), "")


def _sender(headers: Headers, envelope: Mapping[str, Any], charset: str) -> Address:
    for name in _SENDER_FIELDS:
        for value in headers.all(name):
            if found := parse_addresses(value, charset):
                return found[0]
    name = decode_name(decode_text(headers.raw("from"), charset))
    return make_address(str(envelope.get("mail_from") or ""), name) or replace(NOBODY, name=name)


def _addresses(headers: Headers, name: str, charset: str) -> tuple[Address, ...]:
    found = [address for value in headers.all(name) for address in parse_addresses(value, charset)]
    return tuple(dict.fromkeys(found))[:MAX_ADDRESSES]


def _recipients(envelope: Mapping[str, Any]) -> list[str]:
    return [str(address) for address in envelope.get("rcpt_tos") or ()]


def _null_sender(headers: Headers, envelope: Mapping[str, Any]) -> bool:
    return envelope.get("mail_from") == "" or headers.raw("return-path").strip() == b"<>"


def _kind(notification: Notification | None, machines: loops.Automation) -> MessageKind:
    if notification is not None and notification.kind == "bounce":
        return MessageKind.BOUNCE
    return MessageKind.AUTO_REPLY if machines.answer or notification is not None else MessageKind.MESSAGE


def _date(headers: Headers) -> datetime | None:
    """When the sender says that it was sent; his clock may say anything."""
    text = headers.raw("date")[:100].decode("ascii", "replace")
    try:
        moment = parsedate_to_datetime(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _notices(tree: Tree, body: Body, words: Readable, files: Files, sender: Address, subject: str) -> tuple[str, ...]:
    types = {part.content_type for part in tree.root.walk()}
    said = {
        "truncated": tree.truncated or words.truncated or len(subject) > MAX_SUBJECT,
        "charset_guessed": body.guessed,
        "winmail": files.winmail,
        "no_sender": sender == NOBODY,
        "encrypted": not types.isdisjoint(_ENCRYPTED),
        "invitation": not types.isdisjoint({"text/calendar", "application/ics"}),
    }
    return tuple(notice for notice, holds in said.items() if holds)


def _extra(root: Part, charset: str, remote_images: int, notification: Notification | None) -> dict[str, object]:
    kept = {name: root.headers.text(name, charset)[:_MAX_EXTRA] for name in _KEPT_FIELDS if name in root.headers}
    extra: dict[str, object] = {name.replace("-", "_"): value for name, value in kept.items()}
    if remote_images:
        extra["remote_images"] = remote_images
    if card := read_calendar(root.walk()):
        extra["calendar"] = card
    if notification is not None:
        extra["notification"] = notification.kind
    return extra
