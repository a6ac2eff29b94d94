"""The verbs on conversations."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from hub import clock
from hub.auth.callers import Caller
from hub.conversations import events
from hub.conversations.errors import NoSuchAgent, NoSuchConversation
from hub.conversations.lifecycle import Conversation, Priority, Said, State, after, close, reopen, snooze
from hub.conversations.policy import require_sight
from hub.conversations.queries import message_of
from hub.conversations.store import (
    NewMessage,
    content_digest,
    find_by_client_key,
    insert_messages,
    lock_conversations,
    save_conversations,
    view_of,
)
from hub.conversations.values import AttachmentView, ConversationView, MessageView, Party
from hub.conversations.views import conversation_views
from hub.crm.tickets import Tickets
from hub.db import Database, Work
from hub.errors import ClientKeyReused, Invalid, Stale
from hub.ids import ConversationId, CustomerId, MessageId, QueueId, TicketId, UserId, new_id
from hub.messages.content import Direction, MessageKind
from hub.messages.plain import line

Transform = Callable[[Conversation, datetime], Conversation]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What may be changed at once; None leaves as it is."""

    state: State | None = None
    snoozed_until: datetime | None = None
    priority: Priority | None = None
    subject: str | None = None
    queue_id: QueueId | None = None
    version: int | None = None  # as the caller last read it


