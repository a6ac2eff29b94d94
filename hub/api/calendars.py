"""Business hours over HTTP."""

from datetime import date, time
from typing import Annotated

import msgspec
from msgspec import Meta

from hub.api.endpoint import SIGNED_IN, Request, Router
from hub.auth.rights import Right
from hub.errors import Invalid, Stale
from hub.ids import CalendarId
from hub.routing.calendars import CalendarChange
from hub.routing.errors import CalendarInUse, CalendarNameTaken, NoSuchCalendar
from hub.routing.hours import Calendar, Holiday, Period

api = Router(tag="calendars")

Clock = Annotated[str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
"""Local time of day, "09:00"; as an end, "00:00" is midnight."""


class PeriodView(msgspec.Struct, forbid_unknown_fields=True, rename={"from_": "from"}):
    """A part of a day: open from, closed from `to` on."""

    from_: Clock
    to: Clock


Day = Annotated[list[PeriodView], Meta(max_length=24)]


class HolidayView(msgspec.Struct, forbid_unknown_fields=True):
    """A date that is not like its weekday: closed, or open at other times."""

    date: date
    name: Annotated[str, Meta(max_length=100)] = ""
    periods: Day = []


class CalendarView(msgspec.Struct, kw_only=True):
    """Business hours; `week` is Monday first, in the calendar's time zone."""

    id: CalendarId
    name: str
    timezone: str
    week: list[Day]
    holidays: list[HolidayView]
    version: int


class CalendarCreate(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A calendar to be made."""

    name: Annotated[str, Meta(min_length=1, max_length=100)]
    timezone: Annotated[str, Meta(max_length=64)]
    week: Annotated[list[Day], Meta(min_length=7, max_length=7)]
    holidays: Annotated[list[HolidayView], Meta(max_length=1000)] = []


class CalendarPut(CalendarCreate, forbid_unknown_fields=True, kw_only=True):
    """A calendar as it shall be, whole; `version` as last read."""

    version: int


@api.get("/calendars", needs=SIGNED_IN)
async def list_(request: Request) -> list[CalendarView]:
    """All calendars, by name."""
    return [_view(calendar) for calendar in await request.hub.routing.calendars.all()]


@api.post("/calendars", needs=Right.QUEUES_MANAGE, status=201, raises=(CalendarNameTaken, Invalid))
async def create(request: Request, body: CalendarCreate) -> CalendarView:
    """Make a calendar."""
    return _view(await request.hub.routing.calendars.add(request.caller, _change(body)))


@api.get("/calendars/{calendar_id}", needs=SIGNED_IN, raises=(NoSuchCalendar,))
async def get(request: Request, calendar_id: CalendarId) -> CalendarView:
    """One calendar."""
    return _view(await request.hub.routing.calendars.get(calendar_id))


@api.put("/calendars/{calendar_id}", needs=Right.QUEUES_MANAGE, raises=(NoSuchCalendar, Stale, CalendarNameTaken, Invalid))
async def change(request: Request, calendar_id: CalendarId, body: CalendarPut) -> CalendarView:
    """Change a calendar. What waits in its queues gets its due time anew."""
    calendars = request.hub.routing.calendars
    return _view(await calendars.change(request.caller, calendar_id, _change(body), version=body.version))


@api.delete("/calendars/{calendar_id}", needs=Right.QUEUES_MANAGE, raises=(NoSuchCalendar, CalendarInUse))
async def remove(request: Request, calendar_id: CalendarId) -> None:
    """Delete a calendar that no queue uses."""
    await request.hub.routing.calendars.remove(request.caller, calendar_id)


def _change(body: CalendarCreate) -> CalendarChange:
    return CalendarChange(
        name=body.name,
        timezone=body.timezone,
        week=tuple(_periods(day) for day in body.week),
        holidays=tuple(Holiday(date=h.date, name=h.name, periods=_periods(h.periods)) for h in body.holidays),
    )


def _periods(day: list[PeriodView]) -> tuple[Period, ...]:
    return tuple(Period(start=time.fromisoformat(p.from_), end=time.fromisoformat(p.to)) for p in day)


def _view(calendar: Calendar) -> CalendarView:
    return CalendarView(
        id=calendar.id,
        name=calendar.name,
        timezone=calendar.timezone,
        week=[_day(day) for day in calendar.week],
        holidays=[HolidayView(date=h.date, name=h.name, periods=_day(h.periods)) for _, h in sorted(calendar.holidays.items())],
        version=calendar.version,
    )


def _day(periods: tuple[Period, ...]) -> list[PeriodView]:
    return [PeriodView(from_=f"{p.start:%H:%M}", to=f"{p.end:%H:%M}") for p in periods]
