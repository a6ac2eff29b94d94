"""Queues over HTTP."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from hub.api.endpoint import SIGNED_IN, Request, Router
from hub.auth.rights import Right
from hub.errors import Invalid, Stale
from hub.ids import QueueId, UserId
from hub.routing.errors import NoSuchQueue, QueueInUse, QueueNameTaken
from hub.routing.queues import QueueChange
from hub.routing.values import Queue, Strategy

api = Router(tag="queues")

Name = Annotated[str, Meta(min_length=1, max_length=100)]
OfferSeconds = Annotated[int, Meta(ge=5, le=600)]
QueuePriority = Annotated[int, Meta(ge=-10, le=10)]


class QueueView(msgspec.Struct):
    """A queue. `waiting`: conversations without an agent that wait for us; `weights` only where they differ from the usual."""

    id: QueueId
    name: str
    strategy: Strategy
    offer_seconds: int
    priority: int
    weights: dict[str, int]
    member_ids: list[UserId]
    is_default: bool
    version: int
    waiting: int
    oldest_waiting_at: datetime | None


class QueueCreate(msgspec.Struct, forbid_unknown_fields=True):
    """A queue to be made. `offer_seconds`: how long one agent is asked; more `priority` goes first."""

    name: Name
    strategy: Strategy = Strategy.LONGEST_IDLE
    offer_seconds: OfferSeconds = 30
    priority: QueuePriority = 0
    weights: dict[str, int] = {}
    member_ids: list[UserId] = []


class QueuePatch(msgspec.Struct, forbid_unknown_fields=True):
    """What shall be different."""

    version: int
    name: Name | UnsetType = UNSET
    strategy: Strategy | UnsetType = UNSET
    offer_seconds: OfferSeconds | UnsetType = UNSET
    priority: QueuePriority | UnsetType = UNSET
    weights: dict[str, int] | UnsetType = UNSET
    member_ids: list[UserId] | UnsetType = UNSET


@api.get("/queues", needs=SIGNED_IN)
async def list_(request: Request) -> list[QueueView]:
    """All queues, by name."""
    return await _views(request, await request.hub.routing.queues.all())


@api.post("/queues", needs=Right.QUEUES_MANAGE, status=201, raises=(QueueNameTaken, Invalid))
async def create(request: Request, body: QueueCreate) -> QueueView:
    """Make a queue."""
    fields = msgspec.structs.asdict(body)
    change = QueueChange(**{**fields, "member_ids": tuple(body.member_ids)})
    return (await _views(request, [await request.hub.routing.queues.add(request.caller, change)]))[0]


@api.get("/queues/{queue_id}", needs=SIGNED_IN, raises=(NoSuchQueue,))
async def get(request: Request, queue_id: QueueId) -> QueueView:
    """One queue."""
    return (await _views(request, [await request.hub.routing.queues.get(queue_id)]))[0]


@api.patch("/queues/{queue_id}", needs=Right.QUEUES_MANAGE, raises=(NoSuchQueue, Stale, QueueNameTaken, Invalid))
async def change(request: Request, queue_id: QueueId, body: QueuePatch) -> QueueView:
    """Change a queue. Its members see its conversations from then on, and only they."""
    fields = {name: value for name, value in msgspec.structs.asdict(body).items() if name != "version"}
    if body.member_ids is not UNSET:
        fields["member_ids"] = tuple(body.member_ids)
    changed = await request.hub.routing.queues.change(request.caller, queue_id, QueueChange(**fields), version=body.version)
    return (await _views(request, [changed]))[0]


@api.delete("/queues/{queue_id}", needs=Right.QUEUES_MANAGE, raises=(NoSuchQueue, QueueInUse))
async def remove(request: Request, queue_id: QueueId) -> None:
    """Delete a queue; what waits in it goes to its account's queue, or the default one."""
    await request.hub.routing.queues.remove(request.caller, queue_id)


async def _views(request: Request, queues: list[Queue]) -> list[QueueView]:
    waiting = await request.hub.routing.queues.waiting()
    return [_view(queue, *waiting.get(queue.id, (0, None))) for queue in queues]


def _view(queue: Queue, waiting: int, oldest: datetime | None) -> QueueView:
    return QueueView(
        id=queue.id,
        name=queue.name,
        strategy=queue.strategy,
        offer_seconds=queue.offer_seconds,
        priority=queue.priority,
        weights=dict(queue.weights),
        member_ids=sorted(queue.members),
        is_default=queue.is_default,
        version=queue.version,
        waiting=waiting,
        oldest_waiting_at=oldest,
    )
