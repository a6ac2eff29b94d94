"""Who is there.

A connection is a row that its process keeps fresh, so that one whose process died falls silent by itself.
"""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

from hub import clock
from hub.bus import Bus
from hub.db import Database, Row, Work
from hub.ids import UserId
from hub.routing.events import presence_changed
from hub.routing.values import CAPACITY, AgentState, Rules

WRAP_UP_SECONDS = 60

_NEW = """
INSERT INTO agent_presence (user_id, state, since, capacity, seen_at, idle_since, returned)
VALUES ($1, $2, $3, $4, $3, $3, FALSE) ON CONFLICT (user_id) DO NOTHING"""
_WRAPPED_UP = "SELECT 1 FROM agent_presence WHERE state = 'wrap_up' AND until <= $1"
_BACK = """
UPDATE agent_presence SET state = 'online', since = $1, until = NULL WHERE state = 'wrap_up' AND until <= $1 RETURNING user_id"""
_LINK = "INSERT INTO agent_link (id, user_id, process_id, seen_at) VALUES ($1, $2, $3, $4)"


class Presence:
    """Keeps connections and chosen states; one for each process."""

    def __init__(self, db: Database, bus: Bus, rules: Rules) -> None:
        self._db, self._bus, self._rules = db, bus, rules
        self._process = uuid4()
        self._has_links = False

    async def connected(self, user_id: UUID, link: UUID) -> None:
        """A page of this agent is open. Their first sight of the hub makes them online."""
        now = clock.now()
        self._has_links = True
        async with self._db.unit_of_work() as work:
            await work.execute(_NEW, user_id, AgentState.ONLINE, now, CAPACITY)
            was_connected = await self._is_connected(work, user_id, now)
            await work.execute(_LINK, link, user_id, self._process, now)
            await work.execute("UPDATE agent_presence SET returned = FALSE WHERE user_id = $1", user_id)
            if not was_connected:
                await self._announce(work, user_id, is_connected=True)

    async def disconnected(self, link: UUID) -> None:
        """A page was closed or lost; with the last one the grace begins."""
        now = clock.now()
        async with self._db.unit_of_work() as work:
            rows = await work.fetch("DELETE FROM agent_link WHERE id = $1 RETURNING user_id", link)
            for row in rows:
                await self._seen(work, row["user_id"], now)
                if not await self._is_connected(work, row["user_id"], now):
                    await self._announce(work, row["user_id"], is_connected=False)

    async def choose(self, user_id: UUID, state: AgentState | str, seconds: int | None = None) -> None:
        """The agent wants to be seen so; after-call work ends by itself after `seconds`, `WRAP_UP_SECONDS` unless told."""
        now, wanted = clock.now(), AgentState(state)
        until = now + timedelta(seconds=seconds or WRAP_UP_SECONDS) if wanted is AgentState.WRAP_UP else None
        async with self._db.unit_of_work() as work:
            await work.execute(_NEW, user_id, wanted, now, CAPACITY)
            await work.execute(
                "UPDATE agent_presence SET state = $2, since = $3, until = $4, returned = FALSE WHERE user_id = $1",
                *(user_id, wanted, now, until),
            )
            await self._announce(work, user_id, is_connected=await self._is_connected(work, user_id, now))

    async def end_wrap_ups(self) -> None:
        """Who has finished their after-call work is online again."""
        now = clock.now()
        if await self._db.fetch_one(_WRAPPED_UP, now) is None:
            return
        async with self._db.unit_of_work() as work:
            for row in await work.fetch(_BACK, now):
                await self._announce(work, row["user_id"], is_connected=await self._is_connected(work, row["user_id"], now))

    async def refresh(self) -> None:
        """Say that this process lives and holds its connections, and clear away those of processes that do not."""
        now = clock.now()
        silent = await self._db.fetch(
            "SELECT user_id, max(seen_at) AS seen_at FROM agent_link WHERE seen_at < $1 GROUP BY user_id",
            now - self._rules.silence,
        )
        if not self._has_links and not silent:
            return
        async with self._db.unit_of_work() as work:
            await work.execute("UPDATE agent_link SET seen_at = $2 WHERE process_id = $1", self._process, now)
            gone = await work.fetch(
                "DELETE FROM agent_link WHERE seen_at < $1 RETURNING user_id, seen_at", now - self._rules.silence
            )
            for row in gone:
                await self._seen(work, row["user_id"], row["seen_at"])
            for user_id in {row["user_id"] for row in gone}:
                if not await self._is_connected(work, user_id, now):
                    await self._announce(work, user_id, is_connected=False)

    async def _seen(self, work: Work, user_id: UUID, at: datetime) -> None:
        await work.execute("UPDATE agent_presence SET seen_at = $2 WHERE user_id = $1 AND seen_at < $2", user_id, at)

    async def _is_connected(self, work: Work, user_id: UUID, now: datetime) -> bool:
        fresh = now - self._rules.silence
        row = await work.fetch_one("SELECT 1 FROM agent_link WHERE user_id = $1 AND seen_at > $2", user_id, fresh)
        return row is not None

    async def _announce(self, work: Work, user_id: UUID, *, is_connected: bool) -> None:
        row: Row | None = await work.fetch_one("SELECT state, since, until FROM agent_presence WHERE user_id = $1", user_id)
        if row is None:
            return
        work.announce(presence_changed(UserId(user_id), row["state"], row["since"], row["until"], is_connected))
        work.after_commit(lambda: self._bus.publish("wake.routing", {}))
