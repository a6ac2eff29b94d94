"""What providers call: nobody signs in, nothing valid is refused, nothing forged gets in."""

import asyncio
import io
import itertools
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import TestServer
from yarl import URL

from hub.accounts import Account, AccountChange, NewAccount
from hub.api import hooks
from hub.api.server import console_app
from hub.auth import SYSTEM
from hub.channels import catalog
from hub.channels.contract import Sink, Webhook, WebhookReply
from hub.db import DatabaseGone
from hub.errors import Conflict
from hub.ids import new_id
from hub.ops import metrics
from tests.fixtures import carrier
from tests.fixtures.carrier import CarrierAdapter, signature
from tests.fixtures.console import Console
from tests.fixtures.desk import Desk

FORM = "application/x-www-form-urlencoded"


@dataclass
class Door:
    """The console's origin of a hub with an account that is called. No supervisor runs: it is a process that only serves."""

    desk: Desk
    account: Account
    base: str
    http: ClientSession
    public: str
    _numbers = itertools.count(1)

    @property
    def path(self) -> str:
        return f"/hooks/{self.account.id}"

    async def call(self, target: str, body: bytes = b"", sign: str | None = None, **headers: str) -> tuple[int, str]:
        """A request with exactly this target; signed, unless `sign` says otherwise, for the public address as the provider knows it."""
        named = {"X-Signature": signature(self.public + target, body) if sign is None else sign, "Content-Type": FORM, **headers}
        url = URL(self.base + target, encoded=True)
        async with self.http.request(
            "POST" if body else "GET", url, data=io.BytesIO(body) if body else None, headers=named
        ) as answer:
            return answer.status, await answer.text()

    def text(self, sender: str = "%2B861380000000", text: str = "hi") -> str:
        """A text never seen before, as a form or query has it."""
        return f"from={sender}{next(self._numbers) % 10}&text={text}&id={new_id()}"

    async def texts(self) -> list[dict[str, Any]]:
        return [
            dict(row) for row in await self.desk.db.fetch("SELECT text, extra FROM message WHERE direction = 'in' ORDER BY n")
        ]


OpenDoor = Callable[..., Awaitable[Door]]


