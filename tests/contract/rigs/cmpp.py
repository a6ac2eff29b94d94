"""The CMPP adapter, with the gateway of the simulators."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import msgspec

from hub.channels.contract import AdapterEntry
from hub.channels.sms.cmpp.settings import CmppSettings
from hub.devkit.cmpp import CmppGateway
from hub.messages.address import Address, AddressKind, ChannelKind
from tests.contract.kit import Fixture, Rig
from tests.fixtures.adapters import outbound
from tests.ports import free_ports

_SECRET = "shared-by-both"


@asynccontextmanager
async def open_rig(entry: AdapterEntry, fixture: Fixture) -> AsyncIterator[Rig]:
    gateway = CmppGateway(secret=_SECRET)
    await gateway.start()
    settings = CmppSettings(
        host="localhost",
        port=gateway.port,
        sp_id="900001",
        shared_secret=_SECRET,
        sender="10690000",
        response_seconds=1,
    )
    message = outbound(ChannelKind.SMS, "+8613800138000")

    def to(text: str) -> tuple[Address, ...]:
        return (Address(kind=AddressKind.PHONE, value=text),)

    yield Rig(
        entry=entry,
        settings=settings,
        unreachable=msgspec.structs.replace(settings, port=free_ports(1)[0]),
        message=message,
        arrived=None,  # the protocol has no place for a key of ours
        secret_fields=frozenset({"shared_secret"}),
        secrets=(_SECRET,),
        hostile=[
            replace(message, to=()),
            replace(message, to=(*message.to, *to("+14155552672"))),
            replace(message, to=to("+1\x00" + "9" * 40)),
            replace(message, to=to("9" * 30)),
            replace(message, to=to("用户")),
            replace(message, to=to("١٢٣")),
            replace(message, to=to("\ud800")),
            replace(message, to=to("+8613800139909")),
            replace(message, text=""),
            replace(message, text="\x00\ud800"),
            replace(message, text="好" * 100_000),
        ],
    )
    await gateway.stop()
