"""API tokens: they belong to the organisation, and carry their rights themselves."""

import secrets
from collections.abc import Iterable
from datetime import datetime
from typing import Final
from uuid import UUID

from hub import clock
from hub.auth import audit, events, policy, queries
from hub.auth.callers import Caller
from hub.auth.hashing import hashed
from hub.auth.names import title
from hub.auth.rights import Right, compact
from hub.auth.values import Token
from hub.bus import Bus
from hub.db import Database
from hub.errors import Invalid
from hub.ids import new_id

PREFIX: Final = "hub_"  # so that scanners of published code can tell what leaked

_INSERT = """
INSERT INTO auth_token (id, name, secret_hash, hint, scopes, created_by_id, created_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""


class Tokens:
    """Verbs on tokens. `by` needs `tokens.manage` (checked at the door)."""

    def __init__(self, db: Database, bus: Bus) -> None:
        self._db, self._bus = db, bus

    async def add(
        self, by: Caller, *, name: str, rights: Iterable[Right], expires_at: datetime | None = None
    ) -> tuple[Token, str]:
        """The token and its text, which is told only here; raises `Escalation`, `BadName`, `Invalid`."""
        wanted, shown, token_id = frozenset(rights), title(name, longest=100), new_id()
        policy.require_grant(by, wanted)
        if not wanted or (expires_at is not None and expires_at <= clock.now()):
            raise Invalid("a token needs a scope, and an end that is not past")
        text = PREFIX + secrets.token_urlsafe(32)
        async with self._db.unit_of_work() as work:
            await work.execute(
                _INSERT, token_id, shown, hashed(text), text[-4:], compact(wanted), by.user_id, clock.now(), expires_at
            )
            detail = {"name": shown, "scopes": compact(wanted)}
            await audit.record(work, by, "token.add", subject=("token", token_id), detail=detail)
            return await queries.token(work, token_id), text

    async def revoke(self, by: Caller, token_id: UUID) -> None:
        """End a token, on open sockets too; raises `NotFound`."""
        async with self._db.unit_of_work() as work:
            before = await queries.token(work, token_id)
            await work.execute("UPDATE auth_token SET revoked_at = $2 WHERE id = $1", token_id, clock.now())
            events.tell_callers(work, self._bus, token_id=token_id)
            await audit.record(work, by, "token.revoke", subject=("token", token_id), detail={"name": before.name})
