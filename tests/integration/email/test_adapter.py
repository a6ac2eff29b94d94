"""The mail adapter as the hub runs it: several folders, OAuth, states, stopping."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable

import aiohttp.web
import pytest

from hub.channels.email.adapter import MailAdapter
from hub.channels.email.settings import MailSettings
from tests.fixtures.adapters import Lent
from tests.fixtures.mail import PASSWORD, MailServers, MemorySink, mail

Run = Callable[..., "Running"]


class Running:
    """An adapter whose `run` goes on in a task."""

    def __init__(self, settings: MailSettings) -> None:
        self.lent, self.sink = Lent(), MemorySink()
        self.lent.cursors = self.sink.cursors
        self.adapter = MailAdapter(settings, self.lent.context)
        self.task = asyncio.create_task(self.adapter.run(self.sink))

    async def until(self, count: int) -> None:
        async with asyncio.timeout(10):
            while len(self.sink.taken) < count:
                assert not self.task.done(), self.task
                await asyncio.sleep(0.02)

    async def until_told(self, state: str) -> str:
        async with asyncio.timeout(10):
            while not self.lent.states or self.lent.states[-1][0] != state:
                await asyncio.sleep(0.02)
        return self.lent.states[-1][1]

    async def stop(self) -> None:
        started = time.monotonic()
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)
        assert time.monotonic() - started < 1.0


@pytest.fixture
async def run(mail_servers: MailServers) -> AsyncIterator[Run]:
    made: list[Running] = []

    def start(user: str, **settings: object) -> Running:
        values: dict[str, object] = {
            "address": user,
            "inbound": "imap",
            "imap_host": "localhost",
            "imap_port": mail_servers.imap,
            "imap_security": "none",
            "imap_user": user,
            "imap_password": PASSWORD,
        }
        made.append(Running(MailSettings(**(values | settings))))  # type: ignore[arg-type]
        return made[-1]

    yield start
    for each in made:
        await each.stop()


@pytest.mark.covers("E-02")
async def test_several_folders_are_read_at_once(mail_servers: MailServers, run: Run) -> None:
    user = mail_servers.new_user()
    mails = {name: mail() for name in ("INBOX", "Archive", "客户")}
    for name, raw in mails.items():
        mail_servers.deliver(user, raw, mailbox=name)

    running = run(user, imap_mailboxes=tuple(mails))
    await running.until(3)
    more = mail()
    await asyncio.to_thread(mail_servers.deliver, user, more, mailbox="客户")
    await running.until(4)

    assert {taken.envelope["mailbox"]: taken.raw for taken in list(running.sink.taken.values())[:3]} == mails
    assert running.sink.raws[-1] == more
    assert set(running.sink.cursors) == {"imap:INBOX", "imap:Archive", "imap:客户"}
    await running.until_told("connected")


async def test_one_folder_in_trouble_is_told_and_the_others_are_read(mail_servers: MailServers, run: Run) -> None:
    user = mail_servers.new_user()
    mail_servers.deliver(user, mail())

    running = run(user, imap_mailboxes=("No such folder", "INBOX"))
    await running.until(1)

    assert "No such folder" in await running.until_told("needs_person")


async def test_a_wrong_password_is_told_without_showing_it(mail_servers: MailServers, run: Run) -> None:
    running = run(mail_servers.new_user(), imap_password="not the password")

    detail = await running.until_told("needs_person")

    assert "not the password" not in detail
    assert [(check.name, check.ok) for check in await running.adapter.check()] == [("imap", False)]


@pytest.mark.parametrize(("port", "security"), [("imaps", "tls"), ("imap", "starttls")])
async def test_tls_is_used_and_the_certificate_checked(
    mail_servers: MailServers, run: Run, monkeypatch: pytest.MonkeyPatch, port: str, security: str
) -> None:
    user = mail_servers.new_user()
    mail_servers.deliver(user, mail())
    suspicious = run(user, imap_port=mail_servers.ports[port], imap_security=security)
    assert "CERTIFICATE_VERIFY_FAILED" in await suspicious.until_told("retrying")
    assert not suspicious.sink.taken

    monkeypatch.setenv("SSL_CERT_FILE", str(mail_servers.certificate))
    trusting = run(user, imap_port=mail_servers.ports[port], imap_security=security)
    await trusting.until(1)


async def test_oauth_signs_in_and_a_refused_token_is_renewed_once(mail_servers: MailServers, run: Run) -> None:
    user = mail_servers.new_user()
    mail_servers.tokens["second"] = user
    mail_servers.deliver(user, mail())
    given = iter(["first", "second"])

    async def serve(request: aiohttp.web.Request) -> aiohttp.web.Response:
        token = next(given, None)
        body = {"access_token": token} if token else {"error": "invalid_grant"}
        return aiohttp.web.Response(text=json.dumps(body), status=200 if token else 400)

    app = aiohttp.web.Application()
    app.router.add_post("/", serve)
    runner = aiohttp.web.AppRunner(app)
    await runner.setup()
    await aiohttp.web.TCPSite(runner, "127.0.0.1", 0).start()
    oauth = {
        "oauth_token_url": f"http://localhost:{runner.addresses[0][1]}/",
        "oauth_client_id": "hub",
        "oauth_refresh_token": "r",
        "imap_password": "",
    }

    running = run(user, **oauth)
    await running.until(1)
    without = run(user, **oauth)
    assert "invalid_grant" in await without.until_told("needs_person")
    await runner.cleanup()


async def test_a_mailbox_without_imap_only_waits(mail_servers: MailServers, run: Run) -> None:
    running = run("desk@hub.test", inbound="smtp", imap_host="")

    await running.until_told("connected")

    assert not running.task.done()
    assert all(check.ok for check in await running.adapter.check())


async def test_a_fresh_hubs_mailbox_is_valid_and_says_that_it_sends_nowhere() -> None:
    lent = Lent()

    checks = await MailAdapter(MailSettings(), lent.context).check()

    assert [check.ok for check in checks] == [True]
    assert lent.connected_to == []
