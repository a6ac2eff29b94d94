"""What a sender does with an operator's answers, whatever protocol they come by."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from hub.channels.contract import SendError
from hub.channels.sms import sender as sender_module
from hub.channels.sms.link import NotSent, Refused, Unanswered
from hub.channels.sms.sender import Late, LateAnswer, LateAnswers, Sender
from hub.errors import Unavailable
from hub.ids import MessageId
from hub.messages.address import ChannelKind
from hub.messages.content import OutboundMessage
from hub.messages.events import DeliveryReport
from hub.messages.states import DeliveryState, SendFailure
from tests.fixtures.adapters import outbound
from tests.fixtures.mail import MemorySink

FULL, WRONG = 8, 13


class Session:
    """Answers as the test says: an id, or what to raise."""

    def __init__(self, *answers: str | Exception) -> None:
        self.answers, self.parts, self.is_up = list(answers), list[str](), True
        self.late: Late | None = None


class Words(Sender[Session, str]):
    """A word is a part."""

    def cut(self, message: OutboundMessage, reference: int) -> Sequence[str]:
        return message.text.split()

    async def submit(self, session: Session, part: str, late: Late | None) -> str:
        answer = session.answers.pop(0)
        if isinstance(answer, NotSent):
            session.is_up = False
        session.late = late
        if isinstance(answer, Exception):
            raise answer
        session.parts.append(part)
        return answer

    def refusal(self, status: int) -> SendError:
        failure = SendFailure.THROTTLED if status == FULL else SendFailure.BAD_RECIPIENT
        return SendError(failure, f"status {status}", provider_code=str(status))


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sender_module, "_FIRST_PAUSE", 0.0)


def text(words: str) -> OutboundMessage:
    return outbound(ChannelKind.SMS, "+8613800138000", text=words)


def ready(session: Session) -> Words:
    made = Words(max_rate=0, window=10)
    made.link_is(session)
    return made


async def test_parts_go_one_after_the_other_and_what_is_refused_for_now_is_offered_again() -> None:
    session = Session(Refused(FULL, ""), "1", *[Refused(FULL, "")] * 5, "2")

    receipt = await ready(session).send(text("one two"))

    assert (session.parts, receipt.provider_ids) == (["one", "two"], ("1", "2"))


@pytest.mark.parametrize(
    ("answers", "failure", "ids"),
    [
        ([Refused(WRONG, "")], SendFailure.BAD_RECIPIENT, ()),
        ([Refused(FULL, "")] * 3, SendFailure.THROTTLED, ()),
        ([Unanswered()], SendFailure.OUTCOME_UNKNOWN, ("", "", "")),
        (["1", Refused(WRONG, "")], SendFailure.OUTCOME_UNKNOWN, ("1", "", "")),
        (["1", "2", Unanswered()], SendFailure.OUTCOME_UNKNOWN, ("1", "2", "")),
    ],
)
async def test_what_may_have_left_in_part_is_unknown_and_says_which_parts_were_taken(
    answers: list[str | Exception], failure: SendFailure, ids: tuple[str, ...]
) -> None:
    with pytest.raises(SendError) as failed:
        await ready(Session(*answers)).send(text("one two three"))

    assert (failed.value.failure, failed.value.provider_ids) == (failure, ids)
    assert (failed.value.retry_after is not None) == (failure is SendFailure.THROTTLED)


async def test_what_did_not_leave_goes_by_the_next_link() -> None:
    first, second = Session(NotSent()), Session("1")
    words = ready(first)
    sending = asyncio.create_task(words.send(text("one")))
    await asyncio.sleep(0)
    words.expect_link()
    words.link_is(second)

    assert (await sending).provider_ids == ("1",)
    words.expect_none()
    with pytest.raises(SendError) as failed:
        await words.send(text("two"))
    assert failed.value.failure is SendFailure.UNAVAILABLE


async def told(answers: LateAnswers, sink: MemorySink, *, count: int) -> list[DeliveryReport]:
    """The reports that are handed over, when there are so many."""
    telling = asyncio.create_task(answers.hand_over(sink, lambda: datetime(2026, 1, 1, tzinfo=UTC)))
    async with asyncio.timeout(2):
        while len(sink.taken) < count:
            await asyncio.sleep(0)
    telling.cancel()
    await asyncio.wait([telling])
    return [event for handover in sink.taken.values() for event in handover.events or () if isinstance(event, DeliveryReport)]


async def test_an_answer_that_comes_late_is_told_with_the_parts_before_it() -> None:
    session, sink, message = Session("1", Unanswered()), MemorySink(), text("one two")
    words = ready(session)
    with pytest.raises(SendError):
        await words.send(message)
    assert session.late is not None

    session.late(0, "2")
    session.late(WRONG, "")

    reports = await told(words.late, sink, count=2)
    assert [(one.provider_id, one.failure) for one in reports] == [("2", None), (None, SendFailure.BAD_RECIPIENT)]
    assert {(one.message_id, one.recipient) for one in reports} == {(str(message.id), message.recipients[0])}


async def test_a_late_answer_is_handed_over_until_it_is_durable(monkeypatch: pytest.MonkeyPatch) -> None:
    answers, sink = LateAnswers(), MemorySink()
    sink.refuse(1, Unavailable("the database is gone"))
    monkeypatch.setattr(sender_module, "_AGAIN", 0.0)
    id = MessageId(uuid4())
    to = text("one").recipients[0]
    answers.put(LateAnswer(message_id=id, recipient=to, provider_ids=("1", "2"), failure=None, detail="it came late"))

    (report,) = await told(answers, sink, count=1)

    assert (report.state, report.message_id, report.provider_id) == (DeliveryState.ACCEPTED, str(id), "2")
