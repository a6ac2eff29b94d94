"""What a visitor thinks of a conversation once it is over."""

from uuid import UUID

from hub import clock
from hub.conversations import events
from hub.conversations.errors import NoSuchConversation, NotOver
from hub.conversations.lifecycle import Conversation, State
from hub.conversations.store import NewMessage, insert_messages, lock_conversations, save_conversations, view_of
from hub.conversations.values import Party, RatingView
from hub.conversations.views import conversation_views
from hub.db import Database, Work
from hub.ids import ConversationId, MessageId, VisitorId, new_id
from hub.messages.content import Direction, MessageKind
from hub.messages.plain import line

MOST_STARS = 5


class Ratings:
    """One rating a conversation; said again, it is changed."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def rate(self, id: UUID, *, by: VisitorId, stars: int, comment: str = "") -> RatingView:
        """Keep the rating, show it to agents, and note it in the timeline.

        Raises `NoSuchConversation` where it is not this visitor's, `NotOver` before its first end.
        """
        async with self._db.unit_of_work() as work:
            found = (await lock_conversations(work, [ConversationId(id)])).get(ConversationId(id))
            if found is None or found.visitor_id != by:
                raise NoSuchConversation()
            before = await work.fetch_one("SELECT stars, comment FROM conversation_rating WHERE conversation_id = $1", id)
            if before is None and found.state is not State.CLOSED:
                raise NotOver("the conversation has not ended")
            rating = RatingView(stars=stars, comment=line(comment, 1_000), at=clock.now())
            if before is None or (before["stars"], before["comment"]) != (rating.stars, rating.comment):
                await _keep(work, found, rating, is_new_value=before is None or before["stars"] != rating.stars)
        return rating


async def _keep(work: Work, conversation: Conversation, rating: RatingView, *, is_new_value: bool) -> None:
    await work.execute(
        """
        INSERT INTO conversation_rating (conversation_id, stars, comment, at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (conversation_id) DO UPDATE SET stars = excluded.stars, comment = excluded.comment, at = excluded.at
        """,
        *(conversation.id, rating.stars, rating.comment, rating.at),
    )
    await save_conversations(work, [conversation])  # whose view is another now
    view = (await conversation_views(work, [conversation]))[conversation.id]
    work.announce(events.changed(conversation, view))
    if is_new_value:
        stars = "★" * rating.stars + "☆" * (MOST_STARS - rating.stars)
        entry = happening(conversation, {"event": "rating", "stars": rating.stars}, stars)
        numbers = await insert_messages(work, [entry])
        work.announce(events.message_added(conversation, view, view_of(entry, numbers[entry.id])))


def happening(conversation: Conversation, what: dict[str, object], text: str) -> NewMessage:
    """Something that happened, for the timeline; nobody of ours did it. `text`: for who does not know what it is."""
    return NewMessage(
        id=MessageId(new_id()),
        conversation_id=conversation.id,
        channel=conversation.channel,
        account_id=None,
        direction=Direction.EVENT,
        kind=MessageKind.EVENT,
        sender=Party(),
        text=text,
        extra=what,
        created_at=clock.now(),
    )
