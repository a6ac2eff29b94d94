"""From a message of ours to the bytes of a mail, with all that brings its answers and bounces back to it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email import encoders
from email.charset import QP, Charset
from email.generator import BytesGenerator
from email.header import Header
from email.message import Message
from email.mime.base import MIMEBase
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.policy import compat32
from email.utils import format_datetime
from html import escape
from io import BytesIO
from typing import Final

from hub.channels.contract import SendError
from hub.channels.email.quote_marks import OUR_FORWARD
from hub.channels.email.settings import MailSettings
from hub.channels.email.threading import MAX_REFERENCES, VERP_LOCAL_PART
from hub.messages.address import Address, BadAddress, normal_email
from hub.messages.content import OutboundMessage, StoredFile
from hub.messages.states import SendFailure

_BREAKS: Final = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]")
_MAX_LINE: Final = 900  # octets of one line that may go as it is (RFC 5322 §2.1.1: 998)
# No folding by the library: it puts a Message-ID on a line below its name, which some filters read as empty.
_POLICY: Final = compat32.clone(linesep="\r\n", max_line_length=0, mangle_from_=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Composed:
    """A mail ready to be signed and sent: CRLF lines, 7 bit. `recipients` are the envelope's, blind copies among them."""

    raw: bytes
    message_id: str
    envelope_sender: str
    recipients: tuple[str, ...]


def compose(message: OutboundMessage, settings: MailSettings, *, bodies: Mapping[str, bytes]) -> Composed:
    """Write `message` as a mail from the mailbox of `settings`.

    `bodies` holds the bytes of its files by SHA-256. `message.extra` may hold `signature_text` and `signature_html` (an
    agent's own, instead of the mailbox's), `quote` (text of what is answered) and `quote_intro`, or `forwarded` (text and HTML
    end with a mail that is passed on, below `OUR_FORWARD`). Raises `SendError` for what can never be sent.
    """
    if not settings.address:
        raise SendError(SendFailure.BAD_SETTINGS, "the mailbox has no address")
    recipients = tuple(dict.fromkeys(_wire_address(to) for to in message.recipients))
    if not recipients:
        raise SendError(SendFailure.BAD_RECIPIENT, "no recipient")
    domain = settings.address.rpartition("@")[2]
    # Short enough for one line of References (RFC 5322 §2.1.1): longer ones come back mangled from some clients.
    message_id = f"<{message.token or message.id.hex}@{domain}>"
    mail = _body(message, settings, bodies)
    for name, value in _fields(message, settings, message_id):
        mail[name] = value
    return Composed(
        raw=_serialize(mail),
        message_id=message_id,
        envelope_sender=f"{VERP_LOCAL_PART}+{message.token}@{domain}" if message.token else settings.address,
        recipients=recipients,
    )


def _fields(message: OutboundMessage, settings: MailSettings, message_id: str) -> Iterator[tuple[str, str]]:
    yield "Date", format_datetime(message.created_at)
    yield "From", _mailbox(settings.address, message.author_name or settings.display_name)
    for name, parties in (("To", message.to), ("Cc", message.cc)):
        if parties:
            yield name, _list([_mailbox(_wire_address(party), party.name) for party in parties])
    if not message.to and not message.cc:
        yield "To", "undisclosed-recipients:;"
    if settings.reply_tokens and message.token:
        local, _, domain = settings.address.rpartition("@")
        yield "Reply-To", _mailbox(f"{local}+{message.token}@{domain}", settings.display_name)
    yield "Subject", _words(_one_line(message.subject, "the subject"))
    yield "Message-ID", message_id
    if message.message_ids:
        ids = [_message_id(text) for text in message.message_ids]
        yield "In-Reply-To", ids[-1]
        yield "References", _list_of_ids(ids)
    if message.automatic:  # RFC 3834 §5; the second is what Exchange looks at
        yield "Auto-Submitted", "auto-replied" if message.message_ids else "auto-generated"
        yield "X-Auto-Response-Suppress", "All"


