"""The answer a queue gives by itself while it is closed."""

import logging
from collections.abc import Mapping
from datetime import datetime

from hub import clock
from hub.auth.callers import SYSTEM
from hub.conversations import queries
from hub.db import Database
from hub.delivery.carriers import Carriers
from hub.delivery.errors import Refused
from hub.delivery.queries import reply_options
from hub.delivery.service import DeliveryService, Send
from hub.errors import HubError
from hub.ids import ConversationId
from hub.messages.content import Draft, MessageKind
from hub.routing.hours import Calendar, closed_since, is_open

log = logging.getLogger(__name__)

OLD = 3600.0
"""Seconds after which a message gets no such answer any more: the hub was down, or hours were given to an old queue."""

_CLAIM = """
INSERT INTO after_hours_answer (conversation_id, closed_since, at) VALUES ($1, $2, $3)
ON CONFLICT (conversation_id, closed_since) DO NOTHING"""


class AfterHours:
    """Once for each conversation and closed time, by the channel the customer wrote on. Rather none than two: it is claimed before it is sent."""

    def __init__(self, db: Database, carriers: Carriers, delivery: DeliveryService) -> None:
        self._db, self._carriers, self._delivery = db, carriers, delivery

    async def answer(
        self, id: ConversationId, texts: Mapping[str, Mapping[str, str]], calendar: Calendar, since: datetime
    ) -> None:
        """Answer what came at `since`, if the calendar was closed then and the channel has a text."""
        if is_open(calendar, since) or (clock.now() - since).total_seconds() > OLD:
            return
        conversation = await queries.conversation(self._db, id, SYSTEM)
        text = _in_language(texts.get(conversation.channel.value, {}), conversation.preview)
        if not text or not await self._claimed(id, closed_since(calendar, since) or since):
            return
        options = await reply_options(self._db, self._carriers, conversation)
        way = next((o for o in options if o.allowed and o.channel is conversation.channel), None)
        if way is None:
            return
        draft = Draft(text=text, subject=way.subject, to=way.recipients)
        try:
            await self._delivery.send(
                Send(account_id=way.account_id, conversation_id=id, draft=draft, kind=MessageKind.AUTO_REPLY), by=SYSTEM
            )
        except HubError as error:
            level = logging.INFO if isinstance(error, Refused) else logging.WARNING
            log.log(level, "no after-hours answer", extra={"conversation_id": str(id), "code": error.code})

    async def _claimed(self, id: ConversationId, closed: datetime) -> bool:
        async with self._db.unit_of_work() as work:
            return await work.execute(_CLAIM, id, closed, clock.now()) > 0


def _in_language(texts: Mapping[str, str], said: str) -> str:
    """The text in the language the customer wrote in, or the only one there is."""
    wanted, other = ("zh", "en") if any("一" <= c <= "鿿" for c in said) else ("en", "zh")
    return texts.get(wanted) or texts.get(other, "")
