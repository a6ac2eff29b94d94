"""Response clocks, after-call work and the board, on a clock the test turns."""

from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

import pytest

from hub.auth import SYSTEM
from hub.conversations.lifecycle import WaitingFor
from hub.conversations.waits import tell_waits
from hub.errors import Invalid, Stale
from hub.ids import CalendarId, ConversationId, QueueId
from hub.messages.jobs import TELL_USERS, TELL_WAITS
from hub.routing.calendars import CalendarChange
from hub.routing.errors import CalendarInUse, CalendarNameTaken
from hub.routing.hours import Calendar, Period
from hub.routing.keeper import Keeper
from hub.routing.queues import QueueChange
from tests.integration.routing.conftest import Desk

DAY = (Period(start=time(9), end=time(17)),)
MONDAY = datetime(2026, 6, 1, 16, 30, tzinfo=UTC)


class Quiet:
    """Remembers what would have been answered by itself."""

    def __init__(self) -> None:
        self.asked: list[ConversationId] = []

    async def answer(self, id: ConversationId, texts: Any, calendar: Calendar, since: datetime) -> None:
        self.asked.append(id)


def hours(name: str = "Office", zone: str = "UTC") -> CalendarChange:
    return CalendarChange(name=name, timezone=zone, week=(DAY,) * 5 + ((), ()))


def keeper(desk: Desk, quiet: Quiet | None = None) -> Keeper:
    return Keeper(desk.db, desk.routing.presence, quiet or Quiet())


async def row(desk: Desk, id: ConversationId) -> Any:
    return await desk.db.fetch_one("SELECT * FROM conversation WHERE id = $1", id)


async def test_a_wait_is_due_when_its_queue_has_promised_in_business_time(desk: Desk) -> None:
    desk.at = MONDAY
    office = await desk.routing.calendars.add(SYSTEM, hours())
    queue = await desk.queue("Sales", calendar_id=office.id, first_response_minutes=60)
    talk = await desk.waiting(queue=queue)

    await keeper(desk).settle()

    assert (await row(desk, talk))["response_due_at"] == datetime(2026, 6, 2, 9, 30, tzinfo=UTC)
    (told,) = await desk.told("conversation.changed")
    assert told["conversation"]["response_due_at"].startswith("2026-06-02T09:30")  # type: ignore[index]
    await keeper(desk).settle()
    assert len(await desk.told("conversation.changed")) == 1


@pytest.mark.covers("M-10")
async def test_who_waits_too_long_is_told_once(desk: Desk) -> None:
    desk.at = MONDAY
    queue = await desk.queue("Sales", first_response_minutes=10)
    li = await desk.agent("li")
    talk = await desk.waiting(queue=queue)
    async with desk.db.unit_of_work() as work:
        await work.execute("UPDATE conversation SET assignee_id = $2 WHERE id = $1", talk, li)
    await keeper(desk).settle()
    assert await desk.told("conversation.overdue") == []

    desk.later(601)
    for _ in range(3):
        await keeper(desk).settle()

    (late,) = await desk.told("conversation.overdue")
    assert late["conversation"]["id"] == str(talk)  # type: ignore[index]
    jobs = await desk.db.fetch("SELECT payload FROM job WHERE name = $1", TELL_USERS)
    assert [(job["payload"]["kind"], job["payload"]["user_ids"]) for job in jobs] == [("overdue", [str(li)])]


@pytest.mark.covers("M-10")
async def test_what_one_queue_promised_is_not_late_in_another_that_promised_nothing(desk: Desk) -> None:
    desk.at = MONDAY
    sales, support = await desk.queue("Sales", first_response_minutes=10), await desk.queue("Support")
    talk = await desk.waiting(queue=sales)
    await keeper(desk).settle()
    async with desk.db.unit_of_work() as work:
        await work.execute("UPDATE conversation SET queue_id = $2 WHERE id = $1", talk, support)

    desk.later(601)
    await keeper(desk).settle()

    assert await desk.told("conversation.overdue") == []
    assert {tile.name: tile.overdue for tile in (await desk.routing.wallboard()).queues}["Support"] == 0


@pytest.mark.covers("M-10")
async def test_a_promise_that_is_taken_back_is_taken_back_on_the_pages(desk: Desk) -> None:
    desk.at = MONDAY
    queue = await desk.queue("Sales", first_response_minutes=10)
    talk = await desk.waiting(queue=queue)
    await keeper(desk).settle()
    await desk.routing.queues.change(SYSTEM, queue, QueueChange(first_response_minutes=None), version=1)
    (job,) = await desk.db.fetch("SELECT payload FROM job WHERE name = $1", TELL_WAITS)

    await tell_waits(desk.db, [QueueId(UUID(id)) for id in job["payload"]["queue_ids"]], job["payload"]["beyond"])

    promised, taken_back = await desk.told("conversation.changed")
    assert [told["conversation"]["response_due_at"] is None for told in (promised, taken_back)] == [False, True]  # type: ignore[index]
    assert taken_back["conversation"]["id"] == str(talk)  # type: ignore[index]


