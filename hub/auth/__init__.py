"""Users, roles, teams, sessions, tokens, rights; who is calling; the audit log."""

from hub.auth.callers import ANONYMOUS, SYSTEM, Caller
from hub.auth.rights import ALL, Right

__all__ = ["ALL", "ANONYMOUS", "SYSTEM", "Caller", "Right"]
