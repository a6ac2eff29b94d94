"""One line and one figure for each request."""

import logging
from time import perf_counter

from aiohttp import web
from aiohttp.typedefs import Handler

from hub.api.problems import REQUEST_ID
from hub.ops import metrics

log = logging.getLogger(__name__)

_seconds = metrics.histogram(
    "http_request_seconds", "time from a request's head to the end of its handler", ["route", "method", "status"]
)


@web.middleware
async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Log by route, not by path: paths hold ids, and on the files origin they are the key itself."""
    start = perf_counter()
    answer = await handler(request)
    spent = perf_counter() - start
    resource = request.match_info.route.resource
    route = resource.canonical if resource is not None else "none"
    _seconds.labels(route, request.method, str(answer.status)).observe(spent)
    log.debug(
        "request",
        extra={
            "route": route,
            "method": request.method,
            "status": answer.status,
            "ms": round(spent * 1000, 1),
            "request_id": request.get(REQUEST_ID),
        },
    )
    return answer
