"""When a user does not want to be disturbed."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.auth.preferences import QuietHours
from hub.notifications.quiet import quiet_until

NIGHT = QuietHours(from_="22:00", to="07:30", timezone="Asia/Shanghai")
NOON = QuietHours(from_="12:00", to="13:00", timezone="Europe/Berlin")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("quiet", "now", "until"),
    [
        (NIGHT, "2026-11-22T13:59", None),  # 21:59 in Shanghai
        (NIGHT, "2026-11-22T14:00", "2026-11-22T23:30"),
        (NIGHT, "2026-11-22T18:00", "2026-11-22T23:30"),  # 02:00 there, the next day
        (NIGHT, "2026-11-22T23:29", "2026-11-22T23:30"),
        (NIGHT, "2026-11-22T23:30", None),
        (NOON, "2026-07-01T10:30", "2026-07-01T11:00"),  # summer time
        (NOON, "2026-12-01T11:30", "2026-12-01T12:00"),
        (NOON, "2026-12-01T10:30", None),
        (QuietHours(from_="08:00", to="08:00", timezone="UTC"), "2026-12-01T08:00", None),
        (None, "2026-12-01T08:00", None),
    ],
)
def test_quiet_hours_end_by_the_users_own_clock(quiet: QuietHours | None, now: str, until: str | None) -> None:
    assert quiet_until(quiet, at(now)) == (at(until) if until else None)


@given(st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)))
def test_they_end_later_than_now_within_a_day_and_a_bit_and_then_are_over(now: datetime) -> None:
    until = quiet_until(NIGHT, now)

    if until is not None:
        assert 0 < (until - now).total_seconds() <= 9.5 * 3600
        assert quiet_until(NIGHT, until) is None
