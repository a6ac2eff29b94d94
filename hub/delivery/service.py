"""One verb to send, whoever asks: an agent, a rule, a broadcast."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from hub import clock
from hub.auth.callers import Caller
from hub.conversations import queries as conversations
from hub.conversations.drafts import DraftView
from hub.conversations.lifecycle import Conversation
from hub.conversations.store import lock_conversations
from hub.conversations.values import MessageView
from hub.crm.customers.queries import everybody, owner
from hub.db import Database, UniqueViolation
from hub.delivery.backoff import GIVE_UP_AFTER
from hub.delivery.carriers import Carrier, Carriers
from hub.delivery.errors import NothingToRetry, Refused
from hub.delivery.ledger import settle_message
from hub.delivery.outgoing import write
from hub.delivery.queries import reply_options, with_deliveries
from hub.delivery.releasing import Releases
from hub.delivery.sending import Outgoing, Send, begin, begin_aside, fitted, outgoing_of, recipients, require_reachable
from hub.delivery.store import Delivery, insert_deliveries, latest
from hub.errors import Invalid
from hub.ids import DeliveryId, MessageId, new_id
from hub.messages.states import DeliveryState

__all__ = ["DeliveryService", "Send"]


class DeliveryService:
    """The door out."""

    def __init__(self, db: Database, carriers: Carriers, *, wake: Callable[[], None]) -> None:
        self._db = db
        self._carriers = carriers
        self._wake = wake
        self._releases = Releases(db, carriers)
        db.committer.register("send", write)

    async def send(self, send: Send, *, by: Caller) -> MessageView:
        """Store the message and its deliveries; a worker does the rest. A repeated client key returns the first message.

        Raises `NoSuchConversation`, `Refused` (with the codes), `Stale`, `ClientKeyReused`, `DatabaseGone`.
        """
        carrier = await self._carriers.get(send.account_id)
        conversation = await self._conversation(send, carrier, by)
        rendered = fitted(send, carrier)
        people = recipients(rendered.draft)
        require_reachable(people, carrier, conversation)
        outgoing = outgoing_of(send, rendered, carrier, conversation, await self._carriers.ours(people), by)
        try:
            stored = await self._stored(outgoing)
        except Refused as refused:
            raise await self._with_allowed(refused, send, conversation) from None
        if outgoing.hold is None and any(delivery.state is DeliveryState.QUEUED for delivery in outgoing.deliveries):
            self._wake()
        return stored if stored.deliveries else (await with_deliveries(self._db, [stored]))[0]

    async def _stored(self, outgoing: Outgoing) -> MessageView:
        try:
            stored: MessageView = await self._db.committer.submit("send", outgoing)
        except UniqueViolation as error:
            if error.constraint != "message_author_client_key":
                raise
            stored = await self._db.committer.submit("send", outgoing)  # another process was first: now it is found
        return stored

    async def _conversation(self, send: Send, carrier: Carrier, by: Caller) -> Conversation:
        if send.conversation is not None:
            return send.conversation
        if send.conversation_id is not None:
            return await conversations.conversation(self._db, send.conversation_id, by)
        if send.customer_id is not None and not await everybody(self._db, send.customer_id):
            raise Invalid("no such customer", path="customer_id")
        if send.aside:
            return begin_aside(send, carrier)
        # Of one who was merged: what goes to an address of his stays with him if they are separated.
        whose = await owner(self._db, send.draft.to[0], among=send.customer_id) if send.draft.to else None
        return begin(send, carrier, whose or send.customer_id, by)

    async def _with_allowed(self, refused: Refused, send: Send, conversation: Conversation) -> Refused:
        """The same, with the channels an answer could still take."""
        options = await reply_options(self._db, self._carriers, conversation) if send.conversation_id else []
        allowed = sorted({option.channel.value for option in options if option.allowed})
        return Refused(refused.detail, **refused.extra | {"allowed": allowed})

    async def take_back(self, id: MessageId, *, by: Caller) -> DraftView:
        """Undo the sending of a message that has not left: see `Releases.take_back`."""
        return await self._releases.take_back(id, by=by)

    async def retry(self, id: MessageId, *, by: Caller) -> MessageView:
        """Send again, by hand, to every address where it failed or nobody knows: each gets a new delivery, the old one stays as it is.

        Raises `NoSuchMessage`, `NothingToRetry`.
        """
        message = await conversations.message(self._db, id, by)
        now = clock.now()
        async with self._db.unit_of_work() as work:
            await lock_conversations(work, [message.conversation_id])
            again = [_again(d, now) for d in await latest(work, id) if d.state in (DeliveryState.FAILED, DeliveryState.UNKNOWN)]
            if not again:
                raise NothingToRetry("no delivery of this message failed or is unknown")
            await insert_deliveries(work, again)
            await settle_message(work, id)
        self._wake()
        return (await with_deliveries(self._db, [message]))[0]


def _again(old: Delivery, now: datetime) -> Delivery:
    return replace(
        old,
        id=DeliveryId(new_id()),
        state=DeliveryState.QUEUED,
        failure=None,
        detail="",
        warning="",
        attempts=0,
        due_at=now,
        give_up_at=now + GIVE_UP_AFTER[old.channel],
        lease_until=None,
        fence=0,
        provider_ids=(),
        created_at=now,
    )
