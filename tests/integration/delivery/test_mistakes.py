"""Mistakes of our own while something is sent: they concern one message, which shows what is known of it, and end nothing."""

import asyncio
import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from hub import clock
from hub.auth import Caller
from hub.channels.contract import Exchange
from hub.conversations import queries
from hub.conversations.values import MessageView
from hub.db import Work
from hub.delivery import claims, outcomes
from hub.delivery.claims import Parcel
from hub.delivery.compose import Composer
from hub.delivery.held import Hold
from hub.delivery.ledger import Ledger
from hub.delivery.outcomes import Outcome
from hub.delivery.queries import with_deliveries
from hub.delivery.service import Send
from hub.delivery.store import Delivery
from hub.messages.address import Address, AddressKind
from hub.messages.content import Draft, OutboundMessage
from hub.messages.states import DeliveryState, SendFailure
from tests.fixtures.desk import eventually
from tests.fixtures.sms import PaperDesk

BAD, GOOD = "+8613800138001", "+8613800138002"


@pytest.fixture
async def agent(sms: PaperDesk) -> Caller:
    return await sms.desk.user("anna", "administrator")


@pytest.fixture
def traces(caplog: pytest.LogCaptureFixture) -> Callable[[], list[type[BaseException]]]:
    """The kinds of error that were logged with where they came from."""

    def logged() -> list[type[BaseException]]:
        return [record.exc_info[0] for record in caplog.records if record.exc_info and record.exc_info[0]]

    caplog.set_level(logging.WARNING)
    return logged


async def write(sms: PaperDesk, agent: Caller, to: str, hold: Hold | None = None) -> MessageView:
    draft = Draft(text=f"To {to}", to=(Address(kind=AddressKind.PHONE, value=to),))
    return await sms.desk.hub.delivery.send(Send(account_id=sms.account_id, draft=draft, hold=hold), by=agent)


async def ended(sms: PaperDesk, agent: Caller, message: MessageView, state: DeliveryState) -> MessageView:
    async def check() -> MessageView:
        (now,) = await with_deliveries(sms.desk.db, [await queries.message(sms.desk.db, message.id, agent)])
        assert now.status is state
        return now

    found: MessageView = await eventually(check)
    return found


async def test_what_cannot_be_made_ready_fails_and_was_never_sent(
    sms: PaperDesk, agent: Caller, monkeypatch: pytest.MonkeyPatch, traces: Callable[[], list[type[BaseException]]]
) -> None:
    compose = Composer.compose

    async def stumbling(self: Composer, parcel: Parcel, *rest: Any) -> OutboundMessage:
        if parcel.deliveries[0].address.value == BAD:
            raise ZeroDivisionError
        return await compose(self, parcel, *rest)

    monkeypatch.setattr(Composer, "compose", stumbling)
    bad, good = [await write(sms, agent, to) for to in (BAD, GOOD)]

    failed = await ended(sms, agent, bad, DeliveryState.FAILED)
    await ended(sms, agent, good, DeliveryState.ACCEPTED)
    assert (failed.failure, failed.status_detail) == (SendFailure.REJECTED, "internal error (ZeroDivisionError)")
    assert [to for to, _ in sms.paper.texts()] == [GOOD]
    assert traces() == [ZeroDivisionError]


async def test_an_adapter_that_breaks_leaves_its_message_unknown_and_nothing_is_sent_again(
    sms: PaperDesk, agent: Caller, traces: Callable[[], list[type[BaseException]]]
) -> None:
    sms.paper.errors.append(ZeroDivisionError())
    bad = await write(sms, agent, BAD)

    unknown = await ended(sms, agent, bad, DeliveryState.UNKNOWN)
    await ended(sms, agent, await write(sms, agent, GOOD), DeliveryState.ACCEPTED)
    assert (unknown.failure, unknown.status_detail) == (SendFailure.OUTCOME_UNKNOWN, "internal error (ZeroDivisionError)")
    assert [to for to, _ in sms.paper.texts()] == [BAD, GOOD]
    assert traces() == [ZeroDivisionError]


@pytest.mark.parametrize("even_bare", [False, True])
async def test_an_outcome_that_cannot_be_stored_is_an_unknown_one_and_those_beside_it_are_stored(
    sms: PaperDesk,
    agent: Caller,
    monkeypatch: pytest.MonkeyPatch,
    traces: Callable[[], list[type[BaseException]]],
    even_bare: bool,
) -> None:
    end = outcomes._end

    def stumbling(ledger: Ledger, claimed: Delivery, outcome: Outcome, *rest: Any) -> bool:
        if claimed.address.value == BAD and (even_bare or outcome.state is DeliveryState.ACCEPTED):
            raise ZeroDivisionError
        return end(ledger, claimed, outcome, *rest)

    monkeypatch.setattr(outcomes, "_end", stumbling)
    sms.paper.open.clear()
    bad = await write(sms, agent, BAD)
    others = [await write(sms, agent, f"+861390013800{n}") for n in range(5)]
    sms.paper.open.set()

    unknown = await ended(sms, agent, bad, DeliveryState.UNKNOWN)
    for other in others:
        await ended(sms, agent, other, DeliveryState.ACCEPTED)
    assert unknown.failure is SendFailure.OUTCOME_UNKNOWN
    assert unknown.status_detail.startswith("internal error")
    assert len(sms.paper.sent) == 6
    assert set(traces()) == {ZeroDivisionError}


