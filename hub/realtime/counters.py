"""Counters to agents' pages: a notice `counts` with what changed, at most ten times a second."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from time import time

from hub.auth.callers import Caller
from hub.conversations.counts import LiveCounts, Watcher
from hub.conversations.sight import may_see
from hub.db import LoggedEvent
from hub.errors import HubError
from hub.realtime.agent_links import AgentLink, AgentLinks
from hub.realtime.crew import Crew

EVERY = 0.1  # seconds between two notices


class Counters:
    """Watches for every connection that is up to date, and tells it."""

    def __init__(self, links: AgentLinks, counts: LiveCounts, crew: Crew) -> None:
        self._links, self._counts, self._crew = links, counts, crew
        self._watchers: dict[str, Watcher] = {}
        self._woken = asyncio.Event()
        links.on_live, links.on_gone = self._arrived, self._left
        counts.on_change = self._woken.set

    def deliver(self, events: Sequence[LoggedEvent]) -> None:
        """What happened, in the order of the log (the tailer's callback)."""
        self._counts.apply(events)
        for event in events:
            if event.type == "view.changed":
                for link in self._links:
                    if may_see(link.caller, event.audience):
                        self._crew.start(self._watch(link), name=f"views of {link.sid}")

    async def run(self) -> None:
        """Tell until cancelled."""
        while True:
            await self._wait()
            self._woken.clear()
            await self._counts.recall()
            self._counts.settle()
            for link in self._links.live():
                self._tell(link)
            await asyncio.sleep(EVERY)

    async def _wait(self) -> None:
        due = self._counts.next_due
        with suppress(TimeoutError):
            async with asyncio.timeout(None if due is None else max(0.0, due - time())):
                await self._woken.wait()

    def _tell(self, link: AgentLink) -> None:
        watcher = self._watchers.get(link.sid)
        if watcher is not None and (news := watcher.news()):
            link.emit("notice", {"topic": "counts", "data": news})

    def _arrived(self, link: AgentLink) -> None:
        watcher = self._watchers.get(link.sid)
        if watcher is None or _differs(watcher.caller, link.caller):
            self._crew.start(self._watch(link), name=f"counters of {link.sid}")
        else:
            self._woken.set()

    def _left(self, link: AgentLink) -> None:
        self._watchers.pop(link.sid, None)
        self._counts.unwatch(link.sid)

    async def _watch(self, link: AgentLink) -> None:
        try:
            watcher = await self._counts.watch(link.sid, link.caller)
        except HubError:  # the database is away: so is the page's list, and it asks again when it is back
            return
        if self._links.get(link.sid) is link:
            self._watchers[link.sid] = watcher
            self._woken.set()
        else:
            self._counts.unwatch(link.sid)


def _differs(one: Caller, other: Caller) -> bool:
    return (one.rights, one.queue_ids, one.team_ids) != (other.rights, other.queue_ids, other.team_ids)
