"""Messages that a provider knows by its own ids: in parts, and reported on before it answered."""

import asyncio
import random
from datetime import timedelta
from typing import Any

import pytest

from hub import clock
from hub.auth import Caller
from hub.channels.contract import SendError
from hub.channels.sms.cmpp.sending import CmppSender
from hub.channels.sms.cmpp.settings import CmppSettings
from hub.channels.sms.cmpp.status import Result
from hub.conversations import queries
from hub.conversations.values import MessageView
from hub.delivery import reports
from hub.delivery.parts import Word, stand
from hub.delivery.queries import with_deliveries
from hub.delivery.reports import Said
from hub.delivery.service import Send
from hub.messages.address import Address, AddressKind
from hub.messages.content import Draft
from hub.messages.events import DeliveryReport
from hub.messages.jobs import FORGET_EARLY_REPORTS
from hub.messages.states import DeliveryState, SendFailure
from tests.fixtures.desk import eventually
from tests.fixtures.sms import PaperDesk

SETTINGS = CmppSettings(host="gateway", sp_id="901234", shared_secret="secret", sender="10690000")
LONG = "中" * 150  # three parts
NUMBER = Address(kind=AddressKind.PHONE, value="+8613800138000")


@pytest.fixture
async def agent(sms: PaperDesk) -> Caller:
    return await sms.desk.user("anna", "administrator")


async def write_to(sms: PaperDesk, agent: Caller, text: str, to: str = "+8613800138000") -> MessageView:
    draft = Draft(text=text, to=(Address(kind=AddressKind.PHONE, value=to),))
    return await sms.desk.hub.delivery.send(Send(account_id=sms.account_id, draft=draft), by=agent)


async def stands(sms: PaperDesk, agent: Caller, message: MessageView) -> MessageView:
    return (await with_deliveries(sms.desk.db, [await queries.message(sms.desk.db, message.id, agent)]))[0]


async def until(sms: PaperDesk, agent: Caller, message: MessageView, state: DeliveryState) -> MessageView:
    async def check() -> MessageView:
        now = await stands(sms, agent, message)
        assert now.status is state
        return now

    found: MessageView = await eventually(check)
    return found


@pytest.mark.covers("M-27")
async def test_a_long_message_is_delivered_when_its_last_part_is(sms: PaperDesk, agent: Caller) -> None:
    message = await write_to(sms, agent, LONG)
    await until(sms, agent, message, DeliveryState.ACCEPTED)
    one, two, three = sms.paper.ids[LONG]

    for id in (three, one):
        await sms.report(id, DeliveryState.DELIVERED)
    assert (await stands(sms, agent, message)).status is DeliveryState.ACCEPTED
    await sms.report(two, DeliveryState.DELIVERED)

    assert (await stands(sms, agent, message)).status is DeliveryState.DELIVERED


async def test_a_part_that_fails_fails_the_message_until_it_is_delivered_after_all(sms: PaperDesk, agent: Caller) -> None:
    message = await write_to(sms, agent, LONG)
    await until(sms, agent, message, DeliveryState.ACCEPTED)
    one, two, three = sms.paper.ids[LONG]

    await sms.report(one, DeliveryState.DELIVERED)
    await sms.report(two, DeliveryState.FAILED, failure=SendFailure.REJECTED, detail="no room")
    failed = await stands(sms, agent, message)
    await sms.report(two, DeliveryState.DELIVERED)
    again = await stands(sms, agent, message)
    await sms.report(three, DeliveryState.DELIVERED)

    assert (failed.status, failed.failure, failed.status_detail) == (DeliveryState.FAILED, SendFailure.REJECTED, "no room")
    assert (again.status, again.failure) == (DeliveryState.ACCEPTED, None)
    assert (await stands(sms, agent, message)).status is DeliveryState.DELIVERED


@pytest.mark.covers("M-27")
async def test_a_report_that_comes_before_the_answer_is_kept_and_counts(sms: PaperDesk, agent: Caller) -> None:
    sms.paper.open.clear()
    message = await write_to(sms, agent, LONG)
    await eventually(lambda: taken(sms, LONG))
    one, two, three = sms.paper.ids[LONG]

    for id in (two, one):
        await sms.report(id, DeliveryState.DELIVERED)
    assert (await stands(sms, agent, message)).status is DeliveryState.SENDING
    sms.paper.open.set()
    await until(sms, agent, message, DeliveryState.ACCEPTED)
    await sms.report(three, DeliveryState.DELIVERED)

    assert (await stands(sms, agent, message)).status is DeliveryState.DELIVERED
    assert await sms.desk.db.fetch("SELECT id FROM early_report") == []


