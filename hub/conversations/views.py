"""Conversations as people see them: the row, and the names that stand in other tables."""

from collections.abc import Sequence
from uuid import UUID

from hub.conversations.lifecycle import Conversation
from hub.conversations.values import ConversationView, CustomerBrief, RatingView
from hub.db import Reads
from hub.ids import ConversationId, CustomerId, TicketId


async def conversation_views(
    reads: Reads, conversations: Sequence[Conversation], *, read_marks: dict[ConversationId, int] | None = None
) -> dict[ConversationId, ConversationView]:
    """Views by id: two statements for any number of conversations. With `read_marks`, `unread` is that user's own."""
    customers = await _customers(reads, {c.customer_id for c in conversations if c.customer_id})
    tickets = await _tickets(reads, [c.id for c in conversations])
    ratings = await _ratings(reads, [c.id for c in conversations if c.visitor_id])
    return {
        c.id: _view(
            c,
            customers.get(c.customer_id) if c.customer_id else None,
            tickets.get(c.id, ()),
            _unread(c, read_marks),
            ratings.get(c.id),
        )
        for c in conversations
    }


def _unread(conversation: Conversation, read_marks: dict[ConversationId, int] | None) -> bool:
    return read_marks is not None and conversation.last_in_n > read_marks.get(conversation.id, 0)


async def _customers(reads: Reads, ids: set[CustomerId]) -> dict[CustomerId, CustomerBrief]:
    if not ids:
        return {}
    rows = await reads.fetch("SELECT id, n, name FROM customer WHERE id = ANY($1::uuid[])", sorted(ids))
    return {row["id"]: CustomerBrief(id=row["id"], number=f"C{row['n']:06d}", name=row["name"]) for row in rows}


async def _tickets(reads: Reads, ids: Sequence[ConversationId]) -> dict[UUID, tuple[TicketId, ...]]:
    if not ids:
        return {}
    rows = await reads.fetch(
        "SELECT conversation_id, ticket_id FROM conversation_ticket WHERE conversation_id = ANY($1::uuid[]) ORDER BY n", list(ids)
    )
    found: dict[UUID, tuple[TicketId, ...]] = {}
    for row in rows:
        found[row["conversation_id"]] = (*found.get(row["conversation_id"], ()), row["ticket_id"])
    return found


async def _ratings(reads: Reads, ids: Sequence[ConversationId]) -> dict[UUID, RatingView]:
    """Only visitors rate."""
    if not ids:
        return {}
    rows = await reads.fetch("SELECT * FROM conversation_rating WHERE conversation_id = ANY($1::uuid[])", list(ids))
    return {row["conversation_id"]: RatingView(stars=row["stars"], comment=row["comment"], at=row["at"]) for row in rows}


def _view(
    conversation: Conversation,
    customer: CustomerBrief | None,
    tickets: tuple[TicketId, ...],
    unread: bool,
    rating: RatingView | None,
) -> ConversationView:
    return ConversationView(
        id=conversation.id,
        number=conversation.n,
        subject=conversation.subject,
        state=conversation.state,
        waiting_for=conversation.waiting_for,
        waiting_since=conversation.waiting_since,
        priority=conversation.priority,
        channel=conversation.channel,
        channels=conversation.channels,
        account_id=conversation.account_id,
        queue_id=conversation.queue_id,
        assignee_id=conversation.assignee_id,
        customer=customer,
        contact=customer.name if customer else (conversation.participants[0] if conversation.participants else ""),
        candidates=len(conversation.candidates),
        ticket_ids=tickets,
        snoozed_until=conversation.snoozed_until,
        unread=unread,
        preview=conversation.preview,
        last_direction=conversation.last_direction,
        last_message_at=conversation.last_message_at,
        created_at=conversation.created_at,
        updated_at=conversation.updated_at,
        version=conversation.version,
        link_reason=conversation.link_reason,
        follows_id=conversation.follows_id,
        rating=rating,
    )
