"""One number or Messaging Service at Twilio."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, ClassVar, Final, Literal
from urllib.parse import urlencode

from hub.channels.contract import AdapterContext, Check, Handover, SendError, SendReceipt, Sink, Webhook, WebhookReply
from hub.channels.sms.common import encoded, inbound, recipient_of, sms_capabilities
from hub.channels.sms.twilio import media, protocol
from hub.channels.sms.twilio.client import Twilio
from hub.channels.sms.twilio.missed import Missed
from hub.channels.sms.twilio.protocol import Incoming
from hub.channels.sms.twilio.settings import TwilioSettings
from hub.errors import HubError
from hub.messages.address import ChannelKind
from hub.messages.capabilities import Capabilities
from hub.messages.content import OutboundMessage
from hub.messages.states import NEEDS_PERSON, DeliveryState, SendFailure

_LOOK_AGAIN: Final = 60.0  # seconds between two looks for missed messages
_LATE_AGAIN: Final = 5.0
_MEDIA_AT_ONCE: Final = 8.0  # seconds, before Twilio hangs up (15)
_MEDIA_LATER: Final = 40.0
_CLOCKS_APART: Final = timedelta(minutes=2)
_ASKED: Final = 100  # newest messages to a recipient, looked through for one of unknown outcome
_TWIML = WebhookReply(body=b"<Response/>", content_type="text/xml")


class TwilioAdapter:
    """Sends by the Messages API; takes messages and status reports by webhooks; asks for what no webhook brought."""

    kind: ClassVar[ChannelKind] = ChannelKind.SMS
    provider: ClassVar[str] = "twilio"
    connection: ClassVar[Literal["exclusive", "shareable"]] = "shareable"

    def __init__(self, settings: TwilioSettings, context: AdapterContext) -> None:
        self._settings = settings
        self._context = context
        self._twilio = Twilio(settings, context)
        self._missed = Missed(settings, context, self._twilio, self._later)
        self._look = asyncio.Event()

    def capabilities(self) -> Capabilities:
        """Text, counted in parts. Files come in; they do not go out."""
        return sms_capabilities(self._settings)

    async def run(self, sink: Sink) -> None:
        """Look now and then for what Twilio could not hand over, which also shows whether it can be reached."""
        while True:
            pause = _LOOK_AGAIN
            try:
                if await self._missed.round(sink):
                    pause = _LATE_AGAIN
                self._context.state("connected", "")
            except SendError as error:
                self._context.state("needs_person" if error.failure in NEEDS_PERSON else "retrying", error.detail)
            self._look.clear()
            try:
                async with asyncio.timeout(pause):
                    await self._look.wait()
            except TimeoutError:
                continue

    async def send(self, message: OutboundMessage) -> SendReceipt:
        """One request. Our message id goes along in the call-back's address, so that a report names it even if the answer got lost."""
        form = self._form(message)
        made = await self._twilio.ask(lambda client: client.messages.create_async(**form), message_id=message.id)
        if not made.sid:
            raise SendError(SendFailure.OUTCOME_UNKNOWN, "Twilio's answer names no message")
        state = protocol.state_of(made.status)
        if state is DeliveryState.FAILED:
            raise protocol.refused(400, f'{{"code": {int(made.error_code or 0)}}}')
        return SendReceipt(provider_ids=(made.sid,), state=state)

    def _form(self, message: OutboundMessage) -> dict[str, Any]:
        if message.files:
            raise SendError(SendFailure.UNSUPPORTED, "files cannot be sent through this account")
        to = recipient_of(message)
        encoded(to + message.text)
        call_back = f"{self._context.hooks_url}/status?{urlencode({protocol.MESSAGE: str(message.id)})}"
        return {"to": to, "body": message.text, "status_callback": call_back, **self._sender()}

    def _sender(self) -> dict[str, str]:
        service = {"messaging_service_sid": self._settings.messaging_service_sid}
        number = {"from_": self._settings.sender}
        return {name: value for name, value in {**service, **number}.items() if value}

    async def fetch_status(self, message: OutboundMessage) -> DeliveryState | None:
        """Look for it among the newest messages to its recipient; None unless exactly one can be meant.

        By the time it was made, not sent: what waits in Twilio's queue has no time of sending yet.
        """
        to = message.recipients[0].value
        sender = {} if self._settings.messaging_service_sid else {"from_": self._settings.sender}
        try:
            listed = await self._twilio.ask(
                lambda client: client.messages.list_async(to=to, limit=_ASKED, **sender), message_id=message.id
            )
        except SendError:
            return None
        since = message.created_at - _CLOCKS_APART
        meant = [one for one in listed if _is(one, message) and (protocol.time_of(one.date_created) or since) >= since]
        return protocol.state_of(meant[0].status) if len(meant) == 1 else None

    async def receive(self, hook: Webhook, sink: Sink) -> WebhookReply:
        """A message or a report. Raises `MediaLate` (our trouble) when files do not come in time: then it is asked for again."""
        fields = protocol.genuine_fields(hook, self._settings.auth_tokens)
        if protocol.is_status(fields):
            await sink.accept(self._report(hook, fields))
            return _TWIML
        incoming = protocol.incoming_of(fields)
        try:
            handover = await self._handover(incoming, _raw(hook), seconds=_MEDIA_AT_ONCE, patient=True)
            await sink.accept(replace(handover, cursor=self._missed.cursor))
        except HubError:
            self._missed.late(incoming.sid)
            self._look.set()
            raise
        self._missed.seen(incoming.sid)
        return _TWIML

    def _report(self, hook: Webhook, fields: Mapping[str, str]) -> Handover:
        now = self._context.now()
        report = protocol.report_of(fields, message_id=protocol.message_of(hook.target), region=self._settings.region, at=now)
        return Handover(key=f"{report.provider_id}:{fields['MessageStatus']}", raw=_raw(hook), events=[report], received_at=now)

    async def _later(self, incoming: Incoming, raw: bytes, *, patient: bool) -> Handover:
        return await self._handover(incoming, raw, seconds=_MEDIA_LATER, patient=patient)

    async def _handover(self, incoming: Incoming, raw: bytes, *, seconds: float, patient: bool) -> Handover:
        taken = media.Taken()
        if incoming.media:
            taken = await media.take(incoming.media, self._settings, self._context.http(), seconds=seconds, patient=patient)
        keyword, answered = protocol.keyword_of(incoming, answers_itself=self._settings.twilio_answers_stop)
        return inbound(
            self._settings,
            key=incoming.sid,
            raw=raw,
            sender=incoming.sender,
            to=incoming.to,
            text=incoming.text,
            received_at=self._context.now(),
            sent_at=incoming.sent_at,
            files=taken.files,
            notices=taken.notices,
            opt_out=keyword,
            answered=answered,
        )

    async def check(self) -> Sequence[Check]:
        """The sign-in, and whether the number is the account's."""
        try:
            account = await self._twilio.ask(lambda client: client.api.accounts(self._settings.account_sid).fetch_async())
        except SendError as error:
            return [Check(name="account", ok=False, detail=error.detail)]
        checks = [Check(name="account", ok=account.status == "active", detail=f"{account.friendly_name}: {account.status}")]
        if self._settings.sender.startswith("+"):
            checks.append(await self._check_number())
        return checks

    async def _check_number(self) -> Check:
        number = self._settings.sender
        try:
            found = await self._twilio.ask(lambda client: client.incoming_phone_numbers.list_async(phone_number=number, limit=1))
        except SendError as error:
            return Check(name="number", ok=False, detail=error.detail)
        if not found:
            return Check(name="number", ok=False, detail=f"the account has no number {number}")
        return Check(name="number", ok=True, detail=f"{number}: messages to it go to {found[0].sms_url or 'nobody yet'}")


def _is(listed: Any, message: OutboundMessage) -> bool:
    return bool(listed.direction == "outbound-api" and listed.to == message.recipients[0].value and listed.body == message.text)


def _raw(hook: Webhook) -> bytes:
    return hook.body if hook.method == "POST" else hook.target.encode(errors="replace")
