"""What waits is offered, taken once, and never lost."""

import asyncio
from uuid import UUID

import pytest

from hub.auth import SYSTEM
from hub.auth.values import UserChange
from hub.bus import LocalBus
from hub.conversations.merging import Merging
from hub.errors import HubError
from hub.ids import QueueId
from hub.messages.address import ChannelKind
from hub.routing import Routing
from hub.routing.errors import NoSuchOffer, OfferGone
from hub.routing.queues import QueueChange
from hub.routing.values import AgentState, Strategy
from tests.integration.routing.conftest import Desk


@pytest.mark.covers("B-10")
async def test_what_waits_is_offered_and_belongs_to_who_accepts(desk: Desk) -> None:
    li = await desk.agent("li")
    talk = await desk.waiting()

    await desk.settle()
    assert await desk.reason(talk) == "offered_to"
    assert await desk.take(li) == talk

    assert await desk.holder(talk) == li
    assert await desk.reason(talk) is None
    assert await desk.offer(li) is None
    (made,), (ended,) = await desk.told("offer.made"), await desk.told("offer.ended")
    assert made["offer"]["conversation"]["id"] == str(talk)  # type: ignore[index]
    assert ended["outcome"] == "accepted"
    row = await desk.db.fetch_one("SELECT queue_id FROM conversation WHERE id = $1", talk)
    assert row is not None
    assert row["queue_id"] is not None


async def test_accepting_twice_is_accepting_once_and_nobody_else_can(desk: Desk) -> None:
    li, wang = await desk.agent("li"), await desk.agent("wang", here=False)
    await desk.waiting()
    await desk.settle()
    offer = await desk.offer(li)
    assert offer is not None

    with pytest.raises(NoSuchOffer):
        await desk.routing.accept(offer, by=desk.caller(wang))
    first = await desk.routing.accept(offer, by=desk.caller(li))

    assert await desk.routing.accept(offer, by=desk.caller(li)) == first
    with pytest.raises(NoSuchOffer):
        await desk.routing.refuse(offer, by=desk.caller(wang))


@pytest.mark.covers("B-10")
async def test_a_refused_offer_goes_to_the_next_and_comes_back_only_later(desk: Desk) -> None:
    li = await desk.agent("li")
    talk = await desk.waiting()
    await desk.settle()
    offer = await desk.offer(li)
    assert offer is not None
    await desk.routing.refuse(offer, by=desk.caller(li))
    await desk.settle()

    assert await desk.reason(talk) == "all_declined"
    wang = await desk.agent("wang")
    await desk.settle()
    assert await desk.offer(wang) is not None
    assert await desk.offer(li) is None

    await desk.lose(wang)
    desk.later(61)
    await desk.routing.presence.refresh()
    await desk.settle()
    assert await desk.offer(li) is not None


@pytest.mark.covers("B-10")
async def test_an_offer_nobody_answers_runs_out_and_cannot_be_taken_any_more(desk: Desk) -> None:
    li = await desk.agent("li")
    wang = await desk.agent("wang")
    await desk.waiting()
    await desk.settle()
    first, second = (li, wang) if await desk.offer(li) else (wang, li)
    offer = await desk.offer(first)
    assert offer is not None
    desk.later(31)
    await desk.routing.presence.refresh()

    with pytest.raises(OfferGone):
        await desk.routing.accept(offer, by=desk.caller(first))
    await desk.settle()

    assert await desk.offer(second) is not None
    assert await desk.offer(first) is None


@pytest.mark.covers("B-10", "B-11")
async def test_a_lost_connection_or_another_state_takes_the_offer_back_at_once(desk: Desk) -> None:
    li, wang = await desk.agent("li"), await desk.agent("wang", here=False)
    await desk.waiting()
    await desk.settle()
    assert await desk.offer(li)

    await desk.lose(li)
    await desk.come(wang)
    await desk.settle()
    assert await desk.offer(wang)

    await desk.routing.presence.choose(wang, AgentState.AWAY)
    await desk.come(li)
    await desk.settle()
    assert await desk.offer(wang) is None
    assert await desk.offer(li)


@pytest.mark.covers("B-11")
async def test_a_lost_connection_keeps_the_work_for_a_while_then_gives_it_back(desk: Desk) -> None:
    li = await desk.agent("li")
    chat, mail = await desk.waiting(), await desk.waiting(channel=ChannelKind.EMAIL)
    await desk.settle()
    await desk.take(li)
    await desk.settle()
    await desk.take(li)

    await desk.lose(li)
    desk.later(179)
    await desk.settle()
    assert await desk.holder(chat) == await desk.holder(mail) == li

    desk.later(2)
    await desk.settle()
    assert await desk.holder(chat) is await desk.holder(mail) is None
    assert await desk.reason(chat) == "no_agent_online"
    wang = await desk.agent("wang")
    await desk.settle()
    assert len(await desk.routing.offers(desk.caller(wang))) == 2


