"""The fate of an outbound message, one vocabulary for all channels, and how reports fold into it."""

from enum import StrEnum


class DeliveryState(StrEnum):
    """Where one delivery stands."""

    QUEUED = "queued"  # ours, not yet tried
    SENDING = "sending"  # a worker holds it
    DEFERRED = "deferred"  # tried, will be tried again
    UNKNOWN = "unknown"  # may have gone out: never repeated blindly
    ACCEPTED = "accepted"  # the provider took responsibility
    FAILED = "failed"
    CANCELLED = "cancelled"
    DELIVERED = "delivered"  # reached the other side
    READ = "read"


_STRENGTH = {
    # Our own words: no report makes a delivery wait or go out again.
    DeliveryState.QUEUED: 0,
    DeliveryState.SENDING: 0,
    DeliveryState.DEFERRED: 0,
    DeliveryState.UNKNOWN: 1,
    DeliveryState.ACCEPTED: 2,
    DeliveryState.CANCELLED: 3,
    DeliveryState.FAILED: 4,
    DeliveryState.DELIVERED: 5,
    DeliveryState.READ: 6,
}

FINAL = frozenset({DeliveryState.FAILED, DeliveryState.CANCELLED, DeliveryState.DELIVERED, DeliveryState.READ})


def fold(current: DeliveryState, reported: DeliveryState) -> DeliveryState:
    """What stands after a report: the stronger word, whatever the order reports came in.

    Delivered or read wins over failed (the provider knows better than its own earlier guess); a failure after delivered changes
    nothing and is shown as a warning.
    """
    return reported if _STRENGTH[reported] > _STRENGTH[current] else current


def is_warning(current: DeliveryState, reported: DeliveryState) -> bool:
    """A bad word that changes nothing but that a person should see: a failure or delay reported after success."""
    bad = {DeliveryState.FAILED, DeliveryState.DEFERRED}
    return reported in bad and _STRENGTH[reported] < _STRENGTH[current]


class SendFailure(StrEnum):
    """Why a send did not succeed: the closed list every adapter sorts its provider's words into."""

    BAD_SETTINGS = "bad_settings"
    BAD_CREDENTIALS = "bad_credentials"
    BAD_RECIPIENT = "bad_recipient"
    BAD_CONTENT = "bad_content"
    UNSUPPORTED = "unsupported"
    OPTED_OUT = "opted_out"
    THROTTLED = "throttled"
    UNAVAILABLE = "unavailable"
    REJECTED = "rejected"
    OUTCOME_UNKNOWN = "outcome_unknown"


NEEDS_PERSON = frozenset({SendFailure.BAD_SETTINGS, SendFailure.BAD_CREDENTIALS})
"""Failures that stay until somebody mends the account."""

RETRIED = NEEDS_PERSON | {SendFailure.THROTTLED, SendFailure.UNAVAILABLE}
"""Failures of the way, not of the message: tried again, slowly those that need a person first."""
