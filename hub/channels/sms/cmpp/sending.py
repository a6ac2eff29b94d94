"""Texts on their way out over CMPP: how they are cut and submitted."""

from collections.abc import Sequence

from hub.channels.contract import SendError
from hub.channels.sms.cmpp import coding
from hub.channels.sms.cmpp.messages import Submit
from hub.channels.sms.cmpp.session import Session
from hub.channels.sms.cmpp.settings import CmppSettings
from hub.channels.sms.cmpp.status import failure_of
from hub.channels.sms.common import recipient_of
from hub.channels.sms.sender import Late, Sender
from hub.messages.content import OutboundMessage
from hub.messages.states import SendFailure


class CmppSender(Sender[Session, Submit]):
    """See `Sender`."""

    def __init__(self, settings: CmppSettings) -> None:
        super().__init__(max_rate=settings.max_rate, window=settings.window)
        self._settings = settings

    def cut(self, message: OutboundMessage, reference: int) -> Sequence[Submit]:
        """One SUBMIT a part."""
        if not self._settings.host or not self._settings.sender:
            raise SendError(SendFailure.BAD_SETTINGS, "this account has no server or no access number to send with")
        recipient = recipient_of(message)
        if not (recipient.isascii() and recipient.removeprefix("+").isdigit()):
            raise SendError(SendFailure.BAD_RECIPIENT, "not a telephone number")
        return coding.bodies(message.text, recipient=recipient, reference=reference % 0x100, settings=self._settings)

    async def submit(self, session: Session, part: Submit, late: Late | None) -> str:
        """Its Msg_Id."""
        return str(await session.submit(part, late=late))

    def refusal(self, status: int) -> SendError:
        """By the gateway's number."""
        return SendError(failure_of(status), f"the gateway refused it with {status}", provider_code=str(status))