@pytest.fixture
async def open_door(desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> AsyncIterator[OpenDoor]:
    """Serve the desk at this public address, through that proxy."""
    monkeypatch.setitem(catalog._BY_PROVIDER, "carrier", carrier.ENTRY)
    opened: list[tuple[TestServer, ClientSession]] = []

    async def start(public: str = "http://localhost:8080", **settings: Any) -> Door:
        account = await desk.hub.accounts.create(NewAccount(name="Texts", provider="carrier"), by=SYSTEM)
        lent = desk.hub.accounts.adapters._lent
        desk.hub.accounts.adapters._lent = replace(lent, hooks_url=public)
        hub = replace(desk.hub, settings=replace(desk.hub.settings, hooks_url=public, **settings))
        server = TestServer(console_app(hub, pages=tmp_path))
        await server.start_server()
        opened.append((server, ClientSession()))
        return Door(desk, account, str(server.make_url("")).rstrip("/"), opened[-1][1], public)

    yield start
    for server, http in opened:
        await http.close()
        await server.close()


@pytest.fixture
async def door(open_door: OpenDoor) -> Door:
    return await open_door()


@pytest.mark.parametrize(
    "public", ["https://desk.example.org", "https://desk.example.org:8443", "https://desk.example.org/desk/a"]
)
async def test_a_valid_call_is_taken_whatever_its_address_looks_like(open_door: OpenDoor, public: str) -> None:
    door = await open_door(public)
    rests = (
        "?z=1&a=2&{}",
        "?a=1&a=2&{}&a=1",
        "?{}&b=x+y%20z",
        "?{}&c=%2f%2F%7e~",
        "?{}&d=%E4%BD%A0&e=;,'()*!@:$",
        "/status/in%2Fout//x?{}",
        "/?{}&",
        "?{}&f=??&g==",
    )

    assert [await door.call(door.path + rest.format(door.text())) for rest in rests] == [(200, "<Accepted/>")] * len(rests)
    assert [message["text"] for message in await door.texts()] == ["hi"] * len(rests)


async def test_a_proxy_may_take_the_path_of_the_public_address_away_or_leave_it(open_door: OpenDoor) -> None:
    door = await open_door("https://desk.example.org/desk")
    target = f"{door.path}/in?{door.text()}"
    signed = signature("https://desk.example.org/desk" + target)

    left = await door.call("/desk" + target, sign=signed)
    taken_away = await door.call(target, sign=signed)

    assert (left, taken_away) == ((200, "<Accepted/>"), (200, "<Duplicate/>"))
    assert [message["extra"]["path_rest"] for message in await door.texts()] == ["in"]


async def test_a_request_line_may_name_the_host(door: Door) -> None:
    target = f"{door.path}?{door.text()}"
    reader, writer = await asyncio.open_connection(*door.base.removeprefix("http://").split(":"))
    line = f"GET http://desk.example.org{target} HTTP/1.1\r\nHost: desk.example.org\r\nConnection: close\r\n"
    writer.write(f"{line}X-Signature: {signature(door.public + target)}\r\n\r\n".encode())

    said = await reader.read()
    writer.close()

    assert said.startswith(b"HTTP/1.1 200 OK\r\n")


@pytest.mark.covers("S-02")
async def test_a_form_is_taken_once_and_answered_as_its_adapter_says(door: Door) -> None:
    body = door.text(text="caf%C3%A9+au%20lait").encode()

    first, again = await door.call(door.path, body), await door.call(door.path, body)

    assert (first, again) == ((200, "<Accepted/>"), (200, "<Duplicate/>"))
    assert [message["text"] for message in await door.texts()] == ["café au lait"]


async def test_the_remote_address_is_the_one_that_trusted_proxies_name(open_door: OpenDoor) -> None:
    door = await open_door(trusted_proxies=("127.0.0.0/8",))

    await door.call(door.path, door.text().encode(), **{"X-Forwarded-For": "203.0.113.9"})

    assert [message["extra"]["remote"] for message in await door.texts()] == ["203.0.113.9"]


async def test_forged_calls_are_slowed_down_and_valid_ones_beside_them_are_not(
    door: Door, caplog: pytest.LogCaptureFixture
) -> None:
    async def forge(number: int) -> int:
        body = door.text(text=f"forged-{number}").encode()
        valid = signature(door.public + door.path, body)
        wrong = [
            {"body": body, "sign": ""},
            {"body": body, "sign": signature(door.public + door.path, body, "another token")},
            {"body": body + b"&more=1", "sign": valid},
            {"body": body.replace(b"forged", b"Forged"), "sign": valid},
            {"body": body, "sign": signature("https://evil.example" + door.path, body)},
        ]
        return (await door.call(door.path, **random.Random(number).choice(wrong)))[0]

    async def valid(number: int) -> int:
        return (await door.call(door.path, door.text(text=f"valid-{number}").encode()))[0]

    calls = [forge(number) for number in range(300)]
    for number in range(30):
        calls.insert(number * 11, valid(number))
    answers: list[int] = []
    while calls:
        batch, calls = calls[:50], calls[50:]
        answers += await asyncio.gather(*batch)

    assert [answers[number * 11] for number in range(30)] == [200] * 30
    forged = [status for place, status in enumerate(answers) if place % 11 or place >= 330]
    assert len(forged) == 300
    assert set(forged) == {403, 429}
    assert forged.count(403) < 100, "beyond a burst they are told to slow down"
    texts = {message["text"] for message in await door.texts()}
    assert texts == {f"valid-{number}" for number in range(30)}
    assert "forged-" not in caplog.text
    assert sum("webhook refused" in record.message for record in caplog.records) == forged.count(403)


async def test_there_is_nothing_at_an_address_that_is_no_account_that_takes_calls(door: Door) -> None:
    accounts = door.desk.hub.accounts
    off = await accounts.create(NewAccount(name="Off", provider="carrier", enabled=False), by=SYSTEM)
    gone = await accounts.create(NewAccount(name="Gone", provider="carrier"), by=SYSTEM)
    await accounts.delete(gone.id, by=SYSTEM)
    others = [off.id, gone.id, await door.desk.mailbox(), new_id(), "x", str(door.account.id).upper()]

    said = {(await door.call(f"/hooks/{other}"))[0] for other in others}
    bodies = [(await door.call(f"/hooks/{other}", door.text().encode())) for other in others]

    assert said == {404}
    assert {status for status, _ in bodies} == {404}
    assert {body.partition("request_id")[0] for _, body in bodies} == {bodies[0][1].partition("request_id")[0]}
    await accounts.change(door.account.id, AccountChange(enabled=False), version=1, by=SYSTEM)
    assert (await door.call(door.path, door.text().encode()))[0] == 404


async def test_only_reading_and_posting_are_known(door: Door) -> None:
    for method in ("PUT", "DELETE", "HEAD", "PATCH", "OPTIONS"):
        async with door.http.request(method, door.base + door.path) as answer:
            assert answer.status == 405


async def test_what_cannot_be_read_is_told_apart_from_what_is_forged(door: Door) -> None:
    status, said = await door.call(door.path, b"text=x")
    assert (status, '"code":"malformed_webhook"' in said) == (400, True)


async def test_a_body_that_is_too_large_or_broken_is_refused(door: Door) -> None:
    assert (await door.call(door.path, b"x" * (1024 * 1024 + 1)))[0] == 413
    assert (await door.call(door.path, b"no gzip at all", **{"Content-Encoding": "gzip"}))[0] == 400


async def test_a_body_that_never_comes_holds_nothing_up(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hooks, "READ_SECONDS", 0.05)
    reader, writer = await asyncio.open_connection(*door.base.removeprefix("http://").split(":"))
    writer.write(f"POST {door.path} HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nfr".encode())

    said = await asyncio.wait_for(reader.readline(), 5)
    writer.close()

    assert said == b"HTTP/1.1 400 Bad Request\r\n"


async def test_our_own_trouble_asks_the_provider_to_come_again(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    for trouble in (DatabaseGone("cannot be reached"), Conflict("something of ours"), TimeoutError()):

        async def accept(*_: object, trouble: Exception = trouble) -> None:
            raise trouble

        monkeypatch.setattr(door.desk.hub.intake, "accept", accept)
        body = door.text().encode()
        named = {"X-Signature": signature(door.public + door.path, body), "Content-Type": FORM}
        async with door.http.post(door.base + door.path, data=body, headers=named) as answer:
            assert (answer.status, answer.headers["Retry-After"]) == (503, "1")
    monkeypatch.undo()

    assert await door.texts() == []


async def test_an_adapter_that_hangs_is_not_waited_for(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    async def receive(self: CarrierAdapter, hook: Webhook, sink: Sink) -> WebhookReply:
        await asyncio.Event().wait()
        raise AssertionError

    monkeypatch.setattr(CarrierAdapter, "receive", receive)
    monkeypatch.setattr(hooks, "TAKE_SECONDS", 0.05)

    assert (await door.call(door.path))[0] == 503


async def test_calls_are_counted_by_what_became_of_them(door: Door) -> None:
    def count(outcome: str) -> float:
        found = metrics.registry.get_sample_value("hub_webhooks_total", {"provider": "carrier", "outcome": outcome})
        return found or 0.0

    before = {outcome: count(outcome) for outcome in ("taken", "forged", "malformed", "too_large")}
    await door.call(door.path, door.text().encode())
    await door.call(door.path, door.text().encode(), sign="no")
    await door.call(door.path, b"text=x")
    await door.call(door.path, b"x" * (1024 * 1024 + 1))

    assert {outcome: count(outcome) - was for outcome, was in before.items()} == dict.fromkeys(before, 1.0)


async def test_an_administrator_is_told_where_the_provider_is_to_call(open_door: OpenDoor) -> None:
    door = await open_door("https://desk.example.org/desk")
    console = Console(door.desk.hub, door.base)
    root = await console.signed_in("root", "administrator")

    told = await root.get(f"/accounts/{door.account.id}/hook-address")
    none = await root.get(f"/accounts/{await door.desk.mailbox()}/hook-address")

    assert (told.status, await told.json()) == (200, {"url": door.public + door.path})
    assert await none.json() == {"url": None}
    await console.close()


async def test_whatever_octets_a_request_has_it_is_refused_and_breaks_nothing(door: Door) -> None:
    for octets in (b"\xff\xfe", "你".encode(), b"%00", b"%", b"%zz", b"\x01", b"\\", b'"<>', b"{}", b"a" * 9000):
        reader, writer = await asyncio.open_connection(*door.base.removeprefix("http://").split(":"))
        line = b"GET " + door.path.encode() + b"/x" + octets + b"?q=" + octets + b" HTTP/1.1\r\n"
        writer.write(line + b"Host: x\r\nConnection: close\r\nX-Signature: \xff\xfe\r\n\r\n")
        said = await reader.read()
        writer.close()
        assert said.split()[1] in (b"400", b"403"), octets


async def test_what_no_database_stores_is_left_out_and_the_rest_is_taken(door: Door) -> None:
    for number, form in enumerate((b"from=%2B861380000001&text=a%00b", b"from=Ba%00nk&text=ab", b"from=Bank&text=a%00b")):
        assert (await door.call(door.path, form + b"&id=%00" + str(number).encode()))[0] == 200

    assert [message["text"] for message in await door.texts()] == ["ab"] * 3
