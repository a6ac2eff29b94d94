"""Two processes that file at the same time."""

import asyncio

from hub import clock
from hub.channels.contract import Duplicate
from hub.ids import AccountId, JournalId, new_id
from hub.intake.filing import Arrived, Result, file_all
from hub.messages.address import Address, AddressKind, ChannelKind
from hub.messages.events import InboundMessage, ThreadKey
from tests.fixtures.desk import Desk, mail

ALICE = Address(kind=AddressKind.EMAIL, value="alice@example.com")


def arrived(account_id: AccountId, text: str) -> Arrived:
    message = InboundMessage(
        channel=ChannelKind.EMAIL,
        sender=ALICE,
        subject="New matter",
        text=text,
        thread_keys=(ThreadKey(kind="subject", value="New matter"),),
    )
    return Arrived(
        journal_id=JournalId(new_id()), account_id=account_id, queue_id=None, events=[message], files=(), at=clock.now()
    )


async def test_two_mails_of_one_matter_filed_at_once_begin_one_conversation(desk: Desk) -> None:
    await desk.receive(mail(sender=ALICE.value, subject="Old matter"))
    await desk.filed(1)
    account_id = await desk.mailbox()

    async def other() -> list[Result]:
        async with desk.db.unit_of_work() as work:
            return await file_all(work, [arrived(account_id, "second")], lambda _: None)

    async with desk.db.unit_of_work() as work:
        first = await file_all(work, [arrived(account_id, "first")], lambda _: None)
        second = asyncio.create_task(other())
        await asyncio.sleep(0.3)

    assert [one.conversation_id for one in await second] == [one.conversation_id for one in first]


async def test_what_another_process_stores_at_the_same_time_is_acknowledged_as_a_repeat(desk: Desk) -> None:
    await desk.receive(mail(), key="k1")
    await desk.filed(1)
    columns = "account_id, received_at, envelope, raw, size, state, attempts, due_at, error"

    async with desk.db.unit_of_work() as work:
        await work.execute(
            f"INSERT INTO journal (id, key, {columns}) SELECT $1, 'k2', {columns} FROM journal WHERE key = 'k1'", new_id()
        )
        second = asyncio.create_task(desk.receive(mail(), key="k2"))
        await asyncio.sleep(0.1)  # it has looked, found nothing, and waits for us

    assert isinstance(await second, Duplicate)
    assert len(await desk.db.fetch("SELECT 1 FROM journal WHERE key = 'k2'")) == 1
