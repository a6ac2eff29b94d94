"""Resolve a name, check every address it has, and connect to exactly what was checked."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from hub.egress.policy import AllowList, Refused, is_public, parse
from hub.errors import Unavailable

Resolver = Callable[[str, int], Awaitable[Sequence[str]]]


class Unreachable(Unavailable):
    """The name has no address, or nobody answers there."""

    code = "unreachable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """An address that passed the gate. Connect to `address` and nothing else; `host` is for TLS and the protocol."""

    host: str
    address: str
    port: int


class Egress:
    """The gate. One refused address refuses the name: an attacker's name may have a good address beside a bad one."""

    def __init__(self, allow: AllowList, *, resolver: Resolver | None = None) -> None:
        self._allow = allow
        self._resolve = resolver or _system_resolver

    async def check(self, host: str, port: int, *, timeout: float = 5.0) -> tuple[Target, ...]:
        """All addresses of `host`, checked, in the order to try. Raises `Refused`; `Unreachable` if it has none."""
        try:
            async with asyncio.timeout(timeout):
                addresses = await self._resolve(host, port)
        except (OSError, UnicodeError, TimeoutError) as error:
            raise Unreachable(f"{host} has no address") from error
        for address in addresses:
            self.require(host, address)
        return tuple(Target(host=host, address=address, port=port) for address in addresses)

    def require(self, host: str, address: str) -> None:
        """Raise `Refused` unless `address` is public, or opened by the operator for this host."""
        try:
            parsed = parse(address)
        except ValueError as error:
            raise Refused(f"{host}: not an internet address") from error
        if not is_public(parsed) and not self._allow.opens(host, parsed):
            raise Refused(f"{host} is on a private network; add it to egress_allow if it is meant")

    def is_opened_by_name(self, target: Target) -> bool:
        """Whether `target` passed only because the operator named its host."""
        address = parse(target.address)
        return not is_public(address) and not self._allow.opens("", address)

    async def connect(self, host: str, port: int, *, timeout: float = 10.0) -> socket.socket:
        """A connected, non-blocking TCP socket to a checked address, for a client that takes a ready socket.

        The addresses are tried in turn within `timeout` seconds together. Raises `Refused` and `Unreachable`.
        """
        targets = await self.check(host, port, timeout=timeout)
        try:
            async with asyncio.timeout(timeout):
                for target in targets:
                    if connection := await _try(target):
                        return connection
        except TimeoutError as error:
            raise Unreachable(f"{host}:{port} did not answer within {timeout:g} s") from error
        raise Unreachable(f"nobody answers at {host}:{port}")


async def _try(target: Target) -> socket.socket | None:
    family = socket.AF_INET6 if ":" in target.address else socket.AF_INET
    connection = socket.socket(family, socket.SOCK_STREAM)
    connection.setblocking(False)
    try:
        await asyncio.get_running_loop().sock_connect(connection, (target.address, target.port))
    except OSError:
        connection.close()
        return None
    except BaseException:
        connection.close()
        raise
    return connection


async def _system_resolver(host: str, port: int) -> Sequence[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(info[4][0]) for info in found))
