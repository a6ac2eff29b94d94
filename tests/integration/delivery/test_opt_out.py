"""STOP, START and HELP by short message."""

from datetime import timedelta

import pytest

from hub import clock
from hub.auth import Caller
from hub.channels.contract import SendError
from hub.conversations import queries
from hub.conversations.values import MessageView
from hub.db import Row, read_events
from hub.delivery import opt_outs
from hub.delivery.consent import Purpose
from hub.delivery.errors import Refused
from hub.delivery.held import Hold
from hub.delivery.queries import reply_options, with_deliveries
from hub.delivery.service import Send
from hub.errors import NotFound
from hub.ids import AccountId
from hub.messages.address import Address, AddressKind
from hub.messages.content import Draft
from hub.messages.states import DeliveryState, SendFailure
from tests.fixtures.desk import eventually
from tests.fixtures.sms import PaperDesk

ALICE = Address(kind=AddressKind.PHONE, value="+8613800138000")
STOPPED = "【云间】您已退订，我们不会再给您发送短信。回复“恢复”可重新接收。"
STARTED = "【云间】您已恢复接收短信。回复“退订”可随时退订。"


@pytest.fixture
async def agent(sms: PaperDesk) -> Caller:
    return await sms.desk.user("anna", "administrator")


async def write(
    sms: PaperDesk, agent: Caller, text: str, *, to: Address = ALICE, account_id: AccountId | None = None, **more: object
) -> MessageView:
    send = Send(account_id=account_id or sms.account_id, draft=Draft(text=text, to=(to,)), **more)  # type: ignore[arg-type]
    return await sms.desk.hub.delivery.send(send, by=agent)


async def until(sms: PaperDesk, agent: Caller, message: MessageView, state: DeliveryState) -> MessageView:
    async def check() -> MessageView:
        (now,) = await with_deliveries(sms.desk.db, [await queries.message(sms.desk.db, message.id, agent)])
        assert now.status is state, now.status
        return now

    found: MessageView = await eventually(check)
    return found


async def told(sms: PaperDesk, *texts: str) -> None:
    """Exactly these were sent, in this order."""

    async def check() -> None:
        assert [text for _, text in sms.paper.texts()] == list(texts)

    await eventually(check)


async def answers(sms: PaperDesk) -> list[str]:
    """What was stored to be sent."""
    return [row["text"] for row in await sms.desk.db.fetch("SELECT text FROM message WHERE direction = 'out' ORDER BY n")]


async def standing(sms: PaperDesk) -> list[Row]:
    return await sms.desk.db.fetch("SELECT * FROM opt_out WHERE ended_at IS NULL ORDER BY created_at")


@pytest.mark.covers("M-27")
async def test_who_says_stop_is_answered_once_and_written_to_by_no_account_any_more(sms: PaperDesk, agent: Caller) -> None:
    other = await sms.account("10691111")
    await sms.receive("退订")
    await sms.jobs()
    await told(sms, STOPPED)
    await sms.receive("TD")
    await sms.jobs()

    for account_id in (sms.account_id, other):
        with pytest.raises(Refused) as refused:
            await write(sms, agent, "Hello", account_id=account_id, purpose=Purpose.SERVICE)
        assert refused.value.extra["refusals"] == ["opted_out"]
    await told(sms, STOPPED)
    assert [row["sender"] for row in await standing(sms)] == ["10690000"]


@pytest.mark.covers("M-27")
async def test_every_change_of_the_list_is_told_to_who_may_see_customers(sms: PaperDesk, agent: Caller) -> None:
    async def told() -> list[tuple[str, str | None]]:
        events = await read_events(sms.desk.db, None, 1_000)
        return [(event.data["address"], event.audience.right) for event in events if event.type == "opt_out.changed"]

    await sms.receive("STOP")
    await sms.receive("STOP")
    once = await told()
    await sms.receive("START")
    lifted = await told()
    await sms.receive("STOP")
    await opt_outs.lift(sms.desk.db, (await standing(sms))[0]["id"], why="on the phone", by=agent)

    assert once == [("+8613800138000", "customers.read")]
    assert (len(lifted), len(await told())) == (2, 4)


async def test_the_ways_to_answer_say_that_short_messages_were_stopped(sms: PaperDesk, agent: Caller) -> None:
    received = await sms.receive("STOP")
    assert received.conversation_id is not None
    conversation = await queries.conversation(sms.desk.db, received.conversation_id, agent)

    (option,) = await reply_options(sms.desk.db, sms.desk.hub.carriers, conversation)

    assert (option.allowed, option.refusals) == (False, ("opted_out",))


@pytest.mark.covers("M-27")
async def test_a_stop_to_one_number_binds_all_and_a_start_to_any_lifts_all(sms: PaperDesk, agent: Caller) -> None:
    other = await sms.account("10691111", signature="云间")
    await sms.receive("STOP")
    await sms.receive("STOP", to="10691111", account_id=other)
    assert [row["sender"] for row in await standing(sms)] == ["10690000", "10691111"]
    await sms.receive("恢复")
    await sms.jobs()

    assert await standing(sms) == []
    assert STARTED in await answers(sms)
    await write(sms, agent, "Hello")


