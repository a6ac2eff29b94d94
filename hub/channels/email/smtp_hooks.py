"""aiosmtpd's questions at each command, answered from the door."""

import asyncio
import logging
from typing import TYPE_CHECKING, Final
from uuid import UUID

from aiosmtpd.smtp import SMTP, Envelope, Session

from hub.errors import HubError
from hub.ids import AccountId

if TYPE_CHECKING:
    from hub.channels.email.smtp_in import MailDoor

log = logging.getLogger(__name__)

LATER: Final = "451 4.3.0 Local trouble, please try again later"
BUSY: Final = "452 4.3.1 Too much mail at once, please try again later"


class RoutedEnvelope(Envelope):
    """An envelope that knows the account of each recipient."""

    def __init__(self) -> None:
        super().__init__()
        self.routes: dict[str, AccountId] = {}


class Hooks:
    """One object a session."""

    def __init__(self, door: "MailDoor") -> None:
        self._door = door

    async def handle_EHLO(  # noqa: N802 (aiosmtpd's name)
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        """Nobody signs in here, so AUTH is not offered."""
        session.host_name = hostname
        return [response for response in responses if not response.startswith("250-AUTH")]

    async def handle_MAIL(  # noqa: N802 (aiosmtpd's name)
        self, server: SMTP, session: Session, envelope: RoutedEnvelope, address: str, options: list[str]
    ) -> str:
        """Refuse early what would not fit now."""
        sizes = [option.removeprefix("SIZE=") for option in options if option.startswith("SIZE=")]
        if not self._door.has_room(int(sizes[0]) if sizes else 0):
            return BUSY
        envelope.mail_from = address
        return "250 2.1.0 Sender OK"

    async def handle_RCPT(  # noqa: N802 (aiosmtpd's name)
        self, server: SMTP, session: Session, envelope: RoutedEnvelope, address: str, options: list[str]
    ) -> str:
        """Only recipients some account takes: nothing is relayed."""
        if len(envelope.rcpt_tos) >= self._door.limits.recipients:
            return "452 4.5.3 Too many recipients"
        try:
            async with asyncio.timeout(self._door.limits.accept_timeout):
                route = await self._door.resolve(address)
        except (HubError, TimeoutError):
            return LATER
        if not isinstance(route, UUID):
            return "550 5.1.1 No such mailbox here" if route == "unknown" else LATER
        envelope.rcpt_tos.append(address)
        envelope.routes[address] = route
        return "250 2.1.5 Recipient OK"

    async def handle_exception(self, error: Exception) -> str:
        """Our own fault is never the sender's: 451 without a word of what it was."""
        log.error("mail session failed", exc_info=error)
        return LATER
