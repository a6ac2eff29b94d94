"""What is announced about accounts."""

from typing import Final

import msgspec

from hub.accounts.values import Account
from hub.auth import Right
from hub.db import Audience, Event

TOPIC: Final = "account.changed"
"""The bus topic on which supervisors are woken: `{"account_id": …}`."""


def changed(account: Account) -> Event:
    """`account.changed`: made, edited, deleted (then disabled), or faring otherwise; without its secrets."""
    data = {"account": msgspec.to_builtins(account)}
    return Event(type="account.changed", data=data, audience=Audience(right=Right.ACCOUNTS_MANAGE))
