"""What is announced about tickets."""

from typing import Any

import msgspec

from hub.auth import Right
from hub.crm.tickets.values import Ticket
from hub.db import Audience, Event


def changed(ticket: Ticket) -> Event:
    """`ticket.changed`: made, edited, handed over or linked; with everything a page shows."""
    return Event(type="ticket.changed", data={"ticket": view(ticket)}, audience=Audience(right=Right.TICKETS_READ))


def view(ticket: Ticket) -> dict[str, Any]:
    """The ticket as the API gives it."""
    built: dict[str, Any] = msgspec.to_builtins(ticket)
    for step in built["steps"] or ():
        step["from"] = step.pop("from_")
    return built
