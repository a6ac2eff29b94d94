"""Which addresses the hub may connect to: pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from hub.errors import Forbidden

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# Blocks whose addresses carry an IPv4 address that a translator would connect to.
_NAT64 = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"))  # RFC 6052 §2.1, RFC 8215
_COMPATIBLE = IPv6Network("::/96")  # RFC 4291 §2.5.5.1
_LOOPBACK = (IPv4Network("127.0.0.0/8"), IPv6Network("::1/128"))


class Refused(Forbidden):
    """The hub may not connect there: private, reserved, or not what the name said a moment ago."""

    code = "egress_refused"


@dataclass(frozen=True, slots=True)
class AllowList:
    """What an operator opened beside the public internet: host names, addresses, networks."""

    hosts: frozenset[str]
    networks: tuple[Network, ...]

    @classmethod
    def of(cls, entries: Iterable[str], *, loopback: bool = False) -> "AllowList":
        """Read `Settings.egress_allow`; `loopback` opens this machine (demo, tests)."""
        hosts: set[str] = set()
        networks: list[Network] = list(_LOOPBACK) if loopback else []
        for entry in entries:
            try:
                networks.append(ip_network(entry, strict=False))
            except ValueError:
                hosts.add(entry.rstrip(".").lower())
        return cls(frozenset(hosts), tuple(networks))

    def opens(self, host: str, address: Address) -> bool:
        """Whether `host`, which resolved to `address`, may be connected to although the address is not public."""
        real = unwrap(address)
        inside = any(real in network for network in self.networks if network.version == real.version)
        return inside or host.rstrip(".").lower() in self.hosts


def unwrap(address: Address) -> Address:
    """The address a packet would really reach: IPv4 inside of mapped, compatible, 6to4, Teredo and NAT64 forms."""
    if isinstance(address, IPv4Address):
        return address
    if inner := address.ipv4_mapped or address.sixtofour:
        return inner
    if address.teredo:
        return address.teredo[1]
    if any(address in block for block in (*_NAT64, _COMPATIBLE)) and int(address) > 1:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address


def is_public(address: Address) -> bool:
    """Whether anybody on the internet may be at `address` (RFC 6890's registries, without multicast)."""
    real = unwrap(address)
    return real.is_global and not (real.is_multicast or real.is_reserved or real.is_unspecified)


def parse(text: str) -> Address:
    """An address as a resolver gives it, without its zone."""
    return ip_address(text.partition("%")[0])
