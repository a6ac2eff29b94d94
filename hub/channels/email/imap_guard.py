"""aioimaplib behind a guard: nothing waits for ever, and a connection in doubt is never used again.

aioimaplib 2.0.3 recurses once a line (some thousand lines in one read end the command's own timer), tells no pending
command that the connection is lost, counts parentheses in what it fetches, leaves a refused XOAUTH2 unanswered, does
not quote mailbox names, and has no STARTTLS. So: every command has a deadline and is raced with the loss of the
connection; at most `CHUNK` messages a command and nothing but UIDs, sizes, dates and bodies are fetched; after any
failure the connection is dropped.
"""

import asyncio
import base64
import contextlib
import re
import socket
import ssl
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self, TypeVar

from aioimaplib import IMAP4, IMAP4ClientProtocol
from aioimaplib.aioimaplib import AioImapException

from hub.channels.email.imap_wire import FetchedMail, quoted, read_fetches, read_search, read_uidvalidity

T = TypeVar("T")

CHUNK = 100  # messages a command
_SLOWEST = 50_000  # bytes a second a body may take to come


class ImapLost(ConnectionError):
    """The connection is gone, or in a state nobody can be sure of."""


class ImapRefused(Exception):
    """The server said NO or BAD."""


class ImapDenied(ImapRefused):
    """The server does not take our credentials."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImapServer:
    """Where to connect and how. `address` is the checked IP of `host`; `deadline` in seconds, for one command."""

    host: str
    address: str
    port: int
    security: Literal["tls", "starttls", "none"]
    tls: ssl.SSLContext | None = None
    deadline: float = 30.0


class _Protocol(IMAP4ClientProtocol):  # type: ignore[misc]
    """aioimaplib's protocol with its gaps closed."""

    def __init__(self, lost: asyncio.Future[None]) -> None:
        super().__init__(asyncio.get_running_loop())
        self.lost = lost
        self.challenge = b""
        self.has_news = False  # the server spoke of new messages since this was last reset

    def data_received(self, data: bytes) -> None:
        try:
            super().data_received(data)
        except (RecursionError, AioImapException):
            self.transport.abort()

    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        if not self.lost.done():
            self.lost.set_result(None)

    def send(self, line: str, scrub: str | None = None) -> None:
        if self.transport is None or self.transport.is_closing():  # uvloop has no ConnectionError for this
            raise ImapLost("connection lost")
        super().send(line, scrub=scrub)

    def _continuation(self, line: bytes) -> None:
        pending = self.pending_sync_command
        if pending is not None and pending.name == "AUTHENTICATE":
            # The refusal comes as a challenge that wants an empty answer (RFC 7628 §3.2.3; XOAUTH2 does the same).
            self.challenge = line
            self.send("")
        else:
            super()._continuation(line)

    def _untagged_response(self, line: bytes) -> Any:
        self.has_news = self.has_news or line.endswith(b" EXISTS")
        return super()._untagged_response(line)


class _Client(IMAP4):  # type: ignore[misc]
    """aioimaplib's client on a connection we make ourselves: pinned address, real host name in TLS, STARTTLS."""

    def __init__(self, server: ImapServer, lost: asyncio.Future[None]) -> None:
        self._server = server
        self._lost = lost
        super().__init__(server.host, server.port, timeout=server.deadline)

    def create_client(self, *_: Any, **__: Any) -> None:
        self.protocol = _Protocol(self._lost)
        self._client_task = asyncio.get_running_loop().create_task(self._connect())

    async def _connect(self) -> None:
        loop, server = asyncio.get_running_loop(), self._server
        if server.security == "starttls":
            sock, greeting = await _ask_for_tls(server)
            await loop.create_connection(lambda: self.protocol, sock=sock, ssl=server.tls, server_hostname=server.host)
            self.protocol.data_received(greeting)  # there is no second one after the upgrade
            return
        secure = server.security == "tls"
        await loop.create_connection(
            lambda: self.protocol,
            server.address,
            server.port,
            ssl=server.tls if secure else None,
            server_hostname=server.host if secure else None,
        )

    @property
    def open_tasks(self) -> set[asyncio.Future[Any]]:
        """All that aioimaplib started and may have forgotten."""
        return {self._client_task, *self.tasks, *self.protocol.tasks}


