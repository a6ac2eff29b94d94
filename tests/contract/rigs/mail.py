"""The mail adapter, with a real Dovecot and a real Postfix."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import msgspec

from hub.channels.contract import AdapterEntry
from hub.channels.email.settings import MailSettings
from hub.messages.address import Address, AddressKind, ChannelKind
from hub.messages.content import StoredFile
from tests.contract.kit import Fixture, Rig
from tests.fixtures.adapters import outbound
from tests.fixtures.mail import PASSWORD, MailServers, mail
from tests.ports import free_ports

_SECRETS = frozenset({"imap_password", "smtp_password", "oauth_client_secret", "oauth_refresh_token", "dkim_private_key"})


@asynccontextmanager
async def open_rig(entry: AdapterEntry, fixture: Fixture) -> AsyncIterator[Rig]:
    servers: MailServers = fixture("mail_servers")
    user, customer = servers.new_user(), servers.new_user()
    settings = MailSettings(
        address=user,
        inbound="both",
        imap_host="localhost",
        imap_port=servers.imap,
        imap_security="none",
        imap_user=user,
        imap_password=PASSWORD,
        smtp_host="localhost",
        smtp_port=servers.smtp,
        smtp_security="none",
    )
    nobody = free_ports(1)[0]
    message = outbound(ChannelKind.EMAIL, customer, subject="Hello", token="a" * 40)

    async def arrived() -> str:
        await asyncio.sleep(0.5)
        return await asyncio.to_thread(servers.doveadm, "fetch", "-u", customer, "text", "mailbox", "INBOX", "all")

    yield Rig(
        entry=entry,
        settings=settings,
        unreachable=msgspec.structs.replace(settings, imap_port=nobody, smtp_port=nobody, smtp_user=user, smtp_password=PASSWORD),
        message=message,
        arrived=arrived,
        secret_fields=_SECRETS,
        secrets=(PASSWORD,),
        hostile=[
            replace(message, to=()),
            replace(message, subject="x\r\nBcc: evil@x.test"),
            replace(message, author_name="x\r\nBcc: evil@x.test"),
            replace(message, to=(Address(kind=AddressKind.EMAIL, value="a@b.test>\r\nRCPT TO:<evil@x.test"),)),
            replace(message, to=(Address(kind=AddressKind.EMAIL, value="用户@例子.测试"),)),
            replace(message, to=(Address(kind=AddressKind.EMAIL, value="no address"),)),
            replace(message, message_ids=("<a@b>\r\nX: y",)),
            replace(message, text="\x00\ud800", html="<p>\x00"),
            replace(message, files=(StoredFile(filename="../\r\nx", content_type="a/b", size=1, sha256="0" * 64),)),
        ],
        raw_samples=[mail(), mail(body="x" * 5000 + "\r\n"), b"", b"\r\n"],
    )
