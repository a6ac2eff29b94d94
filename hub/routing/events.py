"""What routing announces."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from hub.db import Audience, Event
from hub.routing.values import Outcome


def offer_made(
    offer_id: UUID, user_id: UUID, conversation_id: UUID, expires_at: datetime, conversation: Mapping[str, Any]
) -> Event:
    """An agent is asked whether they take something."""
    offer = {
        "id": offer_id,
        "conversation_id": conversation_id,
        "expires_at": expires_at,
        "conversation": conversation,
    }
    return Event(type="offer.made", data={"offer": offer}, audience=Audience(user_id=user_id))


def offer_ended(offer_id: UUID, user_id: UUID, conversation_id: UUID, outcome: Outcome) -> Event:
    """The question is settled."""
    data = {"id": offer_id, "conversation_id": conversation_id, "outcome": outcome}
    return Event(type="offer.ended", data=data, audience=Audience(user_id=user_id))


def presence_changed(user_id: UUID, state: str, since: datetime, until: datetime | None, is_connected: bool) -> Event:
    """An agent came, went, or wants to be seen differently. Who is not connected is shown as offline. `until`: when after-call work ends."""
    shown = state if is_connected else "offline"
    data = {"user_id": user_id, "state": shown, "since": since, "until": until, "connected": is_connected}
    return Event(type="presence.changed", data=data, audience=Audience())


def calendar_changed(calendar_id: UUID) -> Event:
    """Business hours were made, edited or deleted."""
    return Event(type="calendar.changed", data={"calendar": {"id": calendar_id}}, audience=Audience())


def queue_changed(queue: Mapping[str, Any]) -> Event:
    """A queue was made or edited; `deleted` is set when it is gone."""
    return Event(type="queue.changed", data={"queue": queue}, audience=Audience())
