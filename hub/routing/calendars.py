"""Calendars: made and edited by those who manage queues."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import date, time
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from hub import clock
from hub.auth import audit
from hub.auth.callers import Caller
from hub.conversations.waits import forget_due
from hub.db import Database, Reads, Row, UniqueViolation, Work
from hub.errors import Invalid, Stale
from hub.ids import CalendarId, QueueId, new_id
from hub.routing.errors import CalendarInUse, CalendarNameTaken, NoSuchCalendar
from hub.routing.events import calendar_changed
from hub.routing.hours import Calendar, Holiday, Period, overlapping

MOST_HOLIDAYS = 1000

_INSERT = """
INSERT INTO calendar (id, name, name_key, timezone, week, holidays, version, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, 1, $7, $7)"""
_UPDATE = """
UPDATE calendar SET name = $2, name_key = $3, timezone = $4, week = $5, holidays = $6, version = version + 1, updated_at = $7
WHERE id = $1"""


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarChange:
    """A calendar as it shall be, whole."""

    name: str
    timezone: str
    week: tuple[tuple[Period, ...], ...]
    holidays: tuple[Holiday, ...] = ()


class Calendars:
    """Verbs on calendars. `by` needs `queues.manage` (checked at the door)."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def all(self) -> list[Calendar]:
        """All calendars, by name."""
        return list((await read_calendars(self._db)).values())

    async def get(self, calendar_id: CalendarId) -> Calendar:
        """One calendar; raises `NoSuchCalendar`."""
        return _found(await read_calendars(self._db), calendar_id)

    async def add(self, by: Caller, change: CalendarChange) -> Calendar:
        """Make a calendar; raises `CalendarNameTaken`, `Invalid`."""
        made = _checked(CalendarId(new_id()), change)
        async with _writing(self._db) as work:
            await work.execute(_INSERT, *_values(made), clock.now())
            await audit.record(work, by, "calendar.add", subject=("calendar", made.id), detail={"name": made.name})
            work.announce(calendar_changed(made.id))
        return made

    async def change(self, by: Caller, calendar_id: CalendarId, change: CalendarChange, *, version: int) -> Calendar:
        """Edit a calendar; what waits gets its due time anew. Raises `NoSuchCalendar`, `Stale`, `CalendarNameTaken`, `Invalid`."""
        async with _writing(self._db) as work:
            await work.hold(f"calendar {calendar_id}")  # of two who change it at once, the second sees what the first made of it
            before = _found(await read_calendars(work), calendar_id)
            if before.version != version:
                raise Stale("somebody else changed this calendar", version=before.version)
            after = _checked(calendar_id, change)
            await work.execute(_UPDATE, *_values(after), clock.now())
            rows = await work.fetch("SELECT id FROM queue WHERE calendar_id = $1", calendar_id)
            await forget_due(work, [QueueId(row["id"]) for row in rows])
            await audit.record(work, by, "calendar.change", subject=("calendar", calendar_id), detail={"name": after.name})
            work.announce(calendar_changed(calendar_id))
        return replace(after, version=version + 1)

    async def remove(self, by: Caller, calendar_id: CalendarId) -> None:
        """Delete a calendar no queue uses; raises `NoSuchCalendar`, `CalendarInUse`."""
        async with self._db.unit_of_work() as work:
            calendar = _found(await read_calendars(work), calendar_id)
            if await work.fetch_one("SELECT 1 FROM queue WHERE calendar_id = $1", calendar_id) is not None:
                raise CalendarInUse("a queue keeps these hours; give it others first")
            await work.execute("DELETE FROM calendar WHERE id = $1", calendar_id)
            await audit.record(work, by, "calendar.remove", subject=("calendar", calendar_id), detail={"name": calendar.name})
            work.announce(calendar_changed(calendar_id))


@asynccontextmanager
async def _writing(db: Database) -> AsyncIterator[Work]:
    try:
        async with db.unit_of_work() as work:
            yield work
    except UniqueViolation as taken:
        raise CalendarNameTaken("another calendar has this name") from taken


async def read_calendars(reads: Reads) -> dict[CalendarId, Calendar]:
    """All calendars; there are as many as a company has sites."""
    return {row["id"]: _calendar(row) for row in await reads.fetch("SELECT * FROM calendar ORDER BY name_key")}


def _found(calendars: dict[CalendarId, Calendar], calendar_id: CalendarId) -> Calendar:
    if calendar_id not in calendars:
        raise NoSuchCalendar("there is no such calendar")
    return calendars[calendar_id]


def _checked(calendar_id: CalendarId, change: CalendarChange) -> Calendar:
    name = change.name.strip()
    if not name:
        raise Invalid("a calendar needs a name", path="name")
    if len(change.week) != 7:
        raise Invalid("a week has seven days, Monday first", path="week")
    if len(change.holidays) > MOST_HOLIDAYS:
        raise Invalid(f"a calendar holds {MOST_HOLIDAYS} holidays", path="holidays")
    _require_zone(change.timezone)
    for path, periods in (*(("week", day) for day in change.week), *(("holidays", h.periods) for h in change.holidays)):
        if overlapping(periods):
            raise Invalid("the periods of a day follow each other and do not overlap", path=path)
    holidays = {holiday.date: holiday for holiday in change.holidays}
    if len(holidays) < len(change.holidays):
        raise Invalid("a date is named twice", path="holidays")
    return Calendar(id=calendar_id, name=name, timezone=change.timezone, week=change.week, holidays=holidays)


def _require_zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as unknown:
        raise Invalid("no such time zone; they are named like Asia/Shanghai", path="timezone") from unknown


def _values(calendar: Calendar) -> tuple[Any, ...]:
    week = [_stored(day) for day in calendar.week]
    holidays = [
        {"date": day.isoformat(), "name": holiday.name, "periods": _stored(holiday.periods)}
        for day, holiday in sorted(calendar.holidays.items())
    ]
    return calendar.id, calendar.name, calendar.name.casefold(), calendar.timezone, week, holidays


def _stored(periods: tuple[Period, ...]) -> list[list[str]]:
    return [[f"{p.start:%H:%M}", f"{p.end:%H:%M}"] for p in periods]


def _calendar(row: Row) -> Calendar:
    holidays = [
        Holiday(date=date.fromisoformat(one["date"]), name=one["name"], periods=_periods(one["periods"]))
        for one in row["holidays"]
    ]
    return Calendar(
        id=row["id"],
        name=row["name"],
        timezone=row["timezone"],
        week=tuple(_periods(day) for day in row["week"]),
        holidays={holiday.date: holiday for holiday in holidays},
        version=row["version"],
    )


def _periods(stored: list[list[str]]) -> tuple[Period, ...]:
    return tuple(Period(start=time.fromisoformat(start), end=time.fromisoformat(end)) for start, end in stored)