async def taken(sms: PaperDesk, text: str) -> None:
    assert text in sms.paper.ids


async def test_answers_and_reports_in_any_order_come_to_what_their_words_say(sms: PaperDesk, agent: Caller) -> None:
    sms.paper.open.clear()
    texts = [f"{n} {LONG}" for n in range(8)]
    messages = [await write_to(sms, agent, text, f"+86138001380{n:02}") for n, text in enumerate(texts)]
    await eventually(lambda: all_taken(sms, texts))
    bad = (DeliveryState.ACCEPTED, DeliveryState.FAILED, DeliveryState.DELIVERED)
    said = {
        id: random.choices(bad, k=2) if n % 2 else [DeliveryState.DELIVERED] for n in range(8) for id in sms.paper.ids[texts[n]]
    }
    words = [Word(provider_id=id, state=state) for id, states in said.items() for state in states]
    random.shuffle(words)

    async with asyncio.TaskGroup() as group:
        for n, word in enumerate(words):
            group.create_task(sms.report(word.provider_id, word.state))
            if n == len(words) // 3:
                sms.paper.open.set()

    for message, text in zip(messages, texts, strict=True):
        await until(sms, agent, message, stand(sms.paper.ids[text], [w for w in words if w.provider_id in sms.paper.ids[text]]))


async def all_taken(sms: PaperDesk, texts: list[str]) -> None:
    assert set(texts) <= set(sms.paper.ids)


async def test_what_nothing_is_learned_about_is_forgotten_after_ten_minutes(sms: PaperDesk) -> None:
    await sms.report("of nobody", DeliveryState.DELIVERED)

    assert await early_after(sms, timedelta(minutes=9)) == 1
    assert await early_after(sms, timedelta(minutes=11)) == 0


async def early_after(sms: PaperDesk, passed: timedelta) -> int:
    """How many reports are still kept when this time has passed since they came, and the job has been done."""
    async with sms.desk.db.unit_of_work() as work:
        await work.execute("UPDATE early_report SET created_at = $1", clock.now() - passed)
        work.enqueue(FORGET_EARLY_REPORTS)
    await sms.jobs()
    return len(await sms.desk.db.fetch("SELECT id FROM early_report"))


async def test_an_id_the_provider_uses_again_means_the_newest_message(sms: PaperDesk, agent: Caller) -> None:
    sms.paper.ids = {"first": ("7",), "second": ("7",)}
    first = await write_to(sms, agent, "first")
    await until(sms, agent, first, DeliveryState.ACCEPTED)
    second = await write_to(sms, agent, "second")
    await until(sms, agent, second, DeliveryState.ACCEPTED)

    await sms.report("7", DeliveryState.DELIVERED)

    assert (await stands(sms, agent, first)).status is DeliveryState.ACCEPTED
    assert (await stands(sms, agent, second)).status is DeliveryState.DELIVERED


async def test_an_id_of_another_account_is_another_id(sms: PaperDesk, agent: Caller) -> None:
    message = await write_to(sms, agent, "Hello")
    await until(sms, agent, message, DeliveryState.ACCEPTED)
    other = await sms.account("10691111")

    async with sms.desk.db.unit_of_work() as work:
        report = DeliveryReport(state=DeliveryState.FAILED, source="receipt", provider_id=sms.paper.ids["Hello"][0])
        await reports.apply(work, [Said(account_id=other, report=report, at=clock.now())], lambda _: None)

    assert (await stands(sms, agent, message)).status is DeliveryState.ACCEPTED


async def test_a_lost_answer_is_unknown_is_sent_once_and_is_settled_by_a_report_that_names_our_message(
    sms: PaperDesk, agent: Caller
) -> None:
    sms.paper.errors.append(SendError(SendFailure.OUTCOME_UNKNOWN, "no answer"))
    message = await write_to(sms, agent, "Hello")
    await until(sms, agent, message, DeliveryState.UNKNOWN)

    await sms.report("whatever", DeliveryState.DELIVERED, message_id=str(message.id))

    assert (await stands(sms, agent, message)).status is DeliveryState.DELIVERED
    assert len(sms.paper.sent) == 1


