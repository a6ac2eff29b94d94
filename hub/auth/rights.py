"""What a caller may be allowed to do, and the roles a fresh hub has."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final


class Right(StrEnum):
    """One tick in a role, one scope of a token. The value never changes once released: it is stored."""

    CONVERSATIONS_READ = "conversations.read"  # one's own, those of one's queues, those of no queue
    CONVERSATIONS_READ_ALL = "conversations.read_all"
    CONVERSATIONS_REPLY = "conversations.reply"
    CONVERSATIONS_ASSIGN = "conversations.assign"
    CUSTOMERS_READ = "customers.read"
    CUSTOMERS_WRITE = "customers.write"
    TICKETS_READ = "tickets.read"
    TICKETS_WRITE = "tickets.write"
    CANNED_MANAGE = "canned.manage"  # the canned replies and macros of teams and of everybody
    QUEUES_MANAGE = "queues.manage"
    ACCOUNTS_MANAGE = "accounts.manage"
    USERS_MANAGE = "users.manage"
    ROLES_MANAGE = "roles.manage"
    TOKENS_MANAGE = "tokens.manage"
    AUDIT_READ = "audit.read"
    SYSTEM_MANAGE = "system.manage"  # replay, poison messages, suppressions


ALL: Final = frozenset(Right)
EVERYTHING: Final = "*"
"""How "all rights, those of later releases too" is stored and written as a scope."""

_AGENT = frozenset(
    {
        Right.CONVERSATIONS_READ,
        Right.CONVERSATIONS_REPLY,
        Right.CONVERSATIONS_ASSIGN,
        Right.CUSTOMERS_READ,
        Right.CUSTOMERS_WRITE,
        Right.TICKETS_READ,
        Right.TICKETS_WRITE,
    }
)
_SUPERVISOR = _AGENT | {Right.CONVERSATIONS_READ_ALL, Right.CANNED_MANAGE, Right.QUEUES_MANAGE, Right.AUDIT_READ}

BUILT_IN: Final[Mapping[str, frozenset[Right]]] = {"administrator": ALL, "supervisor": _SUPERVISOR, "agent": _AGENT}
"""The roles of a fresh hub, as the migration writes them; they can be edited like any other."""


def expand(stored: Iterable[str]) -> frozenset[Right]:
    """The rights behind stored words. A word this release does not know grants nothing."""
    words = set(stored)
    return ALL if EVERYTHING in words else frozenset(right for right in Right if right in words)


def compact(rights: Iterable[Right]) -> list[str]:
    """How rights are stored: in order, and all of them as `EVERYTHING`."""
    given = frozenset(rights)
    return [EVERYTHING] if given == ALL else sorted(given)
