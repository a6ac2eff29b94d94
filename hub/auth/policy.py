"""Who may give rights to whom."""

from collections.abc import Iterable

from hub.auth import queries
from hub.auth.callers import Caller
from hub.auth.errors import Escalation, LastAdministrator
from hub.auth.rights import Right
from hub.db import Work
from hub.ids import UserId

_ADMINISTERS = frozenset({Right.USERS_MANAGE, Right.ROLES_MANAGE})


def require_grant(by: Caller, rights: Iterable[Right]) -> None:
    """Raise `Escalation` for a right the caller has not: nobody hands out more than they hold."""
    if beyond := frozenset(rights) - by.rights:
        raise Escalation("you cannot give rights you do not have", rights=sorted(beyond))


async def require_over(work: Work, by: Caller, user_id: UserId) -> None:
    """Raise `Escalation` for a user who may do what the caller may not: setting their password would be taking their place."""
    if user_id != by.user_id and (beyond := await queries.rights_of(work, user_id) - by.rights):
        raise Escalation("this user has rights you do not have", rights=sorted(beyond))


async def hold_rights(work: Work) -> None:
    """Let nobody else change users or roles until this transaction ends: two who demote each other at once would leave none."""
    if work.dialect == "postgres":
        await work.fetch("SELECT id FROM auth_setup FOR UPDATE")


async def require_administrator(work: Work) -> None:
    """Raise `LastAdministrator` when, with what this transaction wrote, nobody enabled can manage users and roles any more."""
    held = await queries.holders(work)
    if not any(rights >= _ADMINISTERS for rights in held.values()):
        raise LastAdministrator("somebody has to be able to manage users and roles")
