"""The SMTP and LMTP doors, with real clients and a real Postfix in front."""

import asyncio
import smtplib
import socket
import time
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from hub.channels.email.smtp_in import DoorLimits, MailDoor, NoRoute, Route
from hub.channels.email.smtp_session import MailSession
from hub.errors import Unavailable
from hub.ids import AccountId
from tests.fixtures.mail import MailServers, MemorySink, mail, smtp_client

DESK, SALES = AccountId(uuid4()), AccountId(uuid4())
_ACCOUNTS = {"desk": DESK, "sales": SALES}


class Hub:
    """A door with two accounts behind it, each with a sink of its own."""

    def __init__(self) -> None:
        self.sinks = {DESK: MemorySink(), SALES: MemorySink()}
        self.doors: list[MailDoor] = []

    @property
    def desk(self) -> MemorySink:
        return self.sinks[DESK]

    async def resolve(self, address: str) -> Route:
        local = address.partition("@")[0].partition("+")[0]
        if local == "later":
            return NoRoute.LATER
        if local == "broken":
            raise ZeroDivisionError("a secret of ours")
        if local == "slow":
            await asyncio.sleep(60)
        return _ACCOUNTS.get(local, NoRoute.UNKNOWN)

    async def open(self, *, port: int = 0, **limits: object) -> MailDoor:
        door = MailDoor(self.resolve, self.sinks.__getitem__, limits=DoorLimits(**limits))  # type: ignore[arg-type]
        await door.start(smtp=("127.0.0.1", 0), lmtp=("127.0.0.1", port))
        self.doors.append(door)
        return door


@pytest.fixture
async def hub() -> AsyncIterator[Hub]:
    made = Hub()
    yield made
    for door in made.doors:
        await door.stop()


async def send(port: int, raw: bytes, *to: str, sender: str = "a@customer.test", lmtp: bool = False) -> object:
    """What smtplib makes of it: {} or {refused recipient: (code, text)}, or its exception."""

    def work() -> object:
        with smtp_client(port, lmtp=lmtp) as client:
            return client.sendmail(sender, to or ["desk@hub.test"], raw)

    try:
        return await asyncio.to_thread(work)
    except smtplib.SMTPException as error:
        return error


