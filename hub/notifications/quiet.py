"""When a user does not want to be disturbed. Pure."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from hub.auth.preferences import QuietHours


def quiet_until(quiet: QuietHours | None, at: datetime) -> datetime | None:
    """When the quiet hours end that `at` falls into; None outside of them. From and to alike: there are none."""
    if quiet is None or quiet.from_ == quiet.to:
        return None
    local = at.astimezone(ZoneInfo(quiet.timezone))
    begin, end = time.fromisoformat(quiet.from_), time.fromisoformat(quiet.to)
    now = local.time().replace(tzinfo=None)
    is_quiet = begin <= now < end if begin < end else now >= begin or now < end
    if not is_quiet:
        return None
    day = local.date() if now < end else local.date() + timedelta(days=1)
    return datetime.combine(day, end, tzinfo=local.tzinfo).astimezone(at.tzinfo)
