"""Reading everything a decision depends on, as of one moment."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from hub.auth.queries import holders
from hub.auth.rights import Right
from hub.db import Reads, Row, as_time
from hub.ids import QueueId, UserId
from hub.messages.address import ChannelKind
from hub.routing.values import MOST_RETURNED, Agent, AgentState, Item, OpenOffer, Outcome, Queue, Rules, Snapshot, Strategy

MOST_ITEMS = 300
"""Items looked at in one round, the longest waiting first: far more than can be given away in one."""

_PRIORITY = {"low": -1, "normal": 0, "high": 1, "urgent": 2}

# What takes an agent's capacity: a chat while it is open, anything else while it waits for us.
_TAKES = f"state = 'open' AND (channel = '{ChannelKind.WEBCHAT}' OR waiting_for = 'us')"
_ITEMS = """
SELECT c.id, c.queue_id, c.channel, c.priority, c.waiting_since, a.queue_id AS account_queue_id
FROM conversation c LEFT JOIN account a ON a.id = c.account_id
WHERE c.state = 'open' AND c.waiting_for = 'us' AND c.assignee_id IS NULL {more}
    AND NOT EXISTS (SELECT 1 FROM offer o WHERE o.conversation_id = c.id AND o.state = 'open')
ORDER BY c.waiting_since, c.n LIMIT $1"""
_AGENTS = """
SELECT u.id AS user_id, u.disabled, p.state, p.capacity, p.seen_at, p.idle_since, p.offered_at, p.returned,
    (SELECT max(l.seen_at) FROM agent_link l WHERE l.user_id = u.id) AS link_at,
    EXISTS (SELECT 1 FROM auth_session s WHERE s.user_id = u.id AND s.expires_at > $1) AS signed_in
FROM auth_user u JOIN agent_presence p ON p.user_id = u.id"""
_HELD = f"""
SELECT assignee_id, queue_id, channel, count(*) AS held FROM conversation
WHERE {_TAKES} AND assignee_id = ANY($1::uuid[]) GROUP BY assignee_id, queue_id, channel"""
_ORPHANS = f"SELECT id FROM conversation WHERE {_TAKES} AND assignee_id = ANY($1::uuid[]) ORDER BY n LIMIT {MOST_RETURNED}"
_OFFERS = """
SELECT o.id, o.conversation_id, o.user_id, o.queue_id, o.weight, o.expires_at,
    c.state AS conversation_state, c.waiting_for, c.assignee_id
