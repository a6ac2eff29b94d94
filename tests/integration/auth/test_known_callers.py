"""Callers are kept for a moment; what was revoked is not."""

import asyncio

import pytest

from hub.auth import SYSTEM, Auth, Caller
from hub.auth.authenticator import Authenticator
from hub.auth.values import User, UserChange
from hub.bus import LocalBus
from hub.db import Database
from hub.errors import Unauthorised
from hub.ids import QueueId, UserId
from tests.integration.auth.conftest import PASSWORD, add


class Counted:
    """A database that counts what is read."""

    def __init__(self, db: Database) -> None:
        self._db, self.reads = db, 0

    def __getattr__(self, name: str) -> object:
        self.reads += name.startswith("fetch")
        return getattr(self._db, name)


@pytest.mark.covers("M-34")
async def test_a_busy_caller_is_read_once_in_half_a_second_and_anew_after_it(
    auth: Auth, bus: LocalBus, administrator: User, database: Database
) -> None:
    signed_in = await auth.sessions.sign_in("root", PASSWORD, ip="127.0.0.1")
    counted = Counted(database)
    callers = Authenticator(counted, bus)  # type: ignore[arg-type]
    first = await callers.by_session(signed_in.secret)
    reads = counted.reads
    assert [await callers.by_session(signed_in.secret) for _ in range(5)] == [first] * 5
    assert counted.reads == reads
    await asyncio.sleep(0.55)
    await callers.by_session(signed_in.secret)
    assert counted.reads == 2 * reads


@pytest.mark.covers("M-34")
async def test_what_is_revoked_here_is_gone_at_once_and_in_another_process_within_a_second(
    auth: Auth, administrator: User, database: Database
) -> None:
    elsewhere = Authenticator(database, LocalBus())
    user = await add(auth, database, "ben", "agent")
    signed_in = await auth.sessions.sign_in("ben", PASSWORD, ip="127.0.0.1")
    for callers in (auth.callers, elsewhere):
        assert (await callers.by_session(signed_in.secret)).user_id == user.id

    await auth.users.change(SYSTEM, user.id, UserChange(disabled=True), version=user.version)

    await asyncio.sleep(0)  # the bus delivers in the loop's next round, before any answer is read
    with pytest.raises(Unauthorised):
        await auth.callers.by_session(signed_in.secret)
    await asyncio.sleep(0.6)
    with pytest.raises(Unauthorised):
        await elsewhere.by_session(signed_in.secret)


@pytest.mark.covers("M-34")
async def test_what_is_revoked_while_it_is_being_read_is_not_kept(
    auth: Auth, bus: LocalBus, administrator: User, database: Database
) -> None:
    user = await add(auth, database, "ben", "agent")
    signed_in = await auth.sessions.sign_in("ben", PASSWORD, ip="127.0.0.1")

    async def queues_of(_: UserId) -> frozenset[QueueId]:
        by = Caller(kind="user", user_id=user.id, session_id=signed_in.session_id)
        await auth.sessions.end(by, signed_in.session_id)
        return frozenset()

    callers = Authenticator(database, bus, queues_of=queues_of)
    await callers.by_session(signed_in.secret)  # read before the end of the session
    await asyncio.sleep(0)
    with pytest.raises(Unauthorised):
        await callers.by_session(signed_in.secret)
