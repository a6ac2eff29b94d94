"""Reading mailboxes by IMAP, against a real Dovecot: every known hang of the library, every point of loss."""

import asyncio
import contextlib
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from hashlib import sha256

import pytest

from hub import clock
from hub.channels.email.imap import MailboxReader, ReaderLimits
from hub.channels.email.imap_guard import ImapDenied, ImapLost, ImapRefused, ImapServer, ImapSession
from hub.errors import Invalid, Unavailable
from tests.fixtures.mail import PASSWORD, MailServers, MemorySink, mail
from tests.fixtures.proxy import DOWN, UP, CuttingProxy

MakeProxy = Callable[[int], Awaitable[CuttingProxy]]


def server(port: int, security: str = "none", *, deadline: float = 5.0, tls: ssl.SSLContext | None = None) -> ImapServer:
    return ImapServer(host="localhost", address="127.0.0.1", port=port, security=security, tls=tls, deadline=deadline)  # type: ignore[arg-type]


@contextlib.asynccontextmanager
async def signed_in(where: ImapServer, user: str) -> AsyncIterator[ImapSession]:
    async with ImapSession(where) as session:
        await session.login(user, PASSWORD)
        yield session


class Reader:
    """A reader with its sink, started and stopped like the process it lives in."""

    def __init__(self, user: str, where: ImapServer, mailbox: str = "INBOX", **limits: float) -> None:
        self.user, self.where, self.mailbox = user, where, mailbox
        self.limits = ReaderLimits(**limits)  # type: ignore[arg-type]
        self.sink = MemorySink()
        self.states: list[tuple[str, str]] = []
        self._task: asyncio.Task[None] | None = None

    async def connect(self) -> ImapSession:
        session = await ImapSession(self.where).__aenter__()
        try:
            await session.login(self.user, PASSWORD)
        except BaseException:
            await session.close()
            raise
        return session

    def start(self) -> None:
        reader = MailboxReader(
            self.mailbox,
            connect=self.connect,
            cursor=self.sink.cursor,
            tell=lambda state, detail: self.states.append((state, detail)),
            now=clock.now,
            limits=self.limits,
        )
        self._task = asyncio.create_task(reader.run(self.sink))

    async def stop(self) -> None:
        assert self._task is not None
        started = time.monotonic()
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        assert time.monotonic() - started < 1.0

    async def until(self, count: int, *, seconds: float = 15.0) -> None:
        async with asyncio.timeout(seconds):
            while len(self.sink.taken) < count:
                assert self._task is None or not self._task.done(), self._task
                await asyncio.sleep(0.02)

    async def until_told(self, state: str, *, seconds: float = 10.0) -> None:
        async with asyncio.timeout(seconds):
            while not self.states or self.states[-1][0] != state:
                await asyncio.sleep(0.02)


@pytest.fixture
async def read(mail_servers: MailServers) -> AsyncIterator[Callable[..., Reader]]:
    made: list[Reader] = []

    def make(user: str, *, port: int | None = None, start: bool = True, **more: object) -> Reader:
        reader = Reader(user, server(port or mail_servers.imap), **more)  # type: ignore[arg-type]
        made.append(reader)
        if start:
            reader.start()
        return reader

    yield make
    for reader in made:
        if reader._task is not None:
            await reader.stop()


# What the library does wrong


async def test_three_thousand_lines_in_one_read_end_in_an_error_not_in_silence(mail_servers: MailServers) -> None:
    user = mail_servers.new_user()
    mail_servers.drop(user, {f"{n:05}": mail() for n in range(3000)})

    async with signed_in(server(mail_servers.imap), user) as session:
        await session.select("INBOX")
        started = time.monotonic()
        with pytest.raises(ImapLost):
            await session._within(session._client.uid("fetch", "1:*", "(FLAGS)"), 5.0)
        assert time.monotonic() - started < 5.5


