"""What a centre delivers: messages, parts of messages, and receipts. Each is durable before it is acknowledged."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from logging import getLogger
from time import monotonic

from hub.channels.contract import AdapterContext, Handover, Sink
from hub.channels.sms import common, parts
from hub.channels.sms.parts import Book, Joined, Part, Piece, Unsure
from hub.channels.sms.smpp import receipts
from hub.channels.sms.smpp.coding import piece_of, text_of
from hub.channels.sms.smpp.session import Session
from hub.channels.sms.smpp.settings import SmppSettings
from hub.channels.sms.smpp.status import Status
from hub.channels.sms.smpp.wire import ShortMessage
from hub.errors import HubError
from hub.messages.events import DeliveryReport

log = getLogger(__name__)

CURSOR = "smpp"
_REPORTS = 16  # receipts stored at a time: a flood of them must not hold up those who write
_SURE_AFTER = 1.0  # seconds: an acknowledgement has been written by then
_SLOW = 5.0  # seconds: a centre may have given up waiting for our answer, and send again
_SAME_REFERENCE = 600.0  # seconds in which the same part with the same reference is the same, however well it was acknowledged
_FORGOTTEN = 24 * 3600.0
_LOOK = 15.0  # seconds between two looks for parts that do not come


@dataclass(frozen=True, slots=True)
class _Seen:
    """Something that may come again: on which session it came (None: in an earlier process), and how fast it was answered."""

    digest: str
    at: float  # seconds since 1970
    session: Session | None
    answered: float  # monotonic
    took: float
    is_part: bool


class Receiver:
    """The way in of one account, for one run of its adapter."""

    def __init__(self, settings: SmppSettings, context: AdapterContext, sink: Sink) -> None:
        self._settings = settings
        self._context = context
        self._sink = sink
        self._book = Book()
        self._seen: list[_Seen] = []
        self._lock = asyncio.Lock()  # the book is written in the order in which it grows
        self._reporting = asyncio.Semaphore(_REPORTS)
        self._taking: set[asyncio.Task[Status]] = set()

    async def load(self) -> None:
        """Take up what an earlier run left."""
        self._book = parts.read(await self._context.cursor(CURSOR))
        self._seen = [_Seen(one.digest, one.at, None, 0.0, 0.0, False) for one in self._book.unsure]

    async def take(self, session: Session, message: ShortMessage, body: bytes) -> Status:
        """Make a deliver_sm durable; the status to answer with. On trouble of ours the centre is asked to send it again."""
        # In a task of its own: the end of the link must not leave open whether it is stored.
        task = asyncio.create_task(self._stored(session, message, body))
        self._taking.add(task)
        task.add_done_callback(self._taking.discard)
        return await asyncio.shield(task)

    async def _stored(self, session: Session, message: ShortMessage, body: bytes) -> Status:
        try:
            if receipts.is_receipt(message):
                await self._report(message, body)
            else:
                await self._message(session, message, body)
        except HubError as error:
            log.warning("a short message was not taken", extra={"account_id": self._context.account_id, "reason": error.code})
            return Status.RX_T_APPN
        return Status.ROK

    async def tend(self) -> None:
        """Deliver what came of long messages whose rest does not come; until cancelled."""
        while True:
            try:
                async with self._lock:
                    before = self._now() - 60 * self._settings.parts_minutes
                    for key in parts.overdue(self._book, before=before):
                        await self._let_go(key)
            except HubError as error:
                log.warning("parts wait longer", extra={"account_id": self._context.account_id, "reason": error.code})
            await asyncio.sleep(_LOOK)

    async def land(self) -> None:
        """What is being stored is stored, or fails, within a moment."""
        if self._taking:
            await asyncio.wait(self._taking, timeout=0.3)

    async def _report(self, message: ShortMessage, body: bytes) -> None:
        receipt = receipts.parse(message, self._settings.receipt_ids)
        events = [self._event(receipt)] if receipt else []  # one that names no message is kept in the journal all the same
        async with self._reporting:
            await self._sink.accept(self._kept(f"dlr:{parts.digest_of(body)}", body, events))

    def _event(self, receipt: receipts.Receipt) -> DeliveryReport:
        return DeliveryReport(
            state=receipt.state,
            source="receipt",
            provider_id=receipt.id,
            failure=receipt.failure,
            provider_code=receipt.error,
            detail=receipt.word,
        )

    async def _message(self, session: Session, message: ShortMessage, body: bytes) -> None:
        digest, began = parts.digest_of(body), monotonic()
        async with self._lock:
            if self._came_before(digest, session):
                return
            key = f"mo:{digest}:{self._now():.6f}"
            piece, octets = piece_of(message)
            unsure = self._unsure(digest)
            if piece is None:
                text = text_of(octets, message.data_coding, self._settings)
                book = parts.with_unsure(self._book, unsure)
                await self._store(self._inbound(key, body, message.source, message.destination, text), book)
            else:
                await self._part(key, message, body, piece, Part(message.data_coding, octets), unsure)
            answered = monotonic()
            self._seen.append(_Seen(digest, self._now(), session, answered, answered - began, piece is not None))

    async def _part(
        self, key: str, message: ShortMessage, body: bytes, piece: Piece, part: Part, unsure: Sequence[Unsure]
    ) -> None:
        name = parts.set_key(message.source, message.destination, piece)
        for other in parts.in_the_way(self._book, name, piece, part):
            await self._let_go(other)
        book, whole = parts.add(self._book, piece, part, sender=message.source, to=message.destination, at=self._now())
        book = parts.with_unsure(book, unsure)
        if whole is None:
            await self._store(self._kept(key, body, []), book)
        else:
            await self._store(self._inbound(key, body, whole.sender, whole.to, self._text(whole)), book)

    async def _let_go(self, name: str) -> None:
        """File what came of a long message."""
        came = parts.joined(self._book.sets[name])
        body = b"".join(part.octets for part in came.parts.values())
        key = f"parts:{parts.digest_of(body)}:{self._book.sets[name].at:.6f}"
        handover = self._inbound(key, body, came.sender, came.to, self._text(came), notices=("parts_missing",))
        await self._store(handover, parts.without(self._book, name))

    async def _store(self, handover: Handover, book: Book) -> None:
        await self._sink.accept(replace(handover, cursor=(CURSOR, parts.write(book))))
        self._book = book

    def _kept(self, key: str, body: bytes, events: Sequence[DeliveryReport]) -> Handover:
        return Handover(key=key, raw=body, events=tuple(events), received_at=self._context.now())

    def _inbound(self, key: str, body: bytes, sender: str, to: str, text: str, notices: Sequence[str] = ()) -> Handover:
        return common.inbound(
            self._settings,
            key=key,
            raw=body,
            sender=sender,
            to=to,
            text=text,
            received_at=self._context.now(),
            notices=notices,
        )

    def _text(self, came: Joined) -> str:
        return parts.text(came, lambda octets, coding: text_of(octets, coding, self._settings))

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

    def _now(self) -> float:
        return self._context.now().timestamp()
