"""The verbs on conversations."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from hub import clock
from hub.auth.callers import Caller
from hub.conversations import events
from hub.conversations.drafts import SentDraft, forget
from hub.conversations.errors import Merged, NoSuchAgent, NoSuchConversation
from hub.conversations.lifecycle import Conversation, Priority, Snooze, State, close, reopen, snooze, wake
from hub.conversations.mentions import mention, read_mentions
from hub.conversations.queries import message_of, read_mark
from hub.conversations.store import content_digest, find_by_client_key, lock_conversations, save_conversations
from hub.conversations.values import AttachmentView, ConversationView, MessageView
from hub.conversations.writing import add, announce_change, as_it_is, entry, require_version, seen, store
from hub.crm.customers.queries import everybody
from hub.crm.tickets import Tickets
from hub.db import Database, Work
from hub.errors import ClientKeyReused, Invalid
from hub.ids import ConversationId, CustomerId, QueueId, TicketId, UserId
from hub.messages.content import Direction
from hub.messages.plain import line


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What may be changed at once; None leaves as it is."""

    state: State | None = None
    snoozed_until: datetime | None = None
    snooze_reason: Snooze | None = None  # what it waits for; TIME where only a time is given
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
            before = await seen(work, id, by)
            require_version(before, change.version)
            return await store(work, before, _changed(before, change, clock.now()), by=by)

    async def assign(self, id: ConversationId, *, to: UserId | None, by: Caller, version: int | None = None) -> ConversationView:
        """Give the conversation to an agent, or to nobody. Raises `NoSuchConversation`, `NoSuchAgent`, `Stale`."""
        async with self._db.unit_of_work() as work:
            before = await seen(work, id, by)
            require_version(before, version)
            await require_agent(work, to)
            return await self.assign_in(work, before, to=to, by=by)

    async def assign_in(self, work: Work, before: Conversation, *, to: UserId | None, by: Caller) -> ConversationView:
        """The same inside the caller's transaction, which holds the conversation locked (see `lock`)."""
        if before.assignee_id == to:
            return await as_it_is(work, before)
        now = clock.now()
        return await store(work, before, replace(before, assignee_id=to, updated_at=now, version=before.version + 1), by=by)

    async def place_in(self, work: Work, before: Conversation, queue_id: QueueId | None, *, by: Caller) -> ConversationView:
        """Put a locked conversation into a queue."""
        if before.queue_id == queue_id:
            return await as_it_is(work, before)
        now = clock.now()
        return await store(work, before, replace(before, queue_id=queue_id, updated_at=now, version=before.version + 1), by=by)

    async def lock(self, work: Work, id: ConversationId) -> Conversation:
        """The conversation, locked until the transaction ends. Raises `NoSuchConversation`."""
        found = (await lock_conversations(work, [id])).get(id)
        if found is None:
            raise NoSuchConversation()
        return found

    async def add_note(
        self,
        id: ConversationId,
        text: str,
        *,
        by: Caller,
        client_key: UUID | None,
        attachments: tuple[AttachmentView, ...] = (),
        mentions: Sequence[UserId] = (),
        written_in: SentDraft | None = None,
    ) -> MessageView:
        """A note for colleagues: it cannot leave the hub; those it `mentions` are told. A repeated `client_key` returns the
        first one."""
        if not text.strip() and not attachments:
            raise Invalid("an empty note")
        digest = content_digest("note", id, text, [a.sha256 for a in attachments], [str(user_id) for user_id in mentions])
        async with self._db.unit_of_work() as work:
            await lock_conversations(work, [id])  # of two that come with one key at once the second finds the first
            known = await find_by_client_key(work, by.author_id, client_key)
            if known is not None:
                if known["client_digest"] != digest:
                    raise ClientKeyReused()
                return message_of(known)
            before = await seen(work, id, by)
            named = [user_id for user_id in dict.fromkeys(mentions) if user_id != by.user_id]  # naming oneself says nothing
            extra = {"mentions": [str(user_id) for user_id in named]} if named else None
            note = entry(
                before, Direction.NOTE, by, text=text, extra=extra, client_key=client_key, digest=digest, attachments=attachments
            )
            stored = await add(work, before, note)
            await mention(work, stored, named, by=by)
            await forget(work, [written_in] if written_in else [])
            return stored

    async def link_customer(self, id: ConversationId, customer_id: CustomerId, *, by: Caller) -> ConversationView:
        """Say who it is with; of several, the one linked last is the one shown."""
        async with self._db.unit_of_work() as work:
            before = await seen(work, id, by)
            await _require_row(work, "customer", customer_id)
            await _link(work, "customer", id, customer_id, by)
            return await store(work, before, replace(before, customer_id=customer_id, candidates=()), by=by)

    async def unlink_customer(self, id: ConversationId, customer_id: CustomerId, *, by: Caller) -> ConversationView:
        """Undo a link, to those who were merged with the customer too; another linked one, if any, takes the place."""
        async with self._db.unit_of_work() as work:
            before = await seen(work, id, by)
            theirs = await everybody(work, customer_id) or [customer_id]
            await work.execute(
                "DELETE FROM conversation_customer WHERE conversation_id = $1 AND customer_id = ANY($2::uuid[])", id, theirs
            )
            left = await work.fetch_one(
                "SELECT customer_id FROM conversation_customer WHERE conversation_id = $1 ORDER BY n DESC LIMIT 1", id
            )
            shown = (left["customer_id"] if left else None) if before.customer_id in theirs else before.customer_id
            return await store(work, before, replace(before, customer_id=shown), by=by)

    async def link_ticket(self, id: ConversationId, ticket_id: TicketId, *, by: Caller) -> ConversationView:
        """Let the conversation belong to a ticket as well."""
        async with self._db.unit_of_work() as work:
            before = await seen(work, id, by)
            if not await _link(work, "ticket", id, ticket_id, by):
                return await as_it_is(work, before)
            await self._tickets.note_link(work, ticket_id, id, linked=True, by=by)
            return await _store_tickets(work, before)

    async def unlink_ticket(self, id: ConversationId, ticket_id: TicketId, *, by: Caller) -> ConversationView:
        """Undo a link to a ticket."""
        async with self._db.unit_of_work() as work:
            before = await seen(work, id, by)
            gone = await work.execute(
                "DELETE FROM conversation_ticket WHERE conversation_id = $1 AND ticket_id = $2", id, ticket_id
            )
            if gone:
                await self._tickets.note_link(work, ticket_id, id, linked=False, by=by)
            return await _store_tickets(work, before)

    async def mark_read(self, id: ConversationId, n: int, *, by: Caller) -> None:
        """The caller has seen the messages up to number `n`; of two pages open at once, the one that has seen more counts.

        Of what was merged while a page still shows it nothing is marked: the other may hold older messages nobody has seen.
        """
        async with self._db.unit_of_work() as work:
            try:
                found = await seen(work, id, by)
            except Merged:
                return
            read_n = min(n, found.last_in_n)
            is_news = await work.execute(
                """
                INSERT INTO conversation_read (user_id, conversation_id, read_n) VALUES ($1, $2, $3)
                ON CONFLICT (user_id, conversation_id) DO UPDATE SET read_n = excluded.read_n
                WHERE conversation_read.read_n < excluded.read_n
                """,
                by.person,
                id,
                read_n,
            )
            was_named = await read_mentions(work, by.person, id)
            if is_news or was_named:
                work.announce(events.read(found, by.person, await read_mark(work, by.person, id)))
            if found.woken is not None:
                await store(work, found, replace(found, woken=None), by=by)

    async def mark_unread(self, id: ConversationId, *, by: Caller) -> None:
        """The last message that came in is new to the caller again, on all pages; nothing changes where it still is."""
        async with self._db.unit_of_work() as work:
            found = await seen(work, id, by)
            if not found.last_in_n:
                return
            read_n = found.last_in_n - 1
            changed = await work.fetch_one(
                "UPDATE conversation_read SET read_n = $3 WHERE user_id = $1 AND conversation_id = $2 AND read_n > $3"
                " RETURNING mentioned_n",
                *(by.person, id, read_n),
            )
            if changed is not None:
                work.announce(events.read(found, by.person, read_n, mentioned=changed["mentioned_n"] > 0))

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
                await store(work, before, wake(before, now), by=None)
        return len(due)


