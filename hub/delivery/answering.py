"""The way an answer takes that names none: read in one statement, since nearly every answer asks for it."""

from dataclasses import dataclass

from hub.auth.callers import Caller
from hub.conversations.errors import NoSuchConversation
from hub.conversations.lifecycle import Conversation
from hub.conversations.policy import Args, visible_to
from hub.conversations.store import conversation_of
from hub.db import Database
from hub.delivery.carriers import Carriers
from hub.delivery.queries import ASKED, Asked, asked_of, reply_options
from hub.errors import HubError
from hub.ids import AccountId, ConversationId
from hub.messages.address import Address


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """By which account, to whom, under which subject; no account where none can carry an answer."""

    conversation: Conversation
    account_id: AccountId | None
    to: tuple[Address, ...] = ()
    subject: str = ""


async def way_back(
    db: Database, carriers: Carriers, id: ConversationId, caller: Caller, *, account_id: AccountId | None = None
) -> Way:
    """The default way to answer, or the one by `account_id`. Raises `NoSuchConversation`."""
    args = Args([id])
    row = await db.fetch_one(
        f"SELECT c.*, {ASKED} FROM conversation c LEFT JOIN message m ON {_NEWEST} WHERE c.id = $1 AND {visible_to(caller, args)}",
        *args,
    )
    if row is None:
        raise NoSuchConversation()
    conversation = conversation_of(row)
    asked = asked_of(row, conversation, conversation.channel)
    if asked is not None and await _is_default(carriers, conversation, asked, account_id):
        return Way(conversation=conversation, account_id=asked.account_id, to=asked.to, subject=asked.subject)
    options = await reply_options(db, carriers, conversation)
    option = next((o for o in options if account_id in (None, o.account_id)), None)
    if option is None:
        return Way(conversation=conversation, account_id=account_id)
    return Way(conversation=conversation, account_id=option.account_id, to=option.recipients, subject=option.subject)


async def _is_default(carriers: Carriers, conversation: Conversation, asked: Asked, account_id: AccountId | None) -> bool:
    """Whether the account it came by last is certain to stand first among all ways."""
    by = asked.account_id
    if by is None or by != conversation.account_id or account_id not in (None, by):
        return False
    try:
        return (await carriers.get(by)).channel is conversation.channel
    except HubError:  # switched off, say: another may do
        return False


_NEWEST = """
m.n = (SELECT n FROM message WHERE conversation_id = c.id AND channel = c.channel AND direction = 'in' AND kind <> 'bounce'
       ORDER BY n DESC LIMIT 1)"""