def _one_line(text: str, what: str) -> str:
    """Refuses line breaks rather than mending them: whoever put one into a header wanted to write a header of his own."""
    if _BREAKS.search(text.strip()):
        raise SendError(SendFailure.BAD_CONTENT, f"{what} holds a line break or a control character")
    return text.strip()


def _message_id(text: str) -> str:
    if not (text.startswith("<") and text.endswith(">") and text.isascii()) or _BREAKS.search(text) or " " in text:
        raise SendError(SendFailure.BAD_CONTENT, "not a Message-ID")
    return text


def _list_of_ids(ids: list[str]) -> str:
    """RFC 5322 §3.6.4: the first and as many of the last as fit into bounds, each on a line of its own."""
    kept = ids if len(ids) <= MAX_REFERENCES else [ids[0], *ids[-MAX_REFERENCES + 1 :]]
    return "\r\n ".join(kept)


def _wire_address(address: Address) -> str:
    """As it goes into the envelope: the domain in ASCII (RFC 5891)."""
    try:
        local, _, domain = normal_email(address.value).rpartition("@")
        wire = f"{local}@{domain.encode('idna').decode()}"
    except (BadAddress, UnicodeError) as error:
        raise SendError(SendFailure.BAD_RECIPIENT, "not an e-mail address") from error
    if not wire.isascii():
        raise SendError(SendFailure.UNSUPPORTED, "an address with other letters than a to z before the @ (RFC 6531)")
    return wire


def _mailbox(address: str, name: str) -> str:
    name = _one_line(name, "a name")
    if not name:
        return address
    if name.isascii():
        quoted = name.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{quoted}" <{address}>'
    return f"{_words(name)} <{address}>"


def _list(mailboxes: list[str]) -> str:
    return ",\r\n ".join(mailboxes)


def _words(text: str) -> str:
    """Plain ASCII as it is, folded where it is long; else encoded words (RFC 2047), none cutting a character in two."""
    if text.isascii() and "=?" not in text:
        return Header(text, "us-ascii", maxlinelen=76, header_name="Subject").encode(linesep="\r\n")
    return Header(text, "utf-8", maxlinelen=70, header_name="Subject").encode(linesep="\r\n")


def _serialize(mail: Message) -> bytes:
    out = BytesIO()
    BytesGenerator(out, policy=_POLICY).flatten(mail)
    return out.getvalue()


def _body(message: OutboundMessage, settings: MailSettings, bodies: Mapping[str, bytes]) -> Message:
    """`mixed(alternative(plain, related(html, pictures)), files)`, without the layers that would hold one part only."""
    html = _html(message, settings)
    shown = [file for file in message.files if html and file.content_id and f"cid:{file.content_id}" in html]
    attached = [file for file in message.files if file not in shown]
    body: Message = _text_part(_plain(message, settings), "plain")
    if html:
        rich: Message = _text_part(html, "html")
        if shown:
            rich = _multipart("related", [rich, *(_file_part(file, bodies, inline=True) for file in shown)])
        body = _multipart("alternative", [body, rich])
    if attached:
        body = _multipart("mixed", [body, *(_file_part(file, bodies, inline=False) for file in attached)])
    return body


def _multipart(subtype: str, parts: list[Message]) -> MIMEMultipart:
    outer = MIMEMultipart(subtype, policy=_POLICY)
    for part in parts:
        del part["MIME-Version"]
        outer.attach(part)
    return outer


def signed_plain(signature: str) -> str:
    """What stands below a plain text; empty without a signature. The line above it is one that mail programs know (RFC 3676 §4.3)."""
    return f"-- \n{signature.strip()}" if signature.strip() else ""


