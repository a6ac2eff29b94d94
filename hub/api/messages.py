"""Messages over HTTP: one by one, their source, their files, their fate."""

from typing import Annotated, Literal

import msgspec
from aiohttp import web
from msgspec import Meta

from hub.api.endpoint import Page, Request, Router
from hub.api.files import disposition
from hub.api.ranges import send
from hub.api.signed import sign_path
from hub.auth.rights import Right
from hub.conversations import feed, queries
from hub.conversations.errors import NoSuchMessage
from hub.conversations.values import AttachmentView, MessageView
from hub.db.keyset import BadCursor, Number, read_cursor, write_cursor
from hub.delivery.errors import NothingToRetry
from hub.delivery.queries import ExchangeView, exchanges, with_deliveries
from hub.errors import NotFound
from hub.ids import AttachmentId, MessageId
from hub.intake.queries import raw_of
from hub.media import BlobMissing, NoPreview, Rendition, Waveform
from hub.messages.address import ChannelKind
from hub.messages.content import Direction

Place = tuple[Number, Number]
"""Where a page of messages ends, as its cursor holds it."""

api = Router(tag="messages")


class MessageListQuery(msgspec.Struct):
    """Which messages, from which one on."""

    direction: Direction | None = None
    channel: ChannelKind | None = None
    cursor: str | None = None
    limit: Annotated[int, Meta(ge=1, le=200)] = 50


class HtmlQuery(msgspec.Struct):
    """Whether pictures from elsewhere may be loaded: their senders then learn that the mail was read."""

    remote: Literal["0", "1"] = "0"


class PreviewQuery(msgspec.Struct):
    """Which page (the first is 1), and about how many pixels wide."""

    width: Annotated[int, Meta(ge=16, le=1600)] = 480
    page: Annotated[int, Meta(ge=1, le=1000)] = 1


class SignedUrl(msgspec.Struct, kw_only=True):
    """An address on the files origin, good for five minutes."""

    url: str


@api.get("/messages", needs=Right.CONVERSATIONS_READ, raises=(BadCursor,))
async def list_(request: Request, query: MessageListQuery) -> Page[MessageView]:
    """Messages of every conversation the caller may see, the oldest first; whoever reads on from a cursor misses none.

    To hear of them at once, follow `/events`.
    """
    found = await feed.messages(
        request.hub.db,
        request.caller,
        direction=query.direction.value if query.direction else None,
        channel=query.channel.value if query.channel else None,
        after=read_cursor(query.cursor, Place) or feed.BEGINNING,
        below=await feed.settled_below(request.hub.db),
        limit=query.limit + 1,
    )
    page = found[: query.limit]
    items = await with_deliveries(request.hub.db, [message for _, message in page])
    return Page(items=items, next_cursor=write_cursor(page[-1][0]) if len(found) > query.limit else None)


@api.get("/messages/{message_id}", needs=Right.CONVERSATIONS_READ, raises=(NoSuchMessage,))
async def get(request: Request, message_id: MessageId) -> MessageView:
    """One message, with the fate at each address."""
    message = await queries.message(request.hub.db, message_id, request.caller)
    return (await with_deliveries(request.hub.db, [message]))[0]


@api.get(
    "/messages/{message_id}/raw", needs=Right.CONVERSATIONS_READ, raises=(NoSuchMessage,), produces="application/octet-stream"
)
async def raw(request: Request, message_id: MessageId) -> web.Response:
    """The bytes as received."""
    message = await queries.message(request.hub.db, message_id, request.caller)
    content = await raw_of(request.hub.db, request.hub.media, message.journal_id)
    return _download(content, "message.eml")


@api.get(
    "/messages/{message_id}/attachments/{attachment_id}",
    needs=Right.CONVERSATIONS_READ,
    raises=(NoSuchMessage, BlobMissing),
    produces="application/octet-stream",
)
async def attachment(request: Request, message_id: MessageId, attachment_id: AttachmentId) -> web.StreamResponse:
    """The bytes of a file: always a download, never shown on this origin. Takes `Range`."""
    found = await _attachment(request, message_id, attachment_id)
    return await send(request.http, request.hub.media, found.sha256, found.size, _headers(found.filename, found.content_type))


