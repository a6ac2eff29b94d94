"""An answer goes out once, is threaded, and its fate is shown; nothing leaves that a customer refused."""

import asyncio
from collections.abc import Awaitable, Callable
from uuid import uuid4

import pytest

from hub.auth import Caller
from hub.conversations import queries
from hub.conversations.values import MessageView
from hub.db import Row, read_events
from hub.delivery.errors import NothingToRetry, Refused
from hub.delivery.queries import reply_options, with_deliveries
from hub.delivery.service import Send
from hub.errors import ClientKeyReused, Stale
from hub.ids import ConversationId, MessageId
from hub.messages.address import Address, AddressKind, ChannelKind
from hub.messages.content import Draft
from hub.messages.states import DeliveryState, SendFailure
from tests.fixtures.desk import Desk, eventually, mail
from tests.fixtures.next_hop import NextHop

ALICE = Address(kind=AddressKind.EMAIL, value="alice@example.com")
BOB = Address(kind=AddressKind.EMAIL, value="bob@example.com")


@pytest.fixture
async def agent(desk: Desk) -> Caller:
    return await desk.user("anna", "administrator")


@pytest.fixture
async def asked(desk: Desk) -> Row:
    """A mail of Alice's, filed."""
    await desk.receive(mail(Message_ID="<q1@example.com>"), mail_from=ALICE.value)
    (message,) = await desk.filed(1)
    return message


async def answer(desk: Desk, asked: Row, agent: Caller, text: str = "It is on its way.", **named: object) -> MessageView:
    draft = {"subject": "Re: Question", "to": (ALICE,), "client_key": uuid4()} | named
    send = Send(
        account_id=await desk.mailbox(),
        conversation_id=ConversationId(asked["conversation_id"]),
        draft=Draft(text=text, **draft),  # type: ignore[arg-type]
    )
    return await desk.hub.delivery.send(send, by=agent)


def becomes(desk: Desk, agent: Caller, id: MessageId, state: DeliveryState) -> Callable[[], Awaitable[MessageView]]:
    async def check() -> MessageView:
        message = (await with_deliveries(desk.db, [await queries.message(desk.db, id, agent)]))[0]
        assert message.status is state, f"{message.status}: {message.status_detail}"
        return message

    return check


@pytest.mark.covers("E-01", "M-26")
async def test_an_answer_reaches_the_other_side_once_and_in_its_thread(
    desk: Desk, agent: Caller, asked: Row, next_hop: NextHop
) -> None:
    sent = await answer(desk, asked, agent, text="在路上了。")

    await eventually(becomes(desk, agent, sent.id, DeliveryState.ACCEPTED))
    (taken,) = next_hop.taken
    assert taken.rcpt_tos == ("alice@example.com",)
    assert taken.mail_from.startswith("bounce+")
    assert taken.message["In-Reply-To"] == "<q1@example.com>"
    assert "在路上了" in taken.message.get_payload(decode=True).decode() or taken.message.is_multipart()


@pytest.mark.covers("M-26", "B-17")
async def test_the_answer_to_an_answer_comes_back_to_the_same_conversation(
    desk: Desk, agent: Caller, asked: Row, next_hop: NextHop
) -> None:
    sent = await answer(desk, asked, agent)
    await eventually(becomes(desk, agent, sent.id, DeliveryState.ACCEPTED))
    ours = next_hop.taken[0].message["Message-ID"]

    await desk.receive(mail(sender="alice.home@example.org", subject="something else", In_Reply_To=ours, References=ours))

    messages = await desk.filed(2)
    assert messages[-1]["conversation_id"] == asked["conversation_id"]


async def test_a_forged_message_id_of_ours_finds_nothing(desk: Desk, agent: Caller, asked: Row, next_hop: NextHop) -> None:
    sent = await answer(desk, asked, agent)
    await eventually(becomes(desk, agent, sent.id, DeliveryState.ACCEPTED))
    ours = next_hop.taken[0].message["Message-ID"]
    forged = ours[:10] + ("a" if ours[10] != "a" else "b") + ours[11:]

    await desk.receive(mail(sender="mallory@example.net", subject="x", In_Reply_To=forged, References=forged))

    assert (await desk.filed(2))[-1]["conversation_id"] != asked["conversation_id"]


