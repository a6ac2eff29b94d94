"""What a gateway delivers: messages, parts of messages, and status reports. Each is durable before it is acknowledged."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from logging import getLogger

from hub.channels.contract import AdapterContext, Handover, Sink
from hub.channels.sms import common, parts
from hub.channels.sms.cmpp import status
from hub.channels.sms.cmpp.coding import piece_of, text_of
from hub.channels.sms.cmpp.messages import Deliver, Report, decode_deliver, decode_report
from hub.channels.sms.cmpp.octets import BadPdu
from hub.channels.sms.cmpp.settings import CmppSettings
from hub.channels.sms.cmpp.status import Result
from hub.channels.sms.parts import Book, Part, Piece, Unsure
from hub.errors import HubError
from hub.messages.events import DeliveryReport

log = getLogger(__name__)

CURSOR = "cmpp"
_REPORTS = 16  # stored at a time: a flood of them must not hold up those who write
_LOOK = 15.0  # seconds between two looks for parts that do not come


class Receiver:
    """The way in of one account, for one run of its adapter."""

    def __init__(self, settings: CmppSettings, context: AdapterContext, sink: Sink) -> None:
        self._settings = settings
        self._context = context
        self._sink = sink
        self._book = Book()
        self._lock = asyncio.Lock()  # the book is written in the order in which it grows
        self._reporting = asyncio.Semaphore(_REPORTS)
        self._taking: set[asyncio.Task[Result | None]] = set()

    async def load(self) -> None:
        """Take up what an earlier run left."""
        self._book = parts.read(await self._context.cursor(CURSOR))

    async def take(self, body: bytes, version: int) -> int | None:
        """Make a DELIVER durable; the result to answer with. With trouble of ours it stays unanswered, and the gateway sends it again."""
        # In a task of its own: the end of the link must not leave open whether it is stored.
        task = asyncio.create_task(self._stored(body, version))
        self._taking.add(task)
        task.add_done_callback(self._taking.discard)
        return await asyncio.shield(task)

    async def tend(self) -> None:
        """Deliver what came of long messages whose rest does not come; until cancelled."""
        while True:
            try:
                async with self._lock:
                    before = self._now() - 60 * self._settings.parts_minutes
                    for name in parts.overdue(self._book, before=before):
                        await self._let_go(name)
            except HubError as error:
                log.warning("parts wait longer", extra={"account_id": self._context.account_id, "reason": error.code})
            await asyncio.sleep(_LOOK)

    async def land(self) -> None:
        """What is being stored is stored, or fails, within a moment."""
        if self._taking:
            await asyncio.wait(self._taking, timeout=0.3)

    async def _stored(self, body: bytes, version: int) -> Result | None:
        try:
            return await self._keep(body, version)
        except HubError as error:
            log.warning("a short message was not taken", extra={"account_id": self._context.account_id, "reason": error.code})
            return None

    async def _keep(self, body: bytes, version: int) -> Result:
        try:
            message = decode_deliver(body, version)
            report = decode_report(message.content) if message.is_report else None
        except BadPdu:  # kept in the journal all the same
            await self._sink.accept(self._kept(f"unreadable:{parts.digest_of(body)}", body, ()))
            return Result.BAD_STRUCTURE
        if report is not None:
            async with self._reporting:
                await self._sink.accept(self._kept(_report_key(report), body, (_event(report),)))
            return Result.OK
        piece, octets = piece_of(message)
        if piece is None:
            text = text_of(octets, message.format)
            await self._sink.accept(self._inbound(_key(message, body), body, message.source, message.destination, text))
        else:
            async with self._lock:
                await self._part(message, body, piece, Part(message.format, octets))
        return Result.OK

    async def _part(self, message: Deliver, body: bytes, piece: Piece, part: Part) -> None:
        key = _key(message, body)
        if any(one.digest == key for one in self._book.unsure):  # it came before: its set may be gone already
            return
        name = parts.set_key(message.source, message.destination, piece)
        for other in parts.in_the_way(self._book, name, piece, part):
            await self._let_go(other)
        book, whole = parts.add(self._book, piece, part, sender=message.source, to=message.destination, at=self._now())
        book = parts.with_unsure(book, (*book.unsure, Unsure(key, self._now())))
        if whole is None:
            await self._store(self._kept(key, body, ()), book)
        else:
            await self._store(self._inbound(key, body, whole.sender, whole.to, parts.text(whole, text_of)), book)

    async def _let_go(self, name: str) -> None:
        """File what came of a long message."""
        came = parts.joined(self._book.sets[name])
        body = b"".join(part.octets for part in came.parts.values())
        key = f"parts:{parts.digest_of(body)}:{self._book.sets[name].at:.6f}"
        text = parts.text(came, text_of)
        handover = self._inbound(key, body, came.sender, came.to, text, notices=("parts_missing",))
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

    def _now(self) -> float:
        return self._context.now().timestamp()


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
