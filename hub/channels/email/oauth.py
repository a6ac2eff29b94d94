"""OAuth 2 access tokens from a refresh token (RFC 6749 §6), for IMAP and SMTP sign-in by XOAUTH2."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import msgspec
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from hub.channels.email.settings import MailSettings
from hub.errors import HubError

_EARLY = 300.0  # seconds before its end a token is renewed
_TIMEOUT = aiohttp.ClientTimeout(total=20)


class TokenRefused(HubError):
    """The provider gives no access token for our refresh token: somebody has to sign in to the mailbox again."""

    code = "oauth_refused"


class _Answer(msgspec.Struct):
    access_token: str
    expires_in: float = 3600.0
    refresh_token: str = ""


class _Pinned(AbstractResolver):
    """Resolves through the egress gate: the address that was checked is the one connected to."""

    def __init__(self, connect: Callable[[str, int], Awaitable[str]]) -> None:
        self._connect = connect

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET) -> list[ResolveResult]:
        address = await self._connect(host, port)
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        return [ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=0)]

    async def close(self) -> None:
        """Nothing is kept."""


class TokenSource:
    """The access token of one mailbox, renewed in time, by one request however many ask."""

    def __init__(self, settings: MailSettings, connect: Callable[[str, int], Awaitable[str]]) -> None:
        self._settings = settings
        self._connect = connect
        self._refresh_token = settings.oauth_refresh_token  # some providers give a new one with each access token
        self._token = ""
        self._ends = 0.0
        self._lock = asyncio.Lock()

    async def token(self, *, refused: str = "") -> str:
        """An access token that lasts a while and is not `refused` (what a server just turned down).

        Raises `TokenRefused` if the provider says no, `OSError` or `TimeoutError` if it cannot be asked.
        """
        async with self._lock:
            clock = asyncio.get_running_loop().time
            if not self._token or self._token == refused or clock() > self._ends - _EARLY:
                answer = await self._ask()
                self._token, self._ends = answer.access_token, clock() + answer.expires_in
                self._refresh_token = answer.refresh_token or self._refresh_token
            return self._token

    async def _ask(self) -> _Answer:
        settings = self._settings
        url = URL(settings.oauth_token_url)
        await self._connect(url.host or "", url.port or 443)  # an address given in digits is never resolved
        form = {
            "grant_type": "refresh_token",
            "refresh_token": self._refresh_token,
            "client_id": settings.oauth_client_id,
        }
        if settings.oauth_client_secret:
            form["client_secret"] = settings.oauth_client_secret
        connector = aiohttp.TCPConnector(resolver=_Pinned(self._connect), use_dns_cache=False)
        try:
            async with (
                aiohttp.ClientSession(connector=connector, timeout=_TIMEOUT) as http,
                http.post(url, data=form, allow_redirects=False) as response,
            ):
                return _read_answer(response.status, await response.read())
        except aiohttp.ClientError as error:
            raise ConnectionError(f"the OAuth server cannot be asked: {error}") from error


def _read_answer(status: int, body: bytes) -> _Answer:
    if status >= 500 or status == 429:
        raise ConnectionError(f"the OAuth server answered {status}")
    try:
        if status == 200:
            return msgspec.json.decode(body, type=_Answer)
        reason: Any = msgspec.json.decode(body)
    except msgspec.MsgspecError as error:
        raise TokenRefused(f"the OAuth server answered {status}, nothing readable") from error
    # RFC 6749 §5.2: `error` is one of a few fixed words.
    raise TokenRefused(f"the OAuth server answered {status}: {reason.get('error') if isinstance(reason, dict) else ''}")
