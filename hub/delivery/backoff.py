"""When to try again, and when to stop."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from hub.messages.address import ChannelKind
from hub.messages.states import RETRIED, DeliveryState, SendFailure

_FIRST = {
    SendFailure.UNAVAILABLE: timedelta(seconds=5),
    SendFailure.THROTTLED: timedelta(seconds=10),
    SendFailure.BAD_CREDENTIALS: timedelta(minutes=5),
    SendFailure.BAD_SETTINGS: timedelta(minutes=5),
}
LONGEST = timedelta(minutes=30)
_OBEYED = timedelta(days=7)  # of a provider's own wish; what is longer ends in giving up anyway

# RFC 5321 §4.5.4.1 asks a mail sender to go on for four to five days; people expect to hear of trouble sooner.
GIVE_UP_AFTER = {
    ChannelKind.EMAIL: timedelta(hours=48),
    ChannelKind.SMS: timedelta(hours=6),
    ChannelKind.FAX: timedelta(hours=6),
    ChannelKind.VOICE: timedelta(hours=1),
    ChannelKind.WEBCHAT: timedelta(hours=24),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Next:
    """What a failed attempt leads to; `due_at` only for DEFERRED."""

    state: DeliveryState
    due_at: datetime | None = None


def after_failure(
    failure: SendFailure, *, attempt: int, now: datetime, give_up_at: datetime, jitter: float, retry_after: float | None = None
) -> Next:
    """Try again (doubling from seconds to half an hour, times `jitter` in 0.5…1.5), stop, or leave it unknown.

    `attempt` counts from 1. A provider's own `retry_after` (seconds) is obeyed where it is longer.
    """
    if failure is SendFailure.OUTCOME_UNKNOWN:
        return Next(state=DeliveryState.UNKNOWN)
    if failure not in RETRIED:
        return Next(state=DeliveryState.FAILED)
    wait = min(_FIRST[failure] * 2 ** min(attempt - 1, 12), LONGEST) * jitter
    due_at = now + max(wait, timedelta(seconds=min(retry_after or 0, _OBEYED.total_seconds())))
    if due_at >= give_up_at:
        return Next(state=DeliveryState.FAILED)
    return Next(state=DeliveryState.DEFERRED, due_at=due_at)
