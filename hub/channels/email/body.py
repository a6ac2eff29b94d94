"""Which parts of a mail are what it says, and which are files."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from hub.channels.email.charset import decode
from hub.channels.email.html import read_html, text_to_html
from hub.channels.email.mime import Part
from hub.channels.email.quoting import reply_text

MAX_TEXT: Final = 500_000  # characters of text that are kept beside the raw mail

# Parts that only machines read; what they say is read elsewhere and told in other words.
_FOR_MACHINES: Final = {
    "message/delivery-status",
    "message/global-delivery-status",
    "message/disposition-notification",
    "message/feedback-report",
    "text/x-amp-html",
    "text/enriched",
    "text/richtext",
}


@dataclass(slots=True)
class Segment:
    """A stretch of the body as plain text, as HTML, or as both (alternatives of one another)."""

    plain: str | None = None
    html: str | None = None


@dataclass(slots=True)
class Body:
    """What was found on the way through the tree."""

    segments: list[Segment] = field(default_factory=list)
    files: list[Part] = field(default_factory=list)
    inline: set[int] = field(default_factory=set)  # id() of parts that belong to the HTML
    guessed: bool = False  # some charset label was of no use


def read_body(root: Part) -> Body:
    """Sort the parts below `root`. Depth is bounded by the tree."""
    body = Body()
    body.segments = list(_segments(root, body, related=False))
    if not body.segments:
        _promote_named_text(body)
    return body


def _segments(part: Part, body: Body, *, related: bool) -> Iterator[Segment]:
    if part.children:
        yield from _multipart_segments(part, body, related=related or part.content_type == "multipart/related")
    elif _is_text(part):
        yield _text_segment(part, body)
    elif part.content_type not in _FOR_MACHINES or part.disposition == "attachment":
        if part.content_id and (related or part.disposition == "inline"):
            body.inline.add(id(part))
        body.files.append(part)


def _multipart_segments(part: Part, body: Body, *, related: bool) -> Iterator[Segment]:
    below = [segment for child in part.children for segment in _segments(child, body, related=related)]
    if part.content_type != "multipart/alternative" or len(below) < 2:
        yield from below
        return
    plain = next((segment.plain for segment in below if segment.plain and segment.html is None), None)
    html = [segment.html for segment in below if segment.html is not None]
    yield Segment(plain=plain or next((segment.plain for segment in below if segment.plain), None), html="\n".join(html) or None)


def _is_text(part: Part) -> bool:
    if part.disposition == "attachment":
        return False
    if part.content_type.startswith("multipart/"):
        return True  # without any delimiter in it: shown as it stands
    if part.content_type == "text/html":
        return not part.filename() or not part.disposition
    return part.content_type in ("text/plain", "text/markdown", "text") and not part.filename()


def _text_segment(part: Part, body: Body) -> Segment:
    decoded = decode(part.decoded(), part.charset)
    body.guessed |= decoded.guessed
    text = decoded.text.replace("\r\n", "\n").replace("\r", "\n")
    if part.content_type == "text/html":
        return Segment(html=text)
    if part.parameters.get("format", "").lower() == "flowed":
        text = unflow(text, delete_space=part.parameters.get("delsp", "").lower() == "yes")
    return Segment(plain=text)


def _promote_named_text(body: Body) -> None:
    """Scanners and old programs give the body itself a file name: with nothing else to read, the first text is the body."""
    for part in body.files:
        if part.content_type in ("text/plain", "text/html") and part.disposition != "attachment":
            body.files.remove(part)
            body.segments = [_text_segment(part, body)]
            return


def unflow(text: str, *, delete_space: bool) -> str:
    """Join the lines that were only broken for transport (RFC 3676 §4.1)."""
    lines: list[str] = []
    flowing = ""
    for line in text.split("\n"):
        depth = len(line) - len(line.lstrip(">"))
        quoted, content = line[:depth], line[depth:].removeprefix(" ")
        soft = content.endswith(" ") and content != "-- "
        continues = bool(lines) and flowing == f"{quoted}+" and content != "-- "
        content = content[:-1] if soft and delete_space else content
        if continues:
            lines[-1] += content
        else:
            lines.append(f"{quoted} {content}" if quoted else content)
        flowing = f"{quoted}+" if soft else ""
    return "\n".join(lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class Readable:
    """The body for people: text, text without quotes, and HTML as it came (not yet cleaned)."""

    text: str
    reply_text: str
    html: str | None
    truncated: bool


def readable(segments: list[Segment]) -> Readable:
    """Put the segments together. Where one has no plain text, its HTML is read."""
    texts: list[str] = []
    replies: list[str] = []
    for segment in segments:
        if segment.plain is not None and (segment.plain.strip() or segment.html is None):
            texts.append(segment.plain)
            replies.append(segment.plain)
        else:
            whole, unquoted = read_html(segment.html or "")
            texts.append(whole)
            replies.append(unquoted)
    text = "\n".join(texts)
    html = None
    if any(segment.html is not None for segment in segments):
        html = "\n".join(s.html if s.html is not None else text_to_html(s.plain or "") for s in segments)
    return Readable(
        text=text[:MAX_TEXT].strip(),
        reply_text=reply_text("\n".join(replies)[:MAX_TEXT]),
        html=html,
        truncated=len(text) > MAX_TEXT,
    )
