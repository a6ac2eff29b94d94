"""Twilio's words and ours. Pure: no sockets.

Sources: twilio.com/docs/messaging/guides/webhook-request (what arrives), /docs/messaging/api/message-resource (statuses),
/docs/api/errors (codes), /docs/usage/webhooks/webhooks-security (signatures); read 2026-11.
"""

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

import msgspec
from multidict import MultiDict
from twilio.request_validator import HMAC_SHA1, HMAC_SHA256, RequestValidator, get_signature_algorithm

from hub.channels.contract import SendError, Webhook
from hub.channels.sms.common import party
from hub.channels.sms.opt_out import Keyword, word_of
from hub.errors import Forbidden, Invalid
from hub.messages.events import DeliveryReport
from hub.messages.states import DeliveryState, SendFailure

MESSAGE: Final = "message"
"""The query parameter of our call-back address that carries our own message id."""

_MAX_FIELDS: Final = 400
_MAX_MEDIA: Final = 10  # of one message, by Twilio's own limit

_STATES: Final = {
    "accepted": DeliveryState.ACCEPTED,
    "scheduled": DeliveryState.ACCEPTED,
    "queued": DeliveryState.ACCEPTED,
    "sending": DeliveryState.ACCEPTED,
    "sent": DeliveryState.ACCEPTED,
    "delivered": DeliveryState.DELIVERED,
    "read": DeliveryState.READ,
    "undelivered": DeliveryState.FAILED,
    "failed": DeliveryState.FAILED,
    "canceled": DeliveryState.CANCELLED,
}

_FAILURES: Final = {
    20003: SendFailure.BAD_CREDENTIALS,
    20005: SendFailure.BAD_CREDENTIALS,  # account suspended
    20404: SendFailure.BAD_SETTINGS,  # no such account or service
    20429: SendFailure.THROTTLED,
    20500: SendFailure.UNAVAILABLE,
    20503: SendFailure.UNAVAILABLE,
    21211: SendFailure.BAD_RECIPIENT,  # "To" is no valid number
    21214: SendFailure.BAD_RECIPIENT,
    21217: SendFailure.BAD_RECIPIENT,
    21407: SendFailure.BAD_RECIPIENT,
    21408: SendFailure.REJECTED,  # region not enabled for the account
    21421: SendFailure.BAD_SETTINGS,
    21601: SendFailure.BAD_SETTINGS,  # our number cannot send
    21602: SendFailure.BAD_CONTENT,  # empty
    21603: SendFailure.BAD_SETTINGS,  # no "From"
    21604: SendFailure.BAD_RECIPIENT,
    21605: SendFailure.BAD_CONTENT,
    21606: SendFailure.BAD_SETTINGS,
    21610: SendFailure.OPTED_OUT,
    21611: SendFailure.THROTTLED,  # the number's queue is full
    21612: SendFailure.BAD_RECIPIENT,  # not reachable from this sender
    21614: SendFailure.BAD_RECIPIENT,  # no mobile number
    21617: SendFailure.BAD_CONTENT,  # longer than 1600 characters
    21620: SendFailure.BAD_CONTENT,
    21623: SendFailure.BAD_CONTENT,
    21635: SendFailure.BAD_RECIPIENT,  # a landline
    21654: SendFailure.BAD_CONTENT,
    21659: SendFailure.BAD_SETTINGS,  # "From" is not ours
    21660: SendFailure.BAD_SETTINGS,
    21701: SendFailure.BAD_SETTINGS,
    21703: SendFailure.BAD_SETTINGS,  # the service has no number
    30001: SendFailure.THROTTLED,  # queue overflow
    30002: SendFailure.BAD_CREDENTIALS,  # account suspended
    30003: SendFailure.REJECTED,  # switched off or out of reach, until it expired: tomorrow it may work
    30004: SendFailure.REJECTED,
    30005: SendFailure.BAD_RECIPIENT,
    30006: SendFailure.BAD_RECIPIENT,
    30007: SendFailure.REJECTED,  # filtered by the carrier
    63038: SendFailure.THROTTLED,  # daily limit of the account
}

_BY_STATUS: Final = {
    401: SendFailure.BAD_CREDENTIALS,
    403: SendFailure.BAD_CREDENTIALS,
    404: SendFailure.BAD_SETTINGS,
    429: SendFailure.THROTTLED,
    503: SendFailure.UNAVAILABLE,
}

