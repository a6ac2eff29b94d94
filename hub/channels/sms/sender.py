"""Texts on their way out over a link: each part handed over once, at a pace the operator takes."""

import asyncio
import random
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import count
from time import monotonic
from typing import Generic, Protocol, TypeVar
from uuid import UUID

from hub import clock
from hub.channels.contract import Handover, SendError, SendReceipt, Sink
from hub.channels.sms.framing import BadPdu
from hub.channels.sms.link import NotSent, Refused, Unanswered
from hub.channels.sms.pace import Pace
from hub.errors import HubError
from hub.ids import MessageId, new_id
from hub.messages.address import Address
from hub.messages.content import OutboundMessage
from hub.messages.events import DeliveryReport
from hub.messages.segments import TooManyParts
from hub.messages.states import DeliveryState, SendFailure

LINK_WAIT = 10.0  # seconds a message waits for a link that has just gone
_TRIES = 3  # of a message's first part that is refused for now
_PATIENCE = 60.0  # seconds, for a later part: what is half sent cannot be begun anew
_FIRST_PAUSE = 0.25
_LONGEST_PAUSE = 5.0
_AGAIN = 1.0  # seconds until what could not be stored is handed over again

Late = Callable[[int, str], None]
"""Given the status and the id of an answer that came after nobody waited for it any more."""


class CanEnd(Protocol):
    """A session, as far as it matters here."""

    @property
    def is_up(self) -> bool:
        """Whether anything can still be sent."""
        ...


S = TypeVar("S", bound=CanEnd)
B = TypeVar("B")  # one part, ready to be submitted


@dataclass(frozen=True, slots=True, kw_only=True)
class LateAnswer:
    """What was said about a message to `recipient` after it was given up as unknown. `failure` is None where it was taken."""

    id: UUID = field(default_factory=new_id)
    message_id: MessageId
    recipient: Address
    provider_ids: tuple[str, ...]
    failure: SendFailure | None
    detail: str


class LateAnswers:
    """Late answers, until they are handed over."""

    def __init__(self) -> None:
        self._waiting: asyncio.Queue[LateAnswer] = asyncio.Queue()
        self.put = self._waiting.put_nowait

    async def hand_over(self, sink: Sink, now: Callable[[], datetime]) -> None:
        """Tell of each: now it is known. Until cancelled."""
        while True:
            answer = await self._waiting.get()
            try:
                await sink.accept(_told(answer, now()))
            except HubError:
                self.put(answer)
                await asyncio.sleep(_AGAIN)


def _told(answer: LateAnswer, at: datetime) -> Handover:
    """A refusal of the last part is the word about the whole: those before it, which were taken, may arrive all the same."""
    report = DeliveryReport(
        state=DeliveryState.FAILED if answer.failure else DeliveryState.ACCEPTED,
        source="answer",
        message_id=str(answer.message_id),
        recipient=answer.recipient,
        provider_id=None if answer.failure else answer.provider_ids[-1],
        failure=answer.failure,
        detail=answer.detail,
    )
    return Handover(key=f"late:{answer.id}", raw=answer.detail.encode(), events=(report,), received_at=at)