@pytest.mark.covers("B-02")
async def test_the_same_client_key_is_one_message_however_often_and_at_once(
    desk: Desk, agent: Caller, asked: Row, next_hop: NextHop
) -> None:
    key = uuid4()
    sent = await asyncio.gather(*(answer(desk, asked, agent, client_key=key) for _ in range(8)))

    assert len({message.id for message in sent}) == 1
    await eventually(becomes(desk, agent, sent[0].id, DeliveryState.ACCEPTED))
    await asyncio.sleep(0.2)
    assert len(next_hop.taken) == 1

    with pytest.raises(ClientKeyReused):
        await answer(desk, asked, agent, text="something else", client_key=key)


@pytest.mark.covers("M-13")
async def test_of_two_agents_at_once_one_wins_and_the_other_is_told(
    desk: Desk, agent: Caller, asked: Row, next_hop: NextHop
) -> None:
    conversation = await queries.conversation(desk.db, asked["conversation_id"], agent)

    async def reply(text: str) -> MessageView:
        send = Send(
            account_id=await desk.mailbox(),
            conversation_id=conversation.id,
            expected_version=conversation.version,
            draft=Draft(text=text, subject="Re", to=(ALICE,), client_key=uuid4()),
        )
        return await desk.hub.delivery.send(send, by=agent)

    results = await asyncio.gather(*(reply(f"answer {i}") for i in range(10)), return_exceptions=True)

    assert sum(isinstance(result, MessageView) for result in results) == 1
    assert sum(isinstance(result, Stale) for result in results) == 9


async def test_a_server_that_is_down_is_tried_again_until_it_is_back(
    desk: Desk, agent: Caller, asked: Row, next_hop: NextHop, monkeypatch: pytest.MonkeyPatch
) -> None:
    from datetime import timedelta

    monkeypatch.setattr("hub.delivery.backoff._FIRST", dict.fromkeys(SendFailure, timedelta(milliseconds=50)))
    next_hop.down = True
    sent = await answer(desk, asked, agent)
    waiting = await eventually(becomes(desk, agent, sent.id, DeliveryState.DEFERRED))
    assert waiting.failure is SendFailure.UNAVAILABLE

    next_hop.down = False
    done = await eventually(becomes(desk, agent, sent.id, DeliveryState.ACCEPTED))
    assert done.deliveries[0].attempts >= 2
    assert len(next_hop.taken) == 1


@pytest.mark.covers("B-03")
async def test_each_recipient_has_a_fate_of_its_own(desk: Desk, agent: Caller, asked: Row, next_hop: NextHop) -> None:
    next_hop.unknown = {BOB.value}
    sent = await answer(desk, asked, agent, cc=(BOB,))

    done = await eventually(becomes(desk, agent, sent.id, DeliveryState.FAILED))
    assert {d.address: d.state for d in done.deliveries} == {
        ALICE.value: DeliveryState.ACCEPTED,
        BOB.value: DeliveryState.FAILED,
    }
    assert next(d for d in done.deliveries if d.address == BOB.value).failure is SendFailure.BAD_RECIPIENT
    assert "bob@example.com" in next_hop.taken[0].message["Cc"]


async def test_sending_again_by_hand_goes_only_where_it_failed(desk: Desk, agent: Caller, asked: Row, next_hop: NextHop) -> None:
    next_hop.unknown = {BOB.value}
    sent = await answer(desk, asked, agent, cc=(BOB,))
    await eventually(becomes(desk, agent, sent.id, DeliveryState.FAILED))

    next_hop.unknown = set()
    await desk.hub.delivery.retry(sent.id, by=agent)

    await eventually(becomes(desk, agent, sent.id, DeliveryState.ACCEPTED))
    assert [taken.rcpt_tos for taken in next_hop.taken] == [(ALICE.value,), (BOB.value,)]
    with pytest.raises(NothingToRetry):
        await desk.hub.delivery.retry(sent.id, by=agent)


