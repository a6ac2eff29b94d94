"""Accounts that answer slowly, or not at all, and the others beside them."""

import pytest

from hub.auth import Caller
from hub.conversations.values import MessageView
from hub.delivery.service import Send
from hub.delivery.worker import PER_ACCOUNT
from hub.ids import AccountId
from hub.messages.address import Address, AddressKind
from hub.messages.content import Draft
from tests.fixtures.desk import eventually
from tests.fixtures.next_hop import NextHop
from tests.fixtures.sms import PaperDesk


@pytest.fixture
async def agent(sms: PaperDesk) -> Caller:
    return await sms.desk.user("anna", "administrator")


async def write(sms: PaperDesk, agent: Caller, account_id: AccountId, kind: AddressKind, to: str) -> MessageView:
    draft = Draft(text="Hello", to=(Address(kind=kind, value=to),))
    return await sms.desk.hub.delivery.send(Send(account_id=account_id, draft=draft), by=agent)


@pytest.mark.covers("M-27")
async def test_an_account_that_gives_no_answer_has_its_places_and_takes_no_other_accounts(
    sms: PaperDesk, agent: Caller, next_hop: NextHop
) -> None:
    sms.paper.open.clear()
    for n in range(3 * PER_ACCOUNT):
        await write(sms, agent, sms.account_id, AddressKind.PHONE, f"+86138001380{n:02}")

    async def all_wait() -> None:
        assert len(sms.paper.sent) == PER_ACCOUNT

    await eventually(all_wait)
    for n in range(3):
        await write(sms, agent, await sms.desk.mailbox(), AddressKind.EMAIL, f"c{n}@example.com")

    async def mail_left() -> None:
        assert len(next_hop.taken) == 3

    await eventually(mail_left, within=3)
    await all_wait()
    sms.paper.open.set()

    async def texts_left() -> None:
        assert len(sms.paper.sent) == 3 * PER_ACCOUNT

    await eventually(texts_left)
