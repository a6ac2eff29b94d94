"""Texts on their way out: cut into parts, each handed over once, at a pace the gateway takes."""

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import count
from time import monotonic

from hub.channels.contract import SendError, SendReceipt
from hub.channels.sms.cmpp import coding
from hub.channels.sms.cmpp.messages import Submit
from hub.channels.sms.cmpp.octets import BadPdu
from hub.channels.sms.cmpp.session import NotSent, Refused, Session, Unanswered
from hub.channels.sms.cmpp.settings import CmppSettings
from hub.channels.sms.cmpp.status import Result, failure_of
from hub.channels.sms.cmpp.wire import Answer
from hub.channels.sms.pace import Pace
from hub.ids import MessageId
from hub.messages.content import OutboundMessage
from hub.messages.segments import TooManyParts
from hub.messages.states import SendFailure

LINK_WAIT = 10.0  # seconds a message waits for a link that has just gone
_TRIES = 3  # of a message's first part that the gateway refuses for now
_PATIENCE = 60.0  # seconds, for a later part: what is half sent cannot be begun anew
_FIRST_PAUSE = 0.25
_LONGEST_PAUSE = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LateAnswer:
    """What a gateway said about a message after it was given up as unknown. `failure` is None where it took it."""

    message_id: MessageId
    provider_ids: tuple[str, ...]
    failure: SendFailure | None
    detail: str


class Sender:
    """The way out of one account. It is told how the link stands; `late` hears answers nobody waits for any more."""

    def __init__(self, settings: CmppSettings, late: Callable[[LateAnswer], None]) -> None:
        self._settings = settings
        self._late = late
        self._pace = Pace(settings.max_rate)
        self._references = count(random.randrange(0x100))
        self._session: Session | None = None
        self._news = asyncio.Event()  # of the link; each is used once
        self._expected_until = float("-inf")

    def link_is(self, session: Session) -> None:
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

    def _tell(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    async def send(self, message: OutboundMessage) -> SendReceipt:
        """Submit the parts one after the other; raises `SendError` only."""
        bodies = self._bodies(message)
        ids: list[str] = []
        for body in bodies:
            late = partial(self._answered_late, message.id, tuple(ids)) if body is bodies[-1] else None
            try:
                ids.append(await self._hand_over(body, is_first=not ids, late=late))
            except SendError as error:
                raise _half_sent(error, ids, len(bodies)) from error
        return SendReceipt(provider_ids=tuple(ids), detail=f"{len(ids)} parts" if len(ids) > 1 else "")

    def _bodies(self, message: OutboundMessage) -> Sequence[Submit]:
        if not self._settings.host or not self._settings.sender:
            raise SendError(SendFailure.BAD_SETTINGS, "this account has no server or no access number to send with")
        recipients = message.recipients
        if len(recipients) != 1 or not recipients[0].value.removeprefix("+").isdecimal():
            raise SendError(SendFailure.BAD_RECIPIENT, "a short message goes to one number")
        reference = next(self._references) % 0x100
        try:
            return coding.bodies(message.text, recipient=recipients[0].value, reference=reference, settings=self._settings)
        except TooManyParts as error:
            raise SendError(SendFailure.BAD_CONTENT, error.detail) from error

    async def _hand_over(self, body: Submit, *, is_first: bool, late: Callable[[Answer], None] | None) -> str:
        """One part, taken by the gateway. What it refuses for now was not taken, so it is offered again, for a while."""
        until, tries, pause = monotonic() + _PATIENCE, 0, _FIRST_PAUSE
        while True:
            try:
                return str(await self._submit(body, late))
            except Refused as refused:
                tries += 1
                is_over = tries >= _TRIES if is_first else monotonic() > until
                if refused.result != Result.TOO_FAST or is_over:
                    raise self._sorted(refused) from refused
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))
            pause = min(pause * 2, _LONGEST_PAUSE)

    async def _submit(self, body: Submit, late: Callable[[Answer], None] | None) -> int:
        while True:
            session = await self._link()
            await self._pace.turn()
            try:
                id = await session.submit(body, late=late)
            except NotSent:
                continue
            except Unanswered as error:
                raise SendError(SendFailure.OUTCOME_UNKNOWN, str(error)) from error
            except BadPdu as error:
                raise SendError(SendFailure.BAD_CONTENT, str(error)) from error
            except Refused as refused:
                if refused.result == Result.TOO_FAST:
                    self._pace.refused()
                raise
            self._pace.taken()
            return id

    async def _link(self) -> Session:
        """The session; waits for one that is expected. Raises `SendError`."""
        while self._session is None or not self._session.is_up:
            wait = self._expected_until if self._session is None else monotonic() + LINK_WAIT
            try:
                async with asyncio.timeout(wait - monotonic()):
                    await self._news.wait()
            except TimeoutError as error:
                raise SendError(SendFailure.UNAVAILABLE, "not connected") from error
        return self._session

    def _sorted(self, refused: Refused) -> SendError:
        failure = failure_of(refused.result)
        wait = None
        if failure is SendFailure.THROTTLED:
            wait = min(max(self._settings.window / self._pace.limit, 1.0), 60.0)
        return SendError(failure, str(refused), provider_code=str(refused.result), retry_after=wait)

    def _answered_late(self, message_id: MessageId, before: tuple[str, ...], answer: Answer) -> None:
        failure = failure_of(answer.result) if answer.result else None
        ids = before if failure else (*before, str(answer.msg_id))
        detail = f"the gateway refused it with {answer.result}, said late" if failure else "the answer came late"
        self._late(LateAnswer(message_id=message_id, provider_ids=ids, failure=failure, detail=detail))


def _half_sent(error: SendError, taken: Sequence[str], total: int) -> SendError:
    """With some parts taken a message can neither be called refused nor be begun anew."""
    if not taken and error.failure is not SendFailure.OUTCOME_UNKNOWN:
        return error
    detail = f"{len(taken)} of {total} parts were taken, the next was not: {error.detail}" if taken else error.detail
    ids = (*taken, *[""] * (total - len(taken)))
    return SendError(SendFailure.OUTCOME_UNKNOWN, detail, provider_code=error.provider_code, provider_ids=ids)
