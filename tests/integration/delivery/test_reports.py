"""Reports that come at the same time, by different processes."""

import asyncio

import pytest

from hub import clock
from hub.auth import Caller
from hub.conversations import queries
from hub.delivery import reports
from hub.delivery.queries import with_deliveries
from hub.delivery.reports import Said
from hub.delivery.service import Send
from hub.messages.address import Address, AddressKind
from hub.messages.content import Draft
from hub.messages.events import DeliveryReport
from hub.messages.states import DeliveryState, SendFailure
from tests.fixtures.desk import Desk, eventually
from tests.fixtures.next_hop import NextHop


@pytest.fixture
async def agent(desk: Desk) -> Caller:
    return await desk.user("anna", "administrator")


async def test_of_two_reports_at_once_the_stronger_word_stands_whoever_commits_last(
    desk: Desk, agent: Caller, next_hop: NextHop
) -> None:
    to = Address(kind=AddressKind.EMAIL, value="alice@example.com")
    account_id = await desk.mailbox()
    sent = await desk.hub.delivery.send(Send(account_id=account_id, draft=Draft(text="Hello", to=(to,))), by=agent)

    async def accepted() -> None:
        assert (await queries.message(desk.db, sent.id, agent)).status is DeliveryState.ACCEPTED

    await eventually(accepted)
    delivered = DeliveryReport(state=DeliveryState.DELIVERED, source="dsn", message_id=str(sent.id))
    failed = DeliveryReport(
        state=DeliveryState.FAILED, source="dsn", message_id=str(sent.id), failure=SendFailure.REJECTED, detail="no"
    )

    def said(report: DeliveryReport) -> Said:
        return Said(account_id=account_id, report=report, at=clock.now())

    async def report_failure() -> None:
        async with desk.db.unit_of_work() as work:
            await reports.apply(work, [said(failed)], lambda _: None)

    async with desk.db.unit_of_work() as work:
        await reports.apply(work, [said(delivered)], lambda _: None)
        other = asyncio.create_task(report_failure())
        await asyncio.sleep(0.3)
    await other

    (message,) = await with_deliveries(desk.db, [await queries.message(desk.db, sent.id, agent)])
    (delivery,) = message.deliveries
    assert (message.status, delivery.state, delivery.warning) == (DeliveryState.DELIVERED, DeliveryState.DELIVERED, "no")