async def test_yes_to_a_question_is_no_word_of_ours_where_nothing_was_stopped(sms: PaperDesk) -> None:
    await sms.receive("YES")
    await sms.jobs()

    assert await answers(sms) == []


async def test_help_is_answered_by_the_account_even_to_who_has_stopped(sms: PaperDesk) -> None:
    await sms.receive("STOP")
    await sms.receive("help")
    await sms.jobs()

    assert "【云间】Yunjian: call 400 123" in await answers(sms)
    rows = await sms.desk.db.fetch("SELECT kind FROM message WHERE direction = 'out'")
    assert {row["kind"] for row in rows} == {"auto_reply"}


async def test_an_account_without_a_help_text_does_not_answer_help(sms: PaperDesk) -> None:
    silent = await sms.account("10691111")
    await sms.receive("HELP", to="10691111", account_id=silent)
    await sms.jobs()

    assert await answers(sms) == []


@pytest.mark.covers("M-27")
async def test_what_was_queued_held_or_for_later_does_not_leave(sms: PaperDesk, agent: Caller) -> None:
    sms.paper.errors.append(SendError(SendFailure.THROTTLED, "slowly", retry_after=3600))
    deferred = await write(sms, agent, "Deferred")
    await until(sms, agent, deferred, DeliveryState.DEFERRED)
    behind = await write(sms, agent, "Behind", conversation_id=deferred.conversation_id)
    later = await write(sms, agent, "Later", hold=Hold(until=clock.now() + timedelta(days=1), is_later=True))
    other = await write(sms, agent, "To another", to=Address(kind=AddressKind.PHONE, value="+8613900139000"))

    await sms.receive("STOP")
    await sms.jobs()

    for message in (deferred, behind, later):
        ended = await until(sms, agent, message, DeliveryState.CANCELLED)
        assert (ended.failure, ended.status_detail) == (SendFailure.OPTED_OUT, "opted_out")
    await until(sms, agent, other, DeliveryState.ACCEPTED)
    assert {text for _, text in sms.paper.texts()} <= {"Deferred", "To another", sms.paper.sent[-1].text}


async def test_a_message_stored_while_the_stop_was_filed_is_stopped_at_the_door(sms: PaperDesk, agent: Caller) -> None:
    sms.paper.errors.append(SendError(SendFailure.THROTTLED, "slowly", retry_after=3600))
    message = await write(sms, agent, "Hello")
    await until(sms, agent, message, DeliveryState.DEFERRED)
    await sms.receive("STOP")  # its job has not run: nothing is cancelled yet

    async with sms.desk.db.unit_of_work() as work:
        await work.execute("UPDATE delivery SET due_at = $1", clock.now())
    sms.desk.parts.deliveries.wake()

    await until(sms, agent, message, DeliveryState.CANCELLED)
    assert len(sms.paper.sent) == 1


async def test_a_provider_that_knows_of_a_stop_is_believed_for_all_accounts(sms: PaperDesk, agent: Caller) -> None:
    other = await sms.account("10691111")
    sms.paper.errors.append(SendError(SendFailure.OPTED_OUT, "recipient has opted out", provider_code="21610"))
    message = await write(sms, agent, "Hello")
    await until(sms, agent, message, DeliveryState.FAILED)

    with pytest.raises(Refused):
        await write(sms, agent, "Hello", account_id=other)


async def test_the_other_side_may_be_written_to_again_once_a_person_has_noted_why(sms: PaperDesk, agent: Caller) -> None:
    await sms.receive("STOP")
    (row,) = await standing(sms)

    await opt_outs.lift(sms.desk.db, row["id"], why="asked for it on the phone", by=agent)

    await write(sms, agent, "Hello")
    (entry,) = await sms.desk.db.fetch("SELECT detail, actor_id FROM auth_audit WHERE action = 'opt_out.lift'")
    assert (entry["detail"]["why"], entry["actor_id"]) == ("asked for it on the phone", agent.user_id)
    with pytest.raises(NotFound):
        await opt_outs.lift(sms.desk.db, row["id"], why="again", by=agent)


async def test_the_answer_is_sent_once_however_often_its_job_runs(sms: PaperDesk) -> None:
    await sms.receive("STOP")
    (job,) = await sms.desk.db.fetch("SELECT * FROM job WHERE name = 'delivery.answer_opt_out'")
    await sms.jobs()
    await sms.perform(job["payload"])
    await sms.perform(job["payload"])

    assert len(await answers(sms)) == 1


async def test_a_machine_that_asks_for_help_without_end_gets_a_few_answers(sms: PaperDesk) -> None:
    for _ in range(8):
        await sms.receive("HELP")
    await sms.jobs()

    assert len(await answers(sms)) == 5


async def test_a_sender_with_a_name_cannot_be_answered(sms: PaperDesk, agent: Caller) -> None:
    received = await sms.receive("Your balance is 12 CNY", sender="Bank")
    assert received.conversation_id is not None
    conversation = await queries.conversation(sms.desk.db, received.conversation_id, agent)

    (option,) = await reply_options(sms.desk.db, sms.desk.hub.carriers, conversation)
    with pytest.raises(Refused) as refused:
        await write(sms, agent, "Thanks", to=option.recipients[0], conversation_id=received.conversation_id)

    assert option.refusals == ("wrong_address",)
    assert refused.value.extra["refusals"] == ["wrong_address"]
