"""One action of a macro, through the same verbs, and with the same rights, as by hand."""

from datetime import timedelta
from typing import assert_never
from uuid import UUID

from hub import clock
from hub.auth.callers import Caller
from hub.auth.rights import Right
from hub.automation.values import (
    Action,
    AssignAction,
    CloseAction,
    NoteAction,
    PriorityAction,
    QueueAction,
    ReopenAction,
    ReplyAction,
    SnoozeAction,
    TagAction,
    UntagAction,
)
from hub.automation.variables import filled
from hub.conversations import queries
from hub.conversations.lifecycle import Conversation, State
from hub.conversations.service import Change, Conversations
from hub.conversations.tags import Tags
from hub.crm.customers import queries as customers
from hub.crm.tickets.values import number as ticket_number
from hub.db import Database
from hub.delivery.carriers import Carriers
from hub.delivery.errors import Refused
from hub.delivery.queries import reply_options
from hub.delivery.service import DeliveryService, Send
from hub.ids import ConversationId
from hub.messages.content import Draft
from hub.routing import Routing

_NEWEST_TICKET = """
SELECT t.n FROM conversation_ticket c JOIN ticket t ON t.id = c.ticket_id WHERE c.conversation_id = $1 ORDER BY c.n DESC LIMIT 1
"""


_CALLED_THEMSELVES = """
SELECT from_name FROM message WHERE conversation_id = $1 AND direction = 'in' AND from_name <> '' ORDER BY n DESC LIMIT 1
"""


class Doer:
    """Does what an action says, for a caller."""

    def __init__(
        self,
        db: Database,
        carriers: Carriers,
        *,
        conversations: Conversations,
        tags: Tags,
        delivery: DeliveryService,
        routing: Routing,
    ) -> None:
        self._db, self._carriers = db, carriers
        self._conversations, self._tags, self._delivery, self._routing = conversations, tags, delivery, routing

    async def require_sight(self, id: ConversationId, by: Caller) -> Conversation:
        """Raises `NoSuchConversation`."""
        return await queries.conversation(self._db, id, by)

    async def do(self, id: ConversationId, action: Action, *, by: Caller, client_key: UUID | None) -> None:
        """One action. Raises what the verb raises, and `Forbidden` where the caller lacks the right to do it by hand."""
        match action:
            case ReplyAction():
                by.require(Right.CONVERSATIONS_REPLY)
                await self._reply(id, action.text, by, client_key)
            case NoteAction():
                by.require(Right.CONVERSATIONS_REPLY)
                text = await self._filled(id, action.text, by)
                await self._conversations.add_note(id, text, by=by, client_key=client_key)
            case AssignAction():
                by.require(Right.CONVERSATIONS_ASSIGN)
                await self._conversations.assign(id, to=by.person if action.me else action.agent_id, by=by)
            case TagAction():
                by.require(Right.CONVERSATIONS_REPLY)
                await self._tags.put(id, action.name, by=by)
            case UntagAction():
                by.require(Right.CONVERSATIONS_REPLY)
                await self._tags.take(id, action.name, by=by)
            case QueueAction() | PriorityAction() | CloseAction() | ReopenAction() | SnoozeAction():
                by.require(Right.CONVERSATIONS_REPLY)
                await self._conversations.change(id, await self._change(action), by=by)
            case _:
                assert_never(action)

    async def _change(self, action: QueueAction | PriorityAction | CloseAction | ReopenAction | SnoozeAction) -> Change:
        match action:
            case QueueAction():
                await self._routing.queues.get(action.queue_id)
                return Change(queue_id=action.queue_id)
            case PriorityAction():
                return Change(priority=action.priority)
            case CloseAction():
                return Change(state=State.CLOSED)
            case ReopenAction():
                return Change(state=State.OPEN)
            case SnoozeAction():
                return Change(state=State.SNOOZED, snoozed_until=clock.now() + timedelta(minutes=action.minutes))
            case _:
                assert_never(action)

    async def _reply(self, id: ConversationId, text: str, by: Caller, client_key: UUID | None) -> None:
        conversation = await self.require_sight(id, by)
        options = await reply_options(self._db, self._carriers, conversation)
        if not options:
            raise Refused("no account can carry an answer to this conversation", refusals=["no_way"])
        way = options[0]
        draft = Draft(text=await self._filled(id, text, by), subject=way.subject, to=way.recipients, client_key=client_key)
        await self._delivery.send(Send(account_id=way.account_id, conversation_id=id, draft=draft), by=by)

    async def _filled(self, id: ConversationId, text: str, by: Caller) -> str:
        conversation = await self.require_sight(id, by)
        queue_id = conversation.queue_id
        queue = (await self._routing.queues.get(queue_id)).name if queue_id and "queue.name" in text else ""
        tickets = await self._db.fetch(_NEWEST_TICKET, id) if "ticket.number" in text else []
        values = {
            "customer.name": await self._called(conversation) if "customer.name" in text else "",
            "agent.name": by.name,
            "conversation.number": str(conversation.n),
            "queue.name": queue,
            "ticket.number": ticket_number(tickets[0]["n"]) if tickets else "",
        }
        return filled(text, values)

    async def _called(self, conversation: Conversation) -> str:
        """What to call the other side: by the customer's name, else as they last called themselves; never by an address."""
        known = await customers.names(self._db, [conversation.customer_id] if conversation.customer_id else [])
        rows = [] if known else await self._db.fetch(_CALLED_THEMSELVES, conversation.id)
        return next((name for name, _ in known.values()), "") or next((str(row["from_name"]) for row in rows), "")