class Conversations:
    """Conversations, for whoever may."""

    def __init__(self, db: Database, tickets: Tickets) -> None:
        self._db = db
        self._tickets = tickets

    async def change(self, id: ConversationId, change: Change, *, by: Caller) -> ConversationView:
        """Close, reopen, snooze, rename, prioritise, or hand to another queue. Raises `NoSuchConversation`, `Stale`."""
        async with self._db.unit_of_work() as work:
            before = await self._seen(work, id, by)
            _require_version(before, change.version)
            return await self._store(work, before, _changed(before, change, clock.now()), by=by)

    async def assign(self, id: ConversationId, *, to: UserId | None, by: Caller, version: int | None = None) -> ConversationView:
        """Give the conversation to an agent, or to nobody. Raises `NoSuchConversation`, `NoSuchAgent`, `Stale`."""
        async with self._db.unit_of_work() as work:
            before = await self._seen(work, id, by)
            _require_version(before, version)
            await _require_agent(work, to)
            return await self.assign_in(work, before, to=to, by=by)

    async def assign_in(self, work: Work, before: Conversation, *, to: UserId | None, by: Caller) -> ConversationView:
        """The same inside the caller's transaction, which holds the conversation locked (see `lock`)."""
        if before.assignee_id == to:
            return (await conversation_views(work, [before]))[before.id]
        now = clock.now()
        return await self._store(work, before, replace(before, assignee_id=to, updated_at=now, version=before.version + 1), by=by)

    async def place_in(self, work: Work, before: Conversation, queue_id: QueueId | None, *, by: Caller) -> ConversationView:
        """Put a locked conversation into a queue."""
        if before.queue_id == queue_id:
            return (await conversation_views(work, [before]))[before.id]
        now = clock.now()
        return await self._store(
            work, before, replace(before, queue_id=queue_id, updated_at=now, version=before.version + 1), by=by
        )

    async def lock(self, work: Work, id: ConversationId) -> Conversation:
        """The conversation, locked until the transaction ends. Raises `NoSuchConversation`."""
        found = (await lock_conversations(work, [id])).get(id)
        if found is None:
            raise NoSuchConversation()
        return found

    async def add_note(
        self, id: ConversationId, text: str, *, by: Caller, client_key: UUID | None, attachments: tuple[AttachmentView, ...] = ()
    ) -> MessageView:
        """A note for colleagues: it cannot leave the hub. A repeated `client_key` returns the first one."""
        if not text.strip() and not attachments:
            raise Invalid("an empty note")
        digest = content_digest("note", id, text, [a.sha256 for a in attachments])
        async with self._db.unit_of_work() as work:
            before = await self._seen(work, id, by)
            known = await find_by_client_key(work, by.author_id, client_key)
            if known is not None:
                if known["client_digest"] != digest:
                    raise ClientKeyReused()
                return message_of(known)
            note = _entry(before, Direction.NOTE, by, text=text, client_key=client_key, digest=digest, attachments=attachments)
            return await self._add(work, before, note)

    async def link_customer(self, id: ConversationId, customer_id: CustomerId, *, by: Caller) -> ConversationView:
        """Say who it is with; of several, the one linked last is the one shown."""
        async with self._db.unit_of_work() as work:
            before = await self._seen(work, id, by)
            await _require_row(work, "customer", customer_id)
            await _link(work, "customer", id, customer_id, by)
            return await self._store(work, before, replace(before, customer_id=customer_id, candidates=()), by=by)

    async def unlink_customer(self, id: ConversationId, customer_id: CustomerId, *, by: Caller) -> ConversationView:
        """Undo a link; another linked customer, if any, takes the place."""
        async with self._db.unit_of_work() as work:
            before = await self._seen(work, id, by)
            await work.execute(
                "DELETE FROM conversation_customer WHERE conversation_id = $1 AND customer_id = $2", id, customer_id
            )
            left = await work.fetch_one(
                "SELECT customer_id FROM conversation_customer WHERE conversation_id = $1 ORDER BY n DESC LIMIT 1", id
            )
            shown = (left["customer_id"] if left else None) if before.customer_id == customer_id else before.customer_id
            return await self._store(work, before, replace(before, customer_id=shown), by=by)

    async def link_ticket(self, id: ConversationId, ticket_id: TicketId, *, by: Caller) -> ConversationView:
        """Let the conversation belong to a ticket as well."""
        async with self._db.unit_of_work() as work:
            before = await self._seen(work, id, by)
            if await _link(work, "ticket", id, ticket_id, by):
                await self._tickets.note_link(work, ticket_id, id, linked=True, by=by)
            return await announce_change(work, before, before)

    async def unlink_ticket(self, id: ConversationId, ticket_id: TicketId, *, by: Caller) -> ConversationView:
        """Undo a link to a ticket."""
        async with self._db.unit_of_work() as work:
            before = await self._seen(work, id, by)
            gone = await work.execute(
                "DELETE FROM conversation_ticket WHERE conversation_id = $1 AND ticket_id = $2", id, ticket_id
            )
            if gone:
                await self._tickets.note_link(work, ticket_id, id, linked=False, by=by)
            return await announce_change(work, before, before)

    async def mark_read(self, id: ConversationId, n: int, *, by: Caller) -> None:
        """The caller has seen the messages up to number `n`; of two pages open at once, the one that has seen more counts."""
        async with self._db.unit_of_work() as work:
            seen = await self._seen(work, id, by)
            await work.execute(
                """
                INSERT INTO conversation_read (user_id, conversation_id, read_n) VALUES ($1, $2, $3)
                ON CONFLICT (user_id, conversation_id) DO UPDATE SET read_n = excluded.read_n
                WHERE conversation_read.read_n < excluded.read_n
                """,
                by.person,
                id,
                min(n, seen.last_in_n),
            )

    async def wake_snoozed(self) -> int:
        """Bring back every conversation whose time has come; returns how many. Run by a schedule."""
        now = clock.now()
        async with self._db.unit_of_work() as work:
            rows = await work.fetch(
                "SELECT id FROM conversation WHERE state = 'snoozed' AND snoozed_until <= $1 ORDER BY snoozed_until LIMIT 200",
                now,
            )
            locked = await lock_conversations(work, [row["id"] for row in rows])
            due = [c for c in locked.values() if c.state is State.SNOOZED and c.snoozed_until and c.snoozed_until <= now]
            for before in due:
                await self._store(work, before, reopen(before, now), by=None)
        return len(due)

    async def _seen(self, work: Work, id: ConversationId, by: Caller) -> Conversation:
        return require_sight(by, (await lock_conversations(work, [id])).get(id))

    async def _store(self, work: Work, before: Conversation, now: Conversation, *, by: Caller | None) -> ConversationView:
        await save_conversations(work, [now])
        view = await announce_change(work, before, now)
        if what := _happening(before, now):
            await self._add(work, now, _entry(now, Direction.EVENT, by, text="", extra=what), view=view)
        return view

    async def _add(
        self, work: Work, conversation: Conversation, entry: NewMessage, *, view: ConversationView | None = None
    ) -> MessageView:
        now = after(conversation, _said(entry))
        if now != conversation and view is None:
            await save_conversations(work, [now])
        numbers = await insert_messages(work, [entry])
        stored = view_of(entry, numbers[entry.id])
        view = view or (await conversation_views(work, [now]))[now.id]
        work.announce(events.message_added(now, view, stored))
        return stored


async def announce_change(work: Work, before: Conversation, now: Conversation) -> ConversationView:
    """Tell what a stored conversation has become; returns it as people see it."""
    view = (await conversation_views(work, [now]))[now.id]
    has_moved = (before.queue_id, before.assignee_id) != (now.queue_id, now.assignee_id)
    work.announce(events.moved(before, now, view) if has_moved else events.changed(now, view))
    return view


