"""After a delivery changed: what the message is shown with, and who is told."""

import msgspec

from hub.conversations import events
from hub.conversations.store import lock_conversations
from hub.db import Work
from hub.delivery.overall import worst
from hub.delivery.store import latest, view_of
from hub.ids import MessageId


async def settle_message(work: Work, id: MessageId) -> None:
    """Fold the deliveries of a message into its own status and announce the change.

    The conversation is locked first, so that two reports about one message are folded one after the other.
    """
    row = await work.fetch_one("SELECT n, conversation_id FROM message WHERE id = $1", id)
    if row is None:
        return
    conversation = (await lock_conversations(work, [row["conversation_id"]]))[row["conversation_id"]]
    deliveries = await latest(work, id)
    shown = worst(deliveries)
    failure = shown.failure.value if shown.failure else None
    await work.execute(
        "UPDATE message SET status = $2, status_detail = $3, failure = $4 WHERE id = $1",
        id,
        shown.state.value,
        shown.detail,
        failure,
    )
    data = {
        "conversation_id": row["conversation_id"],
        "message_id": id,
        "n": row["n"],
        "status": shown.state.value,
        "status_detail": shown.detail,
        "failure": failure,
        "deliveries": msgspec.to_builtins([view_of(d) for d in deliveries]),
    }
    work.announce(events.message_changed(conversation, data))
