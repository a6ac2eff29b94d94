"""The files of what arrived: stored and synced before any row names them."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from hub.conversations.values import AttachmentView, attachment_of
from hub.db import Work
from hub.media import MediaStore, Recorded, keep, record_all
from hub.messages.content import IncomingFile, StoredFile
from hub.messages.events import ChannelEvent, InboundMessage
from hub.messages.plain import file_name


async def store_files(media: MediaStore, events: Sequence[ChannelEvent]) -> tuple[AttachmentView, ...]:
    """The files of messages, their bytes kept; the type is what the bytes say, not what the sender said."""
    messages = [event for event in events if isinstance(event, InboundMessage)]
    kept = [await _store(media, file) for message in messages for file in message.files]
    return (*kept, *(attachment_of(file) for message in messages for file in message.stored))


async def _store(media: MediaStore, file: IncomingFile) -> AttachmentView:
    kept = await keep(media, file.content, filename=file.filename)
    stored = StoredFile(
        filename=file_name(file.filename),
        content_type=kept.content_type,
        size=kept.size,
        sha256=kept.digest,
        content_id=file.content_id,
        inline=file.inline,
    )
    return attachment_of(stored)


def without_files(event: ChannelEvent) -> ChannelEvent:
    """The event without the bytes of its files, once they are stored."""
    return replace(event, files=()) if isinstance(event, InboundMessage) and event.files else event


async def record_files(work: Work, files: Iterable[AttachmentView]) -> None:
    """Write the rows of stored files, in the transaction whose messages name them."""
    await record_all(work, [Recorded(digest=file.sha256, size=file.size, content_type=file.content_type) for file in files])
