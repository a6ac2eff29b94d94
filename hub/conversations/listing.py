"""Pages of conversations, read by one statement: the rows, the names, and what is the caller's own."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from msgspec import Meta

from hub.auth.callers import Caller
from hub.conversations.errors import NoSuchConversation
from hub.conversations.filters import DRAFTED, Filter, conditions
from hub.conversations.policy import Args, visible_to
from hub.conversations.values import ConversationView, RatingView
from hub.conversations.views import brief, candidates_of
from hub.db import Reads, Row, as_time
from hub.db.keyset import BadCursor, Number, read_cursor, write_cursor
from hub.ids import ConversationId

_Key = tuple[Annotated[datetime, Meta(tz=True)], Number]
"""What orders a list of conversations."""

_PLAIN = (
    "n", "id", "subject", "state", "waiting_for", "waiting_since", "priority", "channel", "channels", "account_id", "queue_id",
    "assignee_id", "customer_id", "candidates", "participants", "ticket_ids", "tags", "snoozed_until", "snooze_reason", "woken",
    "preview", "last_direction", "last_message_at", "last_in_n", "created_at", "updated_at", "version", "rev", "link_reason",
    "follows_id", "merged_into",
)  # fmt: skip
_COLUMNS = ", ".join(f"c.{name}" for name in _PLAIN)
_DUE = """CASE WHEN c.state = 'open' AND c.waiting_for = 'us' AND c.clock_since = c.waiting_since AND c.clock_queue_id = c.queue_id
    THEN c.response_due_at END AS due_at"""
_RATING = "a.stars, a.comment, a.at AS rated_at"
# A customer who was merged (k: into whom) is shown as the one he is part of now.
_NAMES = "coalesce(k.n, u.n) AS customer_n, coalesce(k.name, u.name) AS customer_name, u.kept_id"
_JOINS = """LEFT JOIN customer u ON u.id = c.customer_id LEFT JOIN customer k ON k.id = u.kept_id
    LEFT JOIN conversation_rating a ON a.conversation_id = c.id"""


Select = Callable[[Caller, Args, str, str], str]
"""The statement of a page: for whom, its arguments so far, its condition, its order."""


async def page_of(
    reads: Reads, caller: Caller, wanted: Filter, select: Select, *, cursor: str | None, limit: int
) -> tuple[list[Row], str | None]:
    """The rows of a page and the cursor of the next; a deep page costs what the first one costs."""
    args = Args()
    where = [visible_to(caller, args), *conditions(wanted, caller, args)]
    if wanted.by_waiting and wanted.customer_id is None and wanted.ticket_id is None:
        where.append("c.state <> 'closed'")  # known already, but SQLite finds the index in this order only if it is told
    key, direction, beyond = ("waiting_since", "ASC", ">") if wanted.by_waiting else ("last_message_at", "DESC", "<")
    if cursor:
        at, n = _read_place(cursor)
        where.append(f"(c.{key}, c.n) {beyond} ({args.add(at)}, {args.add(n)})")
    order = f"ORDER BY c.{key} {direction}, c.n {direction} LIMIT {args.add(limit + 1)}"
    rows = await reads.fetch(select(caller, args, " AND ".join(where), order), *args)
    page = rows[:limit]
    return page, write_cursor((page[-1][key], page[-1]["n"])) if len(rows) > limit else None


def _read_place(cursor: str) -> tuple[datetime, int]:
    at, n = read_cursor(cursor, _Key)
    try:
        return at.astimezone(UTC), n
    except OverflowError as error:
        raise BadCursor("this is no cursor of this list") from error


async def listed(
    reads: Reads, caller: Caller, wanted: Filter, *, cursor: str | None, limit: int
) -> tuple[list[ConversationView], str | None]:
    """A page of conversations as values, and the cursor of the next."""
    rows, following = await page_of(reads, caller, wanted, _statement, cursor=cursor, limit=limit)
    return await _views(reads, rows), following


async def view(reads: Reads, id: ConversationId, caller: Caller) -> ConversationView:
    """One conversation as the caller sees it. Raises `NoSuchConversation`."""
    args = Args([id])
    rows = await reads.fetch(_statement(caller, args, f"c.id = $1 AND {visible_to(caller, args)}"), *args)
    if not rows:
        raise NoSuchConversation()
    return (await _views(reads, rows))[0]


async def views_by_id(reads: Reads, ids: set[UUID], caller: Caller) -> dict[UUID, ConversationView]:
    """Conversations whose sight was checked, by id."""
    args = Args([sorted(ids)])
    rows = await reads.fetch(_statement(caller, args, "c.id = ANY($1::uuid[])"), *args) if ids else []
    return {view.id: view for view in await _views(reads, rows)}


async def shared_views(reads: Reads, ids: set[UUID], caller: Caller) -> dict[UUID, ConversationView]:
    """Those of the conversations that the caller sees, by id, with nothing that is a user's own."""
    args = Args([sorted(ids)])
    where = f"c.id = ANY($1::uuid[]) AND {visible_to(caller, args)}"
    rows = await reads.fetch(_select(where), *args)
    return {view.id: view for view in await _views(reads, rows)}