@pytest.mark.covers("E-02")
async def test_three_thousand_mails_are_read_in_chunks(mail_servers: MailServers, read: Callable[..., Reader]) -> None:
    user = mail_servers.new_user()
    mails = {f"{n:05}": mail(body=f"number {n}\r\n") for n in range(3000)}
    mail_servers.drop(user, mails)

    reader = read(user)
    await reader.until(3000, seconds=30)

    assert sorted(reader.sink.raws) == sorted(mails.values())
    assert not reader.sink.duplicates
    assert {state for state, _ in reader.states} == {"connected"}


async def test_three_thousand_mails_expunged_elsewhere_while_idle_do_not_stop_the_next(
    mail_servers: MailServers, read: Callable[..., Reader]
) -> None:
    user = mail_servers.new_user()
    mail_servers.drop(user, {f"{n:05}": mail() for n in range(3000)})
    reader = read(user)
    await reader.until(3000, seconds=30)

    mail_servers.doveadm("expunge", "-u", user, "mailbox", "INBOX", "all")
    mail_servers.deliver(user, mail())

    await reader.until(3001, seconds=20)


async def test_a_connection_lost_in_idle_is_noticed_at_once(mail_servers: MailServers) -> None:
    user = mail_servers.new_user()

    async with signed_in(server(mail_servers.imap), user) as session:
        await session.select("INBOX")
        await session.uids_after(0)
        waiting = asyncio.create_task(session.wait_for_news(renew=60, poll=60))
        await asyncio.sleep(0.5)
        await asyncio.to_thread(mail_servers.kick, user)
        started = time.monotonic()
        with contextlib.suppress(ImapLost):  # BYE comes first and counts as news; the loss follows it
            await waiting
        with pytest.raises(ImapLost):
            await session.uids_after(0)
        assert time.monotonic() - started < 2.0


async def test_a_kicked_reader_comes_back_and_reads_on(mail_servers: MailServers, read: Callable[..., Reader]) -> None:
    user = mail_servers.new_user()
    mail_servers.deliver(user, mail())
    reader = read(user)
    await reader.until(1)

    for number in range(2, 5):
        await asyncio.sleep(0.3)
        await asyncio.to_thread(mail_servers.kick, user)
        await asyncio.to_thread(mail_servers.deliver, user, mail())
        await reader.until(number)

    assert not reader.sink.duplicates


async def test_a_command_on_a_silent_connection_ends_at_its_deadline(mail_servers: MailServers, cutting_proxy: MakeProxy) -> None:
    proxy = await cutting_proxy(mail_servers.imap)
    user = mail_servers.new_user()

    async with signed_in(server(proxy.port, deadline=0.5), user) as session:
        await session.select("INBOX")
        proxy.rule = lambda number, way, before, new: "stall"
        started = time.monotonic()
        with pytest.raises(ImapLost):
            await session.uids_after(0)
        assert time.monotonic() - started < 1.5
    proxy.cut_all()


async def test_a_server_that_never_greets_or_never_goes_idle_is_given_up(
    mail_servers: MailServers, cutting_proxy: MakeProxy
) -> None:
    proxy = await cutting_proxy(mail_servers.imap)
    user = mail_servers.new_user()

    async with signed_in(server(proxy.port, deadline=0.5), user) as session:
        await session.select("INBOX")
        await session.uids_after(0)
        proxy.rule = lambda number, way, before, new: "stall" if way == DOWN else "pass"
        started = time.monotonic()
        with pytest.raises(ImapLost):
            await session.wait_for_news(renew=60, poll=60)
        assert time.monotonic() - started < 1.5

    with pytest.raises((ImapLost, TimeoutError)):
        async with ImapSession(server(proxy.port, deadline=0.5)):
            pass


async def test_subjects_with_parentheses_do_not_merge_messages(mail_servers: MailServers, read: Callable[..., Reader]) -> None:
    user = mail_servers.new_user()
    mails = [mail(subject=subject, body=f"{subject}\r\n)\r\n* 9 FETCH (\r\n") for subject in (":-(", ":-)", "((((", "))))")]
    mail_servers.deliver(user, *mails)

    reader = read(user)
    await reader.until(4)

    assert reader.sink.raws == mails


