"""Users, roles, teams, sessions, tokens, rights; who is calling; the audit log."""

from hub.auth.authenticator import Authenticator, QueuesOf
from hub.auth.callers import ANONYMOUS, SYSTEM, Caller
from hub.auth.rights import ALL, Right
from hub.auth.service import Auth

__all__ = ["ALL", "ANONYMOUS", "SYSTEM", "Auth", "Authenticator", "Caller", "QueuesOf", "Right"]
