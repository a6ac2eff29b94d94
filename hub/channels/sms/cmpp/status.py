"""What the numbers in answers and the words in reports mean for us. Pure."""

from datetime import UTC, datetime, timedelta, timezone
from enum import IntEnum

from hub.channels.sms.cmpp.messages import Report
from hub.messages.states import DeliveryState, SendFailure

CHINA = timezone(timedelta(hours=8))  # all times in CMPP; China has one, and no summer time


class Result(IntEnum):
    """Result of SUBMIT_RESP and DELIVER_RESP."""

    OK = 0
    BAD_STRUCTURE = 1
    BAD_COMMAND = 2
    DOUBLE_SEQUENCE = 3
    BAD_LENGTH = 4
    BAD_FEE_CODE = 5
    TOO_LONG = 6
    BAD_SERVICE = 7
    TOO_FAST = 8
    OTHER = 9
    BAD_SOURCE = 10
    BAD_SP = 11
    BAD_FEE_NUMBER = 12
    BAD_DESTINATION = 13


_FAILURES: dict[int, SendFailure] = {
    Result.BAD_STRUCTURE: SendFailure.BAD_CONTENT,
    Result.BAD_LENGTH: SendFailure.BAD_CONTENT,
    Result.BAD_FEE_CODE: SendFailure.BAD_SETTINGS,
    Result.TOO_LONG: SendFailure.BAD_CONTENT,
    Result.BAD_SERVICE: SendFailure.BAD_SETTINGS,
    Result.TOO_FAST: SendFailure.THROTTLED,
    Result.BAD_SOURCE: SendFailure.BAD_SETTINGS,
    Result.BAD_SP: SendFailure.BAD_SETTINGS,
    Result.BAD_FEE_NUMBER: SendFailure.BAD_SETTINGS,
    Result.BAD_DESTINATION: SendFailure.BAD_RECIPIENT,
}
LOWER_VERSION = 4
"""Status of CONNECT_RESP: the version asked for is too high."""

_SIGN_IN = {
    1: (SendFailure.BAD_SETTINGS, "the gateway could not read the sign-in"),
    2: (SendFailure.BAD_CREDENTIALS, "the gateway does not know this enterprise code or this address"),
    3: (SendFailure.BAD_CREDENTIALS, "the gateway refuses the password"),
    LOWER_VERSION: (SendFailure.BAD_SETTINGS, "the gateway speaks a lower version of CMPP"),
}
_WORDS = {
    "DELIVRD": DeliveryState.DELIVERED,
    "ACCEPTD": DeliveryState.ACCEPTED,
    "ENROUTE": DeliveryState.ACCEPTED,
    "UNKNOWN": DeliveryState.ACCEPTED,  # the centre lost track of it, which is no failure
}


def failure_of(result: int) -> SendFailure:
    """How a refused SUBMIT is sorted; an operator's own numbers are about the one message."""
    return _FAILURES.get(result, SendFailure.REJECTED)


def sign_in_failure(result: int) -> tuple[SendFailure, str]:
    """How a refused CONNECT is sorted, and in words."""
    return _SIGN_IN.get(result, (SendFailure.UNAVAILABLE, f"the gateway refuses the sign-in with {result}"))


def state_of(word: str) -> DeliveryState:
    """Stat of a report. Beside EXPIRED, DELETED, UNDELIV and REJECTD operators have codes of their own (MA:, MB:, CA:, …): all are failures."""
    return _WORDS.get(word.upper(), DeliveryState.FAILED)


def failure_in(word: str) -> SendFailure | None:
    """Why a report says that it failed; MK:0001 and MN:0001 are the network's error 1, "unknown subscriber" (3GPP TS 29.002 §17.6)."""
    if state_of(word) is not DeliveryState.FAILED:
        return None
    return SendFailure.BAD_RECIPIENT if word.upper() in ("MK:0001", "MN:0001") else SendFailure.REJECTED


def done_at(report: Report) -> datetime | None:
    """When a report says that it was over."""
    try:
        return datetime.strptime(report.done, "%y%m%d%H%M").replace(tzinfo=CHINA).astimezone(UTC)
    except ValueError:
        return None
