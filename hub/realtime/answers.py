"""What a client's event meets before and after its handler: limit, permission, shape; result or refusal as data."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec

from hub.auth.callers import Caller
from hub.auth.rights import Right
from hub.channels.webchat.protocol import decode
from hub.errors import Forbidden, HubError, RateLimited
from hub.realtime.events import Access, SocketEvent
from hub.realtime.limits import Meter

Answer = Mapping[str, Any]


def require(event: SocketEvent, caller: Caller) -> None:
    """Raise `Forbidden` unless the caller may send this event."""
    match event.needs:
        case Right() as right:
            caller.require(right)
        case Access.SIGNED_IN if caller.signed_in:
            pass
        case Access.VISITOR if caller.kind == "visitor":
            pass
        case _:
            raise Forbidden("not for you")


def check_rate(event: SocketEvent, meter: Meter) -> None:
    """Raise `RateLimited` for what comes too often."""
    if wait := meter.take(event.name, event.limit):
        raise RateLimited("too many at once", retry_after=round(wait, 1))


async def answer(
    event: SocketEvent,
    caller: Caller,
    meter: Meter,
    value: Any,
    handle: Callable[[Any], Awaitable[Answer | None]],
) -> Answer:
    """Run a handler; `{"ok": true, …}` with what it returns, or what `refusal` says."""
    try:
        check_rate(event, meter)
        require(event, caller)
        shape: msgspec.Struct = decode(event.shape, {} if value is None else value)
        return {"ok": True, **(await handle(shape) or {})}
    except HubError as error:
        return refusal(error)


def refusal(error: HubError) -> Answer:
    """An error as the client sees it. `retry`: the same may go well later."""
    return {"ok": False, "code": error.code, "detail": error.detail, "retry": error.status >= 500 or error.status == 429}
