"""Who is there, over HTTP."""

from typing import Annotated

import msgspec
from msgspec import Meta

from hub.api.endpoint import SIGNED_IN, Request, Router
from hub.auth.errors import NeedsUser
from hub.auth.rights import Right
from hub.routing.service import PresenceView
from hub.routing.values import AgentState

api = Router(tag="presence")


class PresencePut(msgspec.Struct, forbid_unknown_fields=True):
    """How the caller wants to be seen."""

    state: AgentState
    seconds: Annotated[int, Meta(ge=5, le=3600)] | None = None  # of after-call work (`wrap_up`); a minute unless told


@api.get("/presence", needs=SIGNED_IN)
async def list_(request: Request) -> list[PresenceView]:
    """Every agent who was ever here: state, and how much of their capacity is taken."""
    return await request.hub.routing.everybody()


@api.put("/me/presence", needs=Right.CONVERSATIONS_REPLY, raises=(NeedsUser,))
async def choose(request: Request, body: PresencePut) -> None:
    """Say how one wants to be seen. Offline gives back what waits for an answer, at once."""
    await request.hub.routing.presence.choose(request.caller.person, body.state, body.seconds)