async def talk(port: int, *lines: bytes, until: float = 2.0) -> bytes:
    """Write all at once and give back everything that was answered within `until` seconds."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"".join(lines))
    answer = b""
    try:
        async with asyncio.timeout(until):
            while chunk := await reader.read(65536):
                answer += chunk
    except TimeoutError:
        pass
    writer.close()
    return answer


@pytest.mark.covers("E-01")
async def test_a_mail_is_stored_byte_for_byte_before_it_is_acknowledged(hub: Hub) -> None:
    door = await hub.open()
    raw = mail(body="line\r\n.\r\n..two dots\r\n正文\r\n")

    assert await send(door.ports["smtp"], raw) == {}

    (handover,) = hub.desk.taken.values()
    assert handover.raw == raw
    assert handover.envelope["mail_from"] == "a@customer.test"
    assert handover.envelope["rcpt_tos"] == ["desk@hub.test"]
    assert handover.envelope["via"] == "smtp"


async def test_bare_line_ends_and_bytes_of_no_charset_are_kept_exactly(hub: Hub) -> None:
    door = await hub.open()
    raw = b"Subject: x\r\n\r\nbare\nnewline, bare\rreturn, \x00, \xff\xfe\r\n.dot\r\n"

    answer = await talk(
        door.ports["smtp"],
        b"EHLO x\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<desk@hub.test>\r\nDATA\r\n",
        raw.replace(b"\r\n.", b"\r\n.."),
        b".\r\nQUIT\r\n",
    )

    assert b"250 2.0.0 Message accepted" in answer
    assert hub.desk.raws == [raw]


@pytest.mark.parametrize(
    "false_end",
    [b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r", b"\r\n.\r", b"\n.\r", b"\r\n\x00.\r\n", b"\r.\r\n", b"\r\n.\x00\r\n"],
)
async def test_a_smuggled_mail_stays_part_of_the_one_that_carries_it(hub: Hub, false_end: bytes) -> None:
    door = await hub.open()
    smuggled = b"MAIL FROM:<evil@x.test>\r\nRCPT TO:<desk@hub.test>\r\nDATA\r\nSubject: evil\r\n\r\nx"

    answer = await talk(
        door.ports["smtp"],
        b"EHLO x\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<desk@hub.test>\r\nDATA\r\nSubject: good\r\n\r\nx",
        false_end + smuggled + b"\r\n.\r\nQUIT\r\n",
    )

    assert answer.count(b"Message accepted") == 1
    assert len(hub.desk.taken) == 1
    assert b"evil@x.test" in hub.desk.raws[0]


@pytest.mark.parametrize(
    "line", [b"MAIL FROM:<a@b\r\nRCPT TO:<desk@hub.test>>", b"MAIL FROM:<a\xff@b.test>", b"MAIL FROM:<a\x00@b>"]
)
async def test_a_path_with_control_characters_is_refused(hub: Hub, line: bytes) -> None:
    door = await hub.open()

    answer = await talk(door.ports["smtp"], b"EHLO x\r\n" + line + b"\r\nQUIT\r\n")

    assert b"553" in answer
    assert not hub.desk.calls


async def test_an_unknown_recipient_gets_550_and_the_others_their_mail(hub: Hub) -> None:
    door = await hub.open()

    refused = await send(door.ports["smtp"], mail(), "desk@hub.test", "nobody@hub.test", "desk@elsewhere.test")

    assert isinstance(refused, dict)
    assert {address: code for address, (code, _) in refused.items()} == {"nobody@hub.test": 550}
    assert len(hub.desk.taken) == 1


@pytest.mark.parametrize("local", ["later", "broken", "slow"])
async def test_a_recipient_we_cannot_tell_of_now_gets_451_within_a_second(hub: Hub, local: str) -> None:
    door = await hub.open()
    started = time.monotonic()

    refused = await send(door.ports["smtp"], mail(), f"{local}@hub.test")

    assert isinstance(refused, smtplib.SMTPRecipientsRefused)
    code, text = refused.recipients[f"{local}@hub.test"]
    assert code == 451
    assert b"secret" not in text
    assert time.monotonic() - started < 1.5


@pytest.mark.parametrize("fault", [Unavailable("database gone"), OSError("a secret of ours"), None])
async def test_when_it_cannot_be_stored_the_answer_is_451_within_a_second(hub: Hub, fault: Exception | None) -> None:
    door = await hub.open()
    hub.desk.hang(1) if fault is None else hub.desk.refuse(1, fault)
    raw = mail()
    started = time.monotonic()

    refused = await send(door.ports["smtp"], raw)

    assert isinstance(refused, smtplib.SMTPDataError)
    assert refused.smtp_code == 451
    assert b"secret" not in refused.smtp_error
    assert time.monotonic() - started < 1.5
    assert await send(door.ports["smtp"], raw) == {}, "the sender's next try goes through"
    assert len(hub.desk.taken) == 1


async def test_a_repeated_mail_is_the_same_mail(hub: Hub) -> None:
    door = await hub.open()
    raw = mail()

    await send(door.ports["smtp"], b"Received: from one\r\n" + raw)
    await send(door.ports["smtp"], b"Received: from two\r\n" + raw)

    assert len(hub.desk.taken) == 1
    assert len(hub.desk.duplicates) == 1


async def test_a_client_that_goes_before_the_answer_finds_its_mail_known(hub: Hub) -> None:
    door = await hub.open()
    lines = b"EHLO x\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<desk@hub.test>\r\nDATA\r\nSubject: x\r\n\r\nx\r\n.\r\n"
    _, writer = await asyncio.open_connection("127.0.0.1", door.ports["smtp"])
    writer.write(lines)
    await asyncio.sleep(0.3)
    writer.transport.abort()

    await talk(door.ports["smtp"], lines + b"QUIT\r\n")

    assert len(hub.desk.taken) == 1


async def test_too_big_a_mail_gets_552_and_the_session_goes_on(hub: Hub) -> None:
    door = await hub.open(message_bytes=20_000)

    def work() -> tuple[int, int, dict[str, tuple[int, bytes]]]:
        with smtp_client(door.ports["smtp"]) as client:
            client.ehlo()
            assert client.esmtp_features["size"] == "20000"
            declared = client.mail("a@b.test", ["SIZE=20001"])[0]
            client.mail("a@b.test")
            client.rcpt("desk@hub.test")
            real = client.data(b"x" * 30_000)[0]
            return declared, real, client.sendmail("a@b.test", ["desk@hub.test"], mail())

    assert await asyncio.to_thread(work) == (552, 552, {})
    assert len(hub.desk.taken) == 1


async def test_with_too_many_bytes_in_flight_senders_are_asked_to_come_back(hub: Hub) -> None:
    door = await hub.open(bytes_in_flight=50_000)

    refused = await send(door.ports["smtp"], b"Subject: x\r\n\r\n" + b"x" * 60_000)
    assert isinstance(refused, smtplib.SMTPException)
    assert "452" in str(refused)

    assert await send(door.ports["smtp"], mail()) == {}, "and there is room again afterwards"


@pytest.mark.parametrize("length", [998, 1_001, 65_537, 3_000_000])
async def test_lines_of_any_length_arrive(hub: Hub, length: int) -> None:
    door = await hub.open()
    raw = b"Subject: long\r\n\r\n" + b"x" * length + b"\r\n"

    assert await send(door.ports["smtp"], raw) == {}

    assert hub.desk.raws == [raw]


async def test_8bitmime_and_smtputf8_are_taken(hub: Hub) -> None:
    door = await hub.open()
    raw = "Subject: 你好\r\n\r\n正文\r\n".encode()

    def work() -> tuple[int, bytes]:
        with smtp_client(door.ports["smtp"]) as client:
            client.ehlo()
            assert client.has_extn("8bitmime")
            assert client.has_extn("smtputf8")
            client.command_encoding = "utf-8"
            assert client.docmd("MAIL FROM:<用户@例子.测试> BODY=8BITMIME SMTPUTF8")[0] == 250
            assert client.docmd("RCPT TO:<desk+你好@hub.test>")[0] == 250
            return client.data(raw)

    assert (await asyncio.to_thread(work))[0] == 250
    (handover,) = hub.desk.taken.values()
    assert handover.raw == raw
    assert handover.envelope["mail_from"] == "用户@例子.测试"
    assert handover.envelope["rcpt_tos"] == ["desk+你好@hub.test"]


async def test_the_null_sender_is_empty_in_the_envelope(hub: Hub) -> None:
    door = await hub.open()

    assert await send(door.ports["smtp"], mail(), sender="<>") == {}

    (handover,) = hub.desk.taken.values()
    assert handover.envelope["mail_from"] == ""


async def test_a_mail_for_two_accounts_goes_to_both_and_is_taken_only_when_both_have_it(hub: Hub) -> None:
    door = await hub.open()
    raw = mail()
    hub.sinks[SALES].refuse(1, Unavailable())

    refused = await send(door.ports["smtp"], raw, "desk@hub.test", "sales@hub.test")
    assert isinstance(refused, smtplib.SMTPDataError)
    assert await send(door.ports["smtp"], raw, "desk@hub.test", "sales@hub.test") == {}

    assert [len(sink.taken) for sink in hub.sinks.values()] == [1, 1]
    assert len(hub.desk.duplicates) == 1


async def test_lmtp_answers_each_recipient_by_itself(hub: Hub) -> None:
    door = await hub.open()
    hub.sinks[SALES].refuse(1, OSError("disk"))

    def work() -> list[int]:
        with smtp_client(door.ports["lmtp"], lmtp=True) as client:
            client.ehlo()
            client.mail("a@b.test")
            for local in ("desk", "sales", "desk+x"):
                client.rcpt(f"{local}@hub.test")
            client.putcmd("DATA")
            client.getreply()
            client.send(b"Subject: x\r\n\r\nx\r\n.\r\n")
            return [client.getreply()[0] for _ in range(3)]

    assert await asyncio.to_thread(work) == [250, 451, 250]
    (handover,) = hub.desk.taken.values()
    assert handover.envelope["rcpt_tos"] == ["desk@hub.test", "desk+x@hub.test"]


@pytest.mark.covers("E-02")
async def test_postfix_delivers_by_lmtp_keeps_what_is_refused_for_now_and_bounces_the_unknown(
    hub: Hub, mail_servers: MailServers
) -> None:
    await hub.open(port=mail_servers.hub_lmtp)
    hub.sinks[SALES].refuse(1, Unavailable())
    hub.sinks[SALES].refuse(1, Unavailable())
    raw, sender = mail(), mail_servers.new_user()

    assert await send(mail_servers.smtp, raw, *(f"{n}@hublmtp.test" for n in ("desk", "sales", "nobody")), sender=sender) == {}

    async with asyncio.timeout(20):
        while not hub.sinks[SALES].taken:
            await asyncio.sleep(0.1)
    assert len(hub.desk.taken) == 1
    assert [handover.raw.endswith(raw) for sink in hub.sinks.values() for handover in sink.taken.values()] == [True, True]
    assert "nobody@hublmtp.test" in mail_servers.log()
    assert "dsn=5.1.1, status=bounced" in mail_servers.log()


async def test_sixteen_sessions_at_once(hub: Hub) -> None:
    door = await hub.open()
    each = 25

    def work() -> None:
        with smtp_client(door.ports["smtp"]) as client:
            for _ in range(each):
                client.sendmail("a@b.test", ["desk@hub.test"], mail(body="x" * 12_000))

    started = time.monotonic()
    await asyncio.gather(*(asyncio.to_thread(work) for _ in range(16)))

    assert len(hub.desk.taken) == 16 * each
    assert time.monotonic() - started < 20


async def test_one_peer_has_only_so_many_sessions(hub: Hub) -> None:
    door = await hub.open(sessions_per_peer=3, trusted_peers=())
    held = [await asyncio.open_connection("127.0.0.1", door.ports["smtp"]) for _ in range(3)]
    for reader, _ in held:
        assert (await reader.readline()).startswith(b"220")

    assert (await talk(door.ports["smtp"], until=1)).startswith(b"421")

    held[0][1].close()
    await asyncio.sleep(0.1)
    assert (await talk(door.ports["smtp"], b"QUIT\r\n", until=1)).startswith(b"220")
    for _, writer in held:
        writer.close()


async def test_sessions_that_do_nothing_are_cut_while_others_are_served(hub: Hub) -> None:
    door = await hub.open(command_timeout=0.6, message_timeout=0.6)
    slow = [await asyncio.open_connection("127.0.0.1", door.ports["smtp"]) for _ in range(200)]
    for number, (_, writer) in enumerate(slow):
        if number % 2:  # half of them stop in the middle of a message
            writer.write(b"EHLO x\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<desk@hub.test>\r\nDATA\r\nSubject: slow\r\n")

    async def drip(writer: asyncio.StreamWriter) -> None:
        while not writer.is_closing():
            writer.write(b"x")
            await asyncio.sleep(0.2)

    drips = [asyncio.create_task(drip(writer)) for _, writer in slow]
    started = time.monotonic()
    assert await send(door.ports["smtp"], mail()) == {}
    assert time.monotonic() - started < 1.0

    async with asyncio.timeout(5):
        for reader, _ in slow:
            try:
                while await reader.read(4096):
                    pass
            except ConnectionError:
                pass
    for task in drips:
        task.cancel()
    await asyncio.gather(*drips, return_exceptions=True)
    for _, writer in slow:
        writer.close()
    assert len(hub.desk.taken) == 1


async def test_commands_without_end_are_cut(hub: Hub) -> None:
    door = await hub.open()

    answer = await talk(door.ports["smtp"], b"EHLO x\r\n" * 40)
    assert b"421" in answer

    answer = await talk(door.ports["smtp"], b"X" * 300_000 + b"\r\nQUIT\r\n")
    assert b"500 Command line too long" in answer
    assert b"221" in answer


async def test_nobody_signs_in_and_nothing_is_told_of_users(hub: Hub) -> None:
    door = await hub.open()

    answer = await talk(door.ports["smtp"], b"EHLO x\r\nVRFY desk\r\nEXPN desk\r\nAUTH PLAIN AGEAYg==\r\nQUIT\r\n")

    assert b"250-AUTH" not in answer
    assert b"502 Could not VRFY" in answer
    assert b"502" in answer
    assert b"235" not in answer


async def test_stopping_lets_a_mail_that_is_being_stored_finish(hub: Hub) -> None:
    door = await hub.open()
    stored = asyncio.Event()

    class Slow(MemorySink):
        async def accept(self, handover: object) -> object:  # type: ignore[override]
            stored.set()
            await asyncio.sleep(0.4)
            return await super().accept(handover)  # type: ignore[arg-type]

    hub.sinks[DESK] = Slow()
    idle = socket.create_connection(("127.0.0.1", door.ports["smtp"]))
    sending = asyncio.create_task(send(door.ports["smtp"], mail()))
    await stored.wait()
    started = time.monotonic()

    await door.stop()

    assert await sending == {}
    assert time.monotonic() - started < 1.5
    idle.close()


async def test_who_was_let_in_just_before_the_door_stopped_is_sent_away(hub: Hub) -> None:
    door = await hub.open()
    client, ours = socket.socketpair()
    await door.stop()

    await asyncio.get_running_loop().connect_accepted_socket(lambda: MailSession(door), ours)
    reader, writer = await asyncio.open_connection(sock=client)

    assert await reader.read() == b"421 4.3.2 Shutting down\r\n"
    writer.close()
