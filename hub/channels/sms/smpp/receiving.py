"""What a centre delivers: messages, parts of messages, and receipts. None has an id, so what comes again is known by its octets."""

from dataclasses import dataclass
from itertools import islice
from time import monotonic

from hub.channels.contract import AdapterContext, Sink
from hub.channels.sms import parts
from hub.channels.sms.parts import MAX_UNSURE, Part, Unsure
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
_COMES_AGAIN = 600.0  # seconds from a new connection on in which what was in doubt on an earlier one may be repeated
_FORGOTTEN = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class _Seen:
    """Something that may come again: on which session it came (None: in an earlier process), and how fast it was answered."""

    at: float  # seconds since 1970
    session: Session | None
    answered: float  # monotonic
    took: float
    is_part: bool


class SmppReceiver(Receiver[SmppSettings]):
    """See `Receiver`."""

    def __init__(self, settings: SmppSettings, context: AdapterContext, sink: Sink) -> None:
        super().__init__(settings, context, sink, name="smpp", patience=60 * settings.parts_minutes)
        self._seen: dict[str, list[_Seen]] = {}  # by digest, the newest last; some may have become sure since `_swept`
        self._swept = 0.0  # monotonic

    def _text(self, octets: bytes, coding: int) -> str:
        return text_of(octets, coding, self._settings)

    async def load(self) -> None:
        """Take up what an earlier run left."""
        await super().load()
        self._seen = {one.digest: [_Seen(one.at, None, 0.0, 0.0, False)] for one in self._book.unsure}

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
            if self._came_before(digest, session, began):
                return Status.ROK
            key, sender, to = f"mo:{digest}:{self._now():.6f}", message.source, message.destination
            piece, octets = piece_of(message)
            unsure = self._unsure(digest, session)
            if piece is None:
                handover = self._inbound(key, body, sender, to, self._text(octets, message.data_coding))
                await self._store(handover, parts.with_unsure(self._book, unsure))
            else:
                part = Part(message.data_coding, octets)
                await self._store_part(ArrivedPart(key=key, body=body, sender=sender, to=to, piece=piece, part=part), unsure)
            answered = monotonic()
            seen = _Seen(self._now(), session, answered, answered - began, piece is not None)
            self._seen[digest] = [*self._seen.pop(digest, ()), seen]
        return Status.ROK

    def _came_before(self, digest: str, session: Session, began: float) -> bool:
        """Whether the centre repeats what it saw no acknowledgement of; a customer may well write the same twice."""
        before = [one for one in self._seen.get(digest, ()) if not self._is_sure(one, session)]
        if any(one.session is not session for one in before):  # once: now it depends on this session's acknowledgement
            answered, is_part = monotonic(), any(one.is_part for one in before)
            self._seen[digest] = [_Seen(self._now(), session, answered, answered - began, is_part)]
            return True
        return any(one.took > _SLOW or one.is_part for one in before)

    def _sweep(self, session: Session) -> None:
        """Now and then: there may be thousands."""
        if monotonic() > self._swept + _SURE_AFTER:
            self._swept = monotonic()
            left = ((digest, [one for one in seen if not self._is_sure(one, session)]) for digest, seen in self._seen.items())
            self._seen = {digest: seen for digest, seen in left if seen}

    def _is_sure(self, one: _Seen, session: Session) -> bool:
        """It cannot come again; `session` is the one that stands."""
        if one.at < self._now() - _FORGOTTEN:
            return True
        if one.is_part and monotonic() < one.answered + _SAME_REFERENCE:
            return False
        if one.session is not session and monotonic() > session.began + _COMES_AGAIN:
            return True
        return one.session is not None and one.session.confirmed > one.answered + _SURE_AFTER

    def _unsure(self, digest: str, session: Session) -> list[Unsure]:
        self._sweep(session)
        newest = [Unsure(before, seen[-1].at) for before, seen in islice(reversed(self._seen.items()), MAX_UNSURE)]
        return [*reversed(newest), Unsure(digest, self._now())]


def _event(receipt: receipts.Receipt) -> DeliveryReport:
    return DeliveryReport(
        state=receipt.state,
        source="receipt",
        provider_id=receipt.id,
        failure=receipt.failure,
        provider_code=receipt.error,
        detail=receipt.word,
    )