@pytest.mark.covers("B-03", "M-26")
async def test_a_bounce_is_fed_back_into_its_delivery_and_the_address_is_used_no_more(
    desk: Desk, agent: Caller, asked: Row, next_hop: NextHop
) -> None:
    sent = await answer(desk, asked, agent)
    await eventually(becomes(desk, agent, sent.id, DeliveryState.ACCEPTED))

    bounce = f"""From: MAILER-DAEMON@mx.example.com\r
To: {next_hop.taken[0].mail_from}\r
Subject: Undelivered Mail Returned to Sender\r
Auto-Submitted: auto-replied\r
MIME-Version: 1.0\r
Content-Type: multipart/report; report-type=delivery-status; boundary=b\r
\r
--b\r
Content-Type: text/plain\r
\r
No such user.\r
--b\r
Content-Type: message/delivery-status\r
\r
Reporting-MTA: dns; mx.example.com\r
\r
Final-Recipient: rfc822; alice@example.com\r
Action: failed\r
Status: 5.1.1\r
Diagnostic-Code: smtp; 550 5.1.1 No such user\r
\r
--b--\r
""".encode()
    sink = desk.hub.intake.sink_for(await desk.mailbox())
    from hub import clock
    from hub.channels.contract import Handover

    envelope = {"mail_from": "", "rcpt_tos": [next_hop.taken[0].mail_from]}
    await sink.accept(Handover(key="bounce", raw=bounce, envelope=envelope, received_at=clock.now()))

    failed = await eventually(becomes(desk, agent, sent.id, DeliveryState.FAILED))
    assert failed.failure is SendFailure.BAD_RECIPIENT
    messages = await desk.filed(2)
    assert (messages[-1]["kind"], messages[-1]["conversation_id"]) == ("bounce", asked["conversation_id"])
    with pytest.raises(Refused) as caught:
        await answer(desk, asked, agent)
    assert caught.value.extra["refusals"] == ["suppressed"]


@pytest.mark.covers("C-14", "A-24", "B-04", "M-03")
async def test_a_channel_the_customer_refused_is_refused_before_and_while_sending(
    desk: Desk, agent: Caller, asked: Row, next_hop: NextHop
) -> None:
    conversation = await queries.conversation(desk.db, asked["conversation_id"], agent)
    assert conversation.customer_id is not None
    await desk.hub.customers.refuse(conversation.customer_id, ChannelKind.EMAIL, reason="asked us not to", by=agent)

    (option,) = await reply_options(desk.db, desk.hub.carriers, conversation)
    assert (option.allowed, option.refusals) == (False, ("customer_refused",))
    with pytest.raises(Refused):
        await answer(desk, asked, agent)
    assert next_hop.taken == []


async def test_every_delivery_has_its_consent_decision(desk: Desk, agent: Caller, asked: Row, next_hop: NextHop) -> None:
    await answer(desk, asked, agent, cc=(BOB,))

    rows = await desk.db.fetch("SELECT consent FROM delivery")
    assert len(rows) == 2
    for row in rows:
        assert (row["consent"]["allowed"], row["consent"]["rule"]) == (True, "answer_in_conversation")


@pytest.mark.covers("M-03")
async def test_the_way_to_answer_is_known_beforehand(desk: Desk, agent: Caller, asked: Row, next_hop: NextHop) -> None:
    conversation = await queries.conversation(desk.db, asked["conversation_id"], agent)

    (option,) = await reply_options(desk.db, desk.hub.carriers, conversation)

    assert option.to == ({"kind": "email", "address": "alice@example.com", "name": ""},)
    assert (option.subject, option.default, option.allowed) == ("Re: Question", True, True)
    assert option.capabilities["features"]["files"] == "full"


async def test_an_empty_answer_is_refused(desk: Desk, agent: Caller, asked: Row, next_hop: NextHop) -> None:
    with pytest.raises(Refused) as caught:
        await answer(desk, asked, agent, text="  ")
    assert caught.value.extra["refusals"] == ["empty"]