async def link_ticket_in(work: Work, before: Conversation, ticket_id: TicketId, *, by: Caller) -> ConversationView:
    """Let a locked conversation belong to a ticket, inside the caller's transaction."""
    await _link(work, "ticket", before.id, ticket_id, by)
    return await announce_change(work, before, before)


def _changed(before: Conversation, change: Change, now: datetime) -> Conversation:
    changed = before
    match change.state:
        case State.CLOSED if before.state is not State.CLOSED:
            changed = close(changed, now)
        case State.OPEN if before.state is not State.OPEN:
            changed = reopen(changed, now)
        case State.SNOOZED:
            if change.snoozed_until is None or change.snoozed_until <= now:
                raise Invalid("a snoozed conversation needs a time to come back at", path="snoozed_until")
            changed = snooze(changed, change.snoozed_until, now)
        case _ if change.snoozed_until is not None:
            raise Invalid("only a snoozed conversation comes back at a time", path="snoozed_until")
        case _:
            pass
    subject = None if change.subject is None else line(change.subject, 500)
    named = {"priority": change.priority, "subject": subject, "queue_id": change.queue_id}
    given: dict[str, Any] = {name: value for name, value in named.items() if value is not None}
    if given:
        changed = replace(changed, **given, updated_at=now, version=changed.version + 1)
    return changed


def _require_version(conversation: Conversation, version: int | None) -> None:
    if version is not None and version != conversation.version:
        raise Stale("somebody changed this conversation meanwhile", version=conversation.version)


def _happening(before: Conversation, now: Conversation) -> dict[str, Any]:
    """What the timeline says about a change; nothing for what needs no words."""
    if before.state is not now.state:
        until = {"until": now.snoozed_until} if now.state is State.SNOOZED else {}
        return {"event": now.state.value, **until}
    for name in ("assignee_id", "queue_id", "customer_id"):
        was, is_ = getattr(before, name), getattr(now, name)
        is_first_queue = name == "queue_id" and was is None  # where everything begins: no news
        if was != is_ and not is_first_queue:
            return {"event": name.removesuffix("_id"), "from": _text(was), "to": _text(is_)}
    if before.priority is not now.priority:
        return {"event": "priority", "from": before.priority.value, "to": now.priority.value}
    return {}


def _text(id: UUID | None) -> str | None:
    return None if id is None else str(id)


def _entry(
    conversation: Conversation,
    direction: Direction,
    by: Caller | None,
    *,
    text: str,
    extra: dict[str, Any] | None = None,
    client_key: UUID | None = None,
    digest: str | None = None,
    attachments: tuple[AttachmentView, ...] = (),
) -> NewMessage:
    return NewMessage(
        id=MessageId(new_id()),
        conversation_id=conversation.id,
        channel=conversation.channel,
        account_id=None,
        direction=direction,
        kind=MessageKind.EVENT if direction is Direction.EVENT else MessageKind.MESSAGE,
        sender=Party(name=by.name if by else "", user_id=by.author_id if by else None),
        text=text,
        reply_text=text,
        extra=extra or {},
        client_key=client_key,
        client_digest=digest,
        attachments=attachments,
        created_at=clock.now(),
    )


def _said(entry: NewMessage) -> Said:
    return Said(
        id=entry.id,
        direction=entry.direction,
        kind=entry.kind,
        channel=entry.channel,
        account_id=entry.account_id,
        text=entry.text,
        at=entry.created_at,
    )


async def _require_agent(work: Work, id: UserId | None) -> None:
    if id is not None and await work.fetch_one("SELECT 1 FROM auth_user WHERE id = $1 AND NOT disabled", id) is None:
        raise NoSuchAgent("there is no such agent", path="agent_id")


async def _require_row(work: Work, table: str, id: UUID) -> None:
    if await work.fetch_one(f"SELECT 1 FROM {table} WHERE id = $1", id) is None:
        raise Invalid(f"no such {table}", path=f"{table}_id")


async def _link(work: Work, what: str, conversation_id: ConversationId, id: UUID, by: Caller) -> bool:
    """False where it was linked before."""
    return (
        await work.execute(
            f"""
        INSERT INTO conversation_{what} (conversation_id, {what}_id, linked_by, linked_at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (conversation_id, {what}_id) DO NOTHING
        """,
            conversation_id,
            id,
            by.user_id,
            clock.now(),
        )
        > 0
    )
