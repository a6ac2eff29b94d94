"""Pages of conversations as JSON, each conversation encoded once for everybody and for as long as it stays what it is.

A list is asked for far more often than what stands in it changes. So the statement of a page reads only what says whether the
JSON at hand is still true (the row's `rev`, and what stands in other tables), and what is the caller's own, which is added to it.
"""

from typing import Any
from uuid import UUID

import msgspec

from hub.auth.callers import Caller
from hub.conversations.filters import DRAFTED, Filter
from hub.conversations.listing import page_of, shared_views
from hub.conversations.policy import Args
from hub.conversations.values import ConversationView
from hub.conversations.views import candidates_of
from hub.crm.customers.values import number
from hub.db import Reads, Row, as_time

KEPT = 20_000  # conversations, about 800 bytes each

_COLUMNS = """c.id, c.n, c.rev, c.candidates, c.last_message_at, c.waiting_since, c.last_in_n, coalesce(k.n, u.n) AS customer_n,
    coalesce(k.name, u.name) AS customer_name, a.stars, a.comment,
    CASE WHEN c.state = 'open' AND c.waiting_for = 'us' AND c.clock_since = c.waiting_since AND c.clock_queue_id = c.queue_id
    THEN c.response_due_at END AS due_at"""
_JOINS = """LEFT JOIN customer u ON u.id = c.customer_id LEFT JOIN customer k ON k.id = u.kept_id
    LEFT JOIN conversation_rating a ON a.conversation_id = c.id"""
_OWN = ("unread", "draft", "mentioned")
_ENDS = {
    (unread, draft, mentioned): b"," + msgspec.json.encode(dict(zip(_OWN, (unread, draft, mentioned), strict=True)))[1:]
    for unread in (False, True)
    for draft in (False, True)
    for mentioned in (False, True)
}


class Pages:
    """One for each process that answers lists."""

    def __init__(self) -> None:
        self._kept: dict[UUID, tuple[tuple[Any, ...], bytes]] = {}

    async def listed(
        self, reads: Reads, caller: Caller, wanted: Filter, *, cursor: str | None, limit: int
    ) -> tuple[list[msgspec.Raw], str | None]:
        """A page, each item the JSON of a `ConversationView`, and the cursor of the next."""
        rows, following = await page_of(reads, caller, wanted, _select, cursor=cursor, limit=limit)
        fitting = await candidates_of(reads, [row["candidates"] for row in rows])
        stamps = {row["id"]: _stamp(row, candidates) for row, candidates in zip(rows, fitting, strict=True)}
        unknown = {id for id, stamp in stamps.items() if not self._is_known(id, stamp)}
        fresh = await self._read(reads, unknown, caller) if unknown else {}
        items = []
        for row in rows:
            body = fresh[row["id"]] if row["id"] in fresh else None if row["id"] in unknown else self._kept[row["id"]][1]
            if body is not None:  # else it went out of sight between the two statements
                items.append(msgspec.Raw(body + _ENDS[_own(row)]))
        return items, following

    def _is_known(self, id: UUID, stamp: tuple[Any, ...]) -> bool:
        kept = self._kept.get(id)
        return kept is not None and kept[0] == stamp

    async def _read(self, reads: Reads, ids: set[UUID], caller: Caller) -> dict[UUID, bytes]:
        found = await shared_views(reads, ids, caller)
        fresh = {id: _body(view) for id, view in found.items()}
        for id, view in found.items():
            rating, customer = view.rating, view.customer
            names = (view.rev, view.candidates, view.response_due_at, customer and customer.number, customer and customer.name)
            self._kept.pop(id, None)  # to the end: what is asked for stays
            self._kept[id] = ((*names, rating.stars if rating else None, rating.comment if rating else None), fresh[id])
        while len(self._kept) > KEPT:
            del self._kept[next(iter(self._kept))]
        return fresh


def _select(caller: Caller, args: Args, where: str, order: str) -> str:
    if caller.user_id is None:
        return f"SELECT {_COLUMNS} FROM conversation c {_JOINS} WHERE {where} {order}"
    user = args.add(caller.user_id)
    return f"""
        SELECT {_COLUMNS}, coalesce(r.read_n, 0) AS read_n, r.mentioned_n, c.id IN ({DRAFTED.format(user=user)}) AS draft
        FROM conversation c {_JOINS} LEFT JOIN conversation_read r ON r.conversation_id = c.id AND r.user_id = {user}
        WHERE {where} {order}
    """


def _stamp(row: Row, candidates: int) -> tuple[Any, ...]:
    """What the JSON of a conversation depends on."""
    customer = None if row["customer_n"] is None else number(row["customer_n"])
    return row["rev"], candidates, as_time(row["due_at"]), customer, row["customer_name"], row["stars"], row["comment"]


def _own(row: Row) -> tuple[bool, bool, bool]:
    read_n = row.get("read_n")
    if read_n is None:
        return False, False, False
    return row["last_in_n"] > read_n, bool(row["draft"]), bool(row["mentioned_n"])


def _body(view: ConversationView) -> bytes:
    """The view's JSON up to what is a user's own."""
    fields = {name: getattr(view, name) for name in ConversationView.__struct_fields__ if name not in _OWN}
    return msgspec.json.encode(fields)[:-1]
