"""The audit log."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec

from hub.api.endpoint import Page, Request, Router
from hub.api.paging import Cursor, Limit, page
from hub.auth import Right, audit
from hub.auth.values import AuditEntry
from hub.db.keyset import BadCursor, Number, read_cursor
from hub.ids import UserId

api = Router(tag="audit")

Time = Annotated[datetime, msgspec.Meta(tz=True)]


class Actor(msgspec.Struct, kw_only=True):
    """Who did it."""

    kind: str
    id: UUID | None
    name: str


class Subject(msgspec.Struct, kw_only=True):
    """What it was done to."""

    kind: str
    id: UUID | None


class AuditView(msgspec.Struct, kw_only=True):
    """One act."""

    id: UUID
    at: datetime
    actor: Actor
    action: str
    subject: Subject
    detail: dict[str, Any]
    ip: str


class AuditQuery(msgspec.Struct, kw_only=True):
    """All, or those of one action, of one user, or from `since` until before `until`."""

    action: Annotated[str, msgspec.Meta(max_length=64)] | None = None
    user_id: UserId | None = None
    since: Time | None = None
    until: Time | None = None
    cursor: Cursor | None = None
    limit: Limit = 50


@api.get("/audit", needs=Right.AUDIT_READ, raises=(BadCursor,))
async def list_audit(request: Request, query: AuditQuery) -> Page[AuditView]:
    """What was done, newest first."""
    found = await audit.entries(
        request.hub.db,
        before_n=read_cursor(query.cursor, Number),
        action=query.action,
        actor_id=query.user_id,
        since=query.since,
        until=query.until,
        limit=query.limit + 1,
    )
    return page(found, query.limit, view=_view, key=lambda entry: entry.n)


def _view(entry: AuditEntry) -> AuditView:
    return AuditView(
        id=entry.id,
        at=entry.at,
        actor=Actor(kind=entry.actor_kind, id=entry.actor_id, name=entry.actor_name),
        action=entry.action,
        subject=Subject(kind=entry.subject_kind, id=entry.subject_id),
        detail=dict(entry.detail),
        ip=entry.ip,
    )
