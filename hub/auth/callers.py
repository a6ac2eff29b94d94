"""Who is asking."""

from dataclasses import dataclass, replace
from typing import Literal, Self
from uuid import UUID

from hub.auth.errors import NeedsUser
from hub.auth.rights import ALL, Right
from hub.errors import Forbidden
from hub.ids import AccountId, QueueId, TeamId, UserId, VisitorId


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """One who asks, with everything a policy needs to decide: a snapshot, taken anew with each request.

    A `token` belongs to the organisation: it has no `user_id`. `ip` is for the audit log, `session_id` for signing out.
    """

    kind: Literal["user", "token", "visitor", "system", "anonymous"]
    name: str = ""
    user_id: UserId | None = None
    token_id: UUID | None = None
    session_id: UUID | None = None
    rights: frozenset[Right] = frozenset()
    queue_ids: frozenset[QueueId] = frozenset()
    team_ids: frozenset[TeamId] = frozenset()
    visitor_id: VisitorId | None = None
    account_id: AccountId | None = None
    ip: str = ""

    def may(self, *rights: Right) -> bool:
        """Has at least one of `rights`."""
        return not self.rights.isdisjoint(rights)

    def require(self, *rights: Right) -> None:
        """Raise `Forbidden` unless the caller has at least one of `rights`."""
        if not self.may(*rights):
            raise Forbidden(f"this needs the right {' or '.join(rights)}", needs=[str(right) for right in rights])

    @property
    def signed_in(self) -> bool:
        """A user or a token: somebody of ours, not a visitor."""
        return self.kind in ("user", "token", "system")

    @property
    def person(self) -> UserId:
        """The user's id; raises `NeedsUser` where no person is behind the caller."""
        if self.user_id is None:
            raise NeedsUser("only a signed-in user can do this")
        return self.user_id

    @property
    def author_id(self) -> UserId | None:
        """Under whose id a write stands: the user's, else the token's. Client keys are unique per author."""
        return self.user_id or (UserId(self.token_id) if self.token_id else None)

    def at(self, ip: str) -> Self:
        """The same caller, seen at this address."""
        return replace(self, ip=ip)


ANONYMOUS = Caller(kind="anonymous")
SYSTEM = Caller(kind="system", name="system", rights=ALL)
"""The hub itself and its command line: may everything, and is named in the audit log."""
