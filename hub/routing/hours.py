"""Business hours: when a queue is open, and what a span of business time is on the clock. Pure.

A week is seven lists of periods, Monday first, in the calendar's own time zone; a holiday replaces the periods of one date, by
none (closed) or by others (a short day, or a Sunday that is worked in exchange). Periods are half open: at 17:00 a queue that is
open until 17:00 is closed.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

from hub.ids import CalendarId

LOOK_AHEAD = timedelta(days=400)
"""How far an opening is looked for: a calendar that has none within it has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A part of a day, local time. `end` of 00:00 is the end of the day."""

    start: time
    end: time


@dataclass(frozen=True, slots=True, kw_only=True)
class Holiday:
    """A date that is not like its weekday; without periods it is closed."""

    date: date
    name: str = ""
    periods: tuple[Period, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """When somebody is there."""

    id: CalendarId
    name: str
    timezone: str
    week: tuple[tuple[Period, ...], ...]
    holidays: Mapping[date, Holiday] = field(default_factory=dict)
    version: int = 1

    def periods(self, day: date) -> tuple[Period, ...]:
        """The periods of a date."""
        holiday = self.holidays.get(day)
        return self.week[day.weekday()] if holiday is None else holiday.periods


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A stretch of time, UTC; open from `start`, closed from `end` on."""

    start: datetime
    end: datetime


def open_spans(calendar: Calendar, since: datetime, until: datetime) -> Iterator[Span]:
    """The open stretches between two moments, in order, cut at both; those that touch (midnight) are one."""
    held: Span | None = None
    for span in _raw_spans(calendar, since, until):
        if held is not None and span.start <= held.end:
            held = Span(start=held.start, end=max(held.end, span.end))
            continue
        if held is not None:
            yield held
        held = span
    if held is not None:
        yield held


def _raw_spans(calendar: Calendar, since: datetime, until: datetime) -> Iterator[Span]:
    zone = _zone(calendar.timezone)
    day, last = since.astimezone(zone).date(), until.astimezone(zone).date()
    while day <= last:
        for period in calendar.periods(day):
            start, end = max(_moment(day, period.start, zone), since), min(_ending(day, period.end, zone), until)
            if start < end:
                yield Span(start=start, end=end)
        day += timedelta(days=1)


def is_open(calendar: Calendar, at: datetime) -> bool:
    """Whether somebody is there at this moment."""
    return next(open_spans(calendar, at, at + timedelta(microseconds=1)), None) is not None


def next_opening(calendar: Calendar, at: datetime) -> datetime | None:
    """When it opens next; `at` itself while it is open, None if it never does."""
    span = next(_within(calendar, at), None)
    return span.start if span else None


def closed_since(calendar: Calendar, at: datetime) -> datetime | None:
    """The end of the last open stretch before a moment at which it is closed: names the closed time it belongs to."""
    for days in (31, LOOK_AHEAD.days):  # mostly it is not long ago; a school closes for a summer
        if ended := [span.end for span in open_spans(calendar, at - timedelta(days=days), at)]:
            return ended[-1]
    return None


def add_business(calendar: Calendar, since: datetime, length: timedelta) -> datetime | None:
    """The moment at which `length` of open time has passed; None if the calendar has not so much within `LOOK_AHEAD`."""
    left = length
    for span in _within(calendar, since):
        if left <= span.end - span.start:
            return span.start + left
        left -= span.end - span.start
    return None


def business_time(calendar: Calendar, since: datetime, until: datetime) -> timedelta:
    """How much open time lies between two moments."""
    return sum((span.end - span.start for span in open_spans(calendar, since, until)), timedelta())


def _within(calendar: Calendar, at: datetime) -> Iterator[Span]:
    """Open stretches from a moment on, a week at a time: the first is nearly always in the first."""
    start, end = at, at + LOOK_AHEAD
    while start < end:
        stop = min(start + timedelta(days=7), end)
        yield from open_spans(calendar, start, stop)
        start = stop


def _moment(day: date, at: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, at, zone).astimezone(UTC)


def _ending(day: date, at: time, zone: ZoneInfo) -> datetime:
    return _moment(day + timedelta(days=1) if at == time() else day, at, zone)


@lru_cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def overlapping(periods: Sequence[Period]) -> bool:
    """Whether the periods of a day are out of order, empty, or overlap."""
    minutes = [(_minute(p.start), _minute(p.end) or 24 * 60) for p in periods]
    return any(end <= start for start, end in minutes) or any(a[1] > b[0] for a, b in pairwise(minutes))


def _minute(at: time) -> int:
    return at.hour * 60 + at.minute
