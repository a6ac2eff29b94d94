"""What the tests of conversations over HTTP share."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest
from aiohttp import ClientResponse

from hub import clock
from hub.auth import SYSTEM
from hub.channels.contract import Handover
from hub.db import Row
from hub.ids import AccountId, QueueId, UserId, new_id
from hub.messages.address import Address, AddressKind, ChannelKind
from hub.messages.events import InboundMessage, ThreadKey
from hub.routing.queues import QueueChange
from tests.fixtures.console import Client
from tests.fixtures.desk import Front, mail

Json = dict[str, Any]


async def ok(response: ClientResponse, status: int = 200) -> Any:
    """The body of an answer that went well."""
    assert response.status == status, await response.text()
    return await response.json() if status != 204 else None


async def refused(response: ClientResponse, status: int, code: str) -> Json:
    """The problem document of an answer that did not."""
    body: Json = await response.json()
    assert (response.status, body["code"]) == (status, code), body
    return body


async def pages(client: Client, path: str, **query: Any) -> list[list[Json]]:
    """Every page of a list."""
    found: list[list[Json]] = []
    cursor: str | None = None
    while True:
        asked = query | ({"cursor": cursor} if cursor else {})
        page = await ok(await client.get(path, params={name: str(value) for name, value in asked.items()}))
        found.append(page["items"])
        cursor = page["next_cursor"]
        if cursor is None:
            return found


class Talks:
    """Conversations as mails make them."""

    def __init__(self, front: Front) -> None:
        self.front = front
        self._count = 0

    async def began(self, *senders: str, **named: str) -> list[str]:
        """Conversation ids of mails by these senders, filed in this order."""
        for sender in senders:
            await self.front.desk.receive(mail(sender=sender, **named), mail_from=sender)
            self._count += 1
            await self.front.desk.filed(self._count)
        messages = await self.front.desk.filed(self._count)
        return [str(message["conversation_id"]) for message in messages[-len(senders) :]]


@pytest.fixture
def talks(front: Front) -> Talks:
    """Ways to begin conversations."""
    return Talks(front)


@pytest.fixture
async def anna(front: Front) -> Client:
    """An administrator at the console."""
    return await front.signed_in("anna", "administrator")


async def queue(front: Front, name: str, members: Sequence[UserId] = ()) -> QueueId:
    """A queue with these members."""
    made = await front.hub.routing.queues.add(SYSTEM, QueueChange(name=name, member_ids=tuple(members)))
    return QueueId(made.id)


async def place(front: Front, conversation_id: str, queue_id: QueueId | None, assignee_id: UserId | None = None) -> None:
    """Put a conversation somewhere, past all rules."""
    async with front.hub.db.unit_of_work() as work:
        await work.execute(
            "UPDATE conversation SET queue_id = $2, assignee_id = $3 WHERE id = $1",
            *(UUID(conversation_id), queue_id, assignee_id),
        )


async def chat(front: Front, administrator: Client, text: str) -> Row:
    """What a visitor of a new site wrote, as it is stored."""
    settings = {"name": "Site", "allowed_origins": ["https://x.example"]}
    made = await ok(await administrator.post("/accounts", {"name": "Site", "provider": "widget", "settings": settings}), 201)
    visitor = Address(kind=AddressKind.VISITOR, value=str(new_id()))
    keys = (ThreadKey(kind="visitor", value=visitor.value),)
    said = InboundMessage(channel=ChannelKind.WEBCHAT, sender=visitor, text=text, thread_keys=keys)
    handover = Handover(key="k", raw=b"{}", events=[said], received_at=clock.now())
    await front.hub.intake.sink_for(AccountId(UUID(made["id"]))).accept(handover)
    row = await front.hub.db.fetch_one("SELECT * FROM message WHERE channel = 'webchat'")
    assert row is not None
    return row
