"""What is done with tickets."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from msgspec import UNSET

from hub import clock
from hub.auth import Caller
from hub.crm.customers.queries import everybody
from hub.crm.reads import Page
from hub.crm.repeats import Authorship, authorship, first_of
from hub.crm.tickets import events, queries, steps
from hub.crm.tickets.errors import NoSuchAssignee, NoSuchState, NoSuchTicket, NotLinkable
from hub.crm.tickets.links import ConversationLinks
from hub.crm.tickets.values import NewTicket, StepKind, Ticket, TicketChange, TicketState, Wanted
from hub.db import Database, UniqueViolation, Work
from hub.errors import Invalid, Stale
from hub.ids import ConversationId, TicketId, new_id
from hub.messages import plain
from hub.messages.grams import document, grams

_TITLE, _DESCRIPTION, _COMMENT = 300, 50_000, 20_000

_INSERT = """
INSERT INTO ticket (id, title, description, state, priority, assignee_id, customer_id, due_at, version, created_by,
                    client_key, client_digest, created_at, updated_at)
VALUES ($1, $2, $3, 'new', $4, $5, $6, $7, 1, $8, $9, $10, $11, $11)
"""


class Tickets:
    """The verbs. `links` joins tickets to conversations; without it they stand alone."""

    def __init__(self, db: Database, *, links: ConversationLinks | None = None) -> None:
        self._db, self._links = db, links

    async def states(self) -> list[TicketState]:
        """The code list of states."""
        return await queries.states(self._db)

    async def get(self, ticket_id: TicketId) -> Ticket:
        """One ticket with its steps; raises `NoSuchTicket`."""
        return await self._one(self._db, ticket_id)

    async def listed(self, wanted: Wanted, *, cursor: str | None = None, limit: int = 50) -> Page[Ticket]:
        """Tickets, newest first, by page, without their steps."""
        return await queries.listed(self._db, wanted, self._links, cursor=cursor, limit=limit)

    async def create(self, new: NewTicket, *, by: Caller) -> Ticket:
        """Make a ticket. The same client key again gives the first result; with another body `ClientKeyReused`."""
        made = authorship(new, by)
        try:
            async with self._db.unit_of_work() as work:
                if (first := await first_of(work, "ticket", made)) is not None:
                    return await self._one(work, TicketId(first))
                return await self._insert(work, new, made, by=by)
        except UniqueViolation as error:
            if error.constraint == "ticket_author_client_key" and (first := await first_of(self._db, "ticket", made)):
                return await self.get(TicketId(first))
            raise

    async def change(self, ticket_id: TicketId, change: TicketChange, *, version: int, by: Caller) -> Ticket:
        """Change fields, a step for each; raises `Stale` where somebody else was faster, `NoSuchTicket`."""
        given = {field.name: value for field in fields(change) if (value := getattr(change, field.name)) is not UNSET}
        async with self._db.unit_of_work() as work:
            before = await self._hold(work, ticket_id, version=version)
            values = _cleaned(given)
            await _require_there(work, values)
            await _write(work, ticket_id, values)
            await steps.add_changes(work, ticket_id, {name: getattr(before, name) for name in values}, values, by=by)
            return await self._announced(work, ticket_id)

    async def comment(self, ticket_id: TicketId, text: str, *, by: Caller) -> Ticket:
        """Note what was done or found out."""
        said = plain.block(text, _COMMENT)
        if not said:
            raise Invalid("a comment has text")
        async with self._db.unit_of_work() as work:
            await self._hold(work, ticket_id)
            await steps.add(work, ticket_id, StepKind.COMMENT, by=by, text=said)
            return await self._announced(work, ticket_id)

    async def note_link(
        self, work: Work, ticket_id: TicketId, conversation_id: ConversationId, *, linked: bool, by: Caller
    ) -> Ticket:
        """Note that a conversation was linked (or not any more), in the transaction that did it. Raises `NoSuchTicket`."""
        await self._hold(work, ticket_id)
        await _note_link(work, ticket_id, conversation_id, linked=linked, by=by)
        return await self._announced(work, ticket_id)

    async def _one(self, source: Database | Work, ticket_id: TicketId) -> Ticket:
        found = await queries.load(source, [ticket_id], self._links, with_steps=True)
        if not found:
            raise NoSuchTicket("there is no such ticket")
        return found[0]

    async def _insert(self, work: Work, new: NewTicket, made: Authorship, *, by: Caller) -> Ticket:
        values = _cleaned({"title": new.title, "description": new.description})
        await _require_there(work, {"assignee_id": new.assignee_id, "customer_id": new.customer_id})
        ticket_id = TicketId(new_id())
        await work.execute(
            _INSERT,
            *(ticket_id, values["title"], values["description"], str(new.priority), new.assignee_id, new.customer_id),
            *(new.due_at, made.author_id, made.client_key, made.digest, clock.now()),
        )
        await steps.add(work, ticket_id, StepKind.CREATED, by=by)
        if new.conversation_id is not None:
            await self._link(work, ticket_id, new, by=by)
        return await self._announced(work, ticket_id)

    async def _link(self, work: Work, ticket_id: TicketId, new: NewTicket, *, by: Caller) -> None:
        if self._links is None or new.conversation_id is None:
            raise Invalid("tickets are not linked to conversations here")
        customer_id = await self._links.link_ticket(work, new.conversation_id, ticket_id, by=by)
        await _note_link(work, ticket_id, new.conversation_id, linked=True, by=by)
        # Whoever was merged is shown as another; the ticket stays with him if they are separated.
        if customer_id is not None and new.customer_id in (None, *await everybody(work, customer_id)):
            await work.execute("UPDATE ticket SET customer_id = $2 WHERE id = $1", ticket_id, customer_id)

    async def _hold(self, work: Work, ticket_id: TicketId, *, version: int | None = None) -> Ticket:
        """Hold the ticket until this transaction ends, count the change, and return what it was."""
        rows = await work.fetch(
            "UPDATE ticket SET version = version + 1, updated_at = $2"
            " WHERE id = $1 AND ($3::bigint IS NULL OR version = $3::bigint) RETURNING version",
            *(ticket_id, clock.now(), version),
        )
        ticket = await self._one(work, ticket_id)
        if not rows:
            raise Stale("somebody else changed it meanwhile", version=ticket.version)
        return ticket

    async def _announced(self, work: Work, ticket_id: TicketId) -> Ticket:
        ticket = await self._one(work, ticket_id)
        await _index(work, ticket)
        work.announce(events.changed(ticket))
        return ticket


def _cleaned(values: Mapping[str, Any]) -> dict[str, Any]:
    """Fields as they are stored. Raises `Invalid` for a ticket without a title."""
    cleaned = dict(values)
    if "title" in cleaned:
        cleaned["title"] = plain.line(cleaned["title"], _TITLE)
        if not cleaned["title"]:
            raise Invalid("a ticket has a title")
    if "description" in cleaned:
        cleaned["description"] = plain.block(cleaned["description"], _DESCRIPTION)
    return cleaned


async def _require_there(work: Work, values: Mapping[str, Any]) -> None:
    """What the ticket shall point to exists. Raises `NoSuchState`, `NoSuchAssignee`, `NotLinkable`."""
    for name, sql, error in (
        ("state", "SELECT 1 AS there FROM ticket_state WHERE code = $1", NoSuchState),
        ("assignee_id", "SELECT 1 AS there FROM auth_user WHERE id = $1 AND NOT disabled", NoSuchAssignee),
        ("customer_id", "SELECT 1 AS there FROM customer WHERE id = $1", NotLinkable),
    ):
        if values.get(name) is not None and await work.fetch_one(sql, values[name]) is None:
            raise error("there is no such " + name.removesuffix("_id"))


async def _write(work: Work, ticket_id: TicketId, values: Mapping[str, Any]) -> None:
    if not values:
        return
    columns = ", ".join(f"{name} = ${place}" for place, name in enumerate(values, start=2))
    plain_values = [str(value) if name == "priority" else value for name, value in values.items()]
    await work.execute(f"UPDATE ticket SET {columns} WHERE id = $1", ticket_id, *plain_values)
    if "state" in values:
        await work.execute(
            "UPDATE ticket SET closed_at = CASE WHEN (SELECT closed FROM ticket_state WHERE code = ticket.state)"
            " THEN coalesce(closed_at, $2::timestamptz) END WHERE id = $1",
            *(ticket_id, clock.now()),
        )


async def _note_link(work: Work, ticket_id: TicketId, conversation_id: ConversationId, *, linked: bool, by: Caller) -> None:
    before, after = (None, conversation_id) if linked else (conversation_id, None)
    await steps.add(work, ticket_id, StepKind.LINKED, by=by, text="conversation", before=before, after=after)


async def _index(work: Work, ticket: Ticket) -> None:
    """Let the ticket be found by its number, title and description."""
    digits = ticket.number.lstrip("T0")
    words = [*grams(ticket.number), f"t{digits}", digits, *grams(ticket.title), *grams(ticket.description)]
    stored = document(words, work.dialect)
    if work.dialect == "postgres":
        await work.execute("UPDATE ticket SET grams = $2::text::tsvector WHERE id = $1", ticket.id, stored)
        return
    of = "(SELECT n FROM ticket WHERE id = $1)"
    await work.execute(f"DELETE FROM ticket_grams WHERE rowid = {of}", ticket.id)
    await work.execute(f"INSERT INTO ticket_grams (rowid, grams) VALUES ({of}, $2)", ticket.id, stored)
