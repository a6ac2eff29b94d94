"""Twilio's calls through the hub's own door: what is signed gets in whatever the deployment looks like, nothing else does."""

import io
import itertools
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus, urlencode

import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import TestServer
from yarl import URL

from hub.accounts import NewAccount
from hub.api.server import console_app
from hub.auth import SYSTEM
from hub.channels.sms.twilio import adapter as adapter_module
from hub.channels.sms.twilio import client
from hub.conversations.store import conversation_of
from hub.db import DatabaseGone
from hub.delivery.queries import reply_options
from hub.delivery.service import Send
from hub.devkit.twilio import File, TwilioSimulator
from hub.devkit.twilio_messages import signature
from hub.ids import AccountId
from hub.messages import plain
from hub.messages.address import Address, AddressKind
from hub.messages.content import Draft
from tests.fixtures.desk import Desk, eventually
from tests.integration.sms.twilio.conftest import CUSTOMER, NUMBER
from tests.ports import free_ports

OLD = "the token of yesterday"
PUBLIC = {
    "a plain server": "http://desk.example.org:8080",
    "a proxy that ends TLS": "https://desk.example.org",
    "a port of its own": "https://desk.example.org:8443",
    "a path the proxy takes away": "https://example.org/desk/a",
    "a path the proxy leaves": "https://example.org/desk",
}
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8


@dataclass
class Door:
    """The served hub, as Twilio sees it and as we reach it."""

    desk: Desk
    account_id: AccountId
    base: str  # where it listens
    public: str
    token: str
    http: ClientSession
    leaves_path: bool = False

    @property
    def path(self) -> str:
        return f"/hooks/{self.account_id}"

    async def call(self, rest: str, body: str | None, headers: Mapping[str, str]) -> int:
        prefix = URL(self.public).path.rstrip("/") if self.leaves_path else ""
        url = URL(self.base + prefix + self.path + rest, encoded=True)
        form = {"Content-Type": "application/x-www-form-urlencoded; charset=UTF-8"}
        sent = None if body is None else io.BytesIO(body.encode())
        async with self.http.request("GET" if body is None else "POST", url, data=sent, headers=form | dict(headers)) as answer:
            return answer.status

    def signed(self, rest: str, form: Mapping[str, str], *, public: str = "", token: str = "") -> dict[str, str]:
        return {"X-Twilio-Signature": signature(token or self.token, (public or self.public) + self.path + rest, form)}

    async def texts(self) -> list[str]:
        rows = await self.desk.db.fetch("SELECT text FROM message WHERE direction = 'in' ORDER BY n")
        return [row["text"] for row in rows]


OpenDoor = Callable[..., Awaitable[Door]]


@pytest.fixture
async def open_door(desk: Desk, twilio: TwilioSimulator, tmp_path: Path) -> AsyncIterator[OpenDoor]:
    """Serve the desk, known to Twilio by a public address; by its own where none is given."""
    opened: list[tuple[TestServer, ClientSession]] = []

    async def start(public: str = "", **settings: Any) -> Door:
        account = await desk.hub.accounts.create(
            NewAccount(
                name="SMS",
                provider="twilio",
                settings={
                    "account_sid": twilio.account_sid,
                    "auth_token": twilio.tokens[0],
                    "auth_token_other": OLD,
                    "sender": NUMBER,
                    "base_url": twilio.url,
                    **settings,
                },
            ),
            by=SYSTEM,
        )
        port = None if public else free_ports(1)[0]
        public = public or f"http://127.0.0.1:{port}"
        hub = replace(desk.hub, settings=replace(desk.hub.settings, hooks_url=public))
        server = TestServer(console_app(hub, pages=tmp_path), port=port)
        await server.start_server()
        adapters = desk.hub.accounts.adapters
        adapters._lent = replace(adapters._lent, hooks_url=public)
        opened.append((server, ClientSession()))
        twilio.numbers[NUMBER] = f"{public}/hooks/{account.id}"
        return Door(desk, account.id, str(server.make_url("")).rstrip("/"), public, twilio.tokens[0], opened[-1][1])

    yield start
    for server, http in opened:
        await http.close()
        await server.close()


_numbers = itertools.count(1)


def form(text: str, **more: str) -> dict[str, str]:
    number = next(_numbers)
    fields = {
        "MessageSid": f"SM{number:032x}",
        "From": CUSTOMER,
        "To": NUMBER,
        "Body": text,
        "NumMedia": "0",
        "AccountSid": "AC1",
        "FromCity": "",
    }
    return fields | more


def encoded(fields: Mapping[str, str], how: int) -> str:
    """The same form as different clients write it: `+` or `%20`, more or less escaped, in any order."""
    items = list(fields.items())
    if how % 2:
        items.reverse()
    quoting = (quote_plus, quote, lambda text: quote(text, safe="+()!*'"[1:]))[how % 3]
    return "&".join(f"{name}={quoting(value)}" for name, value in items)


