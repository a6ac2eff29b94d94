"""The SMPP adapter, with the centre of the demo."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import msgspec

from hub.channels.contract import AdapterEntry
from hub.channels.sms.smpp.settings import SmppSettings
from hub.devkit.smsc import Smsc
from hub.messages.address import Address, AddressKind, ChannelKind
from tests.contract.kit import Fixture, Rig
from tests.fixtures.adapters import outbound
from tests.ports import free_ports

_PASSWORD = "s3cret!x"


@asynccontextmanager
async def open_rig(entry: AdapterEntry, fixture: Fixture) -> AsyncIterator[Rig]:
    centre = Smsc(system_id="hub", password=_PASSWORD)
    await centre.start()
    settings = SmppSettings(
        host="localhost", port=centre.port, system_id="hub", password=_PASSWORD, sender="10690000", response_seconds=1
    )
    message = outbound(ChannelKind.SMS, "+8613800138000")
    yield Rig(
        entry=entry,
        settings=settings,
        unreachable=msgspec.structs.replace(settings, port=free_ports(1)[0]),
        message=message,
        arrived=None,  # the protocol has no place for a key of ours
        secret_fields=frozenset({"password"}),
        secrets=(_PASSWORD,),
        hostile=[
            replace(message, to=()),
            replace(message, to=(*message.to, Address(kind=AddressKind.PHONE, value="+14155552672"))),
            replace(message, to=(Address(kind=AddressKind.PHONE, value="+1\x00" + "9" * 40),)),
            replace(message, to=(Address(kind=AddressKind.PHONE, value="用户"),)),
            replace(message, to=(Address(kind=AddressKind.PHONE, value="\ud800"),)),
            replace(message, to=(Address(kind=AddressKind.PHONE, value="+861380013" + "9909"),)),
            replace(message, text=""),
            replace(message, text="\x00\ud800"),
            replace(message, text="好" * 100_000),
        ],
    )
    await centre.stop()
