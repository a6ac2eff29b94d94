"""What a request says about where it comes from, and how much of that is believed."""

from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

from aiohttp import web

from hub.settings import Settings

_LOCAL = ("localhost", "127.0.0.1", "[::1]")


def client_ip(request: web.Request, settings: Settings) -> str:
    """The address of who asks; where a trusted proxy asks for them, the last in `X-Forwarded-For` that is no trusted proxy's."""
    address = request.remote or ""
    trusted = _networks(settings.trusted_proxies)
    forwarded = [part.strip() for value in request.headers.getall("X-Forwarded-For", ()) for part in value.split(",")]
    while forwarded and _is_in(address, trusted):
        if not _is_address(forwarded[-1]):
            break
        address = forwarded.pop()
    return address


def own_origins(settings: Settings) -> tuple[str, ...]:
    """The console's origins. A hub on this machine is opened by name or by number alike."""
    parts = urlsplit(settings.public_url)
    if parts.hostname not in ("localhost", "127.0.0.1", "::1"):
        return (settings.public_url,)
    port = f":{parts.port}" if parts.port else ""
    return tuple(f"{parts.scheme}://{host}{port}" for host in _LOCAL)


def is_foreign(request: web.Request, settings: Settings) -> bool:
    """A browser asks for another site's page.

    `Sec-Fetch-Site` cannot be set by scripts; browsers leave it out on plain http, then `Origin` tells. Programs send neither.
    """
    if site := request.headers.get("Sec-Fetch-Site"):
        return site not in ("same-origin", "none")
    origin = request.headers.get("Origin")
    return origin is not None and origin not in own_origins(settings) and urlsplit(origin).netloc != request.host


def cookie_name(request: web.Request, settings: Settings) -> str:
    """`__Host-hub` (which browsers keep only when it is Secure and of this very host) wherever that works, else `hub`.

    A small office on plain http must be able to sign in; `hub check` warns about it.
    """
    secure = settings.public_url.startswith("https://") or urlsplit(f"//{request.host}").hostname == "localhost"
    return "__Host-hub" if secure else "hub"


@lru_cache
def _networks(given: tuple[str, ...]) -> tuple[IPv4Network | IPv6Network, ...]:
    return tuple(ip_network(network, strict=False) for network in given)


def _is_in(address: str, networks: tuple[IPv4Network | IPv6Network, ...]) -> bool:
    return _is_address(address) and any(ip_address(address) in network for network in networks)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
