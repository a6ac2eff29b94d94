"""What keeps a message from being sent: the consent gate, a conversation that changed, a colleague who was faster."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from hub.conversations.errors import Merged, NoSuchConversation
from hub.conversations.lifecycle import Conversation
from hub.db import Row, Work
from hub.delivery.consent import Known, decide
from hub.delivery.errors import NewerReply, Refused
from hub.delivery.sending import Outgoing
from hub.errors import Stale
from hub.ids import ConversationId
from hub.messages.address import Address, ChannelKind


def decided(item: Outgoing, known: Mapping[tuple[Address, ChannelKind], Known]) -> Outgoing:
    """The same, each delivery with what the consent gate says about it."""
    nothing = Known()
    decisions = [decide(item.purpose, known.get((d.address, d.channel), nothing)) for d in item.deliveries]
    deliveries = (replace(d, consent=decision.to_json()) for d, decision in zip(item.deliveries, decisions, strict=True))
    return replace(item, deliveries=tuple(deliveries))


def _refused(item: Outgoing) -> Exception | None:
    bad = {d.address.value: d.consent["rule"] for d in item.deliveries if not d.consent["allowed"]}
    if not bad:
        return None
    return Refused("not allowed on this channel", refusals=sorted(set(bad.values())), addresses=bad)


async def answers_since(work: Work, items: Sequence[Outgoing]) -> list[Row]:
    """What was answered in their conversations after what those who send had seen."""
    seen = {item.message.conversation_id: item.seen_n for item in items if item.seen_n is not None}
    if not seen:
        return []
    sql = """
    SELECT id, n, conversation_id, author_id, from_name FROM message
    WHERE conversation_id = ANY($1::uuid[]) AND n > $2 AND direction = 'out' AND kind = 'message' ORDER BY n
    """
    return await work.fetch(sql, sorted(seen), min(seen.values()))


def newer(item: Outgoing, answers: Sequence[Row], kept: Sequence[Outgoing]) -> Exception | None:
    """What a colleague answered that the sender has not seen: stored before, or a moment ago in this very batch."""
    if item.seen_n is None:
        return None
    mine, id = item.message.sender.user_id, item.message.conversation_id
    for row in answers:
        if row["conversation_id"] == id and row["n"] > item.seen_n and row["author_id"] != mine:
            return NewerReply("a colleague answered meanwhile", message_id=str(row["id"]), by=row["from_name"])
    for other in kept:
        if other.message.conversation_id == id and other.message.sender.user_id != mine:
            by = other.message.sender.name
            return NewerReply("a colleague answered meanwhile", message_id=str(other.message.id), by=by)
    return None


def problem_of(item: Outgoing, now: Mapping[ConversationId, Conversation]) -> Exception | None:
    """Why it is not stored: `now` are the conversations as they stand."""
    if (refused := _refused(item)) is not None:
        return refused
    if item.begins is not None:
        return None
    conversation = now.get(item.message.conversation_id)
    if conversation is None:
        return NoSuchConversation()
    if conversation.merged_into is not None:
        return Merged.into(conversation.merged_into)
    if item.expected_version is not None and item.expected_version != conversation.version:
        return Stale("somebody answered or changed this conversation meanwhile", version=conversation.version)
    return None