async def test_a_lost_answer_to_one_part_keeps_the_message_unknown_whatever_the_others_say(sms: PaperDesk, agent: Caller) -> None:
    sms.paper.errors.append(SendError(SendFailure.OUTCOME_UNKNOWN, "no answer", provider_ids=("p1", "", "p3")))
    message = await write_to(sms, agent, LONG)
    await until(sms, agent, message, DeliveryState.UNKNOWN)

    await sms.report("p1", DeliveryState.DELIVERED)
    await sms.report("p3", DeliveryState.DELIVERED)
    assert (await stands(sms, agent, message)).status is DeliveryState.UNKNOWN
    await sms.report("p1", DeliveryState.FAILED)
    unmoved = await stands(sms, agent, message)
    await sms.report("", DeliveryState.DELIVERED, message_id=str(message.id))

    assert unmoved.status is DeliveryState.UNKNOWN
    assert (await stands(sms, agent, message)).status is DeliveryState.DELIVERED


async def test_a_report_by_our_own_id_may_outrun_the_answer(sms: PaperDesk, agent: Caller) -> None:
    sms.paper.open.clear()
    message = await write_to(sms, agent, "Hello")
    await eventually(lambda: taken(sms, "Hello"))

    await sms.report("", DeliveryState.DELIVERED, message_id=str(message.id))
    sms.paper.open.set()

    async def ended() -> None:
        row = await sms.desk.db.fetch_one("SELECT outcome FROM delivery_attempt")
        assert row is not None
        assert row["outcome"] == "accepted"

    await eventually(ended)
    (delivery,) = (await stands(sms, agent, message)).deliveries
    assert (delivery.state, delivery.attempts) == (DeliveryState.DELIVERED, 1)


@pytest.mark.parametrize("word", [DeliveryState.ACCEPTED, DeliveryState.FAILED])
async def test_a_word_about_what_failed_is_not_taken_for_one_about_what_is_sent_again(
    sms: PaperDesk, agent: Caller, word: DeliveryState
) -> None:
    message = await write_to(sms, agent, "Hello")
    await until(sms, agent, message, DeliveryState.ACCEPTED)
    (first,) = sms.paper.ids.pop("Hello")
    await sms.report(first, DeliveryState.FAILED, message_id=str(message.id))
    await until(sms, agent, message, DeliveryState.FAILED)
    sms.paper.open.clear()
    await sms.desk.hub.delivery.retry(message.id, by=agent)
    await eventually(lambda: taken(sms, "Hello"))

    await sms.report(first, word, message_id=str(message.id), recipient=NUMBER)

    assert (await stands(sms, agent, message)).status is DeliveryState.SENDING
    sms.paper.open.set()
    await until(sms, agent, message, DeliveryState.ACCEPTED)
    await sms.report(sms.paper.ids["Hello"][0], DeliveryState.DELIVERED, message_id=str(message.id))
    assert (await stands(sms, agent, message)).status is DeliveryState.DELIVERED


async def test_a_message_to_two_numbers_has_the_parts_of_each_apart(sms: PaperDesk, agent: Caller) -> None:
    draft = Draft(text="Both", to=tuple(Address(kind=AddressKind.PHONE, value=f"+861380013800{n}") for n in (1, 2)))
    message = await sms.desk.hub.delivery.send(Send(account_id=sms.account_id, draft=draft), by=agent)
    await until(sms, agent, message, DeliveryState.ACCEPTED)

    assert sorted(sms.paper.texts()) == [("+8613800138001", "Both"), ("+8613800138002", "Both")]


async def test_an_answer_that_comes_late_makes_known_what_was_unknown_and_what_was_said_about_it(
    sms: PaperDesk, agent: Caller
) -> None:
    sms.paper.errors.append(SendError(SendFailure.OUTCOME_UNKNOWN, "no answer", provider_ids=("",)))
    message = await write_to(sms, agent, "Hello")
    await until(sms, agent, message, DeliveryState.UNKNOWN)
    await sms.report("late-1", DeliveryState.DELIVERED)  # nobody knows yet what that is

    await sms.report("late-1", DeliveryState.ACCEPTED, message_id=str(message.id))

    assert (await stands(sms, agent, message)).status is DeliveryState.DELIVERED


async def test_a_late_answer_to_one_part_of_several_fills_its_place(sms: PaperDesk, agent: Caller) -> None:
    sms.paper.errors.append(SendError(SendFailure.OUTCOME_UNKNOWN, "no answer", provider_ids=("p1", "", "p3")))
    message = await write_to(sms, agent, LONG)
    await until(sms, agent, message, DeliveryState.UNKNOWN)

    await sms.report("p2", DeliveryState.ACCEPTED, message_id=str(message.id))
    assert (await stands(sms, agent, message)).status is DeliveryState.ACCEPTED
    for id in ("p3", "p2", "p1"):
        await sms.report(id, DeliveryState.DELIVERED)

    assert (await stands(sms, agent, message)).status is DeliveryState.DELIVERED


