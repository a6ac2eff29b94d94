"""Whether a user may see a conversation: asked by what tells users, which knows neither queues nor conversations."""

from hub.auth import Auth
from hub.conversations import queries
from hub.conversations.sight import may_see
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
        audience = await queries.audience(self._db, conversation_id)
        return audience is not None and may_see(caller, audience)
