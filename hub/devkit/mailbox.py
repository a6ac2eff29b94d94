"""The customer's mailbox of the demo: takes every mail the hub sends, keeps it in a folder, shows it on a page, writes to the hub."""

import asyncio
import smtplib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import make_msgid
from functools import partial
from pathlib import Path

from hub.channels.contract import Accepted, Duplicate, Handover
from hub.channels.email.inbound import parse
from hub.channels.email.smtp_in import MailDoor, Route
from hub.errors import Invalid
from hub.ids import AccountId, new_id
from hub.messages.address import normal_email
from hub.messages.events import ChannelEvent, InboundMessage

SHOWN = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One mail as its reader sees it."""

    id: str
    received_at: datetime
    sender: str
    to: str
    subject: str
    text: str
    message_id: str
    reply_to: str


class DemoMailbox:
    """An SMTP server for the other side, and a pen."""

    def __init__(self, folder: Path, *, hub_smtp: tuple[str, int]) -> None:
        self._folder = folder
        self._hub_smtp = hub_smtp
        self._letters: list[Letter] = []
        self._door = MailDoor(self._resolve, lambda _: self)

    async def start(self, host: str, port: int) -> None:
        """Read what was kept, listen for more."""
        self._folder.mkdir(parents=True, exist_ok=True)
        for path in sorted(self._folder.glob("*.eml"))[-SHOWN:]:
            self._letters.append(_read(path.stem, await asyncio.to_thread(path.read_bytes)))
        await self._door.start(smtp=(host, port))

    async def stop(self) -> None:
        """Listen no more."""
        await self._door.stop()

    @property
    def letters(self) -> Sequence[Letter]:
        """The newest first."""
        return tuple(reversed(self._letters[-SHOWN:]))

    async def _resolve(self, recipient: str) -> Route:
        return AccountId(_EVERYBODY)

    async def accept(self, handover: Handover) -> Accepted | Duplicate:
        """A mail the hub sent."""
        name = f"{handover.received_at:%Y%m%d%H%M%S}-{new_id()}"
        await asyncio.to_thread((self._folder / f"{name}.eml").write_bytes, handover.raw)
        self._letters.append(_read(name, handover.raw))
        return Accepted()

    async def notice(self, event: ChannelEvent) -> None:
        """Mail has no such thing."""

    async def write(self, *, sender: str, to: str, subject: str, text: str, answers: str = "") -> None:
        """Send a mail to the hub; `answers` is the Message-ID of the one it answers."""
        letter = EmailMessage()
        letter["From"], letter["To"], letter["Subject"] = normal_email(sender), normal_email(to), " ".join(subject.split())
        letter["Message-ID"] = make_msgid(domain="mailbox.demo")
        if answers:
            letter["In-Reply-To"] = letter["References"] = answers
        letter.set_content(text)
        try:
            await asyncio.to_thread(partial(_hand_over, self._hub_smtp, letter))
        except (OSError, smtplib.SMTPException) as error:
            raise Invalid(f"the hub did not take it: {error}") from error


_EVERYBODY = new_id()


def _hand_over(where: tuple[str, int], letter: EmailMessage) -> None:
    with smtplib.SMTP(*where, timeout=10) as smtp:
        smtp.send_message(letter)


def _read(name: str, raw: bytes) -> Letter:
    message = next(event for event in parse(raw, {"mail_from": ""}) if isinstance(event, InboundMessage))
    received = datetime.strptime(name[:14], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    answer_to = message.reply_to[0] if message.reply_to else message.sender
    return Letter(
        id=name,
        received_at=received,
        sender=f"{message.sender.name} <{message.sender.value}>".strip(),
        to=", ".join(address.value for address in message.to),
        subject=message.subject,
        text=message.text,
        message_id=message.own_keys[0] if message.own_keys else "",
        reply_to=answer_to.value,
    )
