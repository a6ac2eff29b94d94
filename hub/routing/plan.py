"""Deciding who is offered what. Pure: a snapshot and a time in, a plan out."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from hub.ids import ConversationId, QueueId, UserId
from hub.routing.strategies import first
from hub.routing.values import (
    MOST_RETURNED,
    Agent,
    Item,
    NewOffer,
    OpenOffer,
    Outcome,
    Plan,
    Queue,
    ReasonCode,
    Rules,
    Snapshot,
    WaitingReason,
)


def plan(snapshot: Snapshot, now: datetime, rules: Rules) -> Plan:
    """End offers that ran out or make no sense any more, take back what the gone hold, offer what waits.

    No agent is offered more than they can carry, and no item is offered to two.
    """
    ended = tuple((offer, outcome) for offer in snapshot.offers if (outcome := _ending(offer, snapshot, now)))
    agents = dict(snapshot.agents)
    for offer, _ in ended:
        if agent := agents.get(offer.user_id):
            agents[agent.user_id] = replace(agent, load=agent.load - offer.weight)
    placed: list[tuple[ConversationId, QueueId]] = []
    offers: list[NewOffer] = []
    for item in sorted(snapshot.items, key=lambda item: _urgency(item, snapshot.queues)):
        queue = queue_of(item, snapshot.queues)
        if queue is None:
            continue
        if queue.id != item.queue_id:
            placed.append((item.conversation_id, queue.id))
        agent = _chosen(item, queue, agents, now, rules)
        if agent is None:
            continue
        weight = queue.weight(item.channel)
        made_at = now + timedelta(microseconds=len(offers))  # no two alike: whose turn it is must be clear
        agents[agent.user_id] = replace(agent, load=agent.load + weight, offered_at=made_at)
        offers.append(
            NewOffer(
                conversation_id=item.conversation_id,
                user_id=agent.user_id,
                queue_id=queue.id,
                weight=weight,
                made_at=made_at,
                expires_at=now + timedelta(seconds=queue.offer_seconds),
            )
        )
    settled = () if len(snapshot.orphans) == MOST_RETURNED else snapshot.leavers
    return Plan(ended=ended, returned=snapshot.orphans, settled=settled, placed=tuple(placed), offers=tuple(offers))


def queue_of(item: Item, queues: Mapping[QueueId, Queue]) -> Queue | None:
    """Where the item waits: where it was put, else where its account's things go, else the default queue."""
    for queue_id in (item.queue_id, item.account_queue_id):
        if queue_id is not None and queue_id in queues:
            return queues[queue_id]
    return next((queue for queue in queues.values() if queue.is_default), None)


def why(item: Item, snapshot: Snapshot, now: datetime, rules: Rules) -> WaitingReason:
    """Why this item waits."""
    queue = queue_of(item, snapshot.queues)
    if queue is None:
        return _reason(item, "queue_has_no_members")
    named = {"queue_id": queue.id}
    if (wished := _wished(item, snapshot.agents, now, rules)) is not None:
        code: ReasonCode = "wished_agent_busy" if wished.is_ready else "wished_agent_away"
        return _reason(item, code, user_id=wished.user_id, **named)
    if not queue.members:
        return _reason(item, "queue_has_no_members", **named)
    ready = [agent for agent in _members(queue, snapshot.agents) if agent.is_ready]
    if not ready:
        return _reason(item, "no_agent_online", **named)
    able = [agent for agent in ready if _has_room(agent, queue.weight(item.channel))]
    if not able:
        return _reason(item, "all_busy", **named, agents=len(ready))
    if all(_declined(item, agent.user_id, now) for agent in able):
        return _reason(item, "all_declined", **named, again_at=min(item.turned_down[a.user_id] for a in able))
    return _reason(item, "in_turn", **named)


def _reason(item: Item, code: ReasonCode, **params: object) -> WaitingReason:
    return WaitingReason(reason_code=code, params=params, since=item.since)


def _ending(offer: OpenOffer, snapshot: Snapshot, now: datetime) -> Outcome | None:
    if not offer.stands:
        return Outcome.WITHDRAWN
    if offer.expires_at <= now:
        return Outcome.EXPIRED
    agent = snapshot.agents.get(offer.user_id)
    # A page that is loaded again is away for a moment; who chose another state has said enough.
    return None if agent is not None and agent.is_ready else Outcome.WITHDRAWN


def _urgency(item: Item, queues: Mapping[QueueId, Queue]) -> tuple[int, int, datetime, str]:
    queue = queue_of(item, queues)
    return (-(queue.priority if queue else 0), -item.priority, item.since, str(item.conversation_id))


def _chosen(item: Item, queue: Queue, agents: Mapping[UserId, Agent], now: datetime, rules: Rules) -> Agent | None:
    weight = queue.weight(item.channel)
    wished = _wished(item, agents, now, rules)
    asked = [wished] if wished is not None else _members(queue, agents)
    able = [a for a in asked if a.is_ready and _has_room(a, weight) and not _declined(item, a.user_id, now)]
    return first(queue.strategy, able)


def _wished(item: Item, agents: Mapping[UserId, Agent], now: datetime, rules: Rules) -> Agent | None:
    """The agent the sender asked for, as long as it makes sense to wait for them."""
    agent = agents.get(item.wished_agent) if item.wished_agent is not None else None
    if agent is None or agent.is_gone or agent.user_id in item.refused_by or now - item.since > rules.wish_patience:
        return None
    return agent


def _members(queue: Queue, agents: Mapping[UserId, Agent]) -> Iterable[Agent]:
    return [agents[user_id] for user_id in queue.members if user_id in agents]


def _has_room(agent: Agent, weight: int) -> bool:
    return agent.load + weight <= agent.capacity


def _declined(item: Item, user_id: UserId, now: datetime) -> bool:
    again = item.turned_down.get(user_id)
    return again is not None and now < again