@api.get(
    "/messages/{message_id}/attachments/{attachment_id}/preview",
    needs=Right.CONVERSATIONS_READ,
    raises=(NoSuchMessage, NoPreview),
    produces="image/*",
)
async def preview(
    request: Request, message_id: MessageId, attachment_id: AttachmentId, query: PreviewQuery
) -> web.StreamResponse:
    """A picture of an image, or of a page of a PDF or a fax; `X-Page-Count` says how many pages there are. JPEG or PNG."""
    found = await _attachment(request, message_id, attachment_id)
    picture = await request.hub.renditions.picture(found.sha256, width=query.width, page=query.page)
    headers = _made_headers(found.filename, picture) | {"X-Page-Count": str(picture.pages)}
    return await send(request.http, request.hub.media, picture.digest, picture.size, headers)


@api.get(
    "/messages/{message_id}/attachments/{attachment_id}/waveform",
    needs=Right.CONVERSATIONS_READ,
    raises=(NoSuchMessage, NoPreview),
)
async def waveform(request: Request, message_id: MessageId, attachment_id: AttachmentId) -> Waveform:
    """How long a sound is and how loud along its length: at most 200 peaks of 0 to 255."""
    found = await _attachment(request, message_id, attachment_id)
    return await request.hub.renditions.waveform(found.sha256, filename=found.filename)


@api.get(
    "/messages/{message_id}/attachments/{attachment_id}/audio",
    needs=Right.CONVERSATIONS_READ,
    raises=(NoSuchMessage, NoPreview),
    produces="audio/*",
)
async def audio(request: Request, message_id: MessageId, attachment_id: AttachmentId) -> web.StreamResponse:
    """A sound as browsers play it: as it is where they do, else (GSM, AMR, µ-law, A-law) as a WAV of samples. Takes `Range`."""
    found = await _attachment(request, message_id, attachment_id)
    sound = await request.hub.renditions.playable(found.sha256, filename=found.filename)
    return await send(request.http, request.hub.media, sound.digest, sound.size, _made_headers(found.filename, sound))


@api.get(
    "/messages/{message_id}/attachments/{attachment_id}/url",
    needs=Right.CONVERSATIONS_READ,
    raises=(NoSuchMessage,),
)
async def attachment_url(request: Request, message_id: MessageId, attachment_id: AttachmentId) -> SignedUrl:
    """Where a picture or sound can be shown from."""
    found = await _attachment(request, message_id, attachment_id)
    return SignedUrl(url=attachment_address(request, found))


@api.get("/messages/{message_id}/html", needs=Right.CONVERSATIONS_READ, raises=(NoSuchMessage,))
async def html(request: Request, message_id: MessageId, query: HtmlQuery) -> SignedUrl:
    """Where the cleaned HTML of a message can be shown from, in a frame of its own."""
    message = await queries.message(request.hub.db, message_id, request.caller)
    if not message.has_html:
        raise NoSuchMessage("it has no HTML")
    path = sign_path(request.hub.keys, "html", {"id": str(message_id), "remote": query.remote == "1"})
    return SignedUrl(url=request.hub.settings.files_url + path)


@api.get("/messages/{message_id}/exchanges", needs=Right.CONVERSATIONS_READ, raises=(NoSuchMessage,))
async def said_to_provider(request: Request, message_id: MessageId) -> list[ExchangeView]:
    """What was said with the provider about a message, redacted."""
    await queries.message(request.hub.db, message_id, request.caller)
    return await exchanges(request.hub.db, message_id)


@api.post("/messages/{message_id}/retry", needs=Right.CONVERSATIONS_REPLY, raises=(NoSuchMessage, NothingToRetry))
async def retry(request: Request, message_id: MessageId) -> MessageView:
    """Send again where it failed, or where nobody knows."""
    return await request.hub.delivery.retry(message_id, by=request.caller)


def attachment_address(request: Request, found: AttachmentView) -> str:
    """A signed address that shows the file in place where its type allows it."""
    what = {"sha256": found.sha256, "filename": found.filename, "content_type": found.content_type}
    return request.hub.settings.files_url + sign_path(request.hub.keys, "attachment", what)


async def _attachment(request: Request, message_id: MessageId, attachment_id: AttachmentId) -> AttachmentView:
    message = await queries.message(request.hub.db, message_id, request.caller)
    for found in message.attachments:
        if found.id == attachment_id:
            return found
    raise NotFound("there is no such file")


def _download(content: bytes, filename: str) -> web.Response:
    return web.Response(body=content, headers=_headers(filename, "application/octet-stream"))


def _made_headers(filename: str, made: Rendition) -> dict[str, str]:
    """What was made of bytes that never change never changes."""
    return _headers(filename, made.content_type) | {"Cache-Control": "private, max-age=86400, immutable"}


def _headers(filename: str, content_type: str) -> dict[str, str]:
    return {
        "Content-Type": content_type,
        "Content-Disposition": disposition(filename),
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "Cache-Control": "private, no-store",
    }
