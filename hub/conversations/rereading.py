"""A message read anew: what a newer parser finds in the same bytes."""

from collections.abc import Sequence

import msgspec

from hub.conversations.filing import extra_of, party
from hub.conversations.store import remote_images, searchable
from hub.conversations.values import AttachmentView
from hub.db import Work
from hub.ids import MessageId
from hub.messages.events import InboundMessage
from hub.messages.grams import document


async def reread(work: Work, id: MessageId, message: InboundMessage, attachments: Sequence[AttachmentView]) -> None:
    """Put it in the place of what an older parser read, in search too. Who, where and when stay."""
    await work.execute(
        """
        UPDATE message SET subject = $2, text = $3, reply_text = $4, has_html = $5, attachments = $6, notices = $7, extra = $8
        WHERE id = $1
        """,
        id,
        message.subject,
        message.text,
        message.reply_text,
        message.html is not None,
        msgspec.to_builtins(attachments),
        list(message.notices),
        extra_of(message),
    )
    await work.execute("DELETE FROM message_html WHERE message_id = $1", id)
    if message.html is not None:
        sql = "INSERT INTO message_html (message_id, html, remote_images) VALUES ($1, $2, $3)"
        await work.execute(sql, id, message.html, remote_images(message.html))
    await _index(work, id, searchable(message.subject, message.reply_text or message.text, party(message.sender), attachments))


async def _index(work: Work, id: MessageId, text: str) -> None:
    words = document(text, work.dialect)
    if work.dialect == "postgres":
        await work.execute("UPDATE message SET grams = $2::text::tsvector WHERE id = $1", id, words)
        return
    of = "(SELECT n FROM message WHERE id = $1)"
    await work.execute(f"DELETE FROM message_grams WHERE rowid = {of}", id)
    await work.execute(f"INSERT INTO message_grams (rowid, grams) VALUES ({of}, $2)", id, words)
