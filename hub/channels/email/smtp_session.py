"""One session at the door: aiosmtpd's state machine with our own reading of the message and our own answers."""

import asyncio
import logging
from collections import defaultdict
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, AnyStr, ClassVar, cast

from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP

from hub.channels.contract import Handover
from hub.channels.email.smtp_hooks import BUSY, LATER, Hooks, RoutedEnvelope
from hub.channels.email.smtp_wire import DataCollector, content_key, read_path
from hub.errors import HubError
from hub.ids import AccountId

if TYPE_CHECKING:
    from hub.channels.email.smtp_in import MailDoor

log = logging.getLogger(__name__)

_TOO_BIG = "552 5.3.4 Message too big"
_TAKEN = "250 2.0.0 Message accepted"
_WORK_IN_THREAD = 1 << 20  # bytes; below, a thread costs more than it saves

# A session may carry any number of messages (relays reuse theirs) but not idle on commands that do nothing.
_CALLS = {"MAIL": 100_000, "RCPT": 1_000_000, "DATA": 100_000, "RSET": 100_000, "NOOP": 1000, "*": 20}


class MailSession(SMTP):
    """An SMTP session. Messages are read in whole chunks: lines may have any length, bytes are kept exactly."""

    line_length_limit = 65536
    via: ClassVar[str] = "smtp"

    def __init__(self, door: "MailDoor") -> None:
        self._door = door
        self._peer: str | None = None
        self._collector: DataCollector | None = None
        self._grown: asyncio.Future[None]
        self._complete: asyncio.Future[None]
        self._held = 0
        self._overloaded = False
        self._storing = False
        self._leaving = False
        super().__init__(
            Hooks(door),
            data_size_limit=door.limits.message_bytes,
            enable_SMTPUTF8=True,
            hostname=door.hostname,
            ident="ESMTP",
            tls_context=door.tls,
            timeout=door.limits.command_timeout,
            command_call_limit=_CALLS,
            auth_exclude_mechanism=("LOGIN", "PLAIN"),
            loop=asyncio.get_running_loop(),
        )
        # aiosmtpd shares one table between all sessions and lets each EHLO raise it.
        self.command_size_limits = defaultdict(lambda: 2048)

    @property
    def task(self) -> asyncio.Task[None] | None:
        """The task that serves this session."""
        return self._handler_coroutine

    def leave(self) -> None:
        """Close the session: now if nothing is being stored, else as soon as that is answered."""
        self._leaving = True
        if not self._storing and self.transport is not None:
            self.transport.close()

    def _create_envelope(self) -> RoutedEnvelope:
        return RoutedEnvelope()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Also called again after STARTTLS."""
        if self._peer is not None:
            super().connection_made(transport)
            return
        peer = str((transport.get_extra_info("peername") or ("",))[0])
        if (refusal := self._door.admit(self, peer)) is not None:
            cast(asyncio.WriteTransport, transport).write(f"{refusal}\r\n".encode())
            transport.close()
            return
        self._peer = peer
        super().connection_made(transport)
        assert self._handler_coroutine is not None
        # The end of a cut session is no news; unread, asyncio would report it as lost.
        self._handler_coroutine.add_done_callback(lambda task: task.cancelled() or task.exception())

    def connection_lost(self, error: Exception | None) -> None:
        """Counted out once; a session that was never admitted has nothing to end."""
        if self._peer is None or self not in self._door:
            return
        self._door.dismiss(self, self._peer)
        super().connection_lost(error)

    def data_received(self, data: bytes) -> None:
        """While a message comes its bytes go to the collector, all others to aiosmtpd's reader."""
        if self._collector is None:
            super().data_received(data)
        else:
            self._collect(self._collector, data)

    def _collect(self, collector: DataCollector, chunk: bytes) -> None:
        rest = collector.feed(chunk)
        self._hold(0 if collector.too_much else collector.size)
        if not self._overloaded and not self._door.has_room():
            self._overloaded = True
            collector.discard()
            self._hold(0)
        if collector.size > self._door.limits.large_bytes and not self._grown.done():
            self._grown.set_result(None)
        if rest is not None:
            self._collector = None
            if not self._complete.done():
                self._complete.set_result(None)
            if rest:
                super().data_received(rest)

    def _hold(self, size: int) -> None:
        self._door.hold(size - self._held)
        self._held = size

    async def push(self, status: AnyStr) -> None:
        """To a client that is gone nothing can be said (uvloop has no ConnectionError for this)."""
        if self.transport is None or self.transport.is_closing():
            raise ConnectionResetError("the client is gone")
        await super().push(status)

    def _getaddr(self, arg: str) -> tuple[str | None, str | None]:
        # aiosmtpd's own reading refuses addresses that are in daily use, and takes bytes that cannot be stored.
        return read_path(arg) or (None, None)

    async def smtp_DATA(self, arg: str | None) -> None:  # noqa: N802 (aiosmtpd's name)
        """Read a message to its end, have it stored, answer."""
        envelope = self.envelope
        assert isinstance(envelope, RoutedEnvelope)
        if await self.check_helo_needed():
            return
        if arg or not envelope.rcpt_tos:
            await self.push("501 5.5.4 DATA takes no arguments" if arg else "503 5.5.1 Need RCPT first")
            return
        await self.push("354 End data with <CR><LF>.<CR><LF>")
        try:
            async with AsyncExitStack() as slot:
                reply = await self._take(envelope, slot)
        finally:
            self._hold(0)
            self._collector = None
        self._set_post_data_state()  # type: ignore[no-untyped-call]
        await self.push(reply)
        self._storing = False
        if self._leaving and self.transport is not None:
            self.transport.close()

    async def _take(self, envelope: RoutedEnvelope, slot: AsyncExitStack) -> str:
        self._overloaded = False
        collector = await self._receive(slot)
        self._storing = True
        if self._overloaded:
            return self._reply_to_all(envelope, BUSY)
        if collector.too_much:
            return self._reply_to_all(envelope, _TOO_BIG)
        if collector.size < _WORK_IN_THREAD:
            raw = collector.content()
        else:
            raw = await asyncio.to_thread(collector.content)
        return await self._store(envelope, raw)

    async def _receive(self, slot: AsyncExitStack) -> DataCollector:
        """Only so many large messages are read at a time: the others' senders wait, held back by TCP."""
        loop = asyncio.get_running_loop()
        self._reset_timeout(self._door.limits.message_timeout)
        self._grown = self._complete = loop.create_future()
        self._collector = collector = DataCollector(self._door.limits.message_bytes)
        # What was sent without waiting for the 354. StreamReader has no public way to ask whether it holds anything.
        if early := len(self._reader._buffer):  # type: ignore[attr-defined]
            self._collect(collector, await self._reader.read(early))
        await self._grown
        if self._collector is not None:
            self._complete = loop.create_future()
            transport = cast(asyncio.ReadTransport, self.transport)
            transport.pause_reading()
            await slot.enter_async_context(self._door.large)
            transport.resume_reading()
            await self._complete
        self._reset_timeout()
        return collector

    async def _store(self, envelope: RoutedEnvelope, raw: bytes) -> str:
        accounts = list(dict.fromkeys(envelope.routes.values()))
        stored = await asyncio.gather(*(self._accept(account, envelope, raw) for account in accounts))
        taken = {account for account, is_stored in zip(accounts, stored, strict=True) if is_stored}
        return self._reply(envelope, taken)

    async def _accept(self, account: AccountId, envelope: RoutedEnvelope, raw: bytes) -> bool:
        """Whether the message is durable in `account`. A late commit after a False is found again by its key."""
        recipients = [address for address in dict.fromkeys(envelope.rcpt_tos) if envelope.routes[address] == account]
        handover = await self._handover(envelope, recipients, raw)
        limits = self._door.limits
        try:
            async with asyncio.timeout(limits.accept_timeout + len(raw) / limits.accept_rate):
                await self._door.sink_for(account).accept(handover)
        except (HubError, TimeoutError) as error:
            log.warning("mail not stored", extra={"account_id": str(account), "error": repr(error)})
            return False
        except Exception:  # the boundary of this door: one account's fault must not unsettle LMTP's count of replies
            log.exception("mail not stored", extra={"account_id": str(account)})
            return False
        return True

    async def _handover(self, envelope: RoutedEnvelope, recipients: list[str], raw: bytes) -> Handover:
        assert self.session is not None
        sender = "" if envelope.mail_from in (None, "<>") else str(envelope.mail_from)
        if len(raw) < _WORK_IN_THREAD:
            key = content_key(sender, recipients, raw)
        else:
            key = await asyncio.to_thread(content_key, sender, recipients, raw)
        now = self._door.now()
        about = {
            "via": self.via,
            "mail_from": sender,
            "rcpt_tos": recipients,
            "peer": self._peer,
            "helo": (self.session.host_name or "").encode("utf-8", "backslashreplace").decode(),
            "received_at": now.isoformat(),
        }
        return Handover(key=key, raw=raw, envelope=about, received_at=now)

    def _reply(self, envelope: RoutedEnvelope, taken: set[AccountId]) -> str:
        return _TAKEN if taken.issuperset(envelope.routes.values()) else LATER

    def _reply_to_all(self, envelope: RoutedEnvelope, reply: str) -> str:
        return reply


class LmtpSession(MailSession, LMTP):
    """An LMTP session: after the message one reply for each recipient, in order (RFC 2033 §4.2)."""

    via = "lmtp"

    def _reply(self, envelope: RoutedEnvelope, taken: set[AccountId]) -> str:
        replies = (_TAKEN if envelope.routes[address] in taken else LATER for address in envelope.rcpt_tos)
        return "\r\n".join(replies)

    def _reply_to_all(self, envelope: RoutedEnvelope, reply: str) -> str:
        return "\r\n".join(reply for _ in envelope.rcpt_tos)
