"""A whole hub, and everybody who might knock."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer

from hub import clock
from hub.accounts.service import ensure_defaults
from hub.api.hub import Hub
from hub.api.server import console_app
from hub.app.build import assemble
from hub.auth import SYSTEM, Auth, Right
from hub.auth.values import UserChange
from hub.db import Database
from hub.ids import AccountId, QueueId, UserId, new_id
from hub.intake.parsing import ParserPool
from hub.settings import load
from tests.fixtures.console import Client, Console

NARROW = frozenset({Right.CUSTOMERS_READ})


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Somebody who knocks: as whom, and with what they come."""

    name: str
    client: Client
    rights: frozenset[Right] | None  # None: not let in
    user_id: UserId | None = None
    queue_ids: frozenset[QueueId] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The hub, two queues, and the identities by name."""

    hub: Hub
    base: str
    inbox: AccountId
    here: QueueId
    elsewhere: QueueId
    identities: dict[str, Identity]

    @property
    def agents(self) -> list[Identity]:
        """The two agents."""
        return [self.identities["agent here"], self.identities["agent elsewhere"]]


@pytest.fixture
async def place(database: Database, tmp_path: Path) -> AsyncIterator[Place]:
    """A served hub with an agent here, one elsewhere, and the rest."""
    here, elsewhere = QueueId(new_id()), QueueId(new_id())
    memberships: dict[UserId, frozenset[QueueId]] = {}

    async def queues_of(user_id: UserId) -> frozenset[QueueId]:
        return memberships.get(user_id, frozenset())

    parsers = ParserPool()
    built = assemble(load({"data_dir": str(tmp_path)}, {}), database, parsers).hub
    built.auth.close()
    hub = replace(built, auth=Auth.build(database, built.bus, keys=built.keys, queues_of=queues_of))
    server = TestServer(console_app(hub, pages=tmp_path / "no pages"))
    await server.start_server()
    console = Console(hub, str(server.make_url("")).rstrip("/"))
    identities = await _identities(console, here, elsewhere, memberships)
    async with database.unit_of_work() as work:
        await ensure_defaults(work)
    (inbox,) = await hub.accounts.listed()
    named = {who.name: who for who in identities}
    yield Place(hub=hub, base=console.base, inbox=inbox.id, here=here, elsewhere=elsewhere, identities=named)
    await console.close()
    await server.close()
    hub.auth.close()
    await parsers.close()


async def _identities(
    console: Console, here: QueueId, elsewhere: QueueId, memberships: dict[UserId, frozenset[QueueId]]
) -> list[Identity]:
    found = []
    for name, role, queue in (
        ("administrator", "administrator", None),
        ("supervisor", "supervisor", None),
        ("agent here", "agent", here),
        ("agent elsewhere", "agent", elsewhere),
        ("visitor's guess", "agent", None),
    ):
        user = await console.user(name.replace(" ", "-").replace("'", ""), role)
        client = console.client()
        await client.sign_in(user.name)
        if queue is not None:
            memberships[user.id] = frozenset({queue})
        rights = frozenset(Right(right) for right in (await (await client.get("/session")).json())["user"]["rights"])
        found.append(
            Identity(name=name, client=client, rights=rights, user_id=user.id, queue_ids=memberships.get(user.id, frozenset()))
        )
    guess = found.pop()
    guess.client.http.cookie_jar.clear()
    guess.client.headers["Authorization"] = "Visitor 0123456789"
    return [
        *found,
        replace(guess, rights=None),
        Identity(name="anonymous", client=console.client(), rights=None),
        await _token(console, "narrow token", NARROW),
        *await _ended(console),
    ]


async def _token(console: Console, name: str, rights: frozenset[Right]) -> Identity:
    _, text = await console.hub.auth.tokens.add(SYSTEM, name=name, rights=rights)
    return Identity(name=name, client=console.client(text), rights=rights)


async def _ended(console: Console) -> list[Identity]:
    """Those who were let in once: every one with an administrator's rights, so that a forgotten check would show."""
    auth = console.hub.auth
    every = frozenset(Right)
    revoked, text = await auth.tokens.add(SYSTEM, name="revoked", rights=every)
    await auth.tokens.revoke(SYSTEM, revoked.id)
    old, expired = await auth.tokens.add(SYSTEM, name="expired", rights=every, expires_at=clock.now() + timedelta(hours=1))
    async with console.hub.db.unit_of_work() as work:
        await work.execute("UPDATE auth_token SET expires_at = $2 WHERE id = $1", old.id, clock.now() - timedelta(seconds=1))
    signed_out = await console.signed_in("gone", "administrator")
    cookie = {cookie.key: cookie.value for cookie in signed_out.http.cookie_jar}
    await signed_out.delete("/session")
    signed_out.http.cookie_jar.update_cookies(cookie)
    disabled = await console.user("fired", "administrator")
    fired = console.client()
    await fired.sign_in("fired")
    await auth.users.change(SYSTEM, disabled.id, UserChange(disabled=True), version=disabled.version)
    return [
        Identity(name="revoked token", client=console.client(text), rights=None),
        Identity(name="expired token", client=console.client(expired), rights=None),
        Identity(name="revoked session", client=signed_out, rights=None),
        Identity(name="disabled user", client=fired, rights=None),
    ]
