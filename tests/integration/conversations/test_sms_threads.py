"""Which conversation a short message belongs to: nothing but its sender's number says so."""

from datetime import timedelta

import pytest

from hub import clock
from hub.auth import SYSTEM, Caller
from hub.conversations.lifecycle import OTHERS_REOPEN_FOR, State
from hub.conversations.service import Change
from hub.conversations.values import MessageView
from hub.db import Row
from hub.delivery.consent import Purpose
from hub.delivery.service import Send
from hub.ids import ConversationId
from hub.messages.address import Address, AddressKind
from hub.messages.content import Draft
from tests.fixtures.sms import PaperDesk

pytestmark = pytest.mark.covers("S-02")

CUSTOMER = "+8613800138000"


async def arrived(sms: PaperDesk, text: str, **more: str) -> ConversationId:
    accepted = await sms.receive(text, **more)  # type: ignore[arg-type]
    assert accepted.conversation_id is not None
    return accepted.conversation_id


async def written(sms: PaperDesk, agent: Caller, text: str, conversation_id: ConversationId | None = None) -> MessageView:
    draft = Draft(text=text, to=(Address(kind=AddressKind.PHONE, value=CUSTOMER),))
    send = Send(account_id=sms.account_id, draft=draft, conversation_id=conversation_id, purpose=Purpose.SERVICE)
    return await sms.desk.hub.delivery.send(send, by=agent)


async def close(sms: PaperDesk, id: ConversationId, *, ago: timedelta = timedelta()) -> None:
    await sms.desk.hub.conversations.change(id, Change(state=State.CLOSED), by=SYSTEM)
    async with sms.desk.db.unit_of_work() as work:
        await work.execute("UPDATE conversation SET closed_at = $2 WHERE id = $1", id, clock.now() - ago)


async def row(sms: PaperDesk, id: ConversationId) -> Row:
    found = await sms.desk.db.fetch_one("SELECT * FROM conversation WHERE id = $1", id)
    assert found is not None
    return found


@pytest.fixture
async def agent(sms: PaperDesk) -> Caller:
    return await sms.desk.user("anna", "administrator")


async def test_what_follows_is_said_in_the_open_conversation(sms: PaperDesk, agent: Caller) -> None:
    first = await arrived(sms, "Hello")
    await written(sms, agent, "Good morning", first)

    assert await arrived(sms, "When do you open?") == first
    assert await arrived(sms, "Hello", sender="+8613800138001") != first


async def test_the_answer_to_a_first_message_of_ours_is_said_where_it_was_written(sms: PaperDesk, agent: Caller) -> None:
    ours = await written(sms, agent, "Your parcel is here")

    assert await arrived(sms, "Thank you") == ours.conversation_id


async def test_a_closed_one_is_opened_again_for_three_days_then_a_new_one_follows_it(sms: PaperDesk) -> None:
    first = await arrived(sms, "Hello")
    await close(sms, first, ago=OTHERS_REOPEN_FOR - timedelta(minutes=1))
    assert await arrived(sms, "One more thing") == first
    assert (await row(sms, first))["state"] == "open"

    await close(sms, first, ago=OTHERS_REOPEN_FOR + timedelta(minutes=1))
    second = await arrived(sms, "Years later")
    assert second != first
    new = await row(sms, second)
    assert (new["follows_id"], new["link_reason"]) == (first, "follows_closed")


async def test_an_open_one_goes_before_one_just_closed(sms: PaperDesk, agent: Caller) -> None:
    older = await arrived(sms, "Hello")
    newer = (await written(sms, agent, "Another matter")).conversation_id
    await close(sms, newer)

    assert await arrived(sms, "And?") == older


async def test_a_test_message_is_no_conversation_with_whom_it_went_to(sms: PaperDesk) -> None:
    tried = await sms.desk.hub.trials.send(sms.account_id, CUSTOMER, "Test", by=SYSTEM)

    assert await arrived(sms, "Who is this?") != tried.conversation_id
