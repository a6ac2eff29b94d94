"""What a closed queue answers by itself, through the whole hub."""

from datetime import UTC, datetime
from typing import Any

import pytest

from hub.auth import SYSTEM
from hub.routing.after_hours import AfterHours
from hub.routing.calendars import CalendarChange
from hub.routing.keeper import Keeper
from hub.routing.queues import QueueChange
from tests.fixtures.desk import Desk, mail

CLOSED = CalendarChange(name="Never", timezone="UTC", week=((),) * 7)
TEXTS = {"email": {"en": "We are closed.", "zh": "现在是非工作时间。"}}


@pytest.fixture
async def closed(desk: Desk) -> Desk:
    """A desk whose only queue never opens, and says so."""
    routing = desk.hub.routing
    calendar = await routing.calendars.add(SYSTEM, CLOSED)
    queue = next(q for q in await routing.queues.all() if q.is_default)
    change = QueueChange(calendar_id=calendar.id, after_hours=TEXTS)
    await routing.queues.change(SYSTEM, queue.id, change, version=queue.version)
    return desk


async def settle(desk: Desk) -> None:
    keeper = Keeper(desk.db, desk.hub.routing.presence, AfterHours(desk.db, desk.hub.carriers, desk.hub.delivery))
    await desk.hub.routing.dispatcher.settle()
    await keeper.settle()


async def answers(desk: Desk) -> list[Any]:
    return await desk.db.fetch("SELECT * FROM message WHERE direction = 'out' ORDER BY n")


@pytest.mark.covers("M-10")
async def test_a_mail_in_closed_hours_is_answered_once_in_its_language_and_still_waits(closed: Desk) -> None:
    await closed.receive(mail(text="我的订单在哪里？"), key="one")
    await closed.filed(1)
    await settle(closed)
    await closed.receive(mail(text="还在吗？", subject="Re: Question"), key="two")
    await closed.filed(2)
    await settle(closed)

    (answer,) = await answers(closed)
    assert (answer["text"], answer["kind"]) == ("现在是非工作时间。", "auto_reply")
    talk = await closed.db.fetch_one("SELECT waiting_for, state FROM conversation")
    assert talk is not None
    assert (talk["waiting_for"], talk["state"]) == ("us", "open")


async def test_a_machine_gets_no_answer(closed: Desk) -> None:
    await closed.receive(mail(Auto_Submitted="auto-replied"), key="robot")
    await closed.filed(1)
    await settle(closed)

    assert await answers(closed) == []


async def test_an_old_message_gets_no_such_answer(closed: Desk) -> None:
    await closed.receive(mail(), key="late", at=datetime(2026, 1, 1, tzinfo=UTC))
    await closed.filed(1)
    async with closed.db.unit_of_work() as work:
        await work.execute("UPDATE conversation SET waiting_since = $1", datetime(2026, 1, 1, tzinfo=UTC))
    await settle(closed)

    assert await answers(closed) == []
