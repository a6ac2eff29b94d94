"""Passing a message on to somebody else."""

from dataclasses import replace

from hub.channels.email.html import text_to_html
from hub.channels.email.quote_marks import OUR_FORWARD
from hub.conversations.values import MessageView
from hub.errors import Invalid
from hub.messages.content import Direction, Draft, StoredFile

# The form that mail programs, ours among them, do not fold away: it is what the reader is meant to read.
_HEAD = f"""{OUR_FORWARD}
From: {{sender}}
Date: {{date:%Y-%m-%d %H:%M}} UTC
Subject: {{subject}}
To: {{to}}
"""


def forwarded(draft: Draft, message: MessageView) -> Draft:
    """`draft` with the text and files of `message` below its own. Notes and events are refused: they never leave the hub."""
    if message.direction not in (Direction.IN, Direction.OUT):
        raise Invalid("a note cannot be forwarded", path="forward_of")
    sender = f"{message.from_.name} <{message.from_.address}>" if message.from_.name else message.from_.address
    head = _HEAD.format(
        sender=sender, date=message.created_at, subject=message.subject, to=", ".join(party.address for party in message.to)
    )
    files = tuple(
        StoredFile(filename=a.filename, content_type=a.content_type, size=a.size, sha256=a.sha256) for a in message.attachments
    )
    subject = draft.subject or (message.subject if message.subject[:4].lower() == "fwd:" else f"Fwd: {message.subject}".strip())
    text = f"{draft.text}\n\n{head}\n{message.text}".lstrip()
    html = None if draft.html is None else draft.html + text_to_html(f"\n{head}\n{message.text}")
    return replace(draft, text=text, html=html, subject=subject, files=(*draft.files, *files))
