"""Whether a user may see a conversation: asked by what tells users, which knows neither queues nor conversations."""

from hub.auth import Auth
from hub.conversations.sight import conversation_seen
from hub.db import Database
from hub.errors import Unauthorised
from hub.ids import ConversationId, UserId


class Sight:
    """The rule of conversations, for somebody who is not asking."""

    def __init__(self, db: Database, auth: Auth) -> None:
        self._db, self._auth = db, auth

    async def may_see(self, user_id: UserId, conversation_id: ConversationId) -> bool:
        """False too where user or conversation is not there, or the user is disabled."""
        try:
            caller = await self._auth.callers.of_user(user_id)
        except Unauthorised:
            return False
        row = await self._db.fetch_one("SELECT queue_id, assignee_id FROM conversation WHERE id = $1", conversation_id)
        return row is not None and conversation_seen(caller, row["queue_id"], row["assignee_id"])
