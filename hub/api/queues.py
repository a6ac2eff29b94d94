"""Queues over HTTP."""

from datetime import MAXYEAR, MINYEAR, datetime, timedelta
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from hub import clock
from hub.api.endpoint import SIGNED_IN, Request, Router
from hub.auth.rights import Right
from hub.errors import Invalid, Stale
from hub.ids import CalendarId, QueueId, UserId
from hub.routing.errors import NoSuchQueue, QueueInUse, QueueNameTaken
from hub.routing.hours import Span
from hub.routing.queues import QueueChange
from hub.routing.values import Queue, Strategy

api = Router(tag="queues")

MOST_SPAN = timedelta(days=400)

Name = Annotated[str, Meta(min_length=1, max_length=100)]
OfferSeconds = Annotated[int, Meta(ge=5, le=600)]
Minutes = Annotated[int, Meta(ge=1, le=30 * 24 * 60)]
AfterHours = dict[str, dict[str, Annotated[str, Meta(max_length=5_000)]]]
"""What a queue answers by itself while it is closed: by channel, by language ("zh", "en")."""
QueuePriority = Annotated[int, Meta(ge=-10, le=10)]


class QueueView(msgspec.Struct):
    """A queue. `waiting`: conversations without an agent that wait for us; `weights` only where they differ from the usual.

    Without a calendar it is always open. The minutes to a response are business time; null promises nothing.
    """

    id: QueueId
    name: str
    strategy: Strategy
    offer_seconds: int
    priority: int
    weights: dict[str, int]
    member_ids: list[UserId]
    is_default: bool
    version: int
    calendar_id: CalendarId | None
    first_response_minutes: int | None
    next_response_minutes: int | None
    after_hours: dict[str, dict[str, str]]
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
    calendar_id: CalendarId | None = None
    first_response_minutes: Minutes | None = None
    next_response_minutes: Minutes | None = None
    after_hours: AfterHours = {}


class QueuePatch(msgspec.Struct, forbid_unknown_fields=True):
    """What shall be different."""

    version: int
    name: Name | UnsetType = UNSET
    strategy: Strategy | UnsetType = UNSET
    offer_seconds: OfferSeconds | UnsetType = UNSET
    priority: QueuePriority | UnsetType = UNSET
    weights: dict[str, int] | UnsetType = UNSET
    member_ids: list[UserId] | UnsetType = UNSET
    calendar_id: CalendarId | UnsetType | None = UNSET
    first_response_minutes: Minutes | UnsetType | None = UNSET
    next_response_minutes: Minutes | UnsetType | None = UNSET
    after_hours: AfterHours | UnsetType = UNSET


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


class SpanQuery(msgspec.Struct):
    """Between which moments; the last fortnight and the coming week unless told."""

    since: Annotated[datetime, Meta(tz=True)] | None = None
    until: Annotated[datetime, Meta(tz=True)] | None = None


@api.get("/queues/{queue_id}/open-spans", needs=SIGNED_IN, raises=(NoSuchQueue, Invalid))
async def open_spans(request: Request, queue_id: QueueId, query: SpanQuery) -> list[Span]:
    """When the queue is open, so that waiting can be counted in business time."""
    now = clock.now()
    since, until = query.since or now - timedelta(days=14), query.until or now + timedelta(days=7)
    if until - since > MOST_SPAN:
        raise Invalid(f"at most {MOST_SPAN.days} days at a time", path="until")
    if since.year <= MINYEAR or until.year >= MAXYEAR:  # which another time zone may put into no year at all
        raise Invalid("there are no hours in that year", path="since")
    return await request.hub.routing.open_spans(queue_id, since, until)


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
        calendar_id=queue.calendar_id,
        first_response_minutes=queue.first_response_minutes,
        next_response_minutes=queue.next_response_minutes,
        after_hours={channel: dict(texts) for channel, texts in queue.after_hours.items()},
        waiting=waiting,
        oldest_waiting_at=oldest,
    )
