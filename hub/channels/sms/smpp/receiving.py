"""What a centre delivers: messages, parts of messages, and receipts. None has an id, so what comes again is known by its octets."""

from dataclasses import dataclass
from time import monotonic

from hub.channels.contract import AdapterContext, Sink
from hub.channels.sms import parts
from hub.channels.sms.parts import Part, Unsure
from hub.channels.sms.receiving import ArrivedPart, Receiver
from hub.channels.sms.smpp import receipts
from hub.channels.sms.smpp.coding import piece_of, text_of
from hub.channels.sms.smpp.session import Session
from hub.channels.sms.smpp.settings import SmppSettings
from hub.channels.sms.smpp.status import Status
from hub.channels.sms.smpp.wire import ShortMessage
from hub.messages.events import DeliveryReport

_SURE_AFTER = 1.0  # seconds: an acknowledgement has been written by then
_SLOW = 5.0  # seconds: a centre may have given up waiting for our answer, and send again
_SAME_REFERENCE = 600.0  # seconds in which the same part with the same reference is the same, however well it was acknowledged
_FORGOTTEN = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class _Seen:
    """Something that may come again: on which session it came (None: in an earlier process), and how fast it was answered."""

    digest: str
    at: float  # seconds since 1970
    session: Session | None
    answered: float  # monotonic
    took: float
    is_part: bool


class SmppReceiver(Receiver[SmppSettings]):
    """See `Receiver`."""

    def __init__(self, settings: SmppSettings, context: AdapterContext, sink: Sink) -> None:
        super().__init__(settings, context, sink, name="smpp", patience=60 * settings.parts_minutes)
        self._seen: list[_Seen] = []

    def _text(self, octets: bytes, coding: int) -> str:
        return text_of(octets, coding, self._settings)

    async def load(self) -> None:
        """Take up what an earlier run left."""
        await super().load()
        self._seen = [_Seen(one.digest, one.at, None, 0.0, 0.0, False) for one in self._book.unsure]

    async def take(self, session: Session, message: ShortMessage, body: bytes) -> Status:
        """Make a deliver_sm durable; the status to answer with. On trouble of ours the centre is asked to send it again."""
        storing = self._receipt(message, body) if receipts.is_receipt(message) else self._message(session, message, body)
        return await self._settled(storing, not_now=Status.RX_T_APPN)

    async def _receipt(self, message: ShortMessage, body: bytes) -> Status:
        receipt = receipts.parse(message, self._settings.receipt_ids)
        events = [_event(receipt)] if receipt else []  # one that names no message is kept in the journal all the same
        await self._store_report(f"dlr:{parts.digest_of(body)}", body, events)
        return Status.ROK

    async def _message(self, session: Session, message: ShortMessage, body: bytes) -> Status:
        digest, began = parts.digest_of(body), monotonic()
        async with self._lock:
            if self._came_before(digest, session):
                return Status.ROK
            key, sender, to = f"mo:{digest}:{self._now():.6f}", message.source, message.destination
            piece, octets = piece_of(message)
            unsure = self._unsure(digest)
            if piece is None:
                handover = self._inbound(key, body, sender, to, self._text(octets, message.data_coding))
                await self._store(handover, parts.with_unsure(self._book, unsure))
            else:
                part = Part(message.data_coding, octets)
                await self._store_part(ArrivedPart(key=key, body=body, sender=sender, to=to, piece=piece, part=part), unsure)
            answered = monotonic()
            self._seen.append(_Seen(digest, self._now(), session, answered, answered - began, piece is not None))
        return Status.ROK

    def _came_before(self, digest: str, session: Session) -> bool:
        """Whether the centre repeats what it saw no acknowledgement of; a customer may well write the same twice."""
        self._seen = [one for one in self._seen if not self._is_sure(one)]
        return any(one.digest == digest and (one.session is not session or one.took > _SLOW or one.is_part) for one in self._seen)

    def _is_sure(self, one: _Seen) -> bool:
        if one.at < self._now() - _FORGOTTEN:
            return True
        if one.is_part and monotonic() < one.answered + _SAME_REFERENCE:
            return False
        return one.session is not None and one.session.confirmed > one.answered + _SURE_AFTER

    def _unsure(self, digest: str) -> list[Unsure]:
        return [*(Unsure(one.digest, one.at) for one in self._seen), Unsure(digest, self._now())]


def _event(receipt: receipts.Receipt) -> DeliveryReport:
    return DeliveryReport(
        state=receipt.state,
        source="receipt",
        provider_id=receipt.id,
        failure=receipt.failure,
        provider_code=receipt.error,
        detail=receipt.word,
    )
