"""The side of conversations that tickets see."""

from collections.abc import Mapping, Sequence

from hub.auth.callers import Caller
from hub.conversations.service import link_ticket_in
from hub.conversations.writing import seen
from hub.db import Reads, Work
from hub.ids import ConversationId, CustomerId, TicketId


class TicketLinks:
    """Links between tickets and conversations, many to many."""

    async def of_tickets(self, source: Reads, ticket_ids: Sequence[TicketId]) -> Mapping[TicketId, Sequence[ConversationId]]:
        """The conversations of each ticket, but those that are part of another now; one without any is left out."""
        rows = await source.fetch(
            "SELECT t.ticket_id, t.conversation_id FROM conversation_ticket t JOIN conversation c ON c.id = t.conversation_id"
            " WHERE t.ticket_id = ANY($1::uuid[]) AND c.merged_into IS NULL ORDER BY t.n",
            list(ticket_ids),
        )
        found: dict[TicketId, list[ConversationId]] = {}
        for row in rows:
            found.setdefault(row["ticket_id"], []).append(row["conversation_id"])
        return found

    async def link_ticket(
        self, work: Work, conversation_id: ConversationId, ticket_id: TicketId, *, by: Caller
    ) -> CustomerId | None:
        """Link the two; returns the conversation's customer. Raises `NoSuchConversation` where the caller cannot see it, `Merged`."""
        conversation = await seen(work, conversation_id, by)
        await link_ticket_in(work, conversation, ticket_id, by=by)
        return conversation.customer_id