async def test_a_worker_that_died_while_sending_leaves_an_unknown_that_nobody_repeats(
    desk: Desk, agent: Caller, asked: Row, next_hop: NextHop
) -> None:
    sent = await answer(desk, asked, agent)
    await eventually(becomes(desk, agent, sent.id, DeliveryState.ACCEPTED))
    async with desk.db.unit_of_work() as work:  # as if the process had been killed between the claim and the outcome
        await work.execute(
            "UPDATE delivery SET state = 'sending', lease_until = created_at, fence = fence + 1 WHERE message_id = $1", sent.id
        )

    await eventually(becomes(desk, agent, sent.id, DeliveryState.UNKNOWN))
    await asyncio.sleep(1.2)
    assert len(next_hop.taken) == 1


@pytest.mark.covers("M-26")
async def test_an_answer_quotes_what_the_addressed_person_wrote_and_nobody_else(
    desk: Desk, agent: Caller, asked: Row, next_hop: NextHop
) -> None:
    await answer(desk, asked, agent, text="To Alice.")
    await answer(desk, asked, agent, text="To Bob.", to=(BOB,))

    async def both() -> None:
        assert len(next_hop.taken) == 2

    await eventually(both)
    texts = {taken.rcpt_tos[0]: _text(taken.raw) for taken in next_hop.taken}
    assert "> Where is my order?" in texts[ALICE.value]
    assert "Where is my order" not in texts[BOB.value]


@pytest.mark.covers("M-26")
async def test_a_forwarded_mail_carries_text_and_files_to_somebody_else(
    desk: Desk, agent: Caller, asked: Row, next_hop: NextHop
) -> None:
    from hub.accounts.values import AccountChange
    from hub.conversations.forward import forwarded

    box = await desk.hub.accounts.get(await desk.mailbox())
    await desk.hub.accounts.change(box.id, AccountChange(settings={"signature_text": "Our desk"}), version=box.version, by=agent)
    message = await queries.message(desk.db, asked["id"], agent)
    send = Send(
        account_id=await desk.mailbox(),
        conversation_id=message.conversation_id,
        draft=forwarded(Draft(text="Please look.", html="<p>Please look.</p>", to=(BOB,)), message),
        forwards=message.id,
    )
    sent = await desk.hub.delivery.send(send, by=agent)

    await eventually(becomes(desk, agent, sent.id, DeliveryState.ACCEPTED))
    (taken,) = next_hop.taken
    assert taken.rcpt_tos == (BOB.value,)
    assert taken.message["Subject"] == "Fwd: Question"
    [html] = [str(part.get_payload()) for part in taken.message.walk() if part.get_content_type() == "text/html"]
    for body in (_text(taken.raw), html):
        places = [body.index(words) for words in ("Please look.", "Our desk", "Forwarded message", "Where is my order?")]
        assert places == sorted(places)


def _text(raw: bytes) -> str:
    from hub.channels.email.inbound import parse

    return parse(raw, {})[0].text  # type: ignore[union-attr]


async def test_whoever_answers_what_nobody_has_takes_it(desk: Desk, agent: Caller, asked: Row, next_hop: NextHop) -> None:
    other = await desk.user("ben", "administrator")
    await answer(desk, asked, agent)
    await answer(desk, asked, other, text="And this.")

    conversation = await queries.conversation(desk.db, asked["conversation_id"], agent)
    assert conversation.assignee_id == agent.user_id
    moved = [event for event in await read_events(desk.db, None) if event.type == "conversation.moved"]
    assert moved[-1].audience.assignee_id == agent.user_id


@pytest.mark.covers("M-26")
async def test_a_second_answer_refers_to_the_first_one_too(desk: Desk, agent: Caller, asked: Row, next_hop: NextHop) -> None:
    first = await answer(desk, asked, agent)
    await eventually(becomes(desk, agent, first.id, DeliveryState.ACCEPTED))
    second = await answer(desk, asked, agent, text="One more thing.")
    await eventually(becomes(desk, agent, second.id, DeliveryState.ACCEPTED))

    references = next_hop.taken[1].message["References"].split()
    assert references == ["<q1@example.com>", next_hop.taken[0].message["Message-ID"].strip()]
