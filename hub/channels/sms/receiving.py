"""What an operator delivers over a link: messages, parts of long ones, and reports. Each is durable before it is acknowledged."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Coroutine, Iterable, Sequence
from dataclasses import dataclass, replace
from logging import getLogger
from typing import Any, Generic, TypeVar

from hub.channels.contract import AdapterContext, Handover, Sink
from hub.channels.sms import parts
from hub.channels.sms.common import SmsSettings, inbound
from hub.channels.sms.parts import Book, Part, PartSet, Piece, Unsure
from hub.errors import HubError
from hub.messages.events import DeliveryReport

log = getLogger(__name__)

_REPORTS = 16  # stored at a time: a flood of them must not hold up those who write
_LOOK = 15.0  # seconds between two looks for parts that do not come
_LANDING = 0.3  # seconds

C = TypeVar("C", bound=SmsSettings)
R = TypeVar("R")  # what the operator is answered


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrivedPart:
    """One part of a long message. `body` is what the operator sent, as a whole, and `key` its handover's."""

    key: str
    body: bytes
    sender: str
    to: str
    piece: Piece
    part: Part


class Receiver(ABC, Generic[C]):
    """The way in of one account, for one run of its adapter.

    `name` is that of its cursor, where the book is kept; parts are waited for as long as `patience` says, in seconds. A protocol says what
    it delivers, and how it knows what it delivered before.
    """

    def __init__(self, settings: C, context: AdapterContext, sink: Sink, *, name: str, patience: float) -> None:
        self._settings = settings
        self._context = context
        self._sink = sink
        self._name, self._patience = name, patience
        self._book = Book()
        self._lock = asyncio.Lock()  # the book is written in the order in which it grows
        self._reporting = asyncio.Semaphore(_REPORTS)
        self._taking: set[asyncio.Task[Any]] = set()

    @abstractmethod
    def _text(self, octets: bytes, coding: int) -> str:
        """What octets say; never fails."""

    async def load(self) -> None:
        """Take up what an earlier run left."""
        self._book = parts.read(await self._context.cursor(self._name))

    async def tend(self) -> None:
        """Deliver what came of long messages whose rest does not come; until cancelled."""
        while True:
            try:
                async with self._lock:
                    for key in parts.overdue(self._book, before=self._now() - self._patience):
                        await self._let_go(key)
            except HubError as error:
                log.warning("parts wait longer", extra={"account_id": self._context.account_id, "reason": error.code})
            await asyncio.sleep(_LOOK)

    async def land(self) -> None:
        """What is being stored is stored, or fails, within a moment."""
        if self._taking:
            await asyncio.wait(self._taking, timeout=_LANDING)

    async def _settled(self, storing: Coroutine[Any, Any, R], *, not_now: R) -> R:
        """What `storing` answers; `not_now` on trouble of ours.

        In a task of its own: the end of the link must not leave open whether it is stored.
        """
        task = asyncio.create_task(self._tried(storing, not_now))
        self._taking.add(task)
        task.add_done_callback(self._taking.discard)
        return await asyncio.shield(task)

    async def _tried(self, storing: Coroutine[Any, Any, R], not_now: R) -> R:
        try:
            return await storing
        except HubError as error:
            log.warning("a short message was not taken", extra={"account_id": self._context.account_id, "reason": error.code})
            return not_now

    async def _store_report(self, key: str, body: bytes, events: Sequence[DeliveryReport]) -> None:
        async with self._reporting:
            await self._sink.accept(self._kept(key, body, events))

    async def _store_part(self, came: ArrivedPart, unsure: Iterable[Unsure]) -> None:
        """With the message, where it is the last one. Under the lock; `unsure` is what the book has to remember beside the parts."""
        key = parts.set_key(came.sender, came.to, came.piece)
        for other in parts.in_the_way(self._book, key, came.piece, came.part):
            await self._let_go(other)
        book, whole = parts.add(self._book, came.piece, came.part, sender=came.sender, to=came.to, at=self._now())
        handover = self._kept(came.key, came.body) if whole is None else self._joined(came.key, came.body, whole)
        await self._store(handover, parts.with_unsure(book, unsure))

    async def _let_go(self, key: str) -> None:
        """File what came of a long message."""
        kept = self._book.sets[key]
        body = b"".join(part.octets for part in kept.parts.values())
        handover = self._joined(f"parts:{parts.digest_of(body)}:{kept.at:.6f}", body, kept, notices=("parts_missing",))
        await self._store(handover, parts.without(self._book, key))

    async def _store(self, handover: Handover, book: Book) -> None:
        await self._sink.accept(replace(handover, cursor=(self._name, parts.write(book))))
        self._book = book

    def _kept(self, key: str, body: bytes, events: Sequence[DeliveryReport] = ()) -> Handover:
        return Handover(key=key, raw=body, events=events, received_at=self._context.now())

    def _joined(self, key: str, body: bytes, came: PartSet, notices: Sequence[str] = ()) -> Handover:
        return self._inbound(key, body, came.sender, came.to, parts.text(came, self._text), notices)

    def _inbound(self, key: str, body: bytes, sender: str, to: str, text: str, notices: Sequence[str] = ()) -> Handover:
        return inbound(
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
