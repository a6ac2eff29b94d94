"""What routing does because time passed: sets response clocks, tells what is overdue, answers after hours, ends after-call work."""

import asyncio
import logging
from collections.abc import Mapping

from hub import clock
from hub.conversations.waits import mark_overdue, set_due
from hub.db import Database
from hub.errors import HubError
from hub.ids import CalendarId, QueueId
from hub.routing.after_hours import AfterHours
from hub.routing.calendars import read_calendars
from hub.routing.clock import Wait, newly_overdue, unset_waits
from hub.routing.hours import Calendar
from hub.routing.presence import Presence
from hub.routing.snapshot import read_queues
from hub.routing.values import Queue

log = logging.getLogger(__name__)

POLL = 1.0  # seconds between rounds nobody asked for
REST = 0.2  # seconds between two rounds
_LOCK = "routing.clock"


class Keeper:
    """Runs in every process; the lock lets one do it at a time, and whatever one leaves the next round finds."""

    def __init__(self, db: Database, presence: Presence, after_hours: AfterHours) -> None:
        self._db, self._presence, self._after_hours = db, presence, after_hours
        self._woken = asyncio.Event()

    async def run(self) -> None:
        """Look after every change and once a second, until cancelled. While the database is away it waits for it."""
        end = self._db.listen("events", self._woken.set)
        try:
            while True:
                self._woken.clear()
                try:
                    await self.settle()
                except HubError as error:
                    log.warning("the response clocks wait", extra={"code": error.code})
                    await asyncio.sleep(POLL)
                await clock.wait(self._woken, POLL)
                await asyncio.sleep(REST)
        finally:
            end()

    async def settle(self) -> None:
        """One round."""
        await self._presence.end_wrap_ups()
        queues = await read_queues(self._db)
        if not any(queue.keeps_a_clock for queue in queues.values()):
            return
        calendars = await read_calendars(self._db)
        waits = await unset_waits(self._db, queues, calendars)
        late = await newly_overdue(self._db, clock.now())
        if not waits and not late:
            return
        async with self._db.unit_of_work() as work:
            if not await work.try_hold(_LOCK):
                return
            await set_due(work, {wait.conversation_id: (wait.since, wait.due_at) for wait in waits})
            await mark_overdue(work, late, clock.now())
        await self._answer(waits, queues, calendars)

    async def _answer(self, waits: list[Wait], queues: Mapping[QueueId, Queue], calendars: Mapping[CalendarId, Calendar]) -> None:
        for wait in waits:
            queue = queues[wait.queue_id]
            calendar = calendars.get(queue.calendar_id) if queue.calendar_id else None
            if calendar is not None and queue.after_hours:
                await self._after_hours.answer(wait.conversation_id, queue.after_hours, calendar, wait.since)