async def test_xoauth2_is_taken_and_its_refusal_says_why_at_once(mail_servers: MailServers) -> None:
    user = mail_servers.new_user()
    mail_servers.tokens["good"] = user

    async with ImapSession(server(mail_servers.imap)) as session:
        await session.xoauth2(user, "good")
        assert session._client.has_capability("IDLE"), "what is offered after sign-in is known"
        await session.select("INBOX")

    started = time.monotonic()
    with pytest.raises(ImapDenied) as denied:
        async with ImapSession(server(mail_servers.imap)) as session:
            await session.xoauth2(user, "expired")
    assert time.monotonic() - started < 4.0
    assert '"status"' in str(denied.value)


@pytest.mark.parametrize("mailbox", ["Two Words", 'with "quotes" and \\', "客户服务", "R&D", "Parent.Child"])
async def test_mailboxes_of_any_name_are_opened(mail_servers: MailServers, read: Callable[..., Reader], mailbox: str) -> None:
    user, raw = mail_servers.new_user(), mail()
    mail_servers.deliver(user, raw, mailbox=mailbox)

    reader = read(user, mailbox=mailbox)
    await reader.until(1)

    assert reader.sink.raws == [raw]


async def test_a_mailbox_that_is_not_there_needs_a_person(mail_servers: MailServers, read: Callable[..., Reader]) -> None:
    reader = read(mail_servers.new_user(), mailbox="No Such Box")

    await reader.until_told("needs_person")

    assert "No Such Box" in reader.states[-1][1]


async def test_a_wrong_password_needs_a_person(mail_servers: MailServers) -> None:
    with pytest.raises(ImapDenied):
        async with ImapSession(server(mail_servers.imap)) as session:
            await session.login(mail_servers.new_user(), "wrong")
    with pytest.raises(ImapDenied):
        async with ImapSession(server(mail_servers.imap)) as session:
            await session.login("a\r\nx LOGOUT", "b")


# TLS


@pytest.mark.parametrize(("port", "security"), [("imaps", "tls"), ("imap", "starttls")])
async def test_tls_from_the_start_and_by_starttls(mail_servers: MailServers, port: str, security: str) -> None:
    trusting = ssl.create_default_context(cafile=str(mail_servers.certificate))
    user = mail_servers.new_user()

    async with signed_in(server(mail_servers.ports[port], security, tls=trusting), user) as session:
        assert session._client.protocol.transport.get_extra_info("cipher") is not None
        assert await session.select("INBOX") > 0

    with pytest.raises(ssl.SSLCertVerificationError):
        async with ImapSession(server(mail_servers.ports[port], security, tls=ssl.create_default_context())):
            pass


async def test_words_slipped_in_behind_the_answer_to_starttls_end_the_connection(
    mail_servers: MailServers, cutting_proxy: MakeProxy
) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"* OK ready\r\n")
        await reader.readline()
        writer.write(b"s OK begin\r\n* PREAUTH injected\r\n")
        await reader.read()
        writer.close()

    listener = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    trusting = ssl.create_default_context(cafile=str(mail_servers.certificate))
    with pytest.raises((ImapLost, OSError, TimeoutError)):
        async with ImapSession(server(port, "starttls", tls=trusting, deadline=0.5)):
            pass
    listener.close()


# Nothing lost, nothing doubled


@pytest.mark.covers("E-02")
async def test_new_mail_is_seen_at_once_and_stays_unread(mail_servers: MailServers, read: Callable[..., Reader]) -> None:
    user = mail_servers.new_user()
    reader = read(user)
    await reader.until_told("connected")
    await asyncio.sleep(0.3)

    for number in range(1, 4):
        raw = mail(body="\x01\x7f odd bytes\r\n")
        await asyncio.to_thread(mail_servers.deliver, user, raw)
        await reader.until(number, seconds=3)
        assert reader.sink.raws[-1] == raw

    assert "\\Seen" not in mail_servers.doveadm("fetch", "-u", user, "flags", "mailbox", "INBOX", "all")
    (first, *_) = reader.sink.taken.values()
    assert first.envelope["via"] == "imap"
    assert first.envelope["mailbox"] == "INBOX"
    assert first.key == f"imap:{sha256(first.raw).hexdigest()}"


