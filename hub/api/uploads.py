"""Files for messages that are still being written."""

from urllib.parse import unquote

from aiohttp import web

from hub.api.endpoint import Request, Router
from hub.auth.rights import Right
from hub.conversations.uploads import Upload
from hub.media import BlobTooLarge

api = Router(tag="uploads")


@api.post(
    "/uploads",
    needs=Right.CONVERSATIONS_REPLY,
    status=201,
    raises=(BlobTooLarge,),
    takes="application/octet-stream",
)
async def upload(request: Request) -> Upload:
    """The body is the file; its name comes percent-encoded in the header `X-Filename`. Answers the id to name in a message."""
    return await request.hub.uploads.add(
        request.http.content.iter_chunked(256 * 1024),
        filename=filename_of(request.http),
        owner=str(request.caller.author_id),
        limit=request.hub.settings.upload_max_bytes,
    )


def filename_of(http: web.Request) -> str:
    """The name in `X-Filename`, percent-decoded."""
    return unquote(http.headers.get("X-Filename", "file"))