class Sender(ABC, Generic[S, B]):
    """The way out of one account. It is told how the link stands; `late` has the answers nobody waits for any more.

    A protocol says how a text is cut, how a part is submitted, and what a refusal means.
    """

    def __init__(self, *, max_rate: float, window: int) -> None:
        self.late = LateAnswers()
        self._window = window
        self._pace = Pace(max_rate)
        self._references = count(random.randrange(0x10000))
        self._session: S | None = None
        self._news = asyncio.Event()  # for those who wait; each is used once
        self._expected_until = float("-inf")
        self._is_withdrawn = False

    @abstractmethod
    def cut(self, message: OutboundMessage, reference: int) -> Sequence[B]:
        """The parts. Raises `SendError`, and `TooManyParts`."""

    @abstractmethod
    async def submit(self, session: S, part: B, late: Late | None) -> str:
        """Hand over one part; its id. Raises `NotSent`, `Unanswered`, `Refused`, and `BadPdu` for what cannot be encoded."""

    @abstractmethod
    def refusal(self, status: int) -> SendError:
        """What a status means."""

    def link_is(self, session: S) -> None:
        """Send through this one."""
        self._session = session
        self._tell()

    def expect_link(self) -> None:
        """There is none, and one is being made: messages wait for it, for a moment."""
        self._session, self._expected_until = None, monotonic() + LINK_WAIT
        self._tell()

    def expect_none(self) -> None:
        """None could be made: messages need not wait."""
        self._session, self._expected_until = None, float("-inf")
        self._tell()

    def withdraw(self) -> None:
        """What has not begun to leave does not any more."""
        self._is_withdrawn = True
        self._tell()

    async def send(self, message: OutboundMessage) -> SendReceipt:
        """Submit the parts one after the other; raises `SendError` only."""
        try:
            parts = self.cut(message, next(self._references))
        except TooManyParts as error:
            raise SendError(SendFailure.BAD_CONTENT, error.detail) from error
        ids: list[str] = []
        for part in parts:
            late = partial(self._answered_late, message, tuple(ids)) if part is parts[-1] else None
            try:
                ids.append(await self._hand_over(part, is_first=not ids, late=late))
            except SendError as error:
                raise _half_sent(error, ids, len(parts)) from error
        return SendReceipt(provider_ids=tuple(ids), detail=f"{len(ids)} parts" if len(ids) > 1 else "")

    async def link(self) -> S:
        """The session; waits for one that is expected. Raises `SendError`."""
        while self._session is None or not self._session.is_up:
            if self._is_withdrawn:
                raise _withdrawn()
            wait = self._expected_until if self._session is None else monotonic() + LINK_WAIT
            try:
                async with asyncio.timeout(wait - monotonic()):
                    await self._news.wait()
            except TimeoutError as error:
                raise SendError(SendFailure.UNAVAILABLE, "not connected") from error
        return self._session

    def _tell(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    async def _hand_over(self, part: B, *, is_first: bool, late: Late | None) -> str:
        """One part, taken. What is refused for now was not taken, so it is offered again, for a while."""
        until, tries, pause = monotonic() + _PATIENCE, 0, _FIRST_PAUSE
        while True:
            try:
                return await self._try(part, late, is_first=is_first)
            except Refused as refused:
                error = self.refusal(refused.status)
                tries += 1
                is_over = tries >= _TRIES if is_first else monotonic() > until
                if error.failure is not SendFailure.THROTTLED or is_over:
                    raise self._with_wait(error) from refused
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))
            pause = min(pause * 2, _LONGEST_PAUSE)

    async def _try(self, part: B, late: Late | None, *, is_first: bool) -> str:
        while True:
            session = await self.link()
            await self._turn(is_first=is_first)
            try:
                id = await self.submit(session, part, late)
            except NotSent:
                continue
            except BadPdu as error:
                raise SendError(SendFailure.BAD_CONTENT, str(error)) from error
            except Unanswered as error:
                raise SendError(SendFailure.OUTCOME_UNKNOWN, str(error)) from error
            except Refused as refused:
                if self.refusal(refused.status).failure is SendFailure.THROTTLED:
                    self._pace.refused()
                raise
            self._pace.taken()
            return id

    async def _turn(self, *, is_first: bool) -> None:
        """Wait until one more part may leave; what is half sent goes on in any case."""
        until = monotonic() + self._pace.delay()
        while (wait := until - monotonic()) > 0 and not (is_first and self._is_withdrawn):
            await clock.wait(self._news, wait)
        if is_first and self._is_withdrawn:
            raise _withdrawn()

    def _with_wait(self, error: SendError) -> SendError:
        if error.failure is SendFailure.THROTTLED:
            error.retry_after = min(max(self._window / self._pace.limit, 1.0), 60.0)
        return error

    def _answered_late(self, message: OutboundMessage, before: tuple[str, ...], status: int, id: str) -> None:
        error = self.refusal(status) if status else None
        self.late.put(
            LateAnswer(
                message_id=message.id,
                recipient=message.recipients[0],
                provider_ids=before if error else (*before, id),
                failure=error.failure if error else None,
                detail=f"{error.detail}, said late" if error else "the answer came late",
            )
        )


def _withdrawn() -> SendError:
    return SendError(SendFailure.UNAVAILABLE, "the hub is stopping")


def _half_sent(error: SendError, taken: Sequence[str], total: int) -> SendError:
    """With some parts taken a message can neither be called refused nor be begun anew."""
    if not taken and error.failure is not SendFailure.OUTCOME_UNKNOWN:
        return error
    detail = f"{len(taken)} of {total} parts were taken, the next was not: {error.detail}" if taken else error.detail
    ids = (*taken, *[""] * (total - len(taken)))
    return SendError(SendFailure.OUTCOME_UNKNOWN, detail, provider_code=error.provider_code, provider_ids=ids)