async def ids_of(reads: Reads, caller: Caller, wanted: Filter, *, limit: int) -> list[ConversationId]:
    """The ids of what a filter finds, in no order."""
    args = Args()
    read = f"LEFT JOIN conversation_read r ON r.conversation_id = c.id AND r.user_id = {args.add(caller.user_id)}"
    where = " AND ".join([visible_to(caller, args), *conditions(wanted, caller, args)])
    rows = await reads.fetch(f"SELECT c.id FROM conversation c {read} WHERE {where} LIMIT {args.add(limit)}", *args)
    return [row["id"] for row in rows]


def _select(where: str, order: str = "") -> str:
    return f"SELECT {_COLUMNS}, {_DUE}, {_RATING}, {_NAMES} FROM conversation c {_JOINS} WHERE {where} {order}"


def _statement(caller: Caller, args: Args, where: str, order: str = "") -> str:
    if caller.user_id is None:  # a token has read nothing and writes nothing
        return _select(where, order)
    user = args.add(caller.user_id)
    return f"""
        SELECT {_COLUMNS}, {_DUE}, {_RATING}, {_NAMES}, coalesce(r.read_n, 0) AS read_n,
            c.id IN ({DRAFTED.format(user=user)}) AS draft, r.mentioned_n
        FROM conversation c {_JOINS} LEFT JOIN conversation_read r ON r.conversation_id = c.id AND r.user_id = {user}
        WHERE {where} {order}
    """


async def _views(reads: Reads, rows: Sequence[Row]) -> list[ConversationView]:
    fitting = await candidates_of(reads, [row["candidates"] for row in rows])
    return [_view(row, candidates) for row, candidates in zip(rows, fitting, strict=True)]


def _view(row: Row, candidates: int) -> ConversationView:
    read_n = row.get("read_n")
    stars = row["stars"]
    customer_id = row["kept_id"] or row["customer_id"]
    customer = None if row["customer_n"] is None else brief(customer_id, row["customer_n"], row["customer_name"])
    same: dict[str, Any] = {name: row[name] for name in _SAME}
    return ConversationView(
        **same,
        number=row["n"],
        customer=customer,
        contact=customer.name if customer else (row["participants"] or ("",))[0],
        candidates=candidates,
        response_due_at=as_time(row["due_at"]),
        unread=read_n is not None and row["last_in_n"] > read_n,
        draft=bool(row.get("draft")),
        mentioned=(row.get("mentioned_n") or 0) > 0,
        rating=None if stars is None else RatingView(stars=stars, comment=row["comment"], at=row["rated_at"]),
    )


_SAME = tuple(name for name in _PLAIN if name in ConversationView.__struct_fields__ and name != "candidates")
