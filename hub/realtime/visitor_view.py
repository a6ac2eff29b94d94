"""Conversations as a visitor may see them: what was said over the widget, both ways, and nothing else."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from hub.db import Database, LoggedEvent, Row
from hub.errors import NotFound
from hub.ids import ConversationId, MessageId, VisitorId
from hub.messages.address import ChannelKind
from hub.messages.content import Direction
from hub.realtime.ports import FileUrl

_SHOWN = (Direction.IN, Direction.OUT)
_FILE = ("id", "filename", "content_type", "size")

_COLUMNS = """m.id, m.n, m.conversation_id, m.channel, m.client_key, m.direction, m.text, m.from_name, m.attachments, m.status,
    m.created_at"""
_HISTORY = f"""
SELECT {_COLUMNS} FROM message m JOIN conversation c ON c.id = m.conversation_id
WHERE c.visitor_id = $1 AND m.channel = 'webchat' AND m.direction IN ('in', 'out') AND m.n < $2
AND m.send_at IS NULL AND m.undo_until IS NULL
ORDER BY m.n DESC LIMIT $3"""
_MESSAGE = f"SELECT {_COLUMNS} FROM message m WHERE m.id = $1"
_CURRENT = """
SELECT c.id, c.state, c.queue_id, c.assignee_id, u.display_name AS agent, r.stars FROM conversation c
LEFT JOIN auth_user u ON u.id = c.assignee_id LEFT JOIN conversation_rating r ON r.conversation_id = c.id
WHERE c.visitor_id = $1 AND c.merged_into IS NULL ORDER BY CASE c.state WHEN 'closed' THEN 1 ELSE 0 END, c.n DESC LIMIT 1"""
# Those who wait longer in the same queue, of the same or a higher priority; the whole line is looked at only as far as it counts.
_AHEAD = """
SELECT count(*) AS ahead FROM conversation o JOIN conversation c ON c.id = $1
WHERE c.state = 'open' AND c.waiting_for = 'us' AND c.assignee_id IS NULL
AND o.state = 'open' AND o.waiting_for = 'us' AND o.assignee_id IS NULL
AND (o.queue_id = c.queue_id OR (o.queue_id IS NULL AND c.queue_id IS NULL)) AND (o.waiting_since, o.n) <= (c.waiting_since, c.n)"""

_LAST = 2**53


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """The conversation a visitor is in."""

    id: UUID
    state: str
    queue_id: UUID | None
    assignee_id: UUID | None
    agent: str | None = None  # whose it is, by name
    stars: int | None = None  # as the visitor rated it

    def shown(self) -> dict[str, Any]:
        """What the visitor learns of it."""
        return {"id": self.id, "state": self.state, "assigned": self.assignee_id is not None, "stars": self.stars}


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """Some messages, oldest first, and whether older ones exist."""

    messages: list[dict[str, Any]]
    has_more: bool


class VisitorView:
    """Reads for visitors; `file_url` signs the addresses of attachments."""

    def __init__(self, db: Database, file_url: FileUrl) -> None:
        self._db, self._file_url = db, file_url

    async def history(self, visitor_id: VisitorId, *, before: int | None = None, limit: int = 50) -> Past:
        """The newest messages with a number below `before`."""
        rows = await self._db.fetch(_HISTORY, visitor_id, _LAST if before is None else before, limit + 1)
        shown = [self.shown(_of_row(row)) for row in rows[:limit]]
        return Past(messages=shown[::-1], has_more=len(rows) > limit)

    async def message(self, message_id: MessageId) -> dict[str, Any] | None:
        """One message."""
        row = await self._db.fetch_one(_MESSAGE, message_id)
        return self.shown(_of_row(row)) if row is not None else None

    async def talk(self, visitor_id: VisitorId) -> Talk | None:
        """The conversation a visitor's next message belongs to: the newest that is not closed, else the newest."""
        row = await self._db.fetch_one(_CURRENT, visitor_id)
        return None if row is None else Talk(**dict(row.items()))

    async def talk_of_visitor(self, conversation_id: UUID, visitor_id: VisitorId) -> ConversationId:
        """A conversation that is this visitor's; raises `NotFound`."""
        own = "SELECT id FROM conversation WHERE id = $1 AND visitor_id = $2"
        if await self._db.fetch_one(own, conversation_id, visitor_id) is None:
            raise NotFound("there is no such conversation")
        return ConversationId(conversation_id)

    async def place(self, conversation_id: UUID) -> int | None:
        """Where a conversation stands among those that wait in its queue, from 1; None where it waits for nobody."""
        row = await self._db.fetch_one(_AHEAD, conversation_id)
        return (row["ahead"] or None) if row is not None else None

    async def read_by_us(self, conversation_id: UUID) -> int:
        """The number of the last message that anybody of ours has seen; 0 for none."""
        row = await self._db.fetch_one(
            "SELECT max(read_n) AS n FROM conversation_read WHERE conversation_id = $1", conversation_id
        )
        return (row["n"] or 0) if row is not None else 0

    def told(self, event: LoggedEvent) -> Iterable[tuple[str, dict[str, Any]]]:
        """What a visitor is told of an event of a conversation of theirs: type and data."""
        match event.type:
            case "message.added" if is_shown(event.data["message"]):
                yield "message.added", self.shown(event.data["message"])
            case "message.changed":
                data = event.data
                yield "message.changed", {"id": data["message_id"], "n": data["n"], "status": data["status"]}
            case "conversation.created" | "conversation.changed" | "conversation.moved":
                talk = event.data["conversation"]
                yield "conversation.changed", _talk_told(talk)
            case _:
                return

    def shown(self, view: Mapping[str, Any]) -> dict[str, Any]:
        """A message as events carry it, as the visitor sees it."""
        is_ours = view["direction"] == Direction.OUT
        files = [{**{name: file[name] for name in _FILE}, "url": self._file_url(file)} for file in view["attachments"]]
        return {
            "id": view["id"],
            "n": view["n"],
            "client_key": view["client_key"],
            "direction": view["direction"],
            "text": view["text"],
            "author": (view["from"]["name"] or None) if is_ours else None,
            "attachments": files,
            "created_at": view["created_at"],
            "status": view["status"],
        }


def is_shown(message: Mapping[str, Any]) -> bool:
    """Notes, happenings and what went over another channel are not a visitor's business."""
    return message["channel"] == ChannelKind.WEBCHAT and message["direction"] in _SHOWN


def talk_of(event: LoggedEvent) -> Talk | None:
    """The conversation an event is about, where it carries one."""
    conversation = event.data.get("conversation")
    if not isinstance(conversation, Mapping) or event.audience.conversation_id is None:
        return None
    return Talk(
        id=event.audience.conversation_id,
        state=conversation["state"],
        queue_id=event.audience.queue_id,
        assignee_id=event.audience.assignee_id,
        stars=_talk_told(conversation)["stars"],
    )


def _talk_told(talk: Mapping[str, Any]) -> dict[str, Any]:
    rating = talk.get("rating")
    return {
        "id": talk["id"],
        "state": talk["state"],
        "assigned": talk.get("assignee_id") is not None,
        "stars": rating["stars"] if rating else None,
    }


def _of_row(row: Row) -> dict[str, Any]:
    view = dict(row.items())
    view["from"] = {"name": view.pop("from_name")}
    return view