async def link_ticket_in(work: Work, before: Conversation, ticket_id: TicketId, *, by: Caller) -> ConversationView:
    """Let a locked conversation belong to a ticket, inside the caller's transaction."""
    await _link(work, "ticket", before.id, ticket_id, by)
    return await _store_tickets(work, before)


async def _store_tickets(work: Work, before: Conversation) -> ConversationView:
    """Write which tickets it is linked to into the row itself, where lists read it."""
    rows = await work.fetch("SELECT ticket_id FROM conversation_ticket WHERE conversation_id = $1 ORDER BY n", before.id)
    now = replace(before, ticket_ids=tuple(str(row["ticket_id"]) for row in rows))
    await save_conversations(work, [now])
    return await announce_change(work, before, now)


def snoozed(before: Conversation, until: datetime | None, reason: Snooze, now: datetime) -> Conversation:
    """Out of sight until then; one that waits for an answer alone has no time. Raises `Invalid`."""
    if reason is Snooze.REPLY:
        return snooze(before, None, now, reason=reason)
    if until is None or until <= now:
        raise Invalid("a snoozed conversation needs a time to come back at", path="snoozed_until")
    return snooze(before, until, now, reason=reason)


def _changed(before: Conversation, change: Change, now: datetime) -> Conversation:
    changed = before
    match change.state:
        case State.CLOSED if before.state is not State.CLOSED:
            changed = close(changed, now)
        case State.OPEN if before.state is not State.OPEN:
            changed = reopen(changed, now)
        case State.SNOOZED:
            changed = snoozed(changed, change.snoozed_until, change.snooze_reason or Snooze.TIME, now)
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


async def require_agent(work: Work, id: UserId | None) -> None:
    """Raise `NoSuchAgent` for who cannot be given work; None, for nobody, can."""
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
