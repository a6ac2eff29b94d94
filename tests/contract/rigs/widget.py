"""The widget: its provider is the hub itself, so there is nobody who could be away."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from hub.channels.contract import AdapterEntry
from hub.channels.webchat.settings import SiteSettings
from hub.messages.address import ChannelKind
from tests.contract.kit import Fixture, Rig
from tests.fixtures.adapters import outbound


@asynccontextmanager
async def open_rig(entry: AdapterEntry, fixture: Fixture) -> AsyncIterator[Rig]:
    message = outbound(ChannelKind.WEBCHAT, "01890000-0000-7000-8000-000000000001")
    yield Rig(
        entry=entry,
        settings=SiteSettings(allowed_origins=["https://www.example.com"]),
        unreachable=None,
        message=message,
        arrived=None,
        secret_fields=frozenset({"identity_secret", "identity_secret_previous"}),
        hostile=[replace(message, to=()), replace(message, text="\x00" * 100_000)],
    )
