"""Routing on a real database, with a clock the test turns."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest

from hub import clock
from hub.auth import SYSTEM, Auth
from hub.auth.callers import Caller
from hub.auth.rights import BUILT_IN
from hub.auth.values import NewUser
from hub.bus import LocalBus
from hub.conversations.lifecycle import Conversation, WaitingFor
from hub.conversations.service import Conversations
from hub.conversations.store import insert_conversations
from hub.crm.tickets import Tickets
from hub.db import Database
from hub.ids import ConversationId, OfferId, QueueId, UserId, VisitorId, new_id
from hub.messages.address import ChannelKind
from hub.routing import Routing
from hub.routing.queues import QueueChange, ensure_defaults
from hub.secrets import SecretKeys

PASSWORD = "correct horse battery"
AGENT = BUILT_IN["agent"]


@dataclass
class Desk:
    """A service desk whose agents come and go."""

    db: Database
    bus: LocalBus
    auth: Auth
    conversations: Conversations
    routing: Routing
    at: datetime
    links: dict[UserId, UUID] = field(default_factory=dict)
    roles: dict[str, UUID] = field(default_factory=dict)

    def later(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)

    async def agent(self, name: str, *, here: bool = True) -> UserId:
        roles = await self.db.fetch("SELECT id FROM auth_role WHERE name = 'agent'")
        new = NewUser(name=name, password=PASSWORD, role_ids=(roles[0]["id"],))
        user = await self.auth.users.add(SYSTEM, new)
        await self.auth.sessions.open(user.id, user.name, ip="127.0.0.1")
        if here:
            await self.come(user.id)
        return user.id

    async def come(self, user_id: UserId) -> None:
        self.links[user_id] = uuid4()
        await self.routing.presence.connected(user_id, self.links[user_id])

    async def lose(self, user_id: UserId) -> None:
        await self.routing.presence.disconnected(self.links.pop(user_id))

    def caller(self, user_id: UserId) -> Caller:
        return Caller(kind="user", user_id=user_id, name="agent", rights=AGENT)

    async def waiting(self, *, channel: ChannelKind = ChannelKind.WEBCHAT, queue: QueueId | None = None) -> ConversationId:
        conversation = Conversation(
            id=ConversationId(new_id()),
            waiting_for=WaitingFor.US,
            waiting_since=self.at,
            channel=channel,
            channels=(channel,),
            queue_id=queue,
            visitor_id=VisitorId(new_id()),
            last_message_at=self.at,
            created_at=self.at,
            updated_at=self.at,
        )
        async with self.db.unit_of_work() as work:
            await insert_conversations(work, [conversation])
        return conversation.id

    async def settle(self) -> None:
        await self.routing.dispatcher.settle()

    async def offer(self, user_id: UserId) -> OfferId | None:
        offers = await self.routing.offers(self.caller(user_id))
        return offers[0].id if offers else None

    async def take(self, user_id: UserId) -> ConversationId:
        offer = await self.offer(user_id)
        assert offer is not None
        return await self.routing.accept(offer, by=self.caller(user_id))

    async def holder(self, conversation_id: ConversationId) -> UserId | None:
        row = await self.db.fetch_one("SELECT assignee_id FROM conversation WHERE id = $1", conversation_id)
        assert row is not None
        return UserId(row["assignee_id"]) if row["assignee_id"] else None

    async def reason(self, conversation_id: ConversationId) -> str | None:
        reason = await self.routing.waiting_reason(conversation_id)
        return reason.reason_code if reason else None

    async def told(self, type: str) -> list[dict[str, object]]:
        return [row["data"] for row in await self.db.fetch("SELECT data FROM event_log WHERE type = $1 ORDER BY id", type)]

    async def queue(self, name: str, *members: UserId, **more: object) -> QueueId:
        change = QueueChange(name=name, member_ids=members, **more)  # type: ignore[arg-type]
        return (await self.routing.queues.add(SYSTEM, change)).id


@pytest.fixture
def still_clock() -> Iterator[None]:
    yield
    clock.set_source(None)


@pytest.fixture
async def desk(database: Database, still_clock: None) -> AsyncIterator[Desk]:
    bus = LocalBus()
    conversations = Conversations(database, Tickets(database))
    routing = Routing.build(database, bus, conversations)
    auth = Auth.build(database, bus, keys=SecretKeys(b"k" * 32), queues_of=routing.queues.of_user)
    made = Desk(database, bus, auth, conversations, routing, clock.now())
    clock.set_source(lambda: made.at)
    await auth.users.set_up(NewUser(name="root", password=PASSWORD), ip="127.0.0.1")
    async with database.unit_of_work() as work:
        await ensure_defaults(work)
    yield made
    auth.close()
