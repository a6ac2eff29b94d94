"""What an adapter brings to the kit.

To add one: `rigs/<provider>.py` with `open_rig(entry, fixture)`, an asynchronous context manager that yields a `Rig`.
`fixture` gives pytest's fixtures by name, so that real servers start only where they are needed.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from hub.channels.catalog import adapter_class
from hub.channels.contract import AdapterEntry, ChannelAdapter, Settings
from hub.messages.content import OutboundMessage
from tests.fixtures.adapters import Lent
from tests.fixtures.mail import MemorySink

Fixture = Callable[[str], Any]


@dataclass(kw_only=True)
class Rig:
    """One adapter with a provider that answers, and the same adapter where nobody does.

    `arrived` gives what the provider got so far. `hostile` are messages no adapter may choke on: each is sent or fails
    with `SendError`. `secrets` are values that may appear in no record.
    """

    entry: AdapterEntry
    settings: Settings
    unreachable: Settings | None  # None where there is no provider beside ourselves
    message: OutboundMessage
    arrived: Callable[[], Awaitable[str]] | None
    secret_fields: frozenset[str]
    secrets: Sequence[str] = ()
    hostile: Sequence[OutboundMessage] = ()
    raw_samples: Sequence[bytes] = ()
    lent: Lent = field(default_factory=Lent)

    def adapter(self, settings: Settings | None = None) -> ChannelAdapter:
        """A new adapter of these settings."""
        return adapter_class(self.entry.provider)(settings or self.settings, self.lent.context)

    @asynccontextmanager
    async def sending(self, settings: Settings | None = None) -> AsyncIterator[ChannelAdapter]:
        """An adapter that sends: an exclusive one does so only where it runs."""
        adapter = self.adapter(settings)
        if adapter.connection == "shareable":
            yield adapter
            return
        running = asyncio.create_task(adapter.run(MemorySink()))
        try:
            async with asyncio.timeout(5):
                while not self.lent.states and not running.done():
                    await asyncio.sleep(0.02)
            yield adapter
        finally:
            running.cancel()
            await asyncio.wait([running])
