"""What a supervisor's board shows: every queue and every agent, as of one moment."""

from collections.abc import Iterable
from datetime import datetime

import msgspec

from hub import clock
from hub.db import Database, Row, as_time
from hub.ids import QueueId, UserId
from hub.messages.address import ChannelKind
from hub.routing.snapshot import read_snapshot
from hub.routing.values import Agent, Queue, Rules

_PROMISED = "waiting_for = 'us' AND clock_since = waiting_since AND clock_queue_id = queue_id"
_QUEUES = f"""
SELECT queue_id, count(*) AS open,
    sum(CASE WHEN waiting_for = 'us' THEN 1 ELSE 0 END) AS unanswered,
    sum(CASE WHEN waiting_for = 'us' AND assignee_id IS NULL THEN 1 ELSE 0 END) AS waiting,
    sum(CASE WHEN {_PROMISED} AND response_due_at <= $1 THEN 1 ELSE 0 END) AS overdue,
    min(CASE WHEN {_PROMISED} AND response_due_at > $1 THEN response_due_at END) AS next_due,
    min(CASE WHEN waiting_for = 'us' AND assignee_id IS NULL THEN waiting_since END) AS oldest
FROM conversation WHERE state = 'open' GROUP BY queue_id"""
_AGENTS = """
SELECT p.user_id, u.display_name, p.since, p.until FROM agent_presence p JOIN auth_user u ON u.id = p.user_id
WHERE NOT u.disabled ORDER BY u.display_name"""


class QueueTile(msgspec.Struct, frozen=True, kw_only=True):
    """A queue. `waiting` have no agent, the oldest since `oldest_waiting_at`; `unanswered` wait for us, `overdue` longer than promised.

    `promises`: whether answers are promised within a time here; the next of them is due at `next_due_at`.
    Of its members, `online` could be given work and `free` have room for a chat.
    """

    id: QueueId
    name: str
    open: int
    unanswered: int
    waiting: int
    oldest_waiting_at: datetime | None
    overdue: int
    promises: bool
    next_due_at: datetime | None
    online: int
    free: int


class AgentTile(msgspec.Struct, frozen=True, kw_only=True):
    """An agent. `load` of `capacity` is taken; `until`: when after-call work ends."""

    user_id: UserId
    name: str
    state: str
    since: datetime
    until: datetime | None
    load: int
    capacity: int


class Wallboard(msgspec.Struct, frozen=True, kw_only=True):
    """The board as of `at`."""

    at: datetime
    queues: list[QueueTile]
    agents: list[AgentTile]


async def read_wallboard(db: Database, rules: Rules) -> Wallboard:
    """Everything on the board, read in a handful of statements however many look at it."""
    now = clock.now()
    snapshot = await read_snapshot(db, now, rules)
    counted = {row["queue_id"]: row for row in await db.fetch(_QUEUES, now)}
    people = await db.fetch(_AGENTS)
    return Wallboard(
        at=now,
        queues=[_queue_tile(queue, counted.get(queue.id), snapshot.agents.values()) for queue in snapshot.queues.values()],
        agents=[
            _agent_tile(agent, row)
            for row in people
            if (agent := snapshot.agents.get(row["user_id"])) is not None and not agent.is_gone
        ],
    )


def _queue_tile(queue: Queue, row: Row | None, agents: Iterable[Agent]) -> QueueTile:
    ready = [agent for agent in agents if agent.user_id in queue.members and agent.is_ready]
    room = queue.weight(ChannelKind.WEBCHAT)
    return QueueTile(
        id=queue.id,
        name=queue.name,
        open=row["open"] if row else 0,
        unanswered=int(row["unanswered"]) if row else 0,
        waiting=int(row["waiting"]) if row else 0,
        oldest_waiting_at=as_time(row["oldest"]) if row else None,
        overdue=int(row["overdue"] or 0) if row else 0,
        promises=bool(queue.first_response_minutes or queue.next_response_minutes),
        next_due_at=as_time(row["next_due"]) if row else None,
        online=len(ready),
        free=sum(agent.load + room <= agent.capacity for agent in ready),
    )


def _agent_tile(agent: Agent, row: Row) -> AgentTile:
    return AgentTile(
        user_id=agent.user_id,
        name=row["display_name"],
        state=agent.state.value if agent.is_connected else "offline",
        since=row["since"],
        until=row["until"],
        load=agent.load,
        capacity=agent.capacity,
    )