@pytest.mark.covers("B-11")
async def test_coming_back_within_the_grace_changes_nothing(desk: Desk) -> None:
    li = await desk.agent("li")
    talk = await desk.waiting()
    await desk.settle()
    await desk.take(li)

    await desk.lose(li)
    desk.later(100)
    await desk.come(li)
    desk.later(25)
    await desk.settle()

    assert await desk.holder(talk) == li


@pytest.mark.covers("B-11")
async def test_the_connections_of_a_killed_process_fall_silent_and_its_agents_work_goes_back(desk: Desk) -> None:
    li = await desk.agent("li")
    talk = await desk.waiting()
    await desk.settle()
    await desk.take(li)

    other = Routing.build(desk.db, LocalBus(), desk.conversations)  # another process; the first says nothing any more
    desk.later(31)
    await other.presence.refresh()
    assert [agent.connected for agent in await other.everybody()] == [False]
    desk.later(180)
    await other.dispatcher.settle()

    assert await desk.holder(talk) is None


@pytest.mark.covers("B-11")
@pytest.mark.parametrize("how", ["log_out", "switch_off", "say_offline"])
async def test_who_leaves_for_good_gives_everything_back_at_once(desk: Desk, how: str) -> None:
    li = await desk.agent("li")
    talk = await desk.waiting()
    await desk.settle()
    await desk.take(li)

    match how:
        case "log_out":
            rows = await desk.db.fetch("SELECT id FROM auth_session WHERE user_id = $1", li)
            for row in rows:
                await desk.auth.sessions.end(desk.caller(li), row["id"])
        case "switch_off":
            await desk.auth.users.change(SYSTEM, li, UserChange(disabled=True), version=1)
        case _:
            await desk.routing.presence.choose(li, "offline")
    await desk.settle()

    assert await desk.holder(talk) is None


async def test_what_is_given_to_somebody_who_is_away_on_purpose_stays_with_them(desk: Desk) -> None:
    li = await desk.agent("li")
    await desk.lose(li)
    desk.later(181)
    await desk.settle()
    talk = await desk.waiting()

    await desk.conversations.assign(talk, to=li, by=SYSTEM)
    await desk.settle()

    assert await desk.holder(talk) == li


@pytest.mark.covers("B-10")
async def test_nobody_is_given_more_than_they_can_carry(desk: Desk) -> None:
    li = await desk.agent("li")
    for _ in range(6):
        await desk.waiting()
    for _ in range(4):
        await desk.settle()
        await desk.take(li)
    await desk.settle()

    assert await desk.offer(li) is None
    (seen,) = await desk.routing.everybody()
    assert (seen.load, seen.capacity) == (100, 100)
    reasons = {await desk.reason(row["id"]) for row in await desk.db.fetch("SELECT id FROM conversation")}
    assert reasons == {None, "all_busy"}


@pytest.mark.covers("B-10")
async def test_an_offer_is_withdrawn_when_the_item_went_elsewhere(desk: Desk) -> None:
    li = await desk.agent("li")
    talk = await desk.waiting()
    await desk.settle()
    offer = await desk.offer(li)
    assert offer is not None
    root = await desk.db.fetch_one("SELECT id FROM auth_user WHERE name = 'root'")
    assert root is not None

    await desk.conversations.assign(talk, to=root["id"], by=SYSTEM)

    with pytest.raises(OfferGone):
        await desk.routing.accept(offer, by=desk.caller(li))
    await desk.settle()
    assert (await desk.told("offer.ended"))[-1]["outcome"] == "withdrawn"


@pytest.mark.covers("B-10")
async def test_many_dispatchers_and_many_hands_at_once_never_give_one_item_to_two(desk: Desk) -> None:
    agents = [await desk.agent(f"a{n}") for n in range(3)]
    talks = [await desk.waiting() for _ in range(8)]
    others = [Routing.build(desk.db, LocalBus(), desk.conversations) for _ in range(3)]

    async def work(routing: Routing) -> None:
        for _ in range(4):
            try:
                await routing.dispatcher.settle()
            except HubError:  # somebody else held a row too long: the next round goes on
                pass
            for agent in agents:
                for offer in await routing.offers(desk.caller(agent)):
                    try:
                        await routing.accept(offer.id, by=desk.caller(agent))
                    except HubError:
                        pass

    await asyncio.gather(*(work(routing) for routing in (desk.routing, *others)))

    holders = [await desk.holder(talk) for talk in talks]
    assert None not in holders
    rows = await desk.db.fetch(
        "SELECT conversation_id, count(*) AS won FROM offer WHERE state = 'accepted' GROUP BY conversation_id"
    )
    assert [row["won"] for row in rows] == [1] * 8
    assert all(agent.load <= agent.capacity for agent in await desk.routing.everybody())


