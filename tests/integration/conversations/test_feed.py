"""Following all messages page by page while others write."""

import asyncio
import random

import pytest

from hub.auth import SYSTEM
from hub.conversations import feed
from hub.conversations.feed import BEGINNING, Place
from hub.conversations.store import NewMessage, insert_messages
from hub.conversations.values import Party
from hub.db import Database
from hub.ids import MessageId, new_id
from hub.messages.address import ChannelKind
from hub.messages.content import Direction, MessageKind
from tests.fixtures.desk import Desk, eventually, mail

WRITERS, EACH = 6, 25


async def page(database: Database, after: Place, limit: int = 7) -> list[tuple[Place, MessageId]]:
    below = await feed.settled_below(database)
    found = await feed.messages(database, SYSTEM, direction=None, channel=None, after=after, below=below, limit=limit)
    return [(place, message.id) for place, message in found]


@pytest.mark.covers("B-05")
async def test_a_reader_that_follows_writers_at_work_skips_nothing_and_sees_nothing_twice(desk: Desk) -> None:
    await desk.receive(mail())
    [first] = await desk.filed(1)
    written: set[MessageId] = {first["id"]}

    async def write(chance: random.Random) -> None:
        for _ in range(EACH):
            id = MessageId(new_id())
            async with desk.db.unit_of_work() as work:
                await insert_messages(work, [note(id, first)])
                await work.fetch("SELECT 1")  # it is written, and has its number
                await asyncio.sleep(chance.random() * 0.01)
            written.add(id)

    seen: list[MessageId] = []
    place = BEGINNING

    async def read_on() -> None:
        nonlocal place
        found = await page(desk.db, place)
        seen.extend(id for _, id in found)
        place = found[-1][0] if found else place

    async def everything_was_seen() -> None:
        await read_on()
        assert set(seen) == written

    writers = [asyncio.create_task(write(random.Random(number))) for number in range(WRITERS)]
    while not all(writer.done() for writer in writers):
        await read_on()
        await asyncio.sleep(0.001)
    await asyncio.gather(*writers)
    await eventually(everything_was_seen)
    assert len(seen) == len(set(seen)) == WRITERS * EACH + 1


async def test_a_message_waits_until_those_of_older_transactions_are_there(desk: Desk, dialect: str) -> None:
    if dialect == "sqlite":
        pytest.skip("one writer at a time")
    await desk.receive(mail())
    [first] = await desk.filed(1)
    older, newer = MessageId(new_id()), MessageId(new_id())

    async with desk.db.unit_of_work() as slow:
        await insert_messages(slow, [note(older, first)])
        await slow.fetch("SELECT 1")
        await asyncio.create_task(store(desk.db, note(newer, first)))
        assert newer not in [id for _, id in await page(desk.db, BEGINNING)]

    async def both() -> None:
        assert [id for _, id in await page(desk.db, BEGINNING)][-2:] == [older, newer]

    await eventually(both)


async def test_after_a_restore_to_a_server_that_counts_anew_new_messages_come_last(desk: Desk, dialect: str) -> None:
    if dialect == "sqlite":
        pytest.skip("there are no transaction ids")
    await desk.receive(mail(), key="1")
    [first] = await desk.filed(1)
    async with desk.db.unit_of_work() as work:
        await work.execute("UPDATE message SET xid = xid + 1000000000")  # as the other server counted

    await feed.keep_order(desk.db)
    await desk.receive(mail(subject="after"), key="2")
    second = (await desk.filed(2))[1]

    async def in_order() -> None:
        assert [id for _, id in await page(desk.db, BEGINNING)] == [first["id"], second["id"]]

    await eventually(in_order)
    before = await desk.db.fetch_one("SELECT value FROM hub_meta WHERE name = 'message_base'")
    await feed.keep_order(desk.db)
    assert await desk.db.fetch_one("SELECT value FROM hub_meta WHERE name = 'message_base'") == before


async def store(database: Database, message: NewMessage) -> None:
    async with database.unit_of_work() as work:
        await insert_messages(work, [message])


def note(id: MessageId, beside: object) -> NewMessage:
    return NewMessage(
        id=id,
        conversation_id=beside["conversation_id"],  # type: ignore[index]
        channel=ChannelKind.EMAIL,
        account_id=None,
        direction=Direction.NOTE,
        kind=MessageKind.MESSAGE,
        sender=Party(kind=None, address="", name="somebody"),
        text="one more",
        created_at=beside["created_at"],  # type: ignore[index]
    )
