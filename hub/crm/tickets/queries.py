"""Reads of tickets."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from hub import clock
from hub.crm.customers.queries import everybody_of
from hub.crm.reads import Page, after, page
from hub.crm.tickets.links import ConversationLinks
from hub.crm.tickets.values import Priority, Step, StepKind, Ticket, TicketState, Wanted, number
from hub.db import Database, Reads, Row
from hub.ids import ConversationId, TicketId
from hub.messages.grams import query

_TICKETS = """
SELECT t.n, t.id, t.title, t.description, t.state, t.priority, t.assignee_id, t.customer_id, c.kept_id, t.due_at, t.closed_at,
       t.created_at, t.updated_at, t.created_by, t.version
FROM ticket t LEFT JOIN customer c ON c.id = t.customer_id WHERE t.id = ANY($1::uuid[])
"""
_STEPS = """
SELECT id, ticket_id, at, by_id, by_name, kind, text, from_value, to_value
FROM ticket_step WHERE ticket_id = ANY($1::uuid[]) ORDER BY n
"""


async def states(source: Reads) -> list[TicketState]:
    """The code list, in its order."""
    rows = await source.fetch("SELECT code, name_en, name_zh, colour, closed FROM ticket_state ORDER BY place, code")
    return [TicketState(**dict(row.items())) for row in rows]


async def load(source: Reads, ids: Sequence[UUID], links: ConversationLinks | None, *, with_steps: bool = False) -> list[Ticket]:
    """The tickets among `ids`, in the order of `ids`."""
    wanted = [TicketId(id_) for id_ in ids]
    if not wanted:
        return []
    rows = {row["id"]: row for row in await source.fetch(_TICKETS, wanted)}
    steps: defaultdict[UUID, list[Step]] = defaultdict(list)
    for row in await source.fetch(_STEPS, wanted) if with_steps else ():
        steps[row["ticket_id"]].append(_step(row))
    linked = await links.of_tickets(source, wanted) if links else {}
    return [
        _ticket(
            rows[id_],
            now=clock.now(),
            conversation_ids=tuple(linked.get(id_, ())),
            steps=tuple(steps[id_]) if with_steps else None,
        )
        for id_ in wanted
        if id_ in rows
    ]


async def listed(
    db: Database, wanted: Wanted, links: ConversationLinks | None, *, cursor: str | None = None, limit: int = 50
) -> Page[Ticket]:
    """Tickets, newest first."""
    statement = _listing(db, wanted)
    if statement is None:
        return Page(items=[], next_cursor=None)
    sql, args = statement
    rows = await db.fetch(sql.replace("{limit}", str(limit + 1)), after(cursor), *args)
    shown, next_cursor = page(rows, limit)
    return Page(items=await load(db, [row["id"] for row in shown], links), next_cursor=next_cursor)


def _listing(db: Database, wanted: Wanted) -> tuple[str, list[Any]] | None:
    """The statement for a list and its arguments from `$2` on; None where the search holds nothing to look for."""
    conditions = ["t.n < $1"]
    args: list[Any] = []
    if wanted.state == "open":
        conditions.append("t.closed_at IS NULL")
    if wanted.unassigned:
        conditions.append("t.assignee_id IS NULL")
    for column, value in (
        ("state", wanted.state if wanted.state != "open" else None),
        ("assignee_id", wanted.assignee_id),
    ):
        if value is not None:
            args.append(value)
            conditions.append(f"t.{column} = ${len(args) + 1}")
    if wanted.customer_id is not None:
        args.append(wanted.customer_id)
        conditions.append(f"t.customer_id IN ({everybody_of(f'${len(args) + 1}')})")
    source = "ticket t"
    if wanted.q.strip():
        asked = query(wanted.q, db.dialect)
        if asked is None:
            return None
        args.append(asked)
        source += db.sql(sqlite=" JOIN ticket_grams g ON g.rowid = t.n", postgres="")
        conditions.append(
            db.sql(sqlite=f"ticket_grams MATCH ${len(args) + 1}", postgres=f"t.grams @@ ${len(args) + 1}::text::tsquery")
        )
    return f"SELECT t.n, t.id FROM {source} WHERE {' AND '.join(conditions)} ORDER BY t.n DESC LIMIT {{limit}}", args


def _ticket(row: Row, *, now: datetime, conversation_ids: tuple[ConversationId, ...], steps: tuple[Step, ...] | None) -> Ticket:
    return Ticket(
        id=row["id"],
        number=number(row["n"]),
        title=row["title"],
        description=row["description"],
        state=row["state"],
        priority=Priority(row["priority"]),
        assignee_id=row["assignee_id"],
        customer_id=row["kept_id"] or row["customer_id"],
        due_at=row["due_at"],
        overdue=row["closed_at"] is None and row["due_at"] is not None and row["due_at"] < now,
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        created_by=row["created_by"],
        version=row["version"],
        conversation_ids=conversation_ids,
        steps=steps,
    )


def _step(row: Row) -> Step:
    return Step(
        id=row["id"],
        at=row["at"],
        by_id=row["by_id"],
        by_name=row["by_name"],
        kind=StepKind(row["kind"]),
        text=row["text"],
        from_=row["from_value"],
        to=row["to_value"],
    )
