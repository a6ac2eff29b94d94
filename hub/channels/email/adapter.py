"""One mailbox: what comes by IMAP, what goes out by SMTP. (What comes by SMTP comes through the one door of the process.)"""

import asyncio
import ssl
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import ClassVar, Literal

from hub.channels.contract import AdapterContext, Check, Exchange, SendError, SendReceipt, Sink
from hub.channels.email.compose import Composed, compose
from hub.channels.email.dkim import sign
from hub.channels.email.imap import MailboxReader
from hub.channels.email.imap_guard import ImapDenied, ImapRefused, ImapServer, ImapSession
from hub.channels.email.oauth import TokenRefused, TokenSource
from hub.channels.email.settings import MailSettings
from hub.channels.email.smtp_out import OutgoingMail, Sent, SmtpPool
from hub.errors import HubError
from hub.messages.address import Address, ChannelKind
from hub.messages.capabilities import Capabilities, Feature, Level
from hub.messages.content import OutboundMessage, StoredFile
from hub.messages.states import SendFailure

_FEATURES = {
    Feature.TEXT: Level.FULL,
    Feature.HTML: Level.FULL,
    Feature.SUBJECT: Level.FULL,
    Feature.FILES: Level.FULL,
    Feature.CC: Level.FULL,
    Feature.BCC: Level.FULL,
    Feature.DELIVERED: Level.PARTIAL,  # where the servers on the way report (RFC 3461)
    Feature.READ: Level.UNSUPPORTED,
    Feature.TYPING: Level.UNSUPPORTED,
}
_MAX_TOTAL = 25_000_000  # bytes of files; base64 makes a third more of it, and 35 MB is what the large providers take
_WORST = ("needs_person", "retrying", "connected")


