"""What a gateway delivers: messages, parts of messages, and status reports. Each has a Msg_Id, which stays when it comes again."""

from hub.channels.contract import AdapterContext, Sink
from hub.channels.sms import parts
from hub.channels.sms.cmpp import status
from hub.channels.sms.cmpp.coding import piece_of, text_of
from hub.channels.sms.cmpp.messages import Deliver, Report, decode_deliver, decode_report
from hub.channels.sms.cmpp.settings import CmppSettings
from hub.channels.sms.cmpp.status import Result
from hub.channels.sms.framing import BadPdu
from hub.channels.sms.parts import Part, Unsure
from hub.channels.sms.receiving import ArrivedPart, Receiver
from hub.messages.events import DeliveryReport


class CmppReceiver(Receiver[CmppSettings]):
    """See `Receiver`."""

    def __init__(self, settings: CmppSettings, context: AdapterContext, sink: Sink) -> None:
        super().__init__(settings, context, sink, name="cmpp", patience=60 * settings.parts_minutes)

    def _text(self, octets: bytes, coding: int) -> str:
        return text_of(octets, coding)

    async def take(self, body: bytes, version: int) -> int | None:
        """Make a DELIVER durable; the result to answer with. With trouble of ours it stays unanswered, and the gateway sends it again."""
        return await self._settled(self._deliver(body, version), not_now=None)

    async def _deliver(self, body: bytes, version: int) -> Result | None:
        try:
            message = decode_deliver(body, version)
            report = decode_report(message.content) if message.is_report else None
        except BadPdu:  # kept in the journal all the same
            await self._sink.accept(self._kept(f"unreadable:{parts.digest_of(body)}", body))
            return Result.BAD_STRUCTURE
        if report is not None:
            await self._store_report(_report_key(report), body, (_event(report),))
        else:
            await self._message(message, body)
        return Result.OK

    async def _message(self, message: Deliver, body: bytes) -> None:
        key, sender, to = _key(message, body), message.source, message.destination
        piece, octets = piece_of(message)
        if piece is None:
            await self._sink.accept(self._inbound(key, body, sender, to, self._text(octets, message.format)))
            return
        part = Part(message.format, octets)
        async with self._lock:
            before = self._book.unsure
            if not any(one.digest == key for one in before):  # else it came before, and its set may be gone already
                came = ArrivedPart(key=key, body=body, sender=sender, to=to, piece=piece, part=part)
                await self._store_part(came, (*before, Unsure(key, self._now())))


def _key(message: Deliver, body: bytes) -> str:
    """Msg_Id, which the gateway keeps when it sends again; and the octets, since some give all parts of a long message the same."""
    return f"mo:{message.msg_id}:{parts.digest_of(body)[:12]}"


def _report_key(report: Report) -> str:
    return f"report:{report.msg_id}:{report.word}:{report.done}:{report.destination}"


def _event(report: Report) -> DeliveryReport:
    state = status.state_of(report.word)
    return DeliveryReport(
        state=state,
        source="receipt",
        provider_id=str(report.msg_id),
        failure=status.failure_in(report.word),
        provider_code="" if report.word == "DELIVRD" else report.word,
        detail=report.word,
        at=status.done_at(report),
    )