RESTS = (
    "",
    "/",
    "?b=2&a=1",
    "?a=x+y%20z",
    "?a=1&a=2&a=1",
    "/sms/in%2Fout?q=%E4%BD%A0",
    "?e=;,'()*!@:$&",
    "/status?message=x&f=??",
    "?UPPER=%2f%2F",
    "?=&&x",
)
TEXTS = ("plain", "a+b  c & d=e%20", "你好，在吗？😀", "  kept \r\n blanks  ")


def valid(door: Door) -> Iterator[tuple[str, str | None, dict[str, str], str]]:
    """Twenty requests of every kind: rest of the address, body, headers, text as it is filed."""
    for number, rest in enumerate(RESTS):
        fields = form(f"{TEXTS[number % len(TEXTS)]}{number}", Tag="")
        yield (
            rest,
            encoded(fields, number),
            door.signed(rest, fields, token=("", OLD)[number % 2]),
            plain.block(fields["Body"], 1600),
        )
    for number in range(4):  # a name that comes twice, as an add-on of Twilio's may send it
        fields = form(f"twice{number}")
        body = encoded(fields, number) + "&AddOns=b&AddOns=a"
        yield "", body, door.signed("", fields | {"AddOns": "aAddOnsb"}), fields["Body"]
    for number in range(3):  # Twilio is not consistent about naming a default port
        fields = form(f"port{number}")
        url = URL(door.public)
        other = str(url.with_port(None) if url.explicit_port else url.with_port(url.port)).rstrip("/")
        named = f"{url.scheme}://{url.host}:{url.port}{url.path.rstrip('/')}" if not url.explicit_port else other
        yield "", encoded(fields, number), door.signed("", fields, public=named), fields["Body"]
    for number in range(3):
        fields = form(f"get{number}")
        rest = "?" + encoded(fields, number)
        yield rest, None, door.signed(rest, {}), fields["Body"]


@pytest.mark.covers("S-02", "M-27")
@pytest.mark.parametrize("deployment", PUBLIC)
async def test_a_hundred_genuine_calls_get_in_and_a_thousand_forged_ones_do_not(open_door: OpenDoor, deployment: str) -> None:
    door = await open_door(PUBLIC[deployment])
    door.leaves_path = "leaves" in deployment
    genuine, chance = list(valid(door)), random.Random(4)

    refused = [await door.call(*_forged(door, chance)) for _ in range(200)]
    taken = [await door.call(rest, body, headers) for rest, body, headers, _ in genuine]

    assert taken == [200] * 20
    assert set(refused) <= {403, 429}
    assert sorted(await door.texts()) == sorted(text for *_, text in genuine)


def _forged(door: Door, chance: random.Random) -> tuple[str, str, dict[str, str]]:
    """A genuine call with one thing about it changed."""
    rest, fields = chance.choice(RESTS), form("Your password, please")
    headers = door.signed(rest, fields)
    match chance.randrange(10):
        case 0:
            headers = {}
        case 1:
            headers = door.signed(rest, fields, token="guessed")
        case 2:
            headers = door.signed(rest, fields, public=door.public.replace("example.org", "evil.example"))
        case 3:
            headers = door.signed(rest + "x", fields)
        case 4:
            fields["Body"] += "!"
        case 5:
            fields["Extra"] = "1"
        case 6:
            del fields["To"]
        case 7:
            fields["From"] = "+14155550000"
        case 8:
            flipped = bytearray(headers["X-Twilio-Signature"].encode())
            flipped[chance.randrange(20)] ^= 1
            headers = {"X-Twilio-Signature": flipped.decode(errors="replace") if flipped.isalnum() else "AAAA"}
        case _:
            headers |= {"X-Twilio-Webhooks-Signature-Settings": "algorithm=HMAC_SHA256"}
    return rest, encoded(fields, chance.randrange(6)), headers


@pytest.mark.covers("M-27")
async def test_a_call_that_comes_again_changes_nothing(open_door: OpenDoor) -> None:
    door = await open_door("https://desk.example.org")
    fields = form("once")
    headers = door.signed("", fields)

    assert [await door.call("", urlencode(fields), headers) for _ in range(3)] == [200] * 3
    assert await door.texts() == ["once"]


async def test_what_is_signed_and_makes_no_sense_is_malformed(open_door: OpenDoor) -> None:
    door = await open_door("https://desk.example.org")
    empty, nobody = form("x", MessageSid=""), form("x", From="")

    assert await door.call("", urlencode(empty), door.signed("", empty)) == 400
    assert await door.call("", urlencode(nobody), door.signed("", nobody)) == 400
    assert await door.call("", "Body=%ff", {"X-Twilio-Signature": "x"}) == 400


@pytest.mark.covers("S-02", "M-27")
async def test_a_picture_message_is_filed_with_its_pictures(open_door: OpenDoor, twilio: TwilioSimulator) -> None:
    await open_door()

    await twilio.write(
        CUSTOMER, NUMBER, "look", files=[File(content_type="image/png", content=PNG), File(content_type="a/b", content=bytes(9))]
    )

    assert [call.status for call in twilio.calls] == [200]
    assert ("/store/", "Authorization") not in [(one.path[:7], name) for one in twilio.asked for name in one.headers]


