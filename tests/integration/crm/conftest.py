"""What the tests of customers and tickets share."""

import pytest

from hub import clock
from hub.auth import ALL, Caller
from hub.crm.customers import Customers
from hub.crm.tickets import Tickets
from hub.db import Database, LoggedEvent, read_events
from hub.ids import UserId, new_id


@pytest.fixture
def customers(database: Database) -> Customers:
    """The customers of an empty hub."""
    return Customers(database)


@pytest.fixture
def tickets(database: Database) -> Tickets:
    """The tickets of an empty hub."""
    return Tickets(database)


async def user(database: Database, name: str, *, disabled: bool = False) -> Caller:
    """A user who may everything, as a caller."""
    user_id, now = UserId(new_id()), clock.now()
    async with database.unit_of_work() as work:
        await work.execute(
            "INSERT INTO auth_user (id, name, name_key, display_name, email, locale, theme, password_hash, disabled,"
            " created_at, updated_at, version) VALUES ($1, $2, $2, $2, '', 'en', 'system', '', $3, $4, $4, 1)",
            *(user_id, name, disabled, now),
        )
    return Caller(kind="user", name=name, user_id=user_id, rights=ALL)


@pytest.fixture
async def agent(database: Database) -> Caller:
    """Somebody who answers."""
    return await user(database, "Mei")


@pytest.fixture
async def colleague(database: Database) -> Caller:
    """Somebody else who answers."""
    return await user(database, "Tom")


async def events(database: Database, kind: str) -> list[LoggedEvent]:
    """What was announced of one type."""
    return [event for event in await read_events(database, None, 1_000) if event.type == kind]
