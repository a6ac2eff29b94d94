"""The Kannel adapter, with a real Kannel."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import msgspec

from hub.channels.contract import AdapterEntry
from hub.channels.sms.kannel.settings import KannelSettings
from hub.messages.address import Address, AddressKind, ChannelKind
from tests.contract.kit import Fixture, Rig
from tests.fixtures.adapters import outbound
from tests.fixtures.kannel import PASSWORD, USER, Kannel
from tests.ports import free_ports

_SECRET = "secret-of-the-hooks-1"


@asynccontextmanager
async def open_rig(entry: AdapterEntry, fixture: Fixture) -> AsyncIterator[Rig]:
    kannel: Kannel = fixture("kannel")
    kannel.configure(hooks_url="http://127.0.0.1:9/hooks/x", secret=_SECRET)
    await kannel.start()
    settings = KannelSettings(sendsms_url=kannel.url, username=USER, password=PASSWORD, hook_secret=_SECRET, sender="10690000")
    message = outbound(ChannelKind.SMS, "+8613800138000")

    async def arrived() -> str:
        """Kannel is told the id in the address of the reports, which only it sees: its log says what that was."""
        await kannel.connect_centre()
        async with asyncio.timeout(5):
            while "/dlr/" not in kannel.log:
                await asyncio.sleep(0.05)
        return kannel.log

    def to(text: str) -> tuple[Address, ...]:
        return (Address(kind=AddressKind.PHONE, value=text),)

    yield Rig(
        entry=entry,
        settings=settings,
        unreachable=msgspec.structs.replace(settings, sendsms_url=f"http://127.0.0.1:{free_ports(1)[0]}/cgi-bin/sendsms"),
        message=message,
        arrived=arrived,
        secret_fields=frozenset({"password", "hook_secret"}),
        secrets=(PASSWORD, _SECRET),
        hostile=[
            replace(message, to=()),
            replace(message, to=(*message.to, *to("+8613800138001"))),
            replace(message, to=to("+8613800138000 +8613800138001")),
            replace(message, to=to("1\r\nX-Kannel-From: evil")),
            replace(message, to=to("Bank")),
            replace(message, to=to("\ud800")),
            replace(message, text=""),
            replace(message, text="\x00\ud800"),
            replace(message, text="\x00" * 5000),
        ],
    )