async def test_files_that_are_too_large_or_gone_cost_the_message_nothing_else(
    open_door: OpenDoor, desk: Desk, twilio: TwilioSimulator
) -> None:
    door = await open_door(max_media_mb=1)
    big = File(content_type="image/png", content=bytes(2 * 2**20))

    await twilio.write(CUSTOMER, NUMBER, "big", files=[big, File(content_type="image/png", content=PNG)])

    (row,) = await desk.db.fetch("SELECT text, notices, attachments FROM message")
    assert (row["text"], "files_missing" in str(row["notices"])) == ("big", True)
    assert await door.texts() == ["big"]


async def test_files_that_do_not_come_in_time_are_asked_for_again(
    open_door: OpenDoor, desk: Desk, twilio: TwilioSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapter_module, "_MEDIA_AT_ONCE", 0.2)
    door = await open_door()
    twilio.media_hangs = True
    message = await twilio.write(CUSTOMER, NUMBER, "slow", files=[File(content_type="image/png", content=PNG)])
    assert ([call.status for call in twilio.calls], await door.texts()) == ([503], [])

    twilio.media_hangs = False
    carrier = await desk.hub.carriers.get(door.account_id)
    await carrier.adapter._missed.round(desk.hub.intake.sink_for(door.account_id))

    assert await door.texts() == ["slow"]
    assert (await twilio.hand_over(message)).status == 200  # Twilio's own second try, later
    assert await door.texts() == ["slow"]


async def test_without_a_database_twilio_is_told_to_come_again(
    open_door: OpenDoor, desk: Desk, twilio: TwilioSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    door = await open_door()

    async def gone(*_: object) -> None:
        raise DatabaseGone("away")

    monkeypatch.setattr(desk.hub.intake, "accept", gone)
    message = await twilio.write(CUSTOMER, NUMBER, "hello")
    monkeypatch.undo()

    assert [call.status for call in twilio.calls] == [503]
    assert (await twilio.hand_over(message)).status == 200
    assert await door.texts() == ["hello"]


async def test_our_own_number_is_nobody_to_copy_an_answer_to(open_door: OpenDoor, desk: Desk, twilio: TwilioSimulator) -> None:
    await open_door()
    await twilio.write(CUSTOMER, NUMBER, "Question")

    row = await desk.db.fetch_one("SELECT * FROM conversation")
    assert row is not None
    (option, *_) = await reply_options(desk.db, desk.hub.carriers, conversation_of(row))

    assert ([one["address"] for one in option.to], option.suggested_cc) == ([CUSTOMER], ())


@pytest.mark.covers("M-24")
async def test_who_writes_stop_is_not_written_to(open_door: OpenDoor, desk: Desk, twilio: TwilioSimulator) -> None:
    door = await open_door()

    await twilio.write(CUSTOMER, NUMBER, "Stop")

    assert await door.texts() == ["Stop"]
    assert [message.direction for message in twilio.messages.values()] == ["inbound", "outbound-reply"]


async def answer(desk: Desk, door: Door, to: str) -> None:
    """An agent answers in the only conversation there is."""
    agent = await desk.user("anna", "administrator")
    (row,) = await desk.db.fetch("SELECT id FROM conversation")
    draft = Draft(text="Answer", to=(Address(kind=AddressKind.PHONE, value=to),))
    send = Send(account_id=door.account_id, conversation_id=row["id"], draft=draft)
    await desk.hub.delivery.send(send, by=agent)


async def states(desk: Desk) -> list[str]:
    return [row["state"] for row in await desk.db.fetch("SELECT state FROM delivery ORDER BY n")]


@pytest.mark.covers("S-01", "S-02", "M-27")
@pytest.mark.parametrize(
    ("last", "end"),
    [("2671", "delivered"), ("0098", "delivered"), ("0099", "delivered"), ("0007", "failed"), ("0502", "unknown")],
)
async def test_an_answer_ends_as_its_reports_say_in_whatever_order_they_come(
    open_door: OpenDoor, desk: Desk, twilio: TwilioSimulator, last: str, end: str
) -> None:
    door = await open_door()
    await twilio.write(f"+1415555{last}", NUMBER, "Question")

    await answer(desk, door, f"+1415555{last}")

    async def ended() -> None:
        assert await states(desk) == [end]

    await eventually(ended)
    await twilio.settled()
    assert await states(desk) == [end]
    assert {call.status for call in twilio.calls} == {200}


@pytest.mark.covers("M-27")
async def test_a_lost_answer_is_unknown_until_a_report_names_our_message(
    open_door: OpenDoor, desk: Desk, twilio: TwilioSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "ANSWER_SECONDS", 0.3)
    door = await open_door()
    twilio.pace = 0.3
    await twilio.write("+14155550408", NUMBER, "Question")

    await answer(desk, door, "+14155550408")

    async def becomes(state: str) -> None:
        assert await states(desk) == [state]

    await eventually(lambda: becomes("delivered"))
    assert len([one for one in twilio.asked if one.method == "POST"]) == 1
