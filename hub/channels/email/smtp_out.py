"""Sending by SMTP: a few connections an account, used again; every failure sorted; the moment of the final dot known.

Up to the final dot nothing was handed over and a lost connection is made anew, once. Once the dot is out, a lost answer
means that nobody knows (RFC 1047): `OUTCOME_UNKNOWN`, never repeated here.
"""

import asyncio
import re
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from aiosmtplib import (
    SMTP,
    SMTPException,
    SMTPRecipientRefused,
    SMTPResponseException,
    SMTPServerDisconnected,
    SMTPTimeoutError,
)

from hub.channels.contract import SendError
from hub.channels.email.oauth import TokenSource
from hub.channels.email.settings import MailSettings
from hub.channels.email.smtp_failure import by_reply, sorted_failure
from hub.errors import HubError
from hub.messages.states import RETRIED, SendFailure

_BARE_END = re.compile(rb"\r\n|\r|\n")
# TimeoutError is an OSError; a ValueError is an address that cannot be put into a command.
_EXPECTED = (SMTPException, HubError, OSError, ValueError)
_NOT_XTEXT = re.compile(r"[^!-~]|[+=]")


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingMail:
    """What goes over the wire. `sender` is the envelope's ("" is the null path); `envid` names it in reports."""

    raw: bytes
    sender: str
    recipients: tuple[str, ...]
    envid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """The server took responsibility for all recipients but the `refused`."""

    reply: str
    refused: Mapping[str, tuple[SendFailure, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpTimes:
    """Seconds."""

    command: float = 30.0
    final: float = 120.0  # for the answer to the dot; RFC 5321 §4.5.3.2.6 grants ten minutes, a worker has not so long
    idle: float = 30.0  # an unused connection is kept so long


class SmtpPool:
    """The connections of one account. `connect` is the egress gate: (host, port) → the checked IP address."""

    def __init__(
        self,
        settings: MailSettings,
        *,
        connect: Callable[[str, int], Awaitable[str]],
        tokens: TokenSource | None = None,
        times: SmtpTimes | None = None,
    ) -> None:
        self._settings = settings
        self._connect = connect
        self._tokens = tokens
        self._times = times or SmtpTimes()
        self._slots = asyncio.Semaphore(settings.max_connections)
        self._idle: dict[SMTP, asyncio.TimerHandle] = {}

    async def send(self, mail: OutgoingMail) -> Sent:
        """Hand `mail` over, once; raises `SendError` only."""
        async with self._slots:
            try:
                client = self._take() or await self._open()
                try:
                    return await self._transact(client, mail)
                except (SMTPServerDisconnected, SMTPResponseException) as error:
                    if not _is_stale(error):
                        raise
                    return await self._transact(await self._open(), mail)
            except _EXPECTED as error:
                raise sorted_failure(error) from error

    async def probe(self) -> str:
        """Connect and sign in; the server's name for itself. Raises `SendError` only."""
        try:
            client = await self._open()
        except _EXPECTED as error:
            raise sorted_failure(error) from error
        greeting = str(client.last_ehlo_response.message.split("\n")[0]) if client.last_ehlo_response else ""
        client.close()
        return greeting

    def close(self) -> None:
        """Close what is idle."""
        for client, timer in self._idle.items():
            timer.cancel()
            client.close()
        self._idle.clear()

    def _take(self) -> SMTP | None:
        while self._idle:
            client, timer = self._idle.popitem()
            timer.cancel()
            if client.is_connected:
                return client
        return None

    def _keep(self, client: SMTP) -> None:
        def expire() -> None:
            del self._idle[client]
            client.close()

        self._idle[client] = asyncio.get_running_loop().call_later(self._times.idle, expire)

    async def _open(self) -> SMTP:
        settings = self._settings
        client = SMTP(
            hostname=settings.smtp_host,
            sock=await self._dial(),
            use_tls=settings.smtp_security == "tls",
            start_tls=settings.smtp_security == "starttls",
            tls_context=None if settings.smtp_security == "none" else await asyncio.to_thread(ssl.create_default_context),
            local_hostname=settings.address.rpartition("@")[2] or "localhost",
            timeout=self._times.command,
        )
        await client.connect()
        try:
            await client.ehlo()
            await self._sign_in(client)
        except BaseException:
            client.close()
            raise
        return client

    async def _dial(self) -> socket.socket:
        address = await self._connect(self._settings.smtp_host, self._settings.smtp_port)
        sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
        sock.setblocking(False)
        try:
            async with asyncio.timeout(self._times.command):
                await asyncio.get_running_loop().sock_connect(sock, (address, self._settings.smtp_port))
        except BaseException:
            sock.close()
            raise
        return sock

    async def _sign_in(self, client: SMTP) -> None:
        settings = self._settings
        if self._tokens is not None:
            await self._sign_in_by_token(client, self._tokens)
        elif settings.smtp_user:
            await client.login(settings.smtp_user, settings.smtp_password)

    async def _sign_in_by_token(self, client: SMTP, tokens: TokenSource) -> None:
        user = self._settings.smtp_user or self._settings.address
        if "xoauth2" not in client.server_auth_methods:
            raise SendError(SendFailure.BAD_SETTINGS, "the server takes no OAuth sign-in (XOAUTH2)")
        token = await tokens.token()
        try:
            await client.auth_xoauth2(user, token)
        except SMTPResponseException as refused:
            if refused.code < 500:
                raise
            await client.auth_xoauth2(user, await tokens.token(refused=token))

    async def _transact(self, client: SMTP, mail: OutgoingMail) -> Sent:
        is_clean = False
        try:
            sent = await self._hand_over(client, mail)
            is_clean = True
            return sent
        except SMTPResponseException:
            is_clean = await self._reset(client)
            raise
        finally:
            if is_clean and client.is_connected:
                self._keep(client)
            else:
                client.close()

    async def _reset(self, client: SMTP) -> bool:
        """Whether the connection can be used again after a refusal."""
        if not client.is_connected:
            return False
        try:
            await client.rset()
        except SMTPException:
            return False
        return True

    async def _hand_over(self, client: SMTP, mail: OutgoingMail) -> Sent:
        body = _stuffed(mail.raw)
        await self._announce(client, mail, len(body))
        refused = await self._name_recipients(client, mail)
        if len(refused) == len(mail.recipients):
            raise _all_refused(list(refused.values()))
        start = await client.execute_command(b"DATA")
        if start.code != 354:
            raise SMTPResponseException(start.code, start.message)
        await self._write(client, body)
        reply = await self._end(client)
        sorted_out = {to: (by_reply(error.code, error.message), error.message) for to, error in refused.items()}
        return Sent(reply=reply, refused=sorted_out)

    async def _announce(self, client: SMTP, mail: OutgoingMail, size: int) -> None:
        limit = client.esmtp_extensions.get("size", "")
        if limit.isdigit() and 0 < int(limit) < size:
            raise SendError(SendFailure.BAD_CONTENT, f"the server takes {limit} bytes, this mail has {size}")
        options = [f"SIZE={size}"] if client.supports_extension("size") else []
        if not mail.raw.isascii() and client.supports_extension("8bitmime"):
            options.append("BODY=8BITMIME")
        if is_international := not all(address.isascii() for address in (mail.sender, *mail.recipients)):
            if not client.supports_extension("smtputf8"):
                raise SendError(SendFailure.UNSUPPORTED, "the server takes no addresses beyond ASCII (SMTPUTF8)")
            options.append("SMTPUTF8")
        if client.supports_extension("dsn"):
            options += ["RET=HDRS", f"ENVID={_xtext(mail.envid)}"]
        await client.mail(mail.sender, options=options, encoding="utf-8" if is_international else "ascii")

    async def _name_recipients(self, client: SMTP, mail: OutgoingMail) -> dict[str, SMTPRecipientRefused]:
        refused = {}
        for recipient in mail.recipients:
            options = _dsn_wishes(mail, recipient) if client.supports_extension("dsn") else []
            try:
                await client.rcpt(recipient, options=options, encoding="ascii" if recipient.isascii() else "utf-8")
            except SMTPRecipientRefused as error:
                if not client.is_connected:  # a 421 closes
                    raise
                refused[recipient] = error
        return refused

    async def _write(self, client: SMTP, body: bytes) -> None:
        """All but the dot, until it has left this process: before that, the message cannot have been taken."""
        assert client.protocol is not None
        client.protocol.write(body)
        async with asyncio.timeout(self._times.command + len(body) / 50_000):
            while (transport := client.transport) is not None:
                if not cast(asyncio.WriteTransport, transport).get_write_buffer_size():
                    return
                await asyncio.sleep(0.01)
        raise SMTPServerDisconnected("connection lost in the middle of the message")

    async def _end(self, client: SMTP) -> str:
        if not client.is_connected:
            raise SMTPServerDisconnected("connection lost before the end of the message")
        try:
            reply = await client.execute_command(b".", timeout=self._times.final)
        except (SMTPServerDisconnected, SMTPTimeoutError, OSError) as error:
            lost = "connection lost while the server was taking the message"
            raise SendError(SendFailure.OUTCOME_UNKNOWN, lost) from error
        if reply.code != 250:
            raise SMTPResponseException(reply.code, reply.message)
        return str(reply.message)


def _is_stale(error: SMTPException) -> bool:
    """The server had closed, or was just closing, before it got the message."""
    return isinstance(error, SMTPServerDisconnected) or (isinstance(error, SMTPResponseException) and error.code == 421)


def _all_refused(errors: Sequence[SMTPRecipientRefused]) -> SMTPResponseException:
    """The refusal that speaks for all: one worth another try if there is one."""
    worth = [error for error in errors if by_reply(error.code, error.message) in RETRIED]
    error = (worth or list(errors))[0]
    return SMTPResponseException(error.code, error.message)


def _dsn_wishes(mail: OutgoingMail, recipient: str) -> list[str]:
    """RFC 3461 §4: tell us of success, failure and delay; of nothing, where there is nobody to tell."""
    wishes = ["NOTIFY=SUCCESS,FAILURE,DELAY" if mail.sender else "NOTIFY=NEVER"]
    return [*wishes, f"ORCPT=rfc822;{_xtext(recipient)}"] if recipient.isascii() else wishes


def _xtext(text: str) -> str:
    """RFC 3461 §4."""
    return _NOT_XTEXT.sub(lambda found: "".join(f"+{byte:02X}" for byte in found[0].encode()), text)


def _stuffed(raw: bytes) -> bytes:
    """As it goes over the wire: CRLF ends only (a bare one is how mail is smuggled), dots doubled, no final dot yet."""
    lines = _BARE_END.sub(b"\r\n", raw)
    if not lines.endswith(b"\r\n"):
        lines += b"\r\n"
    lines = lines.replace(b"\r\n.", b"\r\n..")
    return b"." + lines if lines.startswith(b".") else lines