async def _ask_for_tls(server: ImapServer) -> tuple[socket.socket, bytes]:
    """A connection on which the server waits for a TLS handshake (RFC 9051 §6.2.1), and the greeting it gave."""
    loop = asyncio.get_running_loop()
    sock = socket.socket(socket.AF_INET6 if ":" in server.address else socket.AF_INET)
    sock.setblocking(False)
    try:
        await loop.sock_connect(sock, (server.address, server.port))
        greeting = await _read_until(sock, re.compile(rb"\* [^\r\n]*\r\n"))
        await loop.sock_sendall(sock, b"s STARTTLS\r\n")
        answer = await _read_until(sock, re.compile(rb"(?:\* [^\r\n]*\r\n)*s (?P<result>OK|NO|BAD)[^\r\n]*\r\n"))
        if b"s OK" not in answer:
            raise ImapRefused("the server offers no STARTTLS")
    except BaseException:
        sock.close()
        raise
    return sock, greeting


async def _read_until(sock: socket.socket, whole: re.Pattern[bytes]) -> bytes:
    """Bytes that match `whole` exactly: what comes behind an answer in clear text is an injection."""
    loop = asyncio.get_running_loop()
    read = b""
    while not whole.fullmatch(read):
        chunk = await loop.sock_recv(sock, 4096)
        if not chunk or len(read) > 65536:
            raise ImapLost("the server ended before TLS")
        read += chunk
    return read


