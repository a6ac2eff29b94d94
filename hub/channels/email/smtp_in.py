"""The SMTP and LMTP doors: one pair for all mail accounts of this process, in its own event loop (RFC 5321, RFC 2033).

A message is acknowledged after every account it is for has made it durable; whatever is wrong on our side is a 451,
never a 5xx, and never shows its text. Nothing is relayed: a recipient no account takes gets 550.
"""

import asyncio
import logging
import ssl
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import ip_address, ip_network

from hub import clock
from hub.channels.contract import Sink
from hub.channels.email.smtp_session import LmtpSession, MailSession
from hub.ids import AccountId


class NoRoute(StrEnum):
    """Why a recipient has no account."""

    UNKNOWN = "unknown"  # nobody here: 550
    LATER = "later"  # we cannot tell now: 451


Route = AccountId | NoRoute


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorLimits:
    """What the door takes. Seconds and bytes."""

    message_bytes: int = 64 << 20
    bytes_in_flight: int = 256 << 20  # over all sessions; above it senders are asked to come back
    large_bytes: int = 8 << 20
    large_at_once: int = 3  # messages above `large_bytes` that are read at the same time
    recipients: int = 1000  # RFC 5321 §4.5.3.1.8 wants at least 100
    command_timeout: float = 60.0
    message_timeout: float = 600.0  # for one whole message
    accept_timeout: float = 0.9  # plus the time to store a large one, see `accept_rate`
    accept_rate: int = 10 << 20  # bytes a second
    sessions: int = 2000
    sessions_per_peer: int = 50
    # Relays in front of us: they open as many sessions as they like.
    trusted_peers: tuple[str, ...] = ("127.0.0.0/8", "::1/128")


@dataclass(slots=True)
class _Load:
    """What is going on in the door right now."""

    sessions: set[MailSession] = field(default_factory=set)
    by_peer: Counter[str] = field(default_factory=Counter)
    bytes_in_flight: int = 0


class MailDoor:
    """Listens, and hands each message to the sinks of the accounts it is for.

    `resolve` names the account of a recipient; `sink_for` gives the way into it.
    """

    def __init__(
        self,
        resolve: Callable[[str], Awaitable[Route]],
        sink_for: Callable[[AccountId], Sink],
        *,
        limits: DoorLimits | None = None,
        hostname: str = "localhost",
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.resolve = resolve
        self.sink_for = sink_for
        self.limits = limits or DoorLimits()
        self.hostname = hostname
        self.tls = tls
        self.now = clock.now
        self.large = asyncio.Semaphore(self.limits.large_at_once)
        self.ports: dict[str, int] = {}  # "smtp" and "lmtp" → the port really bound
        self._load = _Load()
        self._trusted = tuple(ip_network(network) for network in self.limits.trusted_peers)
        self._servers: list[asyncio.Server] = []
        self._is_leaving = False

    async def start(self, *, smtp: tuple[str, int] | None = None, lmtp: tuple[str, int] | None = None) -> None:
        """Listen on these (host, port); port 0 takes a free one, see `ports`."""
        # aiosmtpd writes a line a command, with addresses in it.
        logging.getLogger("mail.log").setLevel(logging.ERROR)
        if smtp is not None:
            await self._listen("smtp", MailSession, smtp)
        if lmtp is not None:
            await self._listen("lmtp", LmtpSession, lmtp)

    async def _listen(self, name: str, session: type[MailSession], where: tuple[str, int]) -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: session(self), *where, backlog=512)
        self._servers.append(server)
        self.ports[name] = server.sockets[0].getsockname()[1]

    async def stop(self, *, grace: float = 2.0) -> None:
        """Take no new sessions, not even those that are on their way in.

        Messages that are being stored have `grace` seconds to be answered; the rest is cut.
        """
        self._is_leaving = True
        for server in self._servers:
            server.close()
        self._servers.clear()
        sessions = list(self._load.sessions)
        for session in sessions:
            session.leave()
        tasks = [session.task for session in sessions if session.task is not None]
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=grace)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    def __contains__(self, session: MailSession) -> bool:
        return session in self._load.sessions

    def admit(self, session: MailSession, peer: str) -> str | None:
        """Count a new session in; or what to answer one that may not come in, because we stop or there are too many."""
        load = self._load
        if self._is_leaving:
            return "421 4.3.2 Shutting down"
        crowded = not self._is_trusted(peer) and load.by_peer[peer] >= self.limits.sessions_per_peer
        if crowded or len(load.sessions) >= self.limits.sessions:
            return "421 4.7.0 Too many connections"
        load.sessions.add(session)
        load.by_peer[peer] += 1
        return None

    def dismiss(self, session: MailSession, peer: str) -> None:
        """Count a session out."""
        self._load.sessions.discard(session)
        self._load.by_peer[peer] -= 1
        if not self._load.by_peer[peer]:
            del self._load.by_peer[peer]

    def hold(self, size: int) -> None:
        """Count `size` bytes of messages in (out, when negative)."""
        self._load.bytes_in_flight += size

    def has_room(self, size: int = 0) -> bool:
        """Whether `size` more bytes of messages fit."""
        return self._load.bytes_in_flight + size <= self.limits.bytes_in_flight

    def _is_trusted(self, peer: str) -> bool:
        try:
            address = ip_address(peer)
        except ValueError:
            return False
        return any(address in network for network in self._trusted)