async def test_a_refusal_that_comes_late_fails_the_message_though_the_parts_before_it_arrive(
    sms: PaperDesk, agent: Caller
) -> None:
    sms.paper.errors.append(SendError(SendFailure.OUTCOME_UNKNOWN, "no answer", provider_ids=("p1", "p2", "")))
    message = await write_to(sms, agent, LONG)
    await until(sms, agent, message, DeliveryState.UNKNOWN)
    sender = CmppSender(SETTINGS)
    sender._answered_late(sms.paper.sent[0], ("p1", "p2"), Result.BAD_DESTINATION, "")
    telling = asyncio.create_task(sender.late.hand_over(sms.desk.hub.intake.sink_for(sms.account_id), clock.now))
    failed = await until(sms, agent, message, DeliveryState.FAILED)
    telling.cancel()

    for id in ("p1", "p2"):
        await sms.report(id, DeliveryState.DELIVERED)

    assert failed.failure is SendFailure.BAD_RECIPIENT
    assert (await stands(sms, agent, message)).status is DeliveryState.FAILED


@pytest.mark.parametrize("answer_first", [True, False])
async def test_a_late_answer_and_what_is_said_about_it_may_come_at_once(
    sms: PaperDesk, agent: Caller, answer_first: bool
) -> None:
    sms.paper.errors.append(SendError(SendFailure.OUTCOME_UNKNOWN, "no answer", provider_ids=("",)))
    message = await write_to(sms, agent, "Hello")
    await until(sms, agent, message, DeliveryState.UNKNOWN)
    answer = said(sms, "late-1", DeliveryState.ACCEPTED, message_id=str(message.id))
    delivered = said(sms, "late-1", DeliveryState.DELIVERED)

    async with sms.desk.db.unit_of_work() as work:
        await reports.apply(work, [answer, delivered] if answer_first else [delivered, answer], lambda _: None)

    assert (await stands(sms, agent, message)).status is DeliveryState.DELIVERED
    assert await sms.desk.db.fetch("SELECT id FROM early_report") == []


async def test_what_is_said_at_once_about_all_parts_of_many_messages_is_told_once_a_message(
    sms: PaperDesk, agent: Caller
) -> None:
    texts = [f"{n} {LONG}" for n in range(5)]
    messages = [await write_to(sms, agent, text, f"+86138001380{n:02}") for n, text in enumerate(texts)]
    for message in messages:
        await until(sms, agent, message, DeliveryState.ACCEPTED)
    begin = await sms.desk.db.fetch("SELECT max(id) AS id FROM event_log")
    words = [said(sms, id, DeliveryState.DELIVERED) for text in texts[1:] for id in sms.paper.ids[text]]
    failed = said(sms, sms.paper.ids[texts[0]][1], DeliveryState.FAILED, failure=SendFailure.REJECTED, detail="no room")
    random.shuffle(words)

    async with sms.desk.db.unit_of_work() as work:
        await reports.apply(work, [*words, failed], lambda _: None)

    assert (await stands(sms, agent, messages[0])).status_detail == "no room"
    for message in messages[1:]:
        assert (await stands(sms, agent, message)).status is DeliveryState.DELIVERED
    sql = "SELECT data FROM event_log WHERE type = 'message.changed' AND id > $1"
    told = [row["data"]["message_id"] for row in await sms.desk.db.fetch(sql, begin[0]["id"])]
    assert sorted(told) == sorted(str(message.id) for message in messages)


def said(sms: PaperDesk, id: str, state: DeliveryState, **rest: Any) -> Said:
    """A report by the account, as it came."""
    report = DeliveryReport(state=state, source="receipt", provider_id=id, **rest)
    return Said(account_id=sms.account_id, report=report, at=clock.now())


async def test_a_late_answer_may_come_before_its_message_is_called_unknown(sms: PaperDesk, agent: Caller) -> None:
    sms.paper.open.clear()
    sms.paper.late_errors.append(SendError(SendFailure.OUTCOME_UNKNOWN, "no answer", provider_ids=("",)))
    message = await write_to(sms, agent, "Hello")
    await eventually(lambda: taken(sms, "Hello"))
    await sms.report("late-1", DeliveryState.ACCEPTED, message_id=str(message.id))
    sms.paper.open.set()

    async def ended() -> None:
        row = await sms.desk.db.fetch_one("SELECT finished_at FROM delivery_attempt")
        assert row is not None
        assert row["finished_at"]

    await eventually(ended)
    await sms.report("late-1", DeliveryState.DELIVERED)

    assert (await stands(sms, agent, message)).status is DeliveryState.DELIVERED
