"""What the simulated Twilio says: messages as its API shows them, calls as it makes them, and what each recipient's number makes happen."""

import base64
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any, Final
from uuid import uuid4

from hub.messages.segments import count_parts

API: Final = "/2010-04-01"


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of a message to a number with certain last digits."""

    status: int = 201
    code: int = 0
    text: str = ""
    end: Sequence[str] = ("sent", "delivered")  # what is reported after `queued`


FATES: Final[Mapping[str, Fate]] = {
    "0001": Fate(400, 21211, "The 'To' number is not a valid phone number."),
    "0014": Fate(400, 21614, "'To' number is not a valid mobile number."),
    "0010": Fate(400, 21610, "Attempt to send to unsubscribed recipient"),
    "0429": Fate(429, 20429, "Too Many Requests"),  # the first time; then it is taken
    "0500": Fate(500, 20500, "Internal Server Error"),
    "0502": Fate(502),  # by a gateway, with a page of its own
    "0408": Fate(),  # taken, and the answer never comes
    "0007": Fate(201, 30007, "Message filtered", ("sent", "undelivered")),
    "0003": Fate(201, 30003, "Unreachable destination handset", ("undelivered",)),
    "0097": Fate(end=("sent",)),  # no report of delivery
    "0098": Fate(end=("delivered", "sent", "delivered", "sent")),  # in the wrong order, and twice
    "0099": Fate(),  # all reports come before the answer
}
"""By the recipient's last four digits; every other number gets what is sent to it."""


@dataclass(slots=True, kw_only=True)
class File:
    """A file of an MMS."""

    content_type: str
    content: bytes
    sid: str = field(default_factory=lambda: f"ME{uuid4().hex}")


@dataclass(slots=True, kw_only=True)
class Message:
    """One message, either way."""

    account_sid: str
    sender: str
    to: str
    body: str
    direction: str
    status: str
    files: Sequence[File] = ()
    service: str | None = None
    call_back: str = ""
    error: Fate | None = None
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    sent_at: datetime | None = None
    sid: str = ""

    def __post_init__(self) -> None:
        self.sid = self.sid or f"{'MM' if self.files else 'SM'}{uuid4().hex}"

    @property
    def is_inbound(self) -> bool:
        """From a customer."""
        return self.direction == "inbound"

    def shown(self) -> dict[str, Any]:
        """As the API shows it."""
        path = f"{API}/Accounts/{self.account_sid}/Messages/{self.sid}"
        return {
            "account_sid": self.account_sid,
            "api_version": "2010-04-01",
            "body": self.body,
            "date_created": format_datetime(self.at, usegmt=True),
            "date_sent": format_datetime(self.sent_at, usegmt=True) if self.sent_at else None,
            "date_updated": format_datetime(self.sent_at or self.at, usegmt=True),
            "direction": self.direction,
            "error_code": self.error.code if self.error else None,
            "error_message": self.error.text if self.error else None,
            "from": self.sender or None,
            "messaging_service_sid": self.service,
            "num_media": str(len(self.files)),
            "num_segments": str(count_parts(self.body)),
            "price": None,
            "price_unit": "USD",
            "sid": self.sid,
            "status": self.status,
            "subresource_uris": {"media": f"{path}/Media.json"},
            "to": self.to,
            "uri": f"{path}.json",
        }

    def reported(self, status: str) -> dict[str, str]:
        """The form of a status call-back."""
        form = {
            "AccountSid": self.account_sid,
            "ApiVersion": "2010-04-01",
            "From": self.sender,
            "MessageSid": self.sid,
            "MessageStatus": status,
            "SmsSid": self.sid,
            "SmsStatus": status,
            "To": self.to,
        }
        if self.service:
            form["MessagingServiceSid"] = self.service
        if status in ("undelivered", "failed") and self.error:
            form |= {"ErrorCode": str(self.error.code), "ErrorMessage": self.error.text}
        return form

    def handed_over(self, origin: str, opt_out_type: str = "") -> dict[str, str]:
        """The form of "a message comes in"."""
        form = {
            "AccountSid": self.account_sid,
            "ApiVersion": "2010-04-01",
            "Body": self.body,
            "From": self.sender,
            "FromCity": "",
            "FromCountry": "",
            "FromState": "",
            "FromZip": "",
            "MessageSid": self.sid,
            "NumMedia": str(len(self.files)),
            "NumSegments": str(count_parts(self.body)),
            "SmsMessageSid": self.sid,
            "SmsSid": self.sid,
            "SmsStatus": "received",
            "To": self.to,
            "ToCountry": "US",
        }
        if self.service:
            form["MessagingServiceSid"] = self.service
        if opt_out_type:
            form["OptOutType"] = opt_out_type
        for number, file in enumerate(self.files):
            form[f"MediaUrl{number}"] = f"{origin}{API}/Accounts/{self.account_sid}/Messages/{self.sid}/Media/{file.sid}"
            form[f"MediaContentType{number}"] = file.content_type
        return form


def signature(token: str, url: str, form: Mapping[str, str] | None = None) -> str:
    """`X-Twilio-Signature` (twilio.com/docs/usage/webhooks/webhooks-security), written from the description, not from the SDK."""
    signed = url + "".join(name + value for name, value in sorted((form or {}).items()))
    return base64.b64encode(hmac.digest(token.encode(), signed.encode(), "sha1")).decode()
