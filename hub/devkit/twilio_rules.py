"""What the simulated Twilio takes and refuses."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from aiohttp import web

from hub.channels.sms.opt_out import Wish, word_of
from hub.devkit.twilio_messages import FATES, Fate, Message

_PARAMETERS: Final = frozenset(
    "To From MessagingServiceSid Body MediaUrl StatusCallback ValidityPeriod MaxPrice ProvideFeedback Attempt ForceDelivery SmartEncoded "
    "ContentSid ContentVariables SendAt ScheduleType ShortenUrls SendAsMms RiskCheck FallbackFrom ApplicationSid".split()
)
ANSWERS: Final[Mapping[Wish, str]] = {
    "stop": "You have successfully been unsubscribed. You will not receive any more messages from this number. Reply START to resubscribe.",
    "start": "You have successfully been re-subscribed to messages from this number. Reply HELP for help. Reply STOP to unsubscribe.",
    "help": "Reply STOP to unsubscribe. Msg&Data Rates May Apply.",
}
_MAX_BODY: Final = 1600  # characters


class Refusal(web.HTTPException):
    """An error as the API words it."""

    def __init__(self, status: int, code: int, text: str, **headers: str) -> None:
        self.status_code = status
        more = f"https://www.twilio.com/docs/errors/{code}"
        super().__init__(
            headers=headers, content_type="application/json", text=_json(code=code, message=text, more_info=more, status=status)
        )


@dataclass(slots=True, kw_only=True)
class Rules:
    """What one account may send. `blocked`: pairs of our number and who wrote STOP to it."""

    numbers: dict[str, str]
    blocked: set[tuple[str, str]] = field(default_factory=set)
    throttled: set[str] = field(default_factory=set)

    def obey(self, message: Message) -> Wish | None:
        """What a customer's message asks for, done; None where it is none of the English words Twilio knows."""
        keyword = word_of(message.body)
        if keyword is None or keyword.language != "en":
            return None
        pair = (message.to, message.sender)
        if keyword.wish == "stop":
            self.blocked.add(pair)
        elif keyword.wish == "start":
            self.blocked.discard(pair)
        return keyword.wish

    def judge(self, one: Mapping[str, str], form: Mapping[str, Sequence[str]]) -> Fate:
        """What becomes of a request: `one` has the first value of each parameter of `form`. Raises what Twilio answers where it refuses."""
        to, body = one.get("To", ""), one.get("Body", "")
        if unknown := set(form) - _PARAMETERS:
            raise Refusal(400, 20001, f"unknown parameters: {', '.join(sorted(unknown))}")
        if not to:
            raise Refusal(400, 21604, "A 'To' phone number is required.")
        if not to.removeprefix("+").isdigit():
            raise Refusal(400, 21211, f"Invalid 'To' Phone Number: {to[:20]}")
        self._judge_sender(one)
        if not body and "MediaUrl" not in form:
            raise Refusal(400, 21602, "Message body is required.")
        if len(body) > _MAX_BODY:
            raise Refusal(400, 21617, "The concatenated message body exceeds the 1600 character limit.")
        if (one.get("From") or one.get("MessagingServiceSid", ""), to) in self.blocked:
            raise Refusal(400, 21610, "Attempt to send to unsubscribed recipient")
        return self._fate(to)

    def _judge_sender(self, one: Mapping[str, str]) -> None:
        sender, service = one.get("From"), one.get("MessagingServiceSid")
        if not sender and not service:
            raise Refusal(400, 21603, "A 'From' phone number is required.")
        for given in filter(None, (sender, service)):
            if given not in self.numbers:
                raise Refusal(400, 21659, f"'From' {given} is not a Twilio phone number of this account")

    def _fate(self, to: str) -> Fate:
        last = to[-4:]
        fate = FATES.get(last, Fate())
        if last == "0429" and to in self.throttled:
            return Fate()
        if fate.status == 201:
            return fate
        if last == "0429":
            self.throttled.add(to)
            raise Refusal(429, fate.code, fate.text, **{"Retry-After": "1"})
        if not fate.code:
            raise web.HTTPBadGateway(text="<html>Bad Gateway</html>", content_type="text/html")
        raise Refusal(fate.status, fate.code, fate.text)


def _json(**values: object) -> str:
    return web.json_response(values).text or ""