async def test_idle_is_renewed(mail_servers: MailServers, read: Callable[..., Reader]) -> None:
    user = mail_servers.new_user()
    reader = read(user, renew=0.4)
    await reader.until_told("connected")
    await asyncio.sleep(1.5)

    mail_servers.deliver(user, mail())
    await reader.until(1, seconds=3)

    assert {state for state, _ in reader.states} == {"connected"}


async def test_cut_at_any_point_of_the_conversation_nothing_is_lost_or_doubled(
    mail_servers: MailServers, cutting_proxy: MakeProxy, read: Callable[..., Reader]
) -> None:
    user = mail_servers.new_user()
    mails = [mail(body="x" * 30_000) for _ in range(12)]
    mail_servers.deliver(user, *mails)

    for cut_after in (0, 200, 600, 900, 1200, 1500, *range(30_000, 290_000, 60_000)):
        proxy = await cutting_proxy(mail_servers.imap)

        def cut(number: int, way: str, before: bytes, new: bytes, at: int = cut_after) -> str:
            return "pass+cut" if way == DOWN and number == 0 and len(before) + len(new) > at else "pass"

        proxy.rule = cut
        reader = read(user, port=proxy.port, batch_bytes=70_000)
        await reader.until(len(mails))
        await reader.stop()
        assert sorted(reader.sink.raws) == sorted(mails)
        assert proxy.connections >= 2


async def test_killed_at_any_acceptance_it_resumes_where_the_sink_stands(
    mail_servers: MailServers, read: Callable[..., Reader]
) -> None:
    user = mail_servers.new_user()
    mails = [mail() for _ in range(8)]
    mail_servers.deliver(user, *mails)

    for killed_at in range(1, 9):
        reader = read(user, start=False, batch_bytes=1500)

        def kill(handover: object, reader: Reader = reader, at: int = killed_at) -> Exception | None:
            if reader.sink.calls == at and reader._task is not None:
                reader._task.cancel()
            return None

        reader.sink.fail_when = kill
        reader.start()
        assert reader._task is not None
        await asyncio.wait({reader._task}, timeout=5)
        reader.sink.fail_when = lambda handover: None
        reader.start()
        await reader.until(len(mails))
        await reader.stop()
        assert sorted(reader.sink.raws) == sorted(mails)
        assert reader.sink.cursors["imap:INBOX"].endswith(":8")


async def test_while_the_sink_is_down_nothing_moves_and_afterwards_everything_comes(
    mail_servers: MailServers, read: Callable[..., Reader]
) -> None:
    user = mail_servers.new_user()
    mails = [mail() for _ in range(5)]
    mail_servers.deliver(user, *mails)
    reader = read(user, start=False)
    reader.sink.refuse(7, Unavailable("database gone"))

    reader.start()
    await reader.until_told("retrying")
    assert reader.sink.cursors == {}
    await reader.until(5)

    assert sorted(reader.sink.raws) == sorted(mails)


async def test_a_renumbered_mailbox_doubles_nothing(mail_servers: MailServers, read: Callable[..., Reader]) -> None:
    user = mail_servers.new_user()
    mails = [mail() for _ in range(3)]
    mail_servers.deliver(user, *mails, mailbox="Box")
    reader = read(user, mailbox="Box")
    await reader.until(3)
    before = reader.sink.cursors["imap:Box"]

    await reader.stop()
    mail_servers.doveadm("mailbox", "delete", "-u", user, "Box")
    await asyncio.sleep(1.1)  # Dovecot takes UIDVALIDITY from the clock
    mail_servers.deliver(user, *mails, mail(), mailbox="Box")
    reader.start()
    await reader.until(4)

    assert reader.sink.cursors["imap:Box"].split(":")[0] != before.split(":")[0]
    assert len(reader.sink.duplicates) == 3


