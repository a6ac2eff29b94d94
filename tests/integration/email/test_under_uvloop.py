"""The hub runs on uvloop, where a lost connection raises other errors than on asyncio's own loop."""

import asyncio
import smtplib
from uuid import uuid4

import pytest
import uvloop

from hub.channels.contract import SendError
from hub.channels.email.adapter import MailAdapter
from hub.channels.email.settings import MailSettings
from hub.channels.email.smtp_in import MailDoor
from hub.ids import AccountId
from hub.messages.address import ChannelKind
from hub.messages.states import SendFailure
from tests.fixtures.adapters import Lent, outbound
from tests.fixtures.mail import PASSWORD, MailServers, MemorySink, mail, smtp_client
from tests.fixtures.proxy import DOWN, UP, CuttingProxy


def test_a_reader_that_is_kicked_again_and_again_loses_nothing(mail_servers: MailServers) -> None:
    user = mail_servers.new_user()

    async def scenario() -> None:
        lent, sink = Lent(), MemorySink()
        lent.cursors = sink.cursors
        settings = MailSettings(
            address=user,
            inbound="imap",
            imap_host="localhost",
            imap_port=mail_servers.imap,
            imap_security="none",
            imap_user=user,
            imap_password=PASSWORD,
        )
        running = asyncio.create_task(MailAdapter(settings, lent.context).run(sink))
        for number in range(1, 5):
            await asyncio.to_thread(mail_servers.deliver, user, mail())
            async with asyncio.timeout(10):
                while len(sink.taken) < number:
                    assert not running.done()
                    await asyncio.sleep(0.02)
            await asyncio.sleep(0.1 * number)
            await asyncio.to_thread(mail_servers.kick, user)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        assert running.cancelled()

    uvloop.run(scenario())


@pytest.mark.parametrize("moment", ["before the dot", "after the dot"])
def test_a_sender_that_is_cut_knows_what_it_knows(mail_servers: MailServers, moment: str) -> None:
    user = mail_servers.new_user()

    def cut(number: int, way: str, before: bytes, new: bytes) -> str:
        if moment == "before the dot":
            return "cut" if number == 0 and way == UP and new.startswith(b"DATA") else "pass"
        return "cut" if way == DOWN and b"queued as" in new else "pass"

    async def scenario() -> None:
        proxy = CuttingProxy(mail_servers.smtp, cut)
        await proxy.start()
        settings = MailSettings(address=user, smtp_host="localhost", smtp_port=proxy.port, smtp_security="none")
        adapter = MailAdapter(settings, Lent().context)
        if moment == "before the dot":
            await adapter.send(outbound(ChannelKind.EMAIL, user))
        else:
            with pytest.raises(SendError) as failed:
                await adapter.send(outbound(ChannelKind.EMAIL, user))
            assert failed.value.failure is SendFailure.OUTCOME_UNKNOWN
        adapter.close()
        await proxy.stop()

    uvloop.run(scenario())


def test_the_door_outlives_clients_that_go_at_any_moment() -> None:
    async def scenario() -> None:
        sink, account = MemorySink(), AccountId(uuid4())

        async def resolve(address: str) -> AccountId:
            return account

        door = MailDoor(resolve, lambda _: sink)
        await door.start(smtp=("127.0.0.1", 0))
        talk = b"EHLO x\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<d@h.test>\r\nDATA\r\nSubject: x\r\n\r\nx\r\n.\r\nQUIT\r\n"
        for length in range(0, len(talk), 5):
            _, writer = await asyncio.open_connection("127.0.0.1", door.ports["smtp"])
            writer.write(talk[:length])
            await asyncio.sleep(0)
            writer.transport.abort()
        await asyncio.to_thread(_send, door.ports["smtp"])
        await door.stop()
        assert sink.raws

    uvloop.run(scenario())


def _send(port: int) -> None:
    with smtp_client(port) as client:
        assert isinstance(client, smtplib.SMTP)
        assert client.sendmail("a@b.test", ["d@h.test"], mail()) == {}
