"""What delivery needs to know of a channel account."""

from dataclasses import dataclass
from typing import Protocol

from hub.channels.contract import ChannelAdapter
from hub.ids import AccountId, QueueId
from hub.messages.address import ChannelKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Carrier:
    """An enabled account with its adapter."""

    account_id: AccountId
    name: str
    channel: ChannelKind
    queue_id: QueueId | None
    adapter: ChannelAdapter


class Carriers(Protocol):
    """Where accounts come from."""

    async def get(self, account_id: AccountId) -> Carrier:
        """Raises `NotFound` for an unknown account and `Unavailable` for one that is switched off or cannot be built."""
        ...

    async def of_channel(self, channel: ChannelKind) -> list[Carrier]:
        """The enabled accounts of a channel, the oldest first."""
        ...