class MailAdapter:
    """A mailbox as a channel.

    Sending is shareable: any worker may. Reading by IMAP is done by whoever runs `run`, which is one at a time.
    """

    kind: ClassVar[ChannelKind] = ChannelKind.EMAIL
    provider: ClassVar[str] = "mail"
    connection: ClassVar[Literal["exclusive", "shareable"]] = "shareable"
    parser: ClassVar[str] = "hub.channels.email.inbound:parse"
    parser_version: ClassVar[int] = 1

    def __init__(self, settings: MailSettings, context: AdapterContext) -> None:
        self._settings = settings
        self._context = context
        self._tokens = TokenSource(settings, context.connect) if settings.uses_oauth else None
        self._pool = SmtpPool(settings, connect=context.connect, tokens=self._tokens)
        self._states: dict[str, tuple[str, str]] = {}

    def capabilities(self) -> Capabilities:
        """Everything a mail can have."""
        return Capabilities(features=_FEATURES, max_files=100, max_total_bytes=_MAX_TOTAL, max_file_bytes=_MAX_TOTAL)

    async def run(self, sink: Sink) -> None:
        """Follow the folders by IMAP; without IMAP only wait."""
        try:
            if not self._settings.reads_imap:
                self._context.state("connected", "")
                await asyncio.Event().wait()
            async with asyncio.TaskGroup() as group:
                for mailbox in self._settings.imap_mailboxes:
                    group.create_task(self._reader(mailbox).run(sink), name=f"imap {mailbox}")
        finally:
            self._pool.close()

    def close(self) -> None:
        """Drop idle connections at once; they end by themselves after half a minute."""
        self._pool.close()

    def _reader(self, mailbox: str) -> MailboxReader:
        def tell(state: str, detail: str) -> None:
            self._states[mailbox] = (state, detail)
            worst = next(word for word in _WORST if any(word == known for known, _ in self._states.values()))
            self._context.state(worst, next(said for known, said in self._states.values() if known == worst))

        return MailboxReader(mailbox, connect=self._connect, cursor=self._context.cursor, tell=tell, now=self._context.now)

    async def _connect(self) -> ImapSession:
        """A new connection to the IMAP server, signed in. Raises `ImapRefused`, `OSError`, `HubError`."""
        settings = self._settings
        server = ImapServer(
            host=settings.imap_host,
            address=await self._context.connect(settings.imap_host, settings.imap_port),
            port=settings.imap_port,
            security=settings.imap_security,
            tls=None if settings.imap_security == "none" else await asyncio.to_thread(ssl.create_default_context),
        )
        session = await ImapSession(server).__aenter__()
        try:
            await self._sign_in(session)
        except BaseException:
            await session.close()
            raise
        return session

    async def _sign_in(self, session: ImapSession) -> None:
        if self._tokens is None:
            await session.login(self._settings.imap_user, self._settings.imap_password)
            return
        try:
            token = await self._tokens.token()
            try:
                await session.xoauth2(self._settings.imap_user, token)
            except ImapDenied:
                await session.xoauth2(self._settings.imap_user, await self._tokens.token(refused=token))
        except TokenRefused as refused:
            raise ImapDenied(refused.detail) from refused

    async def send(self, message: OutboundMessage) -> SendReceipt:
        """Compose, sign and hand over; the message's id is in its Message-ID and in the envelope id of reports."""
        if not self._settings.sends:
            raise SendError(SendFailure.BAD_SETTINGS, "this mailbox has no SMTP server to send through")
        composed = await self._compose(message)
        mail = OutgoingMail(
            raw=composed.raw,
            sender=composed.envelope_sender,
            recipients=tuple(composed.recipients),
            envid=message.id.hex,
        )
        started = time.monotonic()
        try:
            sent = await self._pool.send(mail)
        except SendError as error:
            self._record(message, mail, str(error), started)
            raise
        self._record(message, mail, f"250 {sent.reply}", started)
        return _receipt(sent, composed, message)

    async def _compose(self, message: OutboundMessage) -> Composed:
        bodies = {file.sha256: await self._read(file) for file in message.files}
        try:
            return await asyncio.to_thread(self._write, message, bodies)
        except (HubError, ValueError) as error:  # such as half a surrogate pair, which no charset can hold
            raise SendError(SendFailure.BAD_CONTENT, str(error)) from error

    def _write(self, message: OutboundMessage, bodies: Mapping[str, bytes]) -> Composed:
        composed = compose(message, self._settings, bodies=bodies)
        return replace(composed, raw=sign(composed.raw, self._settings))

    async def _read(self, file: StoredFile) -> bytes:
        try:
            return await self._context.read_blob(file.sha256)
        except (HubError, OSError) as error:
            raise SendError(SendFailure.UNAVAILABLE, f"the file {file.filename!r} cannot be read") from error

    def _record(self, message: OutboundMessage, mail: OutgoingMail, answer: str, started: float) -> None:
        host = f"{self._settings.smtp_host}:{self._settings.smtp_port}"
        to = " ".join(f"RCPT TO:<{recipient}>" for recipient in mail.recipients)
        self._context.record(
            Exchange(
                at=self._context.now(),
                request=f"{host} MAIL FROM:<{mail.sender}> {to} DATA {len(mail.raw)} bytes",
                response=answer,
                duration=time.monotonic() - started,
                message_id=message.id,
            )
        )

    async def check(self) -> Sequence[Check]:
        """Sign in where mail is read and where it is sent, open every folder."""
        checks = []
        if self._settings.reads_imap:
            checks.append(await self._check_imap())
        if self._settings.sends:
            checks.append(await self._check_smtp())
        return checks or [Check(name="smtp", ok=True, detail="mail is taken at the hub's own door; nothing is sent")]

    async def _check_imap(self) -> Check:
        try:
            async with await self._connect() as session:
                for mailbox in self._settings.imap_mailboxes:
                    await session.select(mailbox)
        except (ImapRefused, OSError, HubError) as error:
            return Check(name="imap", ok=False, detail=str(error) or type(error).__name__)
        return Check(name="imap", ok=True, detail=", ".join(self._settings.imap_mailboxes))

    async def _check_smtp(self) -> Check:
        try:
            return Check(name="smtp", ok=True, detail=await self._pool.probe())
        except SendError as error:
            return Check(name="smtp", ok=False, detail=error.detail)


def _receipt(sent: Sent, composed: Composed, message: OutboundMessage) -> SendReceipt:
    parties = {_on_the_wire(party): party for party in message.recipients}
    return SendReceipt(
        provider_ids=(composed.message_id,),
        detail=sent.reply,
        refused={parties[recipient]: why for recipient, why in sent.refused.items()},
        own_keys=(composed.message_id,),
    )


def _on_the_wire(party: Address) -> str:
    """How `compose` put an address into the envelope: the domain in ASCII."""
    local, _, domain = party.value.rpartition("@")
    return f"{local}@{domain.encode('idna').decode()}"
