"""Conversations as people see them: the row, and what stands in other tables."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from hub.conversations.lifecycle import Conversation
from hub.conversations.values import ConversationView, CustomerBrief, RatingView
from hub.crm.customers.values import number
from hub.db import Reads, as_time, as_uuid
from hub.ids import ConversationId, CustomerId


async def conversation_views(reads: Reads, conversations: Sequence[Conversation]) -> dict[ConversationId, ConversationView]:
    """Views by id, as events carry them: nobody's own. One statement for any number of conversations."""
    around = await surroundings(reads, conversations)
    return {c.id: around.view(c) for c in conversations}


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What views show from other tables."""

    customers: Mapping[UUID, CustomerBrief]
    ratings: Mapping[UUID, RatingView]

    def view(self, conversation: Conversation) -> ConversationView:
        """A conversation these were read for, however it changed since (but for its customer)."""
        customer = self.customers.get(conversation.customer_id) if conversation.customer_id else None
        fitting = {known.id for id in conversation.candidates if (known := self.customers.get(UUID(id))) is not None}
        return _view(conversation, customer, self.ratings.get(conversation.id), len(fitting))


_KEPT = "SELECT id, coalesce(kept_id, id) AS kept_id FROM customer WHERE id = ANY($1::uuid[])"
_AROUND = """
SELECT c.id, coalesce(k.n, c.n) AS n, coalesce(k.name, c.name) AS name, NULL AS at, coalesce(k.id, c.id) AS kept_id
FROM customer c LEFT JOIN customer k ON k.id = c.kept_id WHERE c.id = ANY($1::uuid[])
UNION ALL SELECT conversation_id, stars, comment, at, NULL FROM conversation_rating WHERE conversation_id = ANY($2::uuid[])"""


async def surroundings(reads: Reads, conversations: Collection[Conversation]) -> Surroundings:
    """Customers, each as the one he is part of now, and ratings of these conversations; only visitors rate."""
    customers = {c.customer_id for c in conversations if c.customer_id}
    customers |= {CustomerId(UUID(id)) for c in conversations for id in c.candidates}
    rated = {c.id for c in conversations if c.visitor_id}
    named: dict[UUID, CustomerBrief] = {}
    ratings: dict[UUID, RatingView] = {}
    for row in await reads.fetch(_AROUND, sorted(customers), sorted(rated)) if customers or rated else []:
        id, kept_id, at = as_uuid(row["id"]), as_uuid(row["kept_id"]), as_time(row["at"])
        assert id is not None
        if kept_id is not None:
            named[id] = brief(CustomerId(kept_id), row["n"], row["name"])
        elif at is not None:
            ratings[id] = RatingView(stars=row["n"], comment=row["name"], at=at)
    return Surroundings(customers=named, ratings=ratings)


async def candidates_of(reads: Reads, conversations: Collection[Sequence[str]]) -> list[int]:
    """How many customers there are among the candidates of each: those who were merged are one."""
    named = sorted({UUID(id) for candidates in conversations for id in candidates})
    rows = await reads.fetch(_KEPT, named) if named else []
    kept = {id: kept_id for row in rows if (id := as_uuid(row["id"])) and (kept_id := as_uuid(row["kept_id"]))}
    return [len({kept.get(UUID(id)) for id in candidates} - {None}) for candidates in conversations]


def brief(id: CustomerId, n: int, name: str) -> CustomerBrief:
    """A customer as lists show it."""
    return CustomerBrief(id=id, number=number(n), name=name)


def _view(
    conversation: Conversation, customer: CustomerBrief | None, rating: RatingView | None, candidates: int
) -> ConversationView:
    same: dict[str, Any] = {name: getattr(conversation, name) for name in _SAME}
    return ConversationView(
        **same,
        number=conversation.n,
        customer=customer,
        contact=customer.name if customer else (conversation.participants[0] if conversation.participants else ""),
        candidates=candidates,
        response_due_at=conversation.due_at,
        unread=False,
        draft=False,
        mentioned=False,
        rating=rating,
    )


_SAME = (set(Conversation.__dataclass_fields__) & set(ConversationView.__struct_fields__)) - {"candidates", "response_due_at"}
"""What a view has under the name it has in the row."""