# What Twilio answers by itself unless told otherwise: twilio.com/docs/messaging/tutorials/how-to-use-default-opt-out.
_TWILIO_ANSWERS: Final = frozenset("stop stopall unsubscribe cancel end quit revoke optout start yes unstop help info".split())
_WISHES: Final[Mapping[str, Any]] = {"STOP": "stop", "START": "start", "HELP": "help"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """A file of an MMS, still at Twilio."""

    url: str
    content_type: str

    @property
    def sid(self) -> str:
        """The last part of its address: the one name it has."""
        return urlsplit(self.url).path.rpartition("/")[2][:64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """A message to one of our numbers."""

    sid: str
    sender: str
    to: str
    text: str
    media: tuple[Media, ...]
    opt_out_type: str
    sent_at: datetime | None = None


def genuine_fields(hook: Webhook, tokens: Sequence[str]) -> Mapping[str, str]:
    """What Twilio wrote, once its signature is checked against every token.

    The signature covers the public address as Twilio has it, query included, and of a POST each name with its values. Raises
    `Forbidden` for what is not signed by one of `tokens`, `Invalid` for what cannot be read.
    """
    form = _form(hook)
    signature = hook.headers.get("x-twilio-signature", "")
    algorithm = get_signature_algorithm(hook.headers.get("x-twilio-webhooks-signature-settings", "")).upper()
    signed = form if hook.method == "POST" else MultiDict[str]()
    if algorithm not in (HMAC_SHA1, HMAC_SHA256) or not (signature.isascii() and hook.url.isascii()):
        raise Forbidden("not signed as Twilio signs")
    if not any(_has_signed(RequestValidator(token), hook.url, signed, signature, algorithm) for token in tokens):
        raise Forbidden("not signed with a token of this account")
    fields = form if hook.method == "POST" else MultiDict(_pairs(urlsplit(hook.target).query))
    return {name: _only(fields, name) for name in fields}


def _has_signed(validator: Any, url: str, signed: MultiDict[str], signature: str, algorithm: str) -> bool:
    # The address as it is nearly always fits, at half the price; the SDK then tries it with and without a port.
    exact = validator.compute_signature(url, signed, algorithm)
    return hmac.compare_digest(exact, signature) or bool(validator.validate(url, signed, signature, algorithm))


def _form(hook: Webhook) -> MultiDict[str]:
    if hook.method != "POST":
        return MultiDict()
    try:
        return MultiDict(_pairs(hook.body.decode()))
    except UnicodeDecodeError as error:
        raise Invalid("the form is not UTF-8") from error


def _pairs(text: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=_MAX_FIELDS)
    except ValueError as error:  # UnicodeDecodeError is one
        raise Invalid("the form cannot be read") from error


def _only(fields: MultiDict[str], name: str) -> str:
    # The signature sorts the values of a repeated name: their order is not signed, so which of them is meant would be anybody's choice.
    values = set(fields.getall(name))
    return values.pop() if len(values) == 1 else ""


def message_of(target: str) -> str | None:
    """Our own message id in the query of a call-back's target."""
    return dict(parse_qsl(urlsplit(target).query)).get(MESSAGE)


def is_status(fields: Mapping[str, str]) -> bool:
    """A report about something we sent (else something that was sent to us)."""
    return fields.get("MessageStatus", "received") not in ("received", "receiving")


def report_of(fields: Mapping[str, str], *, message_id: str | None, region: str, at: datetime) -> DeliveryReport:
    """Read a status call-back. Raises `Invalid` where it does not name a message."""
    sid = _needed(fields, "MessageSid")
    status = fields["MessageStatus"]
    state = _STATES.get(status, DeliveryState.ACCEPTED)  # a new word must not lose the report
    code = fields.get("ErrorCode", "")
    failed = state is DeliveryState.FAILED
    return DeliveryReport(
        state=state,
        source="status_callback",
        provider_id=sid,
        message_id=message_id,
        recipient=party(fields["To"], region=region) if fields.get("To") else None,
        failure=_FAILURES.get(_number(code), SendFailure.REJECTED) if failed else None,
        provider_code=code,
        detail=fields.get("ErrorMessage", "") or (f"Twilio: {status} {code}".strip() if failed else ""),
        at=at,
    )


def incoming_of(fields: Mapping[str, str]) -> Incoming:
    """Read a "message comes in" call. Raises `Invalid` where it has no id or no sender."""
    count = min(_number(fields.get("NumMedia", "")), _MAX_MEDIA)
    media = (Media(url=fields.get(f"MediaUrl{n}", ""), content_type=fields.get(f"MediaContentType{n}", "")) for n in range(count))
    return Incoming(
        sid=_needed(fields, "MessageSid"),
        sender=_needed(fields, "From"),
        to=fields.get("To", ""),
        text=fields.get("Body", ""),
        media=tuple(one for one in media if one.url),
        opt_out_type=fields.get("OptOutType", ""),
    )


def keyword_of(incoming: Incoming, *, answers_itself: bool) -> tuple[Keyword | None, bool]:
    """What the text asks for beside being a message, and whether Twilio has answered it. `OptOutType` is Twilio's own word for it."""
    read = word_of(incoming.text)
    if wish := _WISHES.get(incoming.opt_out_type.upper()):
        word = incoming.text.strip().casefold()[:40] or wish
        return Keyword(word=word, wish=wish, language=read.language if read else "en"), True
    return read, answers_itself and read is not None and read.word in _TWILIO_ANSWERS


def time_of(value: Any) -> datetime | None:
    """A time as the SDK gives it: without a zone, or as the text it could not read."""
    if not isinstance(value, datetime):
        return None
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def state_of(status: str | None) -> DeliveryState:
    """The state of a message as the API tells it."""
    return _STATES.get(status or "", DeliveryState.ACCEPTED)


class _Problem(msgspec.Struct):
    code: int = 0
    message: str = ""


def refused(status: int, body: str, *, retry_after: str = "", created: bool = True) -> SendError:
    """A refusal by the API, sorted. `created`: the request would have made a message.

    A gateway's own 500, 502 or 504 (no problem of Twilio's inside) says nothing about what lies behind it: outcome unknown.
    """
    try:
        problem = msgspec.json.decode(body, type=_Problem)
    except (msgspec.DecodeError, UnicodeError):
        problem = _Problem()
    failure = _FAILURES.get(problem.code) or _BY_STATUS.get(status)
    if failure is None and status >= 500:
        failure = SendFailure.OUTCOME_UNKNOWN if created and not problem.code else SendFailure.UNAVAILABLE
    return SendError(
        failure or SendFailure.REJECTED,
        problem.message or f"Twilio answered {status}",
        provider_code=str(problem.code or status),
        retry_after=float(retry_after) if retry_after.isascii() and retry_after.isdigit() else None,
    )


def _needed(fields: Mapping[str, str], name: str) -> str:
    if not (value := fields.get(name, "").strip()):
        raise Invalid(f"no {name} in the form")
    return value


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0
