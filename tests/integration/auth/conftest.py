"""A hub's auth on a database of its own."""

from collections.abc import AsyncIterator

import pytest

from hub.auth import SYSTEM, Auth
from hub.auth.values import NewUser, User
from hub.bus import LocalBus
from hub.db import Database
from hub.secrets import SecretKeys

PASSWORD = "correct horse battery"


@pytest.fixture
def bus() -> LocalBus:
    return LocalBus()


@pytest.fixture
async def auth(database: Database, bus: LocalBus) -> AsyncIterator[Auth]:
    built = Auth.build(database, bus, keys=SecretKeys(b"k" * 32))
    yield built
    built.close()


@pytest.fixture
async def administrator(auth: Auth) -> User:
    return await auth.users.set_up(NewUser(name="root", password=PASSWORD), ip="127.0.0.1")


async def add(auth: Auth, database: Database, name: str, *roles: str) -> User:
    """A user with roles by name."""
    rows = await database.fetch("SELECT id, name FROM auth_role")
    ids = tuple(row["id"] for row in rows if row["name"] in roles)
    return await auth.users.add(SYSTEM, NewUser(name=name, password=PASSWORD, role_ids=ids))
