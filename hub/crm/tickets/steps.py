"""The steps of a ticket: written in the transaction of what they tell, never changed afterwards."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from hub import clock
from hub.auth import Caller
from hub.crm.tickets.values import StepKind
from hub.db import Work
from hub.ids import TicketId, new_id
from hub.messages import plain

_KINDS = {
    "state": StepKind.STATE,
    "assignee_id": StepKind.ASSIGNED,
    "due_at": StepKind.DUE,
}
_LONGEST = 500  # characters kept of a value; a step tells that a description changed, and is not its archive
_INSERT = """
INSERT INTO ticket_step (id, ticket_id, at, by_id, by_name, kind, text, from_value, to_value)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""


async def add(
    work: Work,
    ticket_id: TicketId,
    kind: StepKind,
    *,
    by: Caller,
    text: str = "",
    before: object = None,
    after: object = None,
) -> None:
    """Write one step."""
    await work.execute(
        _INSERT,
        *(new_id(), ticket_id, clock.now(), by.author_id, plain.line(by.name, 200)),
        *(str(kind), text, _word(before), _word(after)),
    )


async def add_changes(
    work: Work, ticket_id: TicketId, before: Mapping[str, Any], after: Mapping[str, Any], *, by: Caller
) -> None:
    """A step for each field that is other than before."""
    for name in after:
        if before[name] != after[name]:
            kind = _KINDS.get(name, StepKind.CHANGED)
            text = name.removesuffix("_id") if kind is StepKind.CHANGED else ""
            await add(work, ticket_id, kind, by=by, text=text, before=before[name], after=after[name])


def _word(value: object) -> str | None:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    return None if value is None else str(value)[:_LONGEST]
