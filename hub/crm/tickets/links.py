"""How tickets reach conversations, which live in a package above this one; the composition root gives the real thing."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from hub.auth import Caller
from hub.db import Reads, Work
from hub.ids import ConversationId, CustomerId, TicketId


class ConversationLinks(Protocol):
    """The links between tickets and conversations, many to many."""

    async def of_tickets(self, source: Reads, ticket_ids: Sequence[TicketId]) -> Mapping[TicketId, Sequence[ConversationId]]:
        """The conversations of each ticket; a ticket without one may be left out."""
        ...

    async def link_ticket(
        self, work: Work, conversation_id: ConversationId, ticket_id: TicketId, *, by: Caller
    ) -> CustomerId | None:
        """Link the two; returns the conversation's customer. Raises `NotFound` where the caller cannot see the conversation,
        `Conflict` where it was merged into another."""
        ...
