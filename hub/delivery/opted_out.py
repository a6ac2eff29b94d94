"""What follows a STOP, START or HELP: nothing more leaves, and the one answer that is due."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from hub import clock
from hub.auth.callers import SYSTEM
from hub.channels.sms.common import SmsSettings
from hub.channels.sms.opt_out import answer
from hub.conversations.errors import Merged, NoSuchConversation
from hub.conversations.store import lock_conversations
from hub.db import Database
from hub.delivery.carriers import Carriers
from hub.delivery.consent import Purpose
from hub.delivery.errors import Refused
from hub.delivery.held import bring_forward
from hub.delivery.ledger import settle_message
from hub.delivery.opt_outs import RULE
from hub.delivery.service import DeliveryService, Send
from hub.delivery.store import delivery_of
from hub.ids import AccountId, ConversationId, MessageId
from hub.jobs import Job
from hub.messages.address import Address, AddressKind, ChannelKind
from hub.messages.content import Draft, MessageKind
from hub.messages.states import DeliveryState, SendFailure

MOST_AN_HOUR = 5
"""Answers of machines in one conversation."""

_WAITING = "SELECT * FROM delivery WHERE channel = $1 AND address_value = $2 AND state IN ('queued', 'deferred') ORDER BY n"


class OptOutAnswers:
    """Performs `ANSWER_OPT_OUT`. Run twice it does nothing twice: the answer's id is known before it is stored."""

    def __init__(self, db: Database, carriers: Carriers, delivery: DeliveryService) -> None:
        self._db, self._carriers, self._delivery = db, carriers, delivery

    async def perform(self, job: Job) -> None:
        """Cancel what waits for who stopped, then answer, where the provider has not."""
        asked = job.payload
        channel = ChannelKind(asked["channel"])
        address = Address(kind=AddressKind(asked["address_kind"]), value=asked["address"])
        if asked["wish"] == "stop":
            await self.cancel(channel, address)
        if not asked["answered"]:
            await self._answer(job, address)

    async def cancel(self, channel: ChannelKind, address: Address) -> None:
        """Take back what is queued, and bring forward what is held or for later: it meets the consent gate when it leaves."""
        for row in await self._db.fetch(_WAITING, channel.value, address.value):
            delivery = delivery_of(row)
            if delivery.consent.get("purpose") == Purpose.OPT_OUT.value:
                continue
            async with self._db.unit_of_work() as work:
                await lock_conversations(work, [delivery.conversation_id])
                sql = """
                UPDATE delivery SET state = $2, failure = $3, detail = $4, updated_at = $5
                WHERE id = $1 AND state IN ('queued', 'deferred')
                """
                ended = (DeliveryState.CANCELLED.value, SendFailure.OPTED_OUT.value, RULE, clock.now())
                if await work.execute(sql, delivery.id, *ended):
                    await settle_message(work, delivery.message_id)
        async with self._db.unit_of_work() as work:
            await bring_forward(work, channel, address, to=clock.now())

    async def _answer(self, job: Job, address: Address) -> None:
        asked = job.payload
        id, account_id = MessageId(UUID(asked["message_id"])), AccountId(UUID(asked["account_id"]))
        if await self._db.fetch_one("SELECT 1 FROM message WHERE id = $1", id) is not None:
            return
        carrier = await self._carriers.get(account_id)
        if not isinstance(carrier.settings, SmsSettings) or asked["conversation_id"] is None:
            return
        text = answer(
            asked["wish"], asked["language"], signature=carrier.settings.signature, help_text=carrier.settings.help_text
        )
        conversation_id = ConversationId(UUID(asked["conversation_id"]))
        if not text or await self._has_said_enough(conversation_id):
            return
        send = Send(
            message_id=id,
            account_id=account_id,
            conversation_id=conversation_id,
            draft=Draft(text=text, to=(address,)),
            purpose=Purpose.OPT_OUT,
            kind=MessageKind.AUTO_REPLY,
        )
        try:
            await self._delivery.send(send, by=replace(SYSTEM, name=carrier.name))
        except (
            Refused,
            Merged,
            NoSuchConversation,
        ):  # the number is not to be used; or nobody could read it where it would stand
            return

    async def _has_said_enough(self, id: ConversationId) -> bool:
        """A machine on the other side may ask and stop and start without end."""
        sql = """
        SELECT count(*) AS n FROM message WHERE conversation_id = $1 AND direction = 'out' AND kind = 'auto_reply' AND created_at > $2
        """
        row = await self._db.fetch_one(sql, id, clock.now() - timedelta(hours=1))
        return row is not None and row["n"] >= MOST_AN_HOUR
