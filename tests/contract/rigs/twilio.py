"""The Twilio adapter, with the simulator of the demo."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import msgspec

from hub.channels.contract import AdapterEntry
from hub.channels.sms.twilio.settings import TwilioSettings
from hub.devkit.twilio import simulator
from hub.messages.address import Address, AddressKind, ChannelKind
from hub.messages.content import StoredFile
from tests.contract.kit import Fixture, Rig
from tests.fixtures.adapters import outbound
from tests.ports import free_ports

_NUMBER, _CUSTOMER = "+14155550100", "+14155552671"
_TOKEN, _OLD = "token-of-the-account", "token-of-yesterday"


@asynccontextmanager
async def open_rig(entry: AdapterEntry, fixture: Fixture) -> AsyncIterator[Rig]:
    async with simulator(numbers={_NUMBER: "http://localhost/hooks/x"}, tokens=[_TOKEN]) as twilio:
        settings = TwilioSettings(
            account_sid=twilio.account_sid, auth_token=_OLD, auth_token_other=_TOKEN, sender=_NUMBER, base_url=twilio.url
        )
        message = outbound(ChannelKind.SMS, _CUSTOMER)

        async def arrived() -> str:
            return str([one.form for one in twilio.asked])

        yield Rig(
            entry=entry,
            settings=settings,
            unreachable=msgspec.structs.replace(settings, base_url=f"http://127.0.0.1:{free_ports(1)[0]}"),
            message=message,
            arrived=arrived,
            secret_fields=frozenset({"auth_token", "auth_token_other", "api_key_secret"}),
            secrets=(_TOKEN, _OLD),
            hostile=[
                replace(message, to=()),
                replace(message, to=(*message.to, Address(kind=AddressKind.PHONE, value="+14155552672"))),
                replace(message, text=""),
                replace(message, text="\x00\ud800"),
                replace(message, text="x" * 5000),
                replace(message, to=(Address(kind=AddressKind.PHONE, value="\ud800&From=+1"),)),
                replace(message, to=(Address(kind=AddressKind.PHONE, value="Bank&Body=x"),)),
                replace(message, files=(StoredFile(filename="../\r\nx", content_type="a/b", size=1, sha256="0" * 64),)),
            ],
        )
