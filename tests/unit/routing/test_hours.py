"""Business hours, across midnights, holidays and clock changes."""

from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.ids import CalendarId
from hub.routing.hours import (
    Calendar,
    Holiday,
    Period,
    add_business,
    business_time,
    closed_since,
    is_open,
    next_opening,
    open_spans,
    overlapping,
)

MORNING, AFTERNOON = Period(start=time(9), end=time(12)), Period(start=time(14), end=time(18))
ALL_DAY = Period(start=time(), end=time())
OFFICE = ((MORNING, AFTERNOON),) * 5 + ((), ())
SHANGHAI = "Asia/Shanghai"


def calendar(week: tuple[tuple[Period, ...], ...] = OFFICE, zone: str = SHANGHAI, holidays: tuple[Holiday, ...] = ()) -> Calendar:
    return Calendar(id=CalendarId(UUID(int=1)), name="office", timezone=zone, week=week, holidays={h.date: h for h in holidays})


def china(day: int, hour: int, minute: int = 0) -> datetime:
    """A moment of June 2026 in Shanghai; the 1st is a Monday."""
    return datetime(2026, 6, day, hour, minute, tzinfo=UTC) - timedelta(hours=8)


@pytest.mark.covers("M-10")
def test_a_queue_is_open_in_its_periods_and_closed_at_their_end() -> None:
    office = calendar()

    assert is_open(office, china(1, 9))
    assert is_open(office, china(1, 11, 59))
    assert not is_open(office, china(1, 12))
    assert is_open(office, china(1, 14))
    assert not is_open(office, china(6, 10))


@pytest.mark.covers("M-10")
def test_a_promise_made_before_lunch_on_friday_runs_out_on_monday() -> None:
    office = calendar()

    assert add_business(office, china(5, 11, 30), timedelta(hours=1)) == china(5, 14, 30)
    assert add_business(office, china(5, 17, 30), timedelta(hours=1)) == china(8, 9, 30)
    assert add_business(office, china(6, 3), timedelta(hours=8)) == china(9, 10)


def test_time_that_fits_exactly_ends_with_the_period() -> None:
    assert add_business(calendar(), china(1, 9), timedelta(hours=3)) == china(1, 12)


@pytest.mark.covers("M-10")
def test_a_holiday_is_closed_and_a_sunday_worked_in_exchange_is_open() -> None:
    dragon_boat = Holiday(date=date(2026, 6, 19), name="端午节")
    worked = Holiday(date=date(2026, 6, 21), name="调休", periods=(MORNING,))
    office = calendar(holidays=(dragon_boat, worked))

    assert not is_open(office, china(19, 10))
    assert next_opening(office, china(19, 10)) == china(21, 9)
    assert is_open(office, china(21, 10))
    assert not is_open(office, china(21, 15))


def test_hours_around_the_clock_are_one_stretch() -> None:
    always = calendar(week=((ALL_DAY,),) * 7)
    since, until = china(1, 5), china(9, 7)

    assert [(s.start, s.end) for s in open_spans(always, since, until)] == [(since, until)]
    assert add_business(always, since, timedelta(hours=100)) == since + timedelta(hours=100)
    assert closed_since(calendar(), china(6, 10)) == china(5, 18)


@pytest.mark.covers("M-10")
def test_a_long_closed_time_is_one_however_late_in_it_one_asks() -> None:
    summer = tuple(Holiday(date=date(2026, 7, 1) + timedelta(days=n)) for n in range(62))
    school = calendar(holidays=summer)
    late = datetime(2026, 8, 28, 4, tzinfo=UTC)

    assert closed_since(school, china(30, 19)) == closed_since(school, late) == china(30, 18)


def test_what_never_opens_promises_nothing() -> None:
    never = calendar(week=((),) * 7)

    assert next_opening(never, china(1, 9)) is None
    assert add_business(never, china(1, 9), timedelta(minutes=1)) is None
    assert closed_since(never, china(1, 9)) is None


def test_the_day_the_clocks_change_has_as_many_hours_as_it_has() -> None:
    berlin = calendar(week=((ALL_DAY,),) * 7, zone="Europe/Berlin")
    spring = datetime(2026, 3, 28, 23, tzinfo=UTC)  # the 29th begins; its third hour does not exist
    autumn = datetime(2026, 10, 24, 22, tzinfo=UTC)

    assert business_time(berlin, spring, spring + timedelta(hours=23)) == timedelta(hours=23)
    late = calendar(week=((Period(start=time(1), end=time(4)),),) * 7, zone="Europe/Berlin")
    assert business_time(late, spring, spring + timedelta(hours=23)) == timedelta(hours=2)
    assert business_time(late, autumn, autumn + timedelta(hours=25)) == timedelta(hours=4)


@pytest.mark.parametrize(
    "periods",
    [
        (AFTERNOON, MORNING),
        (MORNING, Period(start=time(11), end=time(13))),
        (Period(start=time(9), end=time(9)),),
        (Period(start=time(18), end=time(9)),),
        (ALL_DAY, MORNING),
    ],
)
def test_periods_that_overlap_or_are_empty_are_seen(periods: tuple[Period, ...]) -> None:
    assert overlapping(periods)
    assert not overlapping((MORNING, AFTERNOON))
    assert not overlapping((MORNING, Period(start=time(14), end=time())))


@given(start=st.integers(0, 14 * 24 * 60), minutes=st.integers(1, 60 * 60))
def test_the_time_until_a_promise_runs_out_is_the_time_promised(start: int, minutes: int) -> None:
    office, since = calendar(), china(1, 0) + timedelta(minutes=start)
    due = add_business(office, since, timedelta(minutes=minutes))

    assert due is not None
    assert business_time(office, since, due) == timedelta(minutes=minutes)
    assert business_time(office, since, due - timedelta(seconds=1)) < timedelta(minutes=minutes)
