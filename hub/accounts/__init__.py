"""Channel accounts: settings with sealed secrets, adapters, leases, supervision, and which account a mail is for."""

from hub.accounts.adapters import Adapters, Lent
from hub.accounts.queries import briefs
from hub.accounts.routes import route_recipient
from hub.accounts.service import Accounts, ensure_defaults
from hub.accounts.supervisor import Supervisor, Timing
from hub.accounts.values import Account, AccountChange, Brief, NewAccount, RunState

__all__ = [
    "Account",
    "AccountChange",
    "Accounts",
    "Adapters",
    "Brief",
    "Lent",
    "NewAccount",
    "RunState",
    "Supervisor",
    "Timing",
    "briefs",
    "ensure_defaults",
    "route_recipient",
]
