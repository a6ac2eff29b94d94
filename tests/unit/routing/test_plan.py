"""Who is offered what, over all states that can be thought of."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.ids import ConversationId, OfferId, QueueId, UserId
from hub.routing.plan import plan, queue_of, why
from hub.routing.strategies import first
from hub.routing.values import (
    Agent,
    AgentState,
    Item,
    NewOffer,
    OpenOffer,
    Outcome,
    Queue,
    Rules,
    Snapshot,
    Strategy,
)

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
RULES = Rules()
USERS = [UserId(UUID(int=n)) for n in range(1, 6)]
QUEUES = [QueueId(UUID(int=n)) for n in range(11, 14)]
TALKS = [ConversationId(UUID(int=n)) for n in range(101, 121)]

times = st.integers(0, 600).map(lambda ago: NOW - timedelta(seconds=ago))
queues = st.builds(
    lambda strategies, members, weights: {
        queue_id: Queue(
            id=queue_id,
            name=str(queue_id),
            strategy=strategies[n],
            members=frozenset(members[n]),
            weights={"webchat": weights[n]},
            is_default=n == 0,
            priority=n % 2,
        )
        for n, queue_id in enumerate(QUEUES)
    },
    st.lists(st.sampled_from(Strategy), min_size=3, max_size=3),
    st.lists(st.sets(st.sampled_from(USERS)), min_size=3, max_size=3),
    st.lists(st.integers(1, 100), min_size=3, max_size=3),
)


@st.composite
def snapshots(draw: st.DrawFn) -> Snapshot:
    agents = {}
    for user_id in draw(st.sets(st.sampled_from(USERS))):
        agents[user_id] = Agent(
            user_id=user_id,
            state=draw(st.sampled_from(AgentState)),
            is_connected=draw(st.booleans()),
            is_gone=draw(st.booleans()),
            load=draw(st.integers(0, 100)),
            idle_since=draw(times),
            offered_at=draw(st.none() | times),
        )
    items, offers = [], []
    for talk in draw(st.sets(st.sampled_from(TALKS), max_size=12)):
        if draw(st.booleans()):
            items.append(
                Item(
                    conversation_id=talk,
                    queue_id=draw(st.none() | st.sampled_from(QUEUES)),
                    channel=draw(st.sampled_from(["webchat", "email", "voice"])),
                    priority=draw(st.integers(-1, 2)),
                    since=draw(times),
                    wished_agent=draw(st.none() | st.sampled_from(USERS)),
                    turned_down=draw(
                        st.dictionaries(st.sampled_from(USERS), st.integers(-60, 60).map(lambda s: NOW + timedelta(seconds=s)))
                    ),
                    refused_by=frozenset(draw(st.sets(st.sampled_from(USERS)))),
                )
            )
        elif agents:
            user_id = draw(st.sampled_from(sorted(agents)))
            weight = draw(st.integers(0, agents[user_id].load))
            held = sum(offer.weight for offer in offers if offer.user_id == user_id)
            if held + weight <= agents[user_id].load:
                offers.append(
                    OpenOffer(
                        id=OfferId(talk),
                        conversation_id=talk,
                        user_id=user_id,
                        queue_id=QUEUES[0],
                        weight=weight,
                        expires_at=NOW + timedelta(seconds=draw(st.integers(-30, 30))),
                        stands=draw(st.booleans()),
                    )
                )
    return Snapshot(queues=draw(queues), agents=agents, items=tuple(items), offers=tuple(offers))


@pytest.mark.covers("B-10", "M-08")
@given(snapshots())
def test_no_item_goes_to_two_and_no_agent_gets_more_than_they_can_carry(snapshot: Snapshot) -> None:
    todo = plan(snapshot, NOW, RULES)

    once = Counter(offer.conversation_id for offer in todo.offers)
    assert all(count == 1 for count in once.values())
    assert not once.keys() & {offer.conversation_id for offer in snapshot.offers}
    for user_id, agent in snapshot.agents.items():
        freed = sum(offer.weight for offer, _ in todo.ended if offer.user_id == user_id)
        new = [offer for offer in todo.offers if offer.user_id == user_id]
        if new:
            assert agent.is_ready
            assert agent.load - freed + sum(offer.weight for offer in new) <= agent.capacity


@pytest.mark.covers("B-10")
@given(snapshots())
def test_nothing_waits_while_a_fitting_agent_could_take_it(snapshot: Snapshot) -> None:
    todo = plan(snapshot, NOW, RULES)
    after = _after(snapshot, todo.ended, todo.offers)

    assert plan(after, NOW, RULES).offers == ()
    for item in after.items:
        reason = why(item, after, NOW, RULES)
        queue = queue_of(item, after.queues)
        assert queue is not None
        assert reason.reason_code != "in_turn"
        if reason.reason_code in ("wished_agent_away", "wished_agent_busy"):
            assert NOW - item.since <= RULES.wish_patience
            continue
        for user_id in queue.members & after.agents.keys():
            agent = after.agents[user_id]
            turned_down = item.turned_down.get(user_id, NOW) > NOW
            assert not agent.is_ready or turned_down or agent.load + queue.weight(item.channel) > agent.capacity


def _after(snapshot: Snapshot, ended: Any, offers: tuple[NewOffer, ...]) -> Snapshot:
    agents = dict(snapshot.agents)
    for offer, _ in ended:
        agents[offer.user_id] = replace(agents[offer.user_id], load=agents[offer.user_id].load - offer.weight)
    for offer in offers:
        agents[offer.user_id] = replace(agents[offer.user_id], load=agents[offer.user_id].load + offer.weight)
    offered = {offer.conversation_id for offer in offers}
    over = {offer.id for offer, _ in ended}
    return replace(
        snapshot,
        agents=agents,
        items=tuple(item for item in snapshot.items if item.conversation_id not in offered),
        offers=tuple(offer for offer in snapshot.offers if offer.id not in over),
    )


@given(snapshots())
def test_an_open_offer_is_kept_only_while_it_can_still_be_accepted(snapshot: Snapshot) -> None:
    ended = {offer.id: outcome for offer, outcome in plan(snapshot, NOW, RULES).ended}

    for offer in snapshot.offers:
        agent = snapshot.agents[offer.user_id]
        good = offer.stands and offer.expires_at > NOW and agent.is_ready
        assert (offer.id in ended) is not good
        if offer.stands and offer.expires_at <= NOW:
            assert ended[offer.id] is Outcome.EXPIRED


def _agent(n: int, **more: Any) -> Agent:
    fields = {"state": AgentState.ONLINE, "is_connected": True, "is_gone": False, "idle_since": NOW, **more}
    return Agent(user_id=USERS[n], **fields)


def _world(agents: list[Agent], *items: Item, members: list[int] | None = None, **queue: Any) -> Snapshot:
    worked_by = frozenset(USERS[n] for n in (range(5) if members is None else members))
    made = Queue(id=QUEUES[0], name="Q", members=worked_by, is_default=True, **queue)
    return Snapshot(queues={made.id: made}, agents={agent.user_id: agent for agent in agents}, items=items, offers=())


def _item(n: int = 0, **more: Any) -> Item:
    return Item(**{"conversation_id": TALKS[n], "queue_id": QUEUES[0], "channel": "webchat", "since": NOW, **more})


@pytest.mark.covers("M-08")
@pytest.mark.parametrize(
    ("strategy", "winner"), [(Strategy.LONGEST_IDLE, 1), (Strategy.ROUND_ROBIN, 2), (Strategy.LEAST_LOADED, 0)]
)
def test_each_strategy_asks_another_agent_first(strategy: Strategy, winner: int) -> None:
    def ago(minutes: int) -> datetime:
        return NOW - timedelta(minutes=minutes)

    agents = [
        _agent(0, load=0, idle_since=ago(1), offered_at=ago(2)),
        _agent(1, load=50, idle_since=ago(9), offered_at=ago(9)),
        _agent(2, load=25, idle_since=ago(5), offered_at=ago(20)),
    ]

    chosen = first(strategy, agents)

    assert chosen is not None
    assert chosen.user_id == USERS[winner]


@pytest.mark.covers("M-08")
def test_round_robin_goes_round() -> None:
    world = _world([_agent(n) for n in range(3)], *(_item(n) for n in range(6)), strategy=Strategy.ROUND_ROBIN)

    assert Counter(offer.user_id for offer in plan(world, NOW, RULES).offers) == {USERS[n]: 2 for n in range(3)}


@pytest.mark.covers("B-10")
def test_one_capacity_holds_over_all_channels() -> None:
    items = [_item(0, channel="voice"), _item(1, channel="webchat"), _item(2, channel="email")]

    (offer,) = plan(_world([_agent(0)], *items), NOW, RULES).offers

    assert (offer.conversation_id, offer.weight) == (TALKS[0], 100)


def test_the_urgent_and_the_long_waiting_go_first() -> None:
    items = [_item(0), _item(1, since=NOW - timedelta(minutes=5)), _item(2, priority=2)]

    order = [offer.conversation_id for offer in plan(_world([_agent(0)], *items), NOW, RULES).offers]

    assert order == [TALKS[2], TALKS[1], TALKS[0]]


@pytest.mark.covers("W-02")
def test_the_agent_asked_for_is_waited_for_then_others_are_asked() -> None:
    busy, free = _agent(0, load=100), _agent(1)
    item = _item(wished_agent=USERS[0])
    late = replace(item, since=NOW - timedelta(seconds=61))
    refused = replace(item, refused_by=frozenset({USERS[0]}))

    assert plan(_world([busy, free], item), NOW, RULES).offers == ()
    assert why(item, _world([busy, free], item), NOW, RULES).reason_code == "wished_agent_busy"
    assert plan(_world([busy, free], late), NOW, RULES).offers[0].user_id == USERS[1]
    assert plan(_world([busy, free], refused), NOW, RULES).offers[0].user_id == USERS[1]
    assert plan(_world([_agent(0), free], item), NOW, RULES).offers[0].user_id == USERS[0]
    assert plan(_world([free], item), NOW, RULES).offers[0].user_id == USERS[1]


@pytest.mark.covers("W-02")
def test_the_agent_asked_for_need_not_work_the_queue() -> None:
    item = _item(wished_agent=USERS[0])

    assert plan(_world([_agent(0), _agent(1)], item, members=[1]), NOW, RULES).offers[0].user_id == USERS[0]


@pytest.mark.covers("B-11")
@pytest.mark.parametrize(
    ("agents", "members", "more", "code"),
    [
        ([], [], {}, "queue_has_no_members"),
        ([], [0], {}, "no_agent_online"),
        ([_agent(0, is_connected=False)], [0], {}, "no_agent_online"),
        ([_agent(0, state=AgentState.AWAY)], [0], {}, "no_agent_online"),
        ([_agent(0, load=90)], [0], {}, "all_busy"),
        ([_agent(0)], [0], {"turned_down": {USERS[0]: NOW + timedelta(seconds=9)}}, "all_declined"),
        ([_agent(0, state=AgentState.AWAY)], [0], {"wished_agent": USERS[0]}, "wished_agent_away"),
        ([_agent(0)], [0], {}, "in_turn"),
    ],
)
def test_every_waiting_item_says_why(agents: list[Agent], members: list[int], more: dict[str, Any], code: str) -> None:
    item = _item(**more)

    assert why(item, _world(agents, item, members=members), NOW, RULES).reason_code == code


def test_what_waits_nowhere_is_put_into_the_queue_of_its_account_or_the_default() -> None:
    world = _world([], _item(0, queue_id=None), _item(1, queue_id=UUID(int=99)))

    assert plan(world, NOW, RULES).placed == ((TALKS[0], QUEUES[0]), (TALKS[1], QUEUES[0]))
