"""What the tests of conversations over HTTP share."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest
from aiohttp import ClientResponse

from hub.auth import SYSTEM
from hub.ids import QueueId, UserId
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