class ImapSession:
    """One signed-in connection. Raises `ImapLost`, `ImapRefused`, `ImapDenied`; after any of them only `close` is left."""

    def __init__(self, server: ImapServer) -> None:
        self._server = server
        self._lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._client = _Client(server, self._lost)
        self._in_doubt = False
        self._started: set[asyncio.Future[Any]] = set()

    async def __aenter__(self) -> Self:
        try:
            await self._within(self._client.wait_hello_from_server(), self._server.deadline)
        except BaseException:
            await self._drop()
            raise
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None and not self._in_doubt:
            with contextlib.suppress(ImapLost):
                await self._within(self._client.logout(), 1.0)
        await self._drop()

    async def login(self, user: str, password: str) -> None:
        """Sign in by password."""
        if re.search(r"[\x00\r\n]", user + password):
            raise ImapDenied("user and password may not hold line ends")
        await self._sign_in(self._client.login(quoted(user), password))

    async def xoauth2(self, user: str, token: str) -> None:
        """Sign in by OAuth access token."""
        await self._sign_in(self._client.xoauth2(user, token))

    async def _sign_in(self, attempt: Coroutine[Any, Any, Any]) -> None:
        try:
            await self._ask(attempt, "sign-in")
        except ImapRefused as refused:
            challenge = self._client.protocol.challenge.removeprefix(b"+ ")
            raise ImapDenied(f"{refused} {_readable(challenge)}".strip()) from refused
        # What is offered may grow with sign-in, and aioimaplib asks again after LOGIN only if it is told.
        await self._within(self._client.protocol.capability(), self._server.deadline)

    async def select(self, mailbox: str) -> int:
        """Open `mailbox`; its UIDVALIDITY."""
        response = await self._ask(self._client.select(quoted(mailbox, utf7=True)), f"folder {mailbox!r}")
        return read_uidvalidity(response.lines)

    async def uids_after(self, uid: int) -> list[int]:
        """All UIDs above `uid`, rising."""
        self._client.protocol.has_news = False
        response = await self._ask(self._client.uid_search("UID", f"{uid + 1}:*", charset=None), "search")
        return [found for found in read_search(response.lines) if found > uid]

    async def sizes(self, uids: Sequence[int]) -> dict[int, int]:
        """Bytes of each of at most `CHUNK` messages; those that are gone are missing."""
        fetched = await self._fetch(uids, "(UID RFC822.SIZE)", self._server.deadline)
        return {mail.uid: mail.size for mail in fetched}

    async def mails(self, sizes: dict[int, int], *, at_most: int) -> dict[int, FetchedMail]:
        """The messages themselves, unread flags untouched; of each the first `at_most` bytes."""
        partial = f"<0.{at_most}>" if any(size > at_most for size in sizes.values()) else ""
        deadline = self._server.deadline + sum(sizes.values()) / _SLOWEST
        fetched = await self._fetch(list(sizes), f"(UID RFC822.SIZE INTERNALDATE BODY.PEEK[]{partial})", deadline)
        return {mail.uid: mail for mail in fetched if mail.raw is not None}

    async def _fetch(self, uids: Sequence[int], items: str, deadline: float) -> list[FetchedMail]:
        assert len(uids) <= CHUNK
        uid_set = ",".join(map(str, uids))
        self._client.timeout = deadline
        response = await self._ask(self._client.uid("fetch", uid_set, items), "fetch", deadline=deadline)
        return read_fetches(response.lines)

    async def wait_for_news(self, *, renew: float, poll: float) -> None:
        """Return when there may be new messages: told by IDLE (RFC 2177), every `renew` seconds, or every `poll` without."""
        if self._client.protocol.has_news:
            return
        if not self._client.has_capability("IDLE"):
            await asyncio.wait({self._lost}, timeout=poll)
            await self._ask(self._client.noop(), "noop")
            return
        # aioimaplib waits for ever for the server's go-ahead, and its idle task does not end with the connection.
        idle = await self._within(self._client.idle_start(renew), self._server.deadline)
        await self._within(self._client.wait_server_push(renew + 10), renew + 20)
        self._client.idle_done()
        await self._within(idle, self._server.deadline)

    async def _ask(self, command: Coroutine[Any, Any, Any], what: str, *, deadline: float | None = None) -> Any:
        response = await self._within(command, deadline or self._server.deadline)
        if response.result != "OK":
            last = response.lines[-1] if response.lines else b""
            raise ImapRefused(f"{what}: {response.result} {bytes(last).decode(errors='replace')[:300]}")
        return response

    async def _within(self, command: Any, seconds: float) -> Any:
        """Run `command` against the clock and against the loss of the connection."""
        task = asyncio.ensure_future(command)
        self._started = {task, *(old for old in self._started if not old.done())}
        try:
            await asyncio.wait({task, self._lost}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                self._in_doubt = True
                raise ImapLost("connection lost" if self._lost.done() else f"no answer within {seconds:g} s")
            return task.result()
        except (AioImapException, TimeoutError) as error:
            self._in_doubt = True
            raise ImapLost(f"{type(error).__name__}: {error}") from error
        finally:
            # Not awaited: cancelled, it may wait for a lock that another task of aioimaplib keeps for ever.
            task.cancel()

    async def _drop(self) -> None:
        transport = self._client.protocol.transport
        if transport is not None:
            transport.abort()
        if self._client._idle_waiter is not None:
            self._client._idle_waiter.cancel()
        await _end(self._started | self._client.open_tasks)

    async def close(self) -> None:
        """Drop the connection without a word."""
        await self._drop()


async def _end(tasks: set[asyncio.Future[Any]]) -> None:
    """Cancel all at once, since one may wait for another, and take note of how each ended."""
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks, timeout=1.0)
    for task in tasks:
        if task.done() and not task.cancelled():
            task.exception()


def _readable(challenge: bytes) -> str:
    """The JSON a server gives as the reason for refusing a token."""
    try:
        return base64.b64decode(challenge, validate=True).decode(errors="replace")[:300]
    except ValueError:
        return ""
