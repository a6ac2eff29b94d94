"""The audit log: every administrative act, every sign-in, every read of a recording. Only ever added to."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from hub import clock
from hub.auth.callers import Caller
from hub.auth.values import AuditEntry
from hub.db import Database, Work
from hub.ids import new_id

_INSERT = """
INSERT INTO auth_audit (id, at, actor_kind, actor_id, actor_name, action, subject_kind, subject_id, detail, ip)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""
_LIST = """
SELECT n, id, at, actor_kind, actor_id, actor_name, action, subject_kind, subject_id, detail, ip FROM auth_audit
WHERE ($1::bigint IS NULL OR n < $1) AND ($2::text IS NULL OR action = $2) AND ($3::uuid IS NULL OR actor_id = $3)
  AND ($4::timestamptz IS NULL OR at >= $4) AND ($5::timestamptz IS NULL OR at < $5)
ORDER BY n DESC LIMIT $6
"""


async def record(
    work: Work,
    by: Caller,
    action: str,
    *,
    subject: tuple[str, UUID | None] = ("", None),
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Write one line in the transaction of the act itself: neither is ever there without the other.

    `action` is `thing.verb` (`user.disable`); `detail` is JSON-able, says what changed, and holds no secret.
    """
    actor_id = by.author_id
    kind, subject_id = subject
    await work.execute(
        _INSERT, new_id(), clock.now(), by.kind, actor_id, by.name[:100], action, kind, subject_id, dict(detail or {}), by.ip
    )


async def entries(
    db: Database,
    *,
    before_n: int | None,
    action: str | None,
    actor_id: UUID | None,
    limit: int,
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[AuditEntry]:
    """Newest first, from below `before_n` on, from `since` until before `until`."""
    rows = await db.fetch(_LIST, before_n, action, actor_id, since, until, limit)
    return [AuditEntry(**dict(row.items())) for row in rows]
