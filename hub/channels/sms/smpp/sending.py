"""Texts on their way out over SMPP: how they are cut, submitted and asked about."""

from collections.abc import Sequence

from hub.channels.contract import SendError
from hub.channels.sms.common import recipient_of
from hub.channels.sms.framing import BadPdu
from hub.channels.sms.link import NotSent, Refused, Unanswered
from hub.channels.sms.sender import Late, Sender
from hub.channels.sms.smpp import coding
from hub.channels.sms.smpp.receipts import same_id, state_of
from hub.channels.sms.smpp.session import Session
from hub.channels.sms.smpp.settings import SmppSettings
from hub.channels.sms.smpp.status import failure_of, name_of
from hub.channels.sms.smpp.wire import Query, ShortMessage
from hub.messages.content import OutboundMessage
from hub.messages.states import DeliveryState, SendFailure


class SmppSender(Sender[Session, ShortMessage]):
    """See `Sender`."""

    def __init__(self, settings: SmppSettings) -> None:
        super().__init__(max_rate=settings.max_rate, window=settings.window)
        self._settings = settings

    def cut(self, message: OutboundMessage, reference: int) -> Sequence[ShortMessage]:
        """One submit_sm a part."""
        if not self._settings.host:
            raise SendError(SendFailure.BAD_SETTINGS, "this account has no server to send through")
        recipient = recipient_of(message)
        if not recipient.isascii():
            raise SendError(SendFailure.BAD_RECIPIENT, "not a telephone number")
        largest = 0x10000 if self._settings.long_messages == "sar" else 0x100
        return coding.bodies(message.text, recipient=recipient, reference=reference % largest, settings=self._settings)

    async def submit(self, session: Session, part: ShortMessage, late: Late | None) -> str:
        """Its id, as receipts will give it."""

        def said_late(status: int, id: str) -> None:
            if late is not None:
                late(status, same_id(id, self._settings.answer_ids))

        return same_id(await session.submit(part, late=said_late if late else None), self._settings.answer_ids)

    def refusal(self, status: int) -> SendError:
        """By the standard's names."""
        return SendError(failure_of(status), name_of(status), provider_code=name_of(status))

    async def state_of(self, provider_id: str) -> DeliveryState | None:
        """Ask by query_sm what became of a part; None where the centre does not say."""
        ton, npi = coding.sender_type(self._settings)
        source = self._settings.sender.removeprefix("+")
        try:
            session = await self.link()
            answer = await session.query(Query(message_id=provider_id, source=source, source_ton=ton, source_npi=npi))
        except (NotSent, Unanswered, Refused, BadPdu, SendError):
            return None
        return state_of(answer.state)