def signed_html(html: str, text: str) -> str:
    """What stands below a formatted text: the formatted signature, else the plain one as it is; empty without either."""
    if signature := html.strip():
        return f"<div>-- <br>{signature}</div>"
    if signature := text.strip():
        return f'<div style="white-space:pre-wrap">-- \n{escape(signature, quote=False)}</div>'
    return ""


def _plain(message: OutboundMessage, settings: MailSettings) -> str:
    own, passed_on = _parted(message, message.text)
    pieces = [own.rstrip()] if own.strip() else []
    if signature := signed_plain(message.extra.get("signature_text", settings.signature_text)):
        pieces.append(signature)
    if quote := message.extra.get("quote", "").strip():
        intro = message.extra.get("quote_intro", "").strip()
        quoted = "\n".join(f"> {line}".rstrip() for line in quote.split("\n"))
        pieces.append(f"{intro}\n{quoted}" if intro else quoted)
    if passed_on:
        pieces.append(passed_on.rstrip())
    return "\n\n".join(pieces) + "\n"


def _parted(message: OutboundMessage, body: str, begins: str = "") -> tuple[str, str]:
    """What the author wrote, which is signed, and the mail passed on below; `begins`: the tag it stands in."""
    at = body.find(OUR_FORWARD) if "forwarded" in message.extra else -1
    if at > 0 and begins:
        at = body.rfind(begins, 0, at)
    return (body, "") if at < 0 else (body[:at], body[at:])


def _html(message: OutboundMessage, settings: MailSettings) -> str | None:
    if not message.html:
        return None
    signature = signed_html(
        message.extra.get("signature_html", settings.signature_html),
        message.extra.get("signature_text", settings.signature_text),
    )
    own, passed_on = _parted(message, message.html, "<div")
    pieces = [own, signature, passed_on]
    if quote := message.extra.get("quote", "").strip():
        intro = escape(message.extra.get("quote_intro", "").strip(), quote=False)
        text = escape(quote, quote=False)
        pieces.append(f'<div>{intro}</div><blockquote type="cite" style="white-space:pre-wrap">{text}</blockquote>')
    return f'<html><head><meta charset="utf-8"></head><body>{"".join(pieces)}</body></html>\n'


def _text_part(text: str, subtype: str) -> MIMEText:
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    short = all(len(line) <= _MAX_LINE for line in text.split("\n"))
    if text.isascii() and short:
        return MIMEText(text, subtype, "us-ascii", policy=_POLICY)
    charset = Charset("utf-8")
    if sum(character > "\x7f" for character in text) * 6 < len(text):  # mostly ASCII: readable as it stands
        charset.body_encoding = QP
    return MIMEText(text, subtype, charset, policy=_POLICY)  # type: ignore[arg-type]


def _file_part(file: StoredFile, bodies: Mapping[str, bytes], *, inline: bool) -> MIMEBase:
    try:
        content = bodies[file.sha256]
    except KeyError as missing:
        raise SendError(SendFailure.BAD_CONTENT, f"the bytes of {file.filename!r} are missing") from missing
    main, _, sub = file.content_type.partition("/")
    if not re.fullmatch(r"[\w.+-]+/[\w.+-]+", file.content_type) or main in ("multipart", "message"):
        main, sub = "application", "octet-stream"
    part = MIMEBase(main, sub, policy=_POLICY)
    part.set_payload(content)
    encoders.encode_base64(part)
    name = _one_line(file.filename, "a file name") or "file"
    part.add_header("Content-Disposition", "inline" if inline else "attachment", filename=_parameter(name))
    # Old programs and the web mail of some providers know only the name beside the type, as an encoded word.
    part.set_param("name", name if name.isascii() else Header(name, "utf-8", maxlinelen=10_000).encode(linesep=""))
    if file.content_id:
        part["Content-ID"] = f"<{_one_line(file.content_id, 'a content id')}>"
    return part


def _parameter(name: str) -> str | tuple[str, str, str]:
    return name if name.isascii() else ("utf-8", "", name)
