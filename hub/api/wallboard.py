"""The supervisor's board over HTTP."""

from hub.api.endpoint import Request, Router
from hub.auth.rights import Right
from hub.routing.wallboard import Wallboard

api = Router(tag="wallboard")


@api.get("/wallboard", needs=Right.CONVERSATIONS_READ_ALL)
async def get(request: Request) -> Wallboard:
    """Queues and agents as of now."""
    return await request.hub.routing.wallboard()
