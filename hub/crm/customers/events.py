"""What is announced about customers."""

from typing import Any

import msgspec

from hub.auth import Right
from hub.crm.customers.values import Customer
from hub.db import Audience, Event


def changed(customer: Customer) -> Event:
    """`customer.changed`: made, edited, reached or refused otherwise; with everything a page shows."""
    return Event(
        type="customer.changed",
        data={"customer": view(customer)},
        audience=Audience(right=Right.CUSTOMERS_READ),
    )


def view(customer: Customer) -> dict[str, Any]:
    """The customer as the API gives it."""
    built: dict[str, Any] = msgspec.to_builtins(customer)
    return built