async def test_a_held_message_nobody_can_read_fails_and_the_others_leave(sms: PaperDesk, agent: Caller) -> None:
    soon = Hold(until=clock.now() + timedelta(seconds=0.5), is_later=True)
    bad, good = [await write(sms, agent, to, soon) for to in (BAD, GOOD)]
    async with sms.desk.db.unit_of_work() as work:
        await work.execute("UPDATE held_message SET plan = $2 WHERE message_id = $1", bad.id, {"purpose": "?"})

    await ended(sms, agent, good, DeliveryState.ACCEPTED)
    failed = await ended(sms, agent, bad, DeliveryState.FAILED)
    assert (failed.failure, failed.status_detail) == (SendFailure.REJECTED, "internal error (ValidationError)")
    assert [to for to, _ in sms.paper.texts()] == [GOOD]


async def test_a_held_message_whose_conversation_is_locked_holds_up_no_other(sms: PaperDesk, agent: Caller) -> None:
    if sms.desk.db.dialect == "sqlite":
        pytest.skip("SQLite locks no rows")
    soon = Hold(until=clock.now() + timedelta(seconds=0.5), is_later=True)
    locked, free = [await write(sms, agent, to, soon) for to in (BAD, GOOD)]
    async with sms.desk.db.unit_of_work() as work:
        await work.fetch("SELECT * FROM conversation WHERE id = $1 FOR UPDATE", locked.conversation_id)
        await ended(sms, agent, free, DeliveryState.ACCEPTED)
        assert [to for to, _ in sms.paper.texts()] == [GOOD]

    await ended(sms, agent, locked, DeliveryState.ACCEPTED)


async def test_a_claim_that_breaks_is_made_again(
    sms: PaperDesk, agent: Caller, monkeypatch: pytest.MonkeyPatch, traces: Callable[[], list[type[BaseException]]]
) -> None:
    claim, broken = claims.claim, [True]

    async def stumbling(*args: Any, **named: Any) -> list[Delivery]:
        if broken and broken.pop():
            raise ZeroDivisionError
        return await claim(*args, **named)

    monkeypatch.setattr(claims, "claim", stumbling)

    await ended(sms, agent, await write(sms, agent, GOOD), DeliveryState.ACCEPTED)
    assert traces() == [ZeroDivisionError]


async def test_what_a_killed_worker_was_sending_ends_as_unknown_though_asking_breaks(
    sms: PaperDesk, agent: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = await write(sms, agent, BAD)
    await ended(sms, agent, message, DeliveryState.ACCEPTED)

    async def broken(self: object, message: OutboundMessage) -> DeliveryState | None:
        raise ZeroDivisionError

    monkeypatch.setattr("tests.fixtures.sms.PaperAdapter.fetch_status", broken, raising=False)
    async with sms.desk.db.unit_of_work() as work:
        await put_back_in_the_air(work)

    unknown = await ended(sms, agent, message, DeliveryState.UNKNOWN)
    assert unknown.status_detail == "internal error (ZeroDivisionError)"
    assert len(sms.paper.sent) == 1


async def test_a_provider_that_is_slow_to_say_what_became_of_one_message_is_asked_about_the_others_meanwhile(
    sms: PaperDesk, agent: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    messages = [await write(sms, agent, f"+861390013800{n}") for n in range(8)]
    for message in messages:
        await ended(sms, agent, message, DeliveryState.ACCEPTED)
    asked = 0

    async def slowly(self: object, message: OutboundMessage) -> DeliveryState | None:
        nonlocal asked
        asked += 1
        while asked < len(messages):
            await asyncio.sleep(0.01)
        return DeliveryState.DELIVERED

    monkeypatch.setattr("tests.fixtures.sms.PaperAdapter.fetch_status", slowly, raising=False)
    async with sms.desk.db.unit_of_work() as work:
        await put_back_in_the_air(work)

    for message in messages:
        await ended(sms, agent, message, DeliveryState.DELIVERED)


async def test_a_record_that_cannot_be_kept_costs_itself_alone(
    sms: PaperDesk, traces: Callable[[], list[type[BaseException]]]
) -> None:
    def exchange(duration: Any) -> Exchange:
        return Exchange(at=clock.now(), request="?", response="!", duration=duration)

    log = sms.desk.parts.exchanges
    log.record(sms.account_id, exchange(object()))
    await eventually(lambda: logged(traces))
    log.record(sms.account_id, exchange(0.1))

    async def kept() -> None:
        assert len(await sms.desk.db.fetch("SELECT id FROM exchange")) == 1

    await eventually(kept)


async def logged(traces: Callable[[], list[type[BaseException]]]) -> None:
    assert len(traces()) == 1


async def put_back_in_the_air(work: Work) -> None:
    """As if its worker had been killed."""
    await work.execute("UPDATE delivery SET state = 'sending', lease_until = $1", clock.now() - timedelta(minutes=1))
