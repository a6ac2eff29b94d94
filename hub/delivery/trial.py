"""A message by which an administrator tries an account; and what became of it."""

from hub.auth import Caller, audit
from hub.conversations.errors import NoSuchMessage
from hub.conversations.queries import message_of
from hub.conversations.values import MessageView
from hub.db import Database
from hub.delivery.carriers import Carriers
from hub.delivery.consent import Purpose
from hub.delivery.queries import with_deliveries
from hub.delivery.service import DeliveryService, Send
from hub.errors import Invalid
from hub.ids import AccountId, MessageId
from hub.messages.address import ChannelKind, recipient
from hub.messages.content import Draft

_TRIED = (ChannelKind.SMS, ChannelKind.EMAIL)


class Trials:
    """Sends test messages."""

    def __init__(self, db: Database, carriers: Carriers, delivery: DeliveryService, *, region: str) -> None:
        self._db, self._carriers, self._delivery, self._region = db, carriers, delivery, region

    async def send(self, account_id: AccountId, to: str, text: str, *, by: Caller) -> MessageView:
        """Send `text` for real, in a conversation of its own that is closed; it is noted who did.

        Raises `NoSuchAccount`, `AccountDisabled`, `BadAddress`, `Invalid` where nobody can be written to first, `Refused`.
        """
        carrier = await self._carriers.get(account_id)
        if carrier.channel not in _TRIED:
            raise Invalid("nobody can be written to first on this channel", path="account_id")
        async with self._db.unit_of_work() as work:
            await audit.record(work, by, "account.test_message", subject=("account", account_id), detail={"to": to})
        address = recipient(carrier.channel, to, region=self._region)
        subject = text.splitlines()[0][:60] if carrier.channel is ChannelKind.EMAIL and text.strip() else ""
        draft = Draft(text=text, subject=subject, to=(address,))
        return await self._delivery.send(Send(account_id=account_id, draft=draft, purpose=Purpose.SERVICE, aside=True), by=by)

    async def get(self, account_id: AccountId, id: MessageId) -> MessageView:
        """A test message and its fate, for whoever may send one. Raises `NoSuchMessage`."""
        row = await self._db.fetch_one(
            """
            SELECT m.* FROM message m JOIN conversation c ON c.id = m.conversation_id
            WHERE m.id = $1 AND m.account_id = $2 AND m.direction = 'out' AND m.kind = 'auto_reply' AND c.link_reason = 'aside'
            """,
            id,
            account_id,
        )
        if row is None:
            raise NoSuchMessage()
        return (await with_deliveries(self._db, [message_of(row)]))[0]