async def test_an_answer_in_time_or_another_wait_makes_the_clock_void(desk: Desk) -> None:
    desk.at = MONDAY
    queue = await desk.queue("Sales", first_response_minutes=10)
    talk = await desk.waiting(queue=queue)
    await keeper(desk).settle()
    async with desk.db.unit_of_work() as work:
        await work.execute("UPDATE conversation SET waiting_for = $2 WHERE id = $1", talk, WaitingFor.CUSTOMER)

    desk.later(700)
    await keeper(desk).settle()
    assert await desk.told("conversation.overdue") == []

    async with desk.db.unit_of_work() as work:
        await work.execute("UPDATE conversation SET waiting_for = 'us', waiting_since = $2 WHERE id = $1", talk, desk.at)
    await keeper(desk).settle()
    assert (await row(desk, talk))["response_due_at"] == desk.at + timedelta(minutes=10)
    assert await desk.told("conversation.overdue") == []


async def test_new_hours_give_what_waits_its_time_anew(desk: Desk) -> None:
    desk.at = MONDAY
    office = await desk.routing.calendars.add(SYSTEM, hours())
    queue = await desk.queue("Sales", calendar_id=office.id, first_response_minutes=60)
    talk = await desk.waiting(queue=queue)
    await keeper(desk).settle()

    longer = CalendarChange(name="Office", timezone="UTC", week=((Period(start=time(9), end=time(20)),),) * 7)
    await desk.routing.calendars.change(SYSTEM, office.id, longer, version=1)
    await keeper(desk).settle()
    assert (await row(desk, talk))["response_due_at"] == desk.at + timedelta(minutes=60)

    await desk.routing.queues.change(SYSTEM, queue, QueueChange(first_response_minutes=None), version=1)
    await keeper(desk).settle()
    assert (await row(desk, talk))["response_due_at"] is None


async def test_only_what_came_while_closed_is_answered_by_itself(desk: Desk) -> None:
    desk.at = MONDAY
    office = await desk.routing.calendars.add(SYSTEM, hours())
    queue = await desk.queue("Sales", calendar_id=office.id, after_hours={"webchat": {"zh": "明天见", "en": " "}})
    talk, quiet = await desk.waiting(queue=queue), Quiet()

    await keeper(desk, quiet).settle()
    assert quiet.asked == [talk]
    assert dict((await desk.routing.queues.get(queue)).after_hours) == {"webchat": {"zh": "明天见"}}
    with pytest.raises(Invalid):
        await desk.routing.queues.change(SYSTEM, queue, QueueChange(after_hours={"pigeon": {"en": "x"}}), version=1)


async def test_a_calendar_is_checked_kept_and_deleted_only_when_nobody_uses_it(desk: Desk) -> None:
    calendars = desk.routing.calendars
    office = await calendars.add(SYSTEM, hours())
    queue = await desk.queue("Sales", calendar_id=office.id)

    with pytest.raises(CalendarNameTaken):
        await calendars.add(SYSTEM, hours("OFFICE"))
    with pytest.raises(Invalid, match="time zone"):
        await calendars.add(SYSTEM, hours("Mars", zone="Mars/Olympus"))
    with pytest.raises(Invalid, match="overlap"):
        await calendars.add(SYSTEM, CalendarChange(name="x", timezone="UTC", week=(DAY + DAY,) * 7))
    with pytest.raises(Stale):
        await calendars.change(SYSTEM, office.id, hours(), version=7)
    with pytest.raises(CalendarInUse):
        await calendars.remove(SYSTEM, office.id)

    assert (await calendars.change(SYSTEM, office.id, hours("Bureau"), version=1)).version == 2
    await desk.routing.queues.change(SYSTEM, queue, QueueChange(calendar_id=None), version=1)
    await calendars.remove(SYSTEM, office.id)
    assert await calendars.all() == []
    with pytest.raises(Invalid, match="calendar"):
        await desk.routing.queues.change(SYSTEM, queue, QueueChange(calendar_id=CalendarId(office.id)), version=2)


@pytest.mark.covers("M-20")
async def test_after_call_work_ends_by_itself_and_nothing_is_offered_meanwhile(desk: Desk) -> None:
    li = await desk.agent("li")
    await desk.routing.presence.choose(li, "wrap_up", 90)
    await desk.waiting()
    await desk.settle()
    assert await desk.offer(li) is None

    desk.later(91)
    await desk.routing.presence.refresh()
    await keeper(desk).settle()
    await desk.settle()

    assert await desk.offer(li) is not None
    last = (await desk.told("presence.changed"))[-1]
    assert (last["state"], last["until"]) == ("online", None)


@pytest.mark.covers("M-41", "Q-09")
async def test_the_board_shows_queues_and_agents_as_they_are(desk: Desk) -> None:
    desk.at = MONDAY
    li = await desk.agent("li")
    await desk.agent("wang", here=False)
    queue = await desk.queue("Sales", li, first_response_minutes=10)
    await desk.waiting(queue=queue)
    await keeper(desk).settle()
    desk.later(620)
    await desk.waiting(queue=queue)
    await keeper(desk).settle()
    await desk.routing.presence.refresh()

    board = await desk.routing.wallboard()

    sales = next(tile for tile in board.queues if tile.name == "Sales")
    assert (sales.open, sales.waiting, sales.overdue, sales.online, sales.free) == (2, 2, 1, 1, 1)
    assert sales.oldest_waiting_at == MONDAY
    assert (sales.promises, sales.next_due_at) == (True, MONDAY + timedelta(seconds=620 + 600))
    assert [(tile.promises, tile.next_due_at) for tile in board.queues if tile.name == "General"] == [(False, None)]
    assert {(agent.name, agent.state) for agent in board.agents} >= {("li", "online")}
