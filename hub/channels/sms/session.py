"""One connection somebody has signed in on, whatever is spoken on it: requests in a window, the link watched from both ends."""

import asyncio
from abc import ABC, abstractmethod
from contextlib import suppress
from typing import Generic, TypeVar

from hub.channels.sms.link import Link, NotSent, Refused, Unanswered

T = TypeVar("T")  # what an answer is given as

_LANDING = 0.4  # seconds: what was submitted may still be answered when we are told to stop
_GOODBYE = 0.2  # seconds, for the answer to it


class OperatorSession(ABC, Generic[T]):
    """`carried` counts short messages, both ways."""

    def __init__(self, link: Link[T], *, window: int) -> None:
        self._link = link
        self._window = asyncio.Semaphore(window)
        self.carried = 0

    @property
    def is_up(self) -> bool:
        """Whether anything can still be sent."""
        return self._link.is_up

    async def ended(self) -> None:
        """Wait for the end; raises what it was, `LinkLost` where nothing worse."""
        await self._link.ended()

    async def serve(self) -> None:
        """Read and watch until the link ends; raises why."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._watch())
            await self._read(group)

    async def say_goodbye(self) -> None:
        """Let what is under way be answered for a moment, then take leave."""
        await self._link.landed(_LANDING)
        with suppress(NotSent, Unanswered, Refused):
            await self._take_leave(within=_GOODBYE)

    @abstractmethod
    async def _read(self, group: asyncio.TaskGroup) -> None:
        """Handle what comes, in tasks of `group` where it takes long; raises `LinkLost` at the end."""

    @abstractmethod
    async def _watch(self) -> None:
        """A link whose other half is gone looks well until somebody asks: raises `LinkLost` where nobody answers."""

    @abstractmethod
    async def _take_leave(self, *, within: float) -> None:
        """Say that this is the end. Raises `NotSent`, `Unanswered` and `Refused`."""