FROM offer o JOIN conversation c ON c.id = o.conversation_id WHERE o.state = 'open'"""
_ENDED = """
SELECT o.conversation_id, o.user_id, o.state, o.ended_at FROM offer o JOIN conversation c ON c.id = o.conversation_id
WHERE o.conversation_id = ANY($1::uuid[]) AND o.state IN ('refused', 'expired') AND o.made_at >= c.waiting_since"""
_WISHES = """
SELECT m.conversation_id, m.extra FROM message m
WHERE m.conversation_id = ANY($1::uuid[]) AND m.extra->'wish' IS NOT NULL AND m.direction = 'in'
    AND m.created_at >= (SELECT c.waiting_since FROM conversation c WHERE c.id = m.conversation_id) ORDER BY m.n"""
_URGENT = """
SELECT 1 WHERE EXISTS (SELECT 1 FROM offer WHERE state = 'open') OR EXISTS (
    SELECT 1 FROM conversation c WHERE c.state = 'open' AND c.waiting_for = 'us' AND c.assignee_id IS NULL
    AND (c.queue_id IS NULL OR EXISTS (SELECT 1 FROM agent_presence p WHERE p.state = 'online'))
)"""


async def is_urgent(reads: Reads) -> bool:
    """Whether a round may have something to do that an event brought about; what only time brings about is none of it."""
    return await reads.fetch_one(_URGENT) is not None


async def read_snapshot(reads: Reads, now: datetime, rules: Rules) -> Snapshot:
    """What waits, who is there, what is offered, what is held by nobody who could answer."""
    queues = await read_queues(reads)
    offers = await _offers(reads)
    agents = await _agents(reads, queues, offers, now, rules)
    leavers = [agent.user_id for agent in agents.values() if agent.is_gone and not agent.has_returned]
    orphans = await reads.fetch(_ORPHANS, leavers) if leavers else []
    rows = await reads.fetch(_ITEMS.format(more=""), MOST_ITEMS)
    return Snapshot(
        queues=queues,
        agents=agents,
        items=await _items(reads, rows, now, rules),
        offers=tuple(offers),
        leavers=tuple(leavers),
        orphans=tuple(row["id"] for row in orphans),
    )


async def read_item(reads: Reads, conversation_id: UUID, now: datetime, rules: Rules) -> Item | None:
    """One conversation if it waits for an agent and is not on offer."""
    rows = await reads.fetch(_ITEMS.format(more="AND c.id = $2"), 1, conversation_id)
    items = await _items(reads, rows, now, rules)
    return items[0] if items else None


async def read_queues(reads: Reads) -> dict[QueueId, Queue]:
    """All queues with their members."""
    rows = await reads.fetch("SELECT * FROM queue ORDER BY name_key")
    members: defaultdict[UUID, set[UserId]] = defaultdict(set)
    for row in await reads.fetch("SELECT queue_id, user_id FROM queue_member"):
        members[row["queue_id"]].add(row["user_id"])
    for row in rows:
        if row["is_default"] and not row["members_edited"]:
            members[row["id"]] = await _everybody(reads)
    return {row["id"]: _queue(row, members[row["id"]]) for row in rows}


async def _everybody(reads: Reads) -> set[UserId]:
    held = await holders(reads)
    return {user_id for user_id, rights in held.items() if Right.CONVERSATIONS_REPLY in rights}


def _queue(row: Row, members: set[UserId]) -> Queue:
    return Queue(
        id=row["id"],
        name=row["name"],
        strategy=Strategy(row["strategy"]),
        offer_seconds=row["offer_seconds"],
        priority=row["priority"],
        weights=row["weights"],
        members=frozenset(members),
        is_default=row["is_default"],
        version=row["version"],
        calendar_id=row["calendar_id"],
        first_response_minutes=row["first_response_minutes"],
        next_response_minutes=row["next_response_minutes"],
        after_hours=row["after_hours"],
    )


async def _offers(reads: Reads) -> list[OpenOffer]:
    return [
        OpenOffer(
            id=row["id"],
            conversation_id=row["conversation_id"],
            user_id=row["user_id"],
            queue_id=row["queue_id"],
            weight=row["weight"],
            expires_at=row["expires_at"],
            stands=row["conversation_state"] == "open" and row["waiting_for"] == "us" and row["assignee_id"] is None,
        )
        for row in await reads.fetch(_OFFERS)
    ]


async def _agents(
    reads: Reads, queues: Mapping[QueueId, Queue], offers: Sequence[OpenOffer], now: datetime, rules: Rules
) -> dict[UserId, Agent]:
    rows = await reads.fetch(_AGENTS, now)
    load = await loads(reads, queues, [row["user_id"] for row in rows])
    for offer in offers:
        load[offer.user_id] += offer.weight
    return {row["user_id"]: _agent(row, load[row["user_id"]], now, rules) for row in rows}


def _agent(row: Row, load: int, now: datetime, rules: Rules) -> Agent:
    link_at = as_time(row["link_at"])
    is_connected = link_at is not None and link_at > now - rules.silence
    last_seen = max(row["seen_at"], link_at) if link_at is not None else row["seen_at"]
    has_left = row["state"] == AgentState.OFFLINE or row["disabled"] or not row["signed_in"]
    return Agent(
        user_id=row["user_id"],
        state=AgentState(row["state"]),
        is_connected=is_connected,
        is_gone=bool(has_left or (not is_connected and now - last_seen > rules.grace)),
        capacity=row["capacity"],
        load=load,
        idle_since=row["idle_since"],
        offered_at=row["offered_at"],
        has_returned=row["returned"],
    )


async def loads(reads: Reads, queues: Mapping[QueueId, Queue], user_ids: Sequence[UserId]) -> defaultdict[UserId, int]:
    """What each agent holds, by weight; without what they are offered."""
    default = next((queue for queue in queues.values() if queue.is_default), None)
    load: defaultdict[UserId, int] = defaultdict(int)
    for row in await reads.fetch(_HELD, list(user_ids)):
        queue = queues.get(row["queue_id"], default)
        if queue is not None:
            load[row["assignee_id"]] += row["held"] * queue.weight(row["channel"])
    return load


async def _items(reads: Reads, rows: Sequence[Row], now: datetime, rules: Rules) -> tuple[Item, ...]:
    ids = [row["id"] for row in rows]
    again: defaultdict[UUID, dict[UserId, datetime]] = defaultdict(dict)
    refused: defaultdict[UUID, set[UserId]] = defaultdict(set)
    for row in await reads.fetch(_ENDED, ids) if ids else ():
        is_refusal = row["state"] == Outcome.REFUSED
        until = row["ended_at"] + (rules.after_refusal if is_refusal else rules.after_silence)
        turned_down = again[row["conversation_id"]]
        turned_down[row["user_id"]] = max(until, turned_down.get(row["user_id"], until))
        refused[row["conversation_id"]].add(row["user_id"])
    wishes = await _wishes(reads, [row["id"] for row in rows if now - row["waiting_since"] <= rules.wish_patience])
    return tuple(
        Item(
            conversation_id=row["id"],
            queue_id=row["queue_id"],
            account_queue_id=row["account_queue_id"],
            channel=row["channel"],
            priority=_PRIORITY.get(row["priority"], 0),
            since=row["waiting_since"],
            wished_agent=wishes.get(row["id"]),
            turned_down=again[row["id"]],
            refused_by=frozenset(refused[row["id"]]),
        )
        for row in rows
    )


async def _wishes(reads: Reads, ids: Sequence[UUID]) -> dict[UUID, UserId]:
    """The agents that were asked for; the last word counts."""
    wishes = {}
    for row in await reads.fetch(_WISHES, list(ids)) if ids else ():
        wish = row["extra"].get("wish")
        if isinstance(wish, Mapping) and wish.get("kind") == "agent":
            wishes[row["conversation_id"]] = UserId(UUID(wish["id"]))
    return wishes
