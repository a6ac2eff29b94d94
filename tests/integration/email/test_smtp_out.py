"""Sending, through a real Postfix, through a proxy that cuts, and to servers that say no."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from email import message_from_bytes
from uuid import uuid4

import aiohttp.web
import pytest

from hub.channels.contract import SendError, SendReceipt
from hub.channels.email.adapter import MailAdapter
from hub.channels.email.inbound import parse
from hub.channels.email.settings import MailSettings
from hub.channels.email.smtp_in import MailDoor
from hub.channels.email.smtp_out import SmtpPool, SmtpTimes
from hub.ids import AccountId
from hub.messages.address import ChannelKind
from hub.messages.content import OutboundMessage
from hub.messages.events import DeliveryReport
from hub.messages.states import DeliveryState, SendFailure
from tests.fixtures.adapters import Lent, outbound
from tests.fixtures.mail import PASSWORD, MailServers, MemorySink
from tests.fixtures.proxy import DOWN, UP, CuttingProxy

MakeProxy = Callable[[int], Awaitable[CuttingProxy]]
TOKEN = "a2b3c4d5e6" * 4


class Desk:
    """An adapter with what it was lent."""

    def __init__(self, port: int, *, times: SmtpTimes | None = None, **settings: object) -> None:
        values: dict[str, object] = {
            "address": "desk@hublmtp.test",
            "smtp_host": "localhost",
            "smtp_port": port,
            "smtp_security": "none",
        }
        self.settings = MailSettings(**(values | settings))  # type: ignore[arg-type]
        self.lent = Lent()
        self.adapter = MailAdapter(self.settings, self.lent.context)
        if times is not None:
            pool = SmtpPool(self.settings, connect=self.lent.context.connect, times=times)
            self.adapter._pool = pool

    async def send(self, *to: str, **more: object) -> SendReceipt:
        return await self.adapter.send(mail_to(*to, **more))

    async def fails(self, *to: str, **more: object) -> SendError:
        with pytest.raises(SendError) as caught:
            await self.send(*to, **more)
        return caught.value


def mail_to(*to: str, **more: object) -> OutboundMessage:
    return outbound(ChannelKind.EMAIL, *to, **more)  # type: ignore[arg-type]


@pytest.fixture
async def desk() -> AsyncIterator[Callable[..., Desk]]:
    made: list[Desk] = []

    def make(port: int, **settings: object) -> Desk:
        made.append(Desk(port, **settings))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for each in made:
        each.adapter.close()
    await asyncio.sleep(0.05)  # TLS says good-bye


@pytest.fixture
async def door(mail_servers: MailServers) -> AsyncIterator[MemorySink]:
    """The hub's own door behind Postfix (reports come back to it), and the customer's mail server."""
    sink, account = MemorySink(), AccountId(uuid4())

    async def resolve(address: str) -> AccountId | str:
        return "unknown" if address.startswith("nobody@") else account

    door = MailDoor(resolve, lambda _: sink)  # type: ignore[arg-type]
    await door.start(smtp=("127.0.0.1", mail_servers.customer), lmtp=("127.0.0.1", mail_servers.hub_lmtp))
    yield sink
    await door.stop()


async def reports(sink: MemorySink, count: int = 1) -> list[DeliveryReport]:
    async with asyncio.timeout(20):
        while True:
            found = [
                event
                for handover in sink.taken.values()
                for event in parse(handover.raw, handover.envelope)
                if isinstance(event, DeliveryReport)
            ]
            if len(found) >= count:
                return found
            await asyncio.sleep(0.1)


class Scripted:
    """A mail server that says what a test wants: the reply to each command, by its first word."""

    def __init__(self, replies: dict[str, str]) -> None:
        self.replies = {"EHLO": "250-scripted\r\n250-DSN\r\n250 SIZE 100000", "": "250 2.0.0 OK"} | replies
        self.heard: list[str] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(f"{self.replies.get('greeting', '220 scripted')}\r\n".encode())
        while line := (await reader.readline()).decode().strip():
            self.heard.append(line)
            word = line.split()[0].split(":")[0].upper()
            reply = self.replies.get(line, self.replies.get(word, self.replies[""]))
            if word == "DATA" and "DATA" not in self.replies:
                writer.write(b"354 go\r\n")
                await reader.readuntil(b"\r\n.\r\n")
                reply = self.replies.get("dot", "250 2.0.0 queued")
            if reply == "cut":
                break
            writer.write(reply.encode() + b"\r\n")
            await writer.drain()
            if reply.startswith("421"):
                break
        writer.close()


@pytest.fixture
async def scripted() -> AsyncIterator[Callable[[dict[str, str]], Awaitable[tuple[Scripted, int]]]]:
    servers: list[asyncio.Server] = []

    async def make(replies: dict[str, str]) -> tuple[Scripted, int]:
        script = Scripted(replies)
        servers.append(await asyncio.start_server(script.serve, "127.0.0.1", 0))
        return script, servers[-1].sockets[0].getsockname()[1]

    yield make
    for server in servers:
        server.close()


# Through Postfix


@pytest.mark.covers("E-01")
async def test_a_mail_arrives_with_its_message_id_reply_address_and_envelope_sender(
    mail_servers: MailServers, desk: Callable[..., Desk], door: MemorySink
) -> None:
    message = mail_to("customer@customer.test", text="你好\n.\n..dots", subject="回复: order", token=TOKEN)

    receipt = await desk(mail_servers.smtp).adapter.send(message)

    async with asyncio.timeout(10):
        while not (at_customer := [taken for taken in door.taken.values() if taken.envelope["via"] == "smtp"]):
            await asyncio.sleep(0.05)
    (arrived,) = at_customer
    mail = message_from_bytes(arrived.raw)
    assert receipt.state is DeliveryState.ACCEPTED
    assert "queued as" in receipt.detail
    assert receipt.own_keys == (mail["Message-ID"],)
    assert TOKEN in mail["Message-ID"], "what names the message is visible to the provider"
    assert f"desk+{TOKEN}@hublmtp.test" in mail["Reply-To"]
    assert arrived.envelope["mail_from"] == f"bounce+{TOKEN}@hublmtp.test"
    (event,) = parse(arrived.raw, arrived.envelope)
    assert event.text.replace("\r\n", "\n").strip() == "你好\n.\n..dots"  # type: ignore[union-attr]


async def test_reports_of_success_and_of_failure_come_back_and_name_the_mail(
    mail_servers: MailServers, desk: Callable[..., Desk], door: MemorySink
) -> None:
    sender = desk(mail_servers.smtp)
    delivered = mail_servers.new_user()

    await sender.send(delivered, token=TOKEN)
    await sender.send("nobody@customer.test", token=TOKEN[::-1].replace("1", "2"))

    by_recipient = {report.recipient.value: report for report in await reports(door, 2) if report.recipient}
    success, failure = by_recipient[delivered], by_recipient["nobody@customer.test"]
    # Postfix says "relayed": whoever comes after it (Dovecot) sends no reports (RFC 3464 §2.3.3).
    assert (success.state, success.token) == (DeliveryState.ACCEPTED, TOKEN)
    assert failure.state is DeliveryState.FAILED
    assert failure.failure is SendFailure.BAD_RECIPIENT
    assert failure.provider_code == "5.1.1"
    assert failure.token == TOKEN[::-1]


async def test_of_several_recipients_the_refused_are_named_and_the_others_get_it(
    mail_servers: MailServers, desk: Callable[..., Desk]
) -> None:
    known, unknown = mail_servers.new_user(), "stranger@hub.test"

    receipt = await desk(mail_servers.smtp).send(known, unknown)

    refused = {address.value: failure for address, (failure, _) in receipt.refused.items()}
    assert refused == {unknown: SendFailure.BAD_RECIPIENT}
    async with asyncio.timeout(10):
        while "messages=1" not in mail_servers.doveadm("mailbox", "status", "-u", known, "messages", "INBOX"):
            await asyncio.sleep(0.1)


async def test_when_all_recipients_are_refused_it_fails_and_the_connection_is_still_good(
    mail_servers: MailServers, cutting_proxy: MakeProxy, desk: Callable[..., Desk]
) -> None:
    proxy = await cutting_proxy(mail_servers.smtp)
    sender = desk(proxy.port)

    error = await sender.fails("stranger@hub.test")
    await sender.send(mail_servers.new_user())

    assert error.failure is SendFailure.BAD_RECIPIENT
    assert error.provider_code == "5.1.1"
    assert proxy.connections == 1


async def test_connections_are_used_again_and_never_more_than_allowed(
    mail_servers: MailServers, cutting_proxy: MakeProxy, desk: Callable[..., Desk]
) -> None:
    proxy = await cutting_proxy(mail_servers.smtp)
    sender, user = desk(proxy.port, max_connections=3), mail_servers.new_user()

    await asyncio.gather(*(sender.send(user) for _ in range(30)))

    assert proxy.connections == 3
    assert sum(sent.count(b"MAIL FROM") for sent in proxy.sent_up) == 30


async def test_idle_connections_are_closed(
    mail_servers: MailServers, cutting_proxy: MakeProxy, desk: Callable[..., Desk]
) -> None:
    proxy = await cutting_proxy(mail_servers.smtp)
    sender, user = desk(proxy.port, times=SmtpTimes(idle=0.2)), mail_servers.new_user()

    await sender.send(user)
    await asyncio.sleep(0.5)
    await sender.send(user)

    assert proxy.connections == 2


@pytest.mark.parametrize(("port", "security"), [("submission", "starttls"), ("smtps", "tls")])
async def test_tls_and_sign_in_by_password(
    mail_servers: MailServers, desk: Callable[..., Desk], monkeypatch: pytest.MonkeyPatch, port: str, security: str
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(mail_servers.certificate))
    user = mail_servers.new_user()
    settings = {"smtp_security": security, "smtp_user": user}
    good = desk(mail_servers.ports[port], **settings, smtp_password=PASSWORD)
    bad = desk(mail_servers.ports[port], **settings, smtp_password="wrong")

    await good.send(user)
    error = await bad.fails(user)

    assert error.failure is SendFailure.BAD_CREDENTIALS
    assert [check.ok for check in await good.adapter.check()] == [True]
    assert [check.ok for check in await bad.adapter.check()] == [False]


@pytest.mark.parametrize(("port", "security"), [("submission", "starttls"), ("smtps", "tls"), ("smtp", "tls")])
async def test_without_a_safe_connection_nothing_is_sent(
    mail_servers: MailServers, desk: Callable[..., Desk], port: str, security: str
) -> None:
    """A certificate nobody vouches for, and no TLS where it must be."""
    sender = desk(mail_servers.ports[port], smtp_security=security, smtp_user="u", smtp_password=PASSWORD)

    error = await sender.fails("u0@hub.test")

    assert error.failure is SendFailure.BAD_SETTINGS
    assert PASSWORD not in error.detail


async def test_without_starttls_on_offer_no_password_is_shown(
    scripted: Callable[..., Awaitable[tuple[Scripted, int]]], desk: Callable[..., Desk]
) -> None:
    script, port = await scripted({})

    error = await desk(port, smtp_security="starttls", smtp_user="u", smtp_password=PASSWORD).fails("a@b.test")

    assert error.failure is SendFailure.BAD_SETTINGS
    assert not any(line.startswith("AUTH") for line in script.heard)


@pytest.fixture
async def token_url() -> AsyncIterator[tuple[str, list[dict[str, str]], dict[str, object]]]:
    """An OAuth token endpoint: its address, what it was asked, what it answers."""
    asked: list[dict[str, str]] = []
    answer: dict[str, object] = {"status": 200, "access_token": "fresh", "expires_in": 3600}

    async def serve(request: aiohttp.web.Request) -> aiohttp.web.Response:
        asked.append({key: str(value) for key, value in (await request.post()).items()})
        status = answer["status"]
        assert isinstance(status, int)
        return aiohttp.web.json_response({k: v for k, v in answer.items() if k != "status"}, status=status)

    app = aiohttp.web.Application()
    app.router.add_post("/token", serve)
    runner = aiohttp.web.AppRunner(app)
    await runner.setup()
    site = aiohttp.web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    yield f"http://localhost:{port}/token", asked, answer
    await runner.cleanup()


OAUTH = {"oauth_client_id": "hub", "oauth_client_secret": "shh", "oauth_refresh_token": "refresh-1"}


async def test_oauth_tokens_are_fetched_once_used_again_and_renewed_when_refused(
    mail_servers: MailServers,
    desk: Callable[..., Desk],
    monkeypatch: pytest.MonkeyPatch,
    token_url: tuple[str, list[dict[str, str]], dict[str, object]],
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(mail_servers.certificate))
    url, asked, answer = token_url
    user = mail_servers.new_user()
    mail_servers.tokens["fresh"] = user
    sender = desk(
        mail_servers.submission, smtp_security="starttls", smtp_user=user, oauth_token_url=url, max_connections=3, **OAUTH
    )

    await asyncio.gather(*(sender.send(user) for _ in range(6)))
    assert len(asked) == 1
    assert asked[0] == {
        "grant_type": "refresh_token",
        "refresh_token": "refresh-1",
        "client_id": "hub",
        "client_secret": "shh",
    }

    del mail_servers.tokens["fresh"]
    mail_servers.tokens["fresher"] = user
    answer |= {"access_token": "fresher", "refresh_token": "refresh-2"}
    sender.adapter.close()
    await sender.send(user)
    assert len(asked) == 2

    del mail_servers.tokens["fresher"]
    sender.adapter.close()
    assert (await sender.fails(user)).failure is SendFailure.BAD_CREDENTIALS
    assert asked[-1]["refresh_token"] == "refresh-2", "a rotated refresh token replaces the first"


@pytest.mark.parametrize(("status", "failure"), [(400, SendFailure.BAD_CREDENTIALS), (503, SendFailure.UNAVAILABLE)])
async def test_when_the_provider_gives_no_token_it_is_said_why(
    mail_servers: MailServers,
    desk: Callable[..., Desk],
    monkeypatch: pytest.MonkeyPatch,
    token_url: tuple[str, list[dict[str, str]], dict[str, object]],
    status: int,
    failure: SendFailure,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(mail_servers.certificate))
    url, _, answer = token_url
    answer |= {"status": status, "error": "invalid_grant"}
    sender = desk(mail_servers.submission, smtp_security="starttls", smtp_user="u", oauth_token_url=url, **OAUTH)

    assert (await sender.fails("u0@hub.test")).failure is failure


# Cut at the worst moment


async def test_lost_while_unused_it_is_made_anew(
    mail_servers: MailServers, cutting_proxy: MakeProxy, desk: Callable[..., Desk]
) -> None:
    proxy = await cutting_proxy(mail_servers.smtp)
    sender, user = desk(proxy.port), mail_servers.new_user()
    await sender.send(user)

    proxy.cut_all()
    await sender.send(user)

    assert proxy.connections == 2


@pytest.mark.parametrize("command", [b"MAIL FROM", b"RCPT TO", b"DATA\r\n"])
async def test_cut_before_the_message_it_is_sent_once_over_a_new_connection(
    mail_servers: MailServers, cutting_proxy: MakeProxy, desk: Callable[..., Desk], command: bytes
) -> None:
    proxy = await cutting_proxy(mail_servers.smtp)
    user = mail_servers.new_user()
    proxy.rule = lambda number, way, before, new: "cut" if number == 0 and way == UP and new.startswith(command) else "pass"

    await desk(proxy.port).send(user)

    assert proxy.connections == 2
    await asyncio.sleep(0.5)
    assert "messages=1" in mail_servers.doveadm("mailbox", "status", "-u", user, "messages", "INBOX")


async def test_cut_in_the_middle_of_the_message_it_is_sent_once_over_a_new_connection(
    mail_servers: MailServers, cutting_proxy: MakeProxy, desk: Callable[..., Desk]
) -> None:
    proxy = await cutting_proxy(mail_servers.smtp)
    user = mail_servers.new_user()
    proxy.rule = lambda number, way, before, new: (
        "cut" if number == 0 and way == UP and b"\r\nDATA\r\n" in before and len(before) > 100_000 else "pass"
    )

    await desk(proxy.port).send(user, text="x" * 70 + "\n" + ("y" * 70 + "\n") * 120_000)

    assert proxy.connections == 2


async def test_cut_after_the_dot_nobody_knows_and_nothing_is_sent_again(
    mail_servers: MailServers, cutting_proxy: MakeProxy, desk: Callable[..., Desk]
) -> None:
    proxy = await cutting_proxy(mail_servers.smtp)
    user = mail_servers.new_user()
    proxy.rule = lambda number, way, before, new: "cut" if way == DOWN and b"queued as" in new else "pass"

    error = await desk(proxy.port).fails(user)

    assert error.failure is SendFailure.OUTCOME_UNKNOWN
    assert proxy.connections == 1
    await asyncio.sleep(0.5)
    assert "messages=1" in mail_servers.doveadm("mailbox", "status", "-u", user, "messages", "INBOX")


async def test_no_answer_to_the_dot_is_unknown_and_none_before_it_is_a_failure_for_now(
    mail_servers: MailServers, cutting_proxy: MakeProxy, desk: Callable[..., Desk]
) -> None:
    proxy = await cutting_proxy(mail_servers.smtp)
    sender = desk(proxy.port, times=SmtpTimes(command=0.5, final=0.5))
    user = mail_servers.new_user()

    proxy.rule = lambda number, way, before, new: "stall" if way == DOWN and b"queued as" in new else "pass"
    assert (await sender.fails(user)).failure is SendFailure.OUTCOME_UNKNOWN

    proxy.rule = lambda number, way, before, new: "stall" if way == UP and b"MAIL FROM" in new else "pass"
    assert (await sender.fails(user)).failure is SendFailure.UNAVAILABLE


async def test_a_server_that_is_not_there_is_a_failure_for_now(desk: Callable[..., Desk]) -> None:
    assert (await desk(1).fails("a@b.test")).failure is SendFailure.UNAVAILABLE


# Refusals


@pytest.mark.parametrize(
    ("where", "reply", "failure"),
    [
        ("greeting", "554 5.7.1 go away", SendFailure.REJECTED),
        ("greeting", "421 4.3.2 busy", SendFailure.UNAVAILABLE),
        ("MAIL", "451 4.3.0 later", SendFailure.UNAVAILABLE),
        ("MAIL", "421 4.7.0 too fast", SendFailure.THROTTLED),
        ("MAIL", "530 5.7.0 Authentication required", SendFailure.BAD_CREDENTIALS),
        ("MAIL", "552 5.3.4 too big", SendFailure.BAD_CONTENT),
        ("RCPT", "550 5.1.1 no such user", SendFailure.BAD_RECIPIENT),
        ("RCPT", "550 unknown", SendFailure.BAD_RECIPIENT),
        ("RCPT", "450 4.2.0 greylisted", SendFailure.UNAVAILABLE),
        ("RCPT", "451 4.7.1 greylisted", SendFailure.THROTTLED),
        ("RCPT", "450 4.1.1 unverified", SendFailure.UNAVAILABLE),
        ("RCPT", "552 5.2.2 mailbox full", SendFailure.REJECTED),
        ("RCPT", "554 5.7.1 relay access denied", SendFailure.REJECTED),
        ("DATA", "554 5.5.1 no valid recipients", SendFailure.REJECTED),
        ("dot", "550 5.7.1 looks like spam", SendFailure.REJECTED),
        ("dot", "452 4.3.1 disk full", SendFailure.UNAVAILABLE),
        ("dot", "554 5.6.0 bad content", SendFailure.BAD_CONTENT),
        ("dot", "cut", SendFailure.OUTCOME_UNKNOWN),
    ],
)
async def test_every_refusal_is_sorted(
    scripted: Callable[..., Awaitable[tuple[Scripted, int]]],
    desk: Callable[..., Desk],
    where: str,
    reply: str,
    failure: SendFailure,
) -> None:
    _, port = await scripted({where: reply})
    sender = desk(port)

    error = await sender.fails("a@b.test")

    assert error.failure is failure
    assert sender.lent.exchanges[-1].response == str(error)


async def test_what_the_server_cannot_take_is_not_offered_to_it(
    scripted: Callable[..., Awaitable[tuple[Scripted, int]]], desk: Callable[..., Desk]
) -> None:
    script, port = await scripted({})

    error = await desk(port).fails("a@b.test", text="x " * 100_000)

    assert error.failure is SendFailure.BAD_CONTENT
    assert not any(line.startswith("MAIL") for line in script.heard)


async def test_reports_are_asked_for_where_they_are_offered_and_only_there(
    scripted: Callable[..., Awaitable[tuple[Scripted, int]]], desk: Callable[..., Desk]
) -> None:
    offering, port = await scripted({})
    message = mail_to("o'brien+x=y@b.test")
    await desk(port).adapter.send(message)
    heard = "\n".join(offering.heard)
    assert f" RET=HDRS ENVID={message.id.hex}" in heard
    assert "NOTIFY=SUCCESS,FAILURE,DELAY ORCPT=rfc822;o'brien+2Bx+3Dy@b.test" in heard

    silent, port = await scripted({"EHLO": "250 silent"})
    await desk(port).send("a@b.test")
    assert not any("NOTIFY" in line or "RET=" in line or "SIZE" in line for line in silent.heard)


async def test_lines_of_a_mail_cannot_become_commands(
    scripted: Callable[..., Awaitable[tuple[Scripted, int]]], desk: Callable[..., Desk]
) -> None:
    script, port = await scripted({})

    for ending in ("\n.\n", "\r.\r", "\r\n.\r\n", "\n.\r\n"):
        await desk(port).send("a@b.test", text=f"x{ending}MAIL FROM:<evil@x.test>\r\n")

    assert not any("evil" in line for line in script.heard)


async def test_the_record_of_an_exchange_holds_neither_secret_nor_body(
    mail_servers: MailServers, desk: Callable[..., Desk]
) -> None:
    sender = desk(mail_servers.smtp)
    message = mail_to(mail_servers.new_user(), text="a secret of the customer")

    await sender.adapter.send(message)

    (exchange,) = sender.lent.exchanges
    assert exchange.message_id == message.id
    assert exchange.response.startswith("250 ")
    assert "secret" not in exchange.request + exchange.response
    assert sender.lent.connected_to == [("localhost", mail_servers.smtp)]


async def test_an_address_of_another_script_is_sent_with_an_ascii_domain(
    scripted: Callable[..., Awaitable[tuple[Scripted, int]]], desk: Callable[..., Desk]
) -> None:
    script, port = await scripted({"RCPT TO:<a@xn--fsqu00a.test>": "250 OK", "RCPT": "250 OK"})

    await desk(port).send("a@例子.test")

    assert any("a@xn--fsqu00a.test" in line for line in script.heard)
