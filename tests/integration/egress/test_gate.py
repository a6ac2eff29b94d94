"""The gate in front of a real server on loopback: the canary counts who reached it."""

import gzip
import socket
from collections.abc import AsyncIterator, Iterator, Sequence
from ipaddress import IPv4Address

import pytest
from aiohttp import web

from hub.egress import AllowList, Egress, Refused, Unreachable, fetch, open_session
from hub.errors import TooLarge

INSIDE = ("127.0.0.1", "0.0.0.0", "10.0.0.1", "169.254.169.254", "172.16.5.4", "192.168.1.1", "100.64.0.1")
ODD = (
    "http://127.1:{port}/",
    "http://0x7f.1:{port}/",
    "http://0:{port}/",
    "http://localhost:{port}/",
    "http://LOCALHOST.:{port}/",
    "http://[::1]:{port}/",
    "http://[0:0:0:0:0:0:0:1]:{port}/",
    "http://[::]:{port}/",
    "http://[fe80::1%25lo]:{port}/",
    "http://[fd00::1]:{port}/",
    "http://example.org@127.0.0.1:{port}/",
    "http://127.0.0.1:{port}\\@example.org/",
    "http://127.0.0.1:{port}#@example.org/",
    "http://rebind.example:{port}/",
    "http://mixed.example:{port}/",
    "https://rebind.example:{port}/",
    "ftp://127.0.0.1:{port}/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:{port}/",
    "unix:///run/x",
    "//127.0.0.1:{port}/",
    "http:///",
    "http://",
    "http://[::1",
    "",
)


def spellings(port: int) -> list[str]:
    """More than two hundred ways to write an address inside, as attackers do."""
    hosts = [host for address in INSIDE for host in _spelled(IPv4Address(address))]
    return [f"http://{host}:{port}/" for host in hosts] + [odd.format(port=port) for odd in ODD]


def _spelled(address: IPv4Address) -> Iterator[str]:
    number, octets = int(address), address.packed
    a, b, c, d = octets
    yield from (str(address), f"{address}.", f"user:pw@{address}", str(number), hex(number), f"0{number:o}", hex(number).upper())
    yield ".".join(hex(octet) for octet in octets)
    yield ".".join(f"0{octet:o}" for octet in octets)
    yield ".".join(f"{octet:03d}" for octet in octets)
    yield from (f"{a}.{b}.{c * 256 + d}", f"{a}.{number & 0xFFFFFF}", f"0x{a:x}.{b}.0{c:o}.{d}")
    yield str(address).translate(str.maketrans("0123456789.", "０１２３４５６７８９。"))
    yield str(address).replace(".", "．")
    yield "".join(f"%{ord(character):02x}" for character in str(address))
    word = f"{a:02x}{b:02x}:{c:02x}{d:02x}"
    for form in ("::ffff:{dotted}", "::ffff:{word}", "0:0:0:0:0:ffff:{word}", "::FFFF:{dotted}", "::{dotted}"):
        yield "[" + form.format(dotted=address, word=word) + "]"
    for form in ("64:ff9b::{dotted}", "64:ff9b::{word}", "64:ff9b:1::{word}", "2002:{word}::", "2002:{word}::1"):
        yield "[" + form.format(dotted=address, word=word) + "]"
    yield f"[::ffff:{address}%25eth0]"


class Canary:
    """A server on loopback that counts the requests that reach it."""

    def __init__(self) -> None:
        self.requests: list[str] = []
        self.port = 0

    async def answer(self, request: web.Request) -> web.Response:
        self.requests.append(request.path)
        match request.path:
            case "/away":
                raise web.HTTPFound("/secret")
            case "/bomb":
                return web.Response(body=gzip.compress(bytes(50_000_000)), headers={"Content-Encoding": "gzip"})
        return web.Response(text="hello")


@pytest.fixture
async def canary() -> AsyncIterator[Canary]:
    canary = Canary()
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", canary.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    canary.port = runner.addresses[0][1]
    yield canary
    await runner.cleanup()


async def names(host: str, _port: int) -> Sequence[str]:
    """What a resolver says: the C library's own readings, and what a hostile DNS server answers."""
    known = {
        "rebind.example": ["127.0.0.1"],
        "mixed.example": ["127.0.0.1", "203.0.114.5"],
        "mail.internal": ["127.0.0.1"],
        "localhost": ["127.0.0.1", "::1"],
    }
    if addresses := known.get(host.rstrip(".").lower()):
        return addresses
    return [socket.inet_ntoa(socket.inet_aton(host))]  # the C library reads 0x7f.1 and 2130706433 as addresses; OSError else


async def test_no_spelling_of_a_private_address_reaches_anything(canary: Canary) -> None:
    tried = spellings(canary.port)
    async with open_session(Egress(AllowList.of([]), resolver=names)) as session:
        for url in tried:
            with pytest.raises((Refused, Unreachable)):
                await fetch(session, url, timeout=2)

    assert len(set(tried)) >= 200
    assert canary.requests == []


async def test_a_host_the_operator_named_is_reached(canary: Canary) -> None:
    async with open_session(Egress(AllowList.of(["mail.internal"]), resolver=names)) as session:
        answer = await fetch(session, f"http://mail.internal:{canary.port}/")

    assert (answer.status, answer.content_type, answer.body) == (200, "text/plain", b"hello")


async def test_a_redirect_is_an_answer_and_is_not_followed(canary: Canary) -> None:
    async with open_session(Egress(AllowList.of([], loopback=True), resolver=names)) as session:
        answer = await fetch(session, f"http://127.0.0.1:{canary.port}/away")

    assert answer.status == 302
    assert canary.requests == ["/away"]


async def test_an_answer_that_swells_is_cut_off(canary: Canary) -> None:
    async with open_session(Egress(AllowList.of([], loopback=True), resolver=names)) as session:
        with pytest.raises(TooLarge):
            await fetch(session, f"http://127.0.0.1:{canary.port}/bomb", limit=1_000_000)


async def test_the_name_is_resolved_once_and_its_address_pinned(canary: Canary) -> None:
    asked: list[str] = []

    async def flips(host: str, _port: int) -> Sequence[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) > 1 else ["203.0.113.9"]

    egress = Egress(AllowList.of(["203.0.113.9"]), resolver=flips)
    targets = await egress.check("flip.example", canary.port)

    assert [target.address for target in targets] == ["203.0.113.9"]
    with pytest.raises(Refused):
        await egress.check("flip.example", canary.port)


async def test_a_mail_client_gets_a_connected_socket(canary: Canary) -> None:
    connection = await Egress(AllowList.of([], loopback=True), resolver=names).connect("localhost", canary.port)

    with connection:
        assert connection.getpeername() == ("127.0.0.1", canary.port)


async def test_nobody_there_is_unreachable_and_private_is_refused(canary: Canary) -> None:
    open_gate = Egress(AllowList.of([], loopback=True), resolver=names)
    with pytest.raises(Unreachable):
        await open_gate.connect("nowhere.example", 25)
    with pytest.raises(Unreachable):
        await open_gate.connect("rebind.example", 1)
    with pytest.raises(Refused):
        await Egress(AllowList.of([]), resolver=names).connect("rebind.example", canary.port)