@pytest.mark.covers("M-08")
async def test_members_of_a_queue_get_its_items_and_nobody_else(desk: Desk) -> None:
    li, wang = await desk.agent("li"), await desk.agent("wang")
    sales = await desk.queue("Sales", wang, strategy=Strategy.ROUND_ROBIN, weights={"webchat": 50})
    for _ in range(3):
        await desk.waiting(queue=sales)

    await desk.settle()

    assert await desk.offer(li) is None
    assert len(await desk.routing.offers(desk.caller(wang))) == 2


async def test_membership_reaches_rights_and_the_default_queue_is_everybodys_until_edited(desk: Desk) -> None:
    li, wang = await desk.agent("li"), await desk.agent("wang")
    (default,) = await desk.routing.queues.all()
    assert await desk.routing.queues.of_user(li) == {default.id}
    assert {li, wang} <= default.members

    await desk.routing.queues.change(SYSTEM, default.id, QueueChange(member_ids=(wang,)), version=default.version)

    assert await desk.routing.queues.of_user(li) == frozenset()
    assert await desk.routing.queues.of_user(wang) == {default.id}
    changed = {data["user_id"] for data in await desk.told("caller.changed")}
    assert str(li) in changed


async def test_queues_are_edited_with_care(desk: Desk) -> None:
    (default,) = await desk.routing.queues.all()
    sales = await desk.queue("Sales")
    queues = desk.routing.queues

    codes = []
    for attempt in (
        lambda: queues.add(SYSTEM, QueueChange(name="SALES")),
        lambda: queues.add(SYSTEM, QueueChange(name=" ")),
        lambda: queues.add(SYSTEM, QueueChange(name="x", weights={"telex": 5})),
        lambda: queues.add(SYSTEM, QueueChange(name="x", weights={"webchat": 0})),
        lambda: queues.change(SYSTEM, sales, QueueChange(name="New"), version=7),
        lambda: queues.remove(SYSTEM, default.id),
        lambda: queues.get(QueueId(UUID(int=1))),
    ):
        with pytest.raises(HubError) as refused:
            await attempt()
        codes.append(refused.value.code)

    assert codes == ["queue_name_taken", "invalid", "invalid", "invalid", "stale", "queue_in_use", "no_such_queue"]
    await queues.remove(SYSTEM, sales)
    assert len(await queues.all()) == 1


@pytest.mark.covers("B-11")
async def test_what_waits_in_a_queue_that_is_deleted_goes_to_the_default_queue(desk: Desk) -> None:
    li = await desk.agent("li")
    sales = await desk.queue("Sales")
    talk = await desk.waiting(queue=sales)
    await desk.settle()
    assert await desk.reason(talk) == "queue_has_no_members"

    await desk.routing.queues.remove(SYSTEM, sales)
    await desk.settle()

    assert await desk.offer(li)


async def test_the_running_dispatcher_offers_by_itself_and_tells_who_is_there(desk: Desk) -> None:
    li = await desk.agent("li")
    task = asyncio.create_task(desk.routing.dispatcher.run())
    await desk.waiting()

    async with asyncio.timeout(3):
        while await desk.offer(li) is None:
            await asyncio.sleep(0.02)
    task.cancel()
    await asyncio.wait([task])

    assert [(data["state"], data["connected"]) for data in await desk.told("presence.changed")] == [("online", True)]


@pytest.mark.covers("B-10", "M-15")
async def test_what_was_merged_or_closed_a_moment_ago_is_not_taken_any_more(desk: Desk) -> None:
    li = await desk.agent("li")
    gone = await desk.waiting()
    await desk.settle()
    kept = await desk.waiting()
    async with desk.db.unit_of_work() as work:
        await work.execute("UPDATE conversation SET visitor_id = NULL")
    await Merging(desk.db).merge(gone, kept, by=SYSTEM)

    with pytest.raises(OfferGone):
        await desk.take(li)

    assert await desk.holder(gone) is None
    await desk.settle()
    assert await desk.take(li) == kept
