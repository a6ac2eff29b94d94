"""Files of visitors, before the message that carries them."""

from typing import Final

from hub.api.endpoint import VISITOR, Request, Router
from hub.api.uploads import filename_of
from hub.api.widget import SITES
from hub.conversations.uploads import Upload
from hub.errors import Forbidden, RateLimited
from hub.media import BlobTooLarge
from hub.ops.ratelimit import Rate, RateLimit
from hub.visitors.values import upload_owner

api = Router(tag="visitor", prefix="/visitor")

_BURST: Final = 10  # files at once, and in ten minutes
_limit = RateLimit(Rate(per_second=_BURST / 600, burst=_BURST))
# Of an address: an office shares one, and so does whoever makes up visitors.
_limit_of_address = RateLimit(Rate(per_second=10 * _BURST / 600, burst=10 * _BURST))


@api.post("/uploads", needs=VISITOR, status=201, raises=(BlobTooLarge, RateLimited), takes="application/octet-stream")
async def upload(request: Request) -> Upload:
    """The body is the file; its name comes percent-encoded in the header `X-Filename`. Answers the id to name in a message."""
    visitor_id, site_id = request.caller.visitor_id, request.caller.account_id
    if visitor_id is None or site_id is None:
        raise Forbidden("this is for visitors")
    _limit.require(str(visitor_id))
    _limit_of_address.require(request.caller.ip)
    site = await request.http.app[SITES].site(site_id)
    limit = request.hub.settings.upload_max_bytes
    return await request.hub.uploads.add(
        request.http.content.iter_chunked(256 * 1024),
        filename=filename_of(request.http),
        owner=upload_owner(visitor_id),
        limit=min(limit, site.settings.max_file_bytes) if site else limit,
    )