async def test_a_mail_moved_between_two_folders_that_are_read_stays_one(
    mail_servers: MailServers, read: Callable[..., Reader]
) -> None:
    user, raw = mail_servers.new_user(), mail()
    mail_servers.deliver(user, raw)
    inbox, archive = read(user), read(user, mailbox="Archive", start=False)
    archive.sink = inbox.sink
    archive.start()
    await inbox.until(1)

    mail_servers.doveadm("move", "-u", user, "Archive", "mailbox", "INBOX", "all")
    async with asyncio.timeout(5):
        while not inbox.sink.duplicates:
            await asyncio.sleep(0.05)

    assert len(inbox.sink.taken) == 1


async def test_a_mail_the_sink_cannot_take_is_put_aside_after_three_tries_and_the_rest_comes(
    mail_servers: MailServers, read: Callable[..., Reader]
) -> None:
    user = mail_servers.new_user()
    poison, good = mail(subject="poison"), [mail() for _ in range(4)]
    mail_servers.deliver(user, *good[:2], poison, *good[2:])
    reader = read(user, start=False)
    reader.sink.fail_when = lambda handover: Invalid("no") if handover.raw == poison else None

    reader.start()
    await reader.until(5, seconds=20)

    assert sorted(reader.sink.raws) == sorted([b"", *good])
    (aside,) = (handover for handover in reader.sink.taken.values() if not handover.raw)
    assert aside.envelope["unfetched"] is True
    assert aside.envelope["uid"] == 3


async def test_a_mail_that_breaks_the_connection_is_put_aside_after_three_tries_and_the_rest_comes(
    mail_servers: MailServers, cutting_proxy: MakeProxy, read: Callable[..., Reader]
) -> None:
    proxy = await cutting_proxy(mail_servers.imap)
    user = mail_servers.new_user()
    poison, good = mail(subject="poison", body="CUT HERE\r\n"), [mail() for _ in range(4)]
    mail_servers.deliver(user, *good[:2], poison, *good[2:])
    proxy.rule = lambda number, way, before, new: "cut" if way == DOWN and b"CUT HERE" in new else "pass"

    reader = read(user, port=proxy.port)
    await reader.until(5, seconds=25)

    assert sorted(reader.sink.raws) == sorted([b"", *good])


async def test_of_a_mail_beyond_all_bounds_the_beginning_is_taken_and_it_is_said(
    mail_servers: MailServers, read: Callable[..., Reader]
) -> None:
    user = mail_servers.new_user()
    big, small = mail(body="x" * 300_000 + "\r\n"), mail()
    mail_servers.deliver(user, big, small)

    reader = read(user, message_bytes=100_000)
    await reader.until(2)

    first, second = reader.sink.taken.values()
    assert first.raw == big[:100_000]
    assert first.envelope["truncated_from"] == len(big)
    assert second.raw == small
    assert "truncated_from" not in second.envelope


async def test_mail_expunged_between_search_and_fetch_is_passed_over(
    mail_servers: MailServers, cutting_proxy: MakeProxy, read: Callable[..., Reader]
) -> None:
    proxy = await cutting_proxy(mail_servers.imap)
    user, keep = mail_servers.new_user(), mail()
    mail_servers.deliver(user, mail(), keep)

    def expunge(number: int, way: str, before: bytes, new: bytes) -> str:
        if way == UP and b"RFC822.SIZE" in new:
            mail_servers.doveadm("expunge", "-u", user, "mailbox", "INBOX", "uid", "1")
        return "pass"

    proxy.rule = expunge
    reader = read(user, port=proxy.port)
    await reader.until(1)
    await asyncio.to_thread(mail_servers.deliver, user, mail())
    await reader.until(2)

    assert keep in reader.sink.raws


async def test_a_refusal_of_select_is_told_by_name(mail_servers: MailServers) -> None:
    async with signed_in(server(mail_servers.imap), mail_servers.new_user()) as session:
        with pytest.raises(ImapRefused, match="NO"):
            await session.select("Nope")
