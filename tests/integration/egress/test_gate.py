"""The gate in front of a real server on loopback: the canary counts who reached it."""

import gzip
from collections.abc import AsyncIterator, Sequence

import pytest
from aiohttp import web

from hub.egress import AllowList, Egress, Refused, Unreachable, fetch, open_session
from hub.errors import TooLarge

SPELLINGS = (
    "http://127.0.0.1:{port}/",
    "http://127.1:{port}/",
    "http://2130706433:{port}/",
    "http://0x7f000001:{port}/",
    "http://0177.0.0.1:{port}/",
    "http://0x7f.1:{port}/",
    "http://127.0.0.1.:{port}/",
    "http://localhost:{port}/",
    "http://LOCALHOST.:{port}/",
    "http://[::1]:{port}/",
    "http://[::ffff:127.0.0.1]:{port}/",
    "http://[::ffff:7f00:1]:{port}/",
    "http://[64:ff9b::7f00:1]:{port}/",
    "http://0.0.0.0:{port}/",
    "http://0:{port}/",
    "http://[::]:{port}/",
    "http://user:pw@127.0.0.1:{port}/",
    "http://example.org@127.0.0.1:{port}/",
    "http://①②⑦.⓪.⓪.①:{port}/",
    "http://127。0。0。1:{port}/",
    "http://%31%32%37.0.0.1:{port}/",
    "http://rebind.example:{port}/",
    "http://mixed.example:{port}/",
    "ftp://127.0.0.1:{port}/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:{port}/",
    "//127.0.0.1:{port}/",
    "http:///",
    "http://",
    "",
)


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
    """What a hostile DNS server answers."""
    known = {
        "rebind.example": ["127.0.0.1"],
        "mixed.example": ["127.0.0.1", "203.0.114.5"],
        "mail.internal": ["127.0.0.1"],
        "localhost": ["127.0.0.1", "::1"],
    }
    if addresses := known.get(host.rstrip(".").lower()):
        return addresses
    raise OSError("no such name")


@pytest.mark.parametrize("spelling", SPELLINGS)
async def test_no_spelling_of_a_private_address_reaches_this_machine(canary: Canary, spelling: str) -> None:
    async with open_session(Egress(AllowList.of([]), resolver=names)) as session:
        with pytest.raises((Refused, Unreachable)):
            await fetch(session, spelling.format(port=canary.port))

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
