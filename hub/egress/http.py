"""HTTP through the gate."""

import asyncio
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from hub.egress.gate import Egress, Target, Unreachable
from hub.egress.policy import Refused
from hub.errors import TooLarge

_CHUNK = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """An answer, whole. `location` is where it points, if it does; nobody went there."""

    status: int
    content_type: str
    body: bytes
    location: str = ""


class GatedConnector(aiohttp.TCPConnector):
    """A connector that opens no connection past the gate, whatever form the address had in the URL.

    The resolver checks names and hands on the addresses it checked; literal addresses never reach a resolver, so the
    socket factory looks at every address just before it is connected to.
    """

    def __init__(self, egress: Egress, **options: Any) -> None:
        resolver = _GatedResolver(egress)

        def checked_socket(info: tuple[Any, ...]) -> socket.socket:
            family, kind, protocol, _, (address, *_) = info
            if address not in resolver.opened_by_name:
                egress.require(address, address)
            return socket.socket(family=family, type=kind, proto=protocol)

        super().__init__(resolver=resolver, use_dns_cache=False, socket_factory=checked_socket, **options)


class _GatedResolver(AbstractResolver):
    def __init__(self, egress: Egress) -> None:
        self._egress = egress
        self.opened_by_name: set[str] = set()

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC) -> list[ResolveResult]:
        targets = await self._egress.check(host, port)
        self.opened_by_name.update(target.address for target in targets if self._egress.is_opened_by_name(target))
        return [_result(target) for target in targets if family in (socket.AF_UNSPEC, _family(target))]

    async def close(self) -> None:
        pass


def _family(target: Target) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in target.address else socket.AF_INET


def _result(target: Target) -> ResolveResult:
    flags = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
    return ResolveResult(
        hostname=target.host, host=target.address, port=target.port, family=_family(target), proto=0, flags=flags
    )


def open_session(egress: Egress, *, timeout: float = 30.0) -> aiohttp.ClientSession:
    """A session for the hub's own requests: gated, without cookies, proxies of the environment or netrc."""
    return aiohttp.ClientSession(
        connector=GatedConnector(egress),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=timeout, sock_connect=min(timeout, 10.0)),
        trust_env=False,
    )


async def fetch(
    session: aiohttp.ClientSession,
    url: str,
    *,
    limit: int = 10 * 2**20,
    timeout: float = 15.0,
    headers: Mapping[str, str] | None = None,
    form: Mapping[str, str] | None = None,
) -> Fetched:
    """GET `url`, or POST `form` to it, from a session of `open_session`: no redirect is followed, `limit` bytes after decompression at most.

    Raises `Refused` (also for other schemes than http and https), `TooLarge`, and `Unreachable` for everything the
    other side did or did not do.
    """
    address = _address(url)
    try:
        method = "GET" if form is None else "POST"
        asked = session.request(method, address, data=form, allow_redirects=False, headers=headers)
        async with asyncio.timeout(timeout), asked as answer:
            body = await _read(answer, limit)
            location = answer.headers.get("Location", "")
            return Fetched(status=answer.status, content_type=answer.content_type, body=body, location=location)
    except (aiohttp.ClientError, TimeoutError) as error:
        raise Unreachable(f"{address.host} gave no usable answer") from error


def _address(url: str) -> URL:
    try:
        address = URL(url)
    except ValueError as error:
        raise Refused("not an address") from error
    if address.scheme not in ("http", "https") or not address.host:
        raise Refused("only http and https addresses are fetched")
    return address


async def _read(answer: aiohttp.ClientResponse, limit: int) -> bytes:
    body = bytearray()
    async for chunk in answer.content.iter_chunked(_CHUNK):
        body += chunk
        if len(body) > limit:
            raise TooLarge(f"more than {limit} bytes", limit=limit)
    return bytes(body)
