"""Sending alerts to our own staff: by the ledger like everything else, in a conversation aside."""

from dataclasses import replace
from datetime import timedelta
from logging import getLogger
from uuid import UUID

from hub import clock
from hub.auth.callers import SYSTEM
from hub.auth.preferences import PreferenceStore
from hub.conversations.errors import Merged, NoSuchConversation
from hub.db import Database
from hub.delivery.carriers import Carrier, Carriers
from hub.delivery.consent import Purpose
from hub.delivery.errors import Refused
from hub.delivery.service import DeliveryService, Send
from hub.ids import ConversationId, UserId
from hub.jobs import Job
from hub.messages.address import Address, AddressKind, ChannelKind
from hub.messages.content import Draft
from hub.notifications import alerts
from hub.notifications.alerts import Alert
from hub.notifications.quiet import quiet_until

log = getLogger(__name__)

_HOUR = timedelta(hours=1)
_ASIDE = """
SELECT c.id FROM message m JOIN conversation c ON c.id = m.conversation_id
WHERE m.id = $1 AND c.account_id = $2 AND c.link_reason = 'aside' AND c.merged_into IS NULL
AND EXISTS (SELECT 1 FROM delivery d WHERE d.message_id = m.id AND d.address_value = $3)
"""


class Alerting:
    """Performs `SEND_ALERT`."""

    def __init__(self, db: Database, carriers: Carriers, delivery: DeliveryService, preferences: PreferenceStore) -> None:
        self._db, self._carriers, self._delivery, self._preferences = db, carriers, delivery, preferences

    async def perform(self, job: Job) -> None:
        """Send it, put it off, or drop it and say why. Run twice it sends once: its message's id is known before it is stored."""
        alert = await alerts.waiting(self._db, UUID(job.payload["alert_id"]))
        if alert is None:
            return
        if await self._db.fetch_one("SELECT 1 FROM message WHERE id = $1", alert.message_id) is not None:
            await alerts.settle(self._db, alert, "sent")
            return
        wishes = await self._preferences.of(alert.user_id)
        until = None if alert.urgent else quiet_until(wishes.quiet_hours, clock.now())
        if until is not None:
            await alerts.postpone(self._db, alert, until)
        elif not wishes.alert_number or await self._is_gone(alert.user_id):
            await alerts.settle(self._db, alert, "dropped", reason="no_number")
        elif await alerts.sent_since(self._db, alert.user_id, clock.now() - _HOUR) >= alerts.MOST_AN_HOUR:
            log.warning("an alert was dropped: too many in an hour", extra={"user_id": str(alert.user_id)})
            await alerts.settle(self._db, alert, "dropped", reason="too_many")
        else:
            await self._send(alert, Address(kind=AddressKind.PHONE, value=wishes.alert_number))

    async def _send(self, alert: Alert, address: Address) -> None:
        carriers = await self._carriers.of_channel(ChannelKind.SMS)
        if not carriers:
            log.warning("an alert was dropped: there is no account for short messages")
            await alerts.settle(self._db, alert, "dropped", reason="no_account")
            return
        try:
            await self._store(alert, address, carriers[0])
        except Refused as refused:
            await alerts.settle(self._db, alert, "dropped", reason=str(refused.extra["refusals"][0])[:32])
        else:
            await alerts.settle(self._db, alert, "sent")

    async def _store(self, alert: Alert, address: Address, carrier: Carrier) -> None:
        send = Send(
            message_id=alert.message_id,
            account_id=carrier.account_id,
            draft=Draft(text=alert.text, to=(address,)),
            purpose=Purpose.SERVICE,
            aside=True,
        )
        by = replace(SYSTEM, name=carrier.name)
        place = await self._place(alert.user_id, address, carrier)
        try:
            await self._delivery.send(replace(send, conversation_id=place), by=by)
        except (Merged, NoSuchConversation):  # it went elsewhere this very moment
            await self._delivery.send(send, by=by)

    async def _place(self, user_id: UserId, address: Address, carrier: Carrier) -> ConversationId | None:
        """Where the last one to the same number by the same account stands, if it is still there."""
        last = await alerts.last_message(self._db, user_id)
        row = await self._db.fetch_one(_ASIDE, last, carrier.account_id, address.value) if last else None
        return ConversationId(row["id"]) if row else None

    async def _is_gone(self, user_id: UserId) -> bool:
        return await self._db.fetch_one("SELECT 1 FROM auth_user WHERE id = $1 AND NOT disabled", user_id) is None
