"""Conversations as people see them: the row, and what stands in other tables."""

from collections.abc import Sequence
from typing import Any

from hub.conversations.lifecycle import Conversation
from hub.conversations.values import ConversationView, CustomerBrief, RatingView
from hub.db import Reads
from hub.ids import ConversationId, CustomerId


async def conversation_views(reads: Reads, conversations: Sequence[Conversation]) -> dict[ConversationId, ConversationView]:
    """Views by id, as events carry them: nobody's own. At most two statements for any number of conversations."""
    customers = await _customers(reads, {c.customer_id for c in conversations if c.customer_id})
    ratings = await _ratings(reads, [c.id for c in conversations if c.visitor_id])
    return {c.id: _view(c, customers.get(c.customer_id) if c.customer_id else None, ratings.get(c.id)) for c in conversations}


async def _customers(reads: Reads, ids: set[CustomerId]) -> dict[CustomerId, CustomerBrief]:
    if not ids:
        return {}
    rows = await reads.fetch("SELECT id, n, name FROM customer WHERE id = ANY($1::uuid[])", sorted(ids))
    return {row["id"]: brief(row["id"], row["n"], row["name"]) for row in rows}


async def _ratings(reads: Reads, ids: Sequence[ConversationId]) -> dict[ConversationId, RatingView]:
    """Only visitors rate."""
    if not ids:
        return {}
    rows = await reads.fetch(
        "SELECT conversation_id, stars, comment, at FROM conversation_rating WHERE conversation_id = ANY($1::uuid[])", list(ids)
    )
    return {row["conversation_id"]: RatingView(stars=row["stars"], comment=row["comment"], at=row["at"]) for row in rows}


def brief(id: CustomerId, n: int, name: str) -> CustomerBrief:
    """A customer as lists show it."""
    return CustomerBrief(id=id, number=f"C{n:06d}", name=name)


def _view(conversation: Conversation, customer: CustomerBrief | None, rating: RatingView | None) -> ConversationView:
    same: dict[str, Any] = {name: getattr(conversation, name) for name in _SAME}
    return ConversationView(
        **same,
        number=conversation.n,
        customer=customer,
        contact=customer.name if customer else (conversation.participants[0] if conversation.participants else ""),
        candidates=len(conversation.candidates),
        response_due_at=conversation.due_at,
        unread=False,
        draft=False,
        mentioned=False,
        rating=rating,
    )


_SAME = (set(Conversation.__dataclass_fields__) & set(ConversationView.__struct_fields__)) - {"candidates", "response_due_at"}
"""What a view has under the name it has in the row."""
