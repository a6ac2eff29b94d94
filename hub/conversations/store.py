"""Writing conversations and messages, many at a time: one statement a table, inside the caller's transaction."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from hub.conversations.lifecycle import Conversation, Priority, State, WaitingFor
from hub.conversations.values import AttachmentView, MessageView, Party
from hub.db import Row, Work
from hub.ids import AccountId, ConversationId, JournalId, MessageId, UserId
from hub.messages.address import ChannelKind
from hub.messages.content import Direction, MessageKind
from hub.messages.grams import document
from hub.messages.states import DeliveryState


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMessage:
    """A message about to be stored. `own_keys`: by which later messages will refer to it."""

    id: MessageId
    conversation_id: ConversationId
    channel: ChannelKind
    account_id: AccountId | None
    direction: Direction
    kind: MessageKind
    sender: Party
    to: tuple[Party, ...] = ()
    cc: tuple[Party, ...] = ()
    bcc: tuple[Party, ...] = ()
    subject: str = ""
    text: str = ""
    reply_text: str = ""
    html: str | None = None
    attachments: tuple[AttachmentView, ...] = ()
    notices: tuple[str, ...] = ()
    extra: dict[str, Any] = field(default_factory=dict)
    client_key: UUID | None = None
    client_digest: str | None = None
    journal_id: JournalId | None = None
    status: DeliveryState | None = None
    sent_at: datetime | None = None
    created_at: datetime
    own_keys: tuple[str, ...] = ()
    send_at: datetime | None = None
    undo_until: datetime | None = None


_COLUMNS = {
    "id": "uuid", "state": "text", "waiting_for": "text", "waiting_since": "timestamptz", "priority": "text", "subject": "text",
    "channel": "text", "channels": "jsonb", "account_id": "uuid", "queue_id": "uuid", "assignee_id": "uuid", "visitor_id": "uuid",
    "customer_id": "uuid", "candidates": "jsonb", "participants": "jsonb", "follows_id": "uuid", "link_reason": "text",
    "snoozed_until": "timestamptz", "preview": "text", "last_direction": "text", "last_in_n": "bigint", "last_message_at": "timestamptz",
    "closed_at": "timestamptz", "created_at": "timestamptz", "updated_at": "timestamptz", "version": "integer",
    "rev": "bigint", "tags": "jsonb", "ticket_ids": "jsonb", "snooze_reason": "text", "woken": "text", "merged_into": "uuid",
}  # fmt: skip
_CLOCK = ("response_due_at", "clock_since", "clock_queue_id")  # read with a conversation, written by `waits` alone
_ENUMS = {"state": State, "waiting_for": WaitingFor, "priority": Priority, "channel": ChannelKind}
_TUPLES = frozenset({"channels", "candidates", "participants", "tags", "ticket_ids"})


def conversation_of(row: Row) -> Conversation:
    """A conversation from its row."""
    values = {name: row[name] for name in (*_COLUMNS, *_CLOCK, "n")}
    for name, kind in _ENUMS.items():
        values[name] = kind(values[name])
    for name in _TUPLES:
        values[name] = tuple(values[name])
    return Conversation(**values)


def _values(conversation: Conversation) -> tuple[Any, ...]:
    return tuple(list(v) if isinstance(v := getattr(conversation, name), tuple) else v for name in _COLUMNS)


# Beside those named, of each visitor the one a new message belongs to: the newest that is not closed, else the newest.
_OF_VISITOR = """
SELECT o.id FROM conversation o WHERE o.visitor_id = {visitor} ORDER BY CASE o.state WHEN 'closed' THEN 1 ELSE 0 END, o.n DESC LIMIT 1"""
_LOCK_POSTGRES = f"""
SELECT * FROM conversation WHERE id = ANY(ARRAY(
    SELECT unnest($1::uuid[]) UNION ALL SELECT ({_OF_VISITOR.format(visitor="v.id")}) FROM unnest($2::uuid[]) AS v (id)
)) ORDER BY id FOR UPDATE"""
_LOCK_SQLITE = f"""
SELECT * FROM conversation WHERE id IN (
    SELECT value FROM json_each($1) UNION ALL SELECT ({_OF_VISITOR.format(visitor="v.value")}) FROM json_each($2) AS v
) ORDER BY id"""


async def lock_conversations(
    work: Work, ids: Iterable[ConversationId], *, visitors: Iterable[UUID] = ()
) -> dict[ConversationId, Conversation]:
    """The conversations, locked until the transaction ends; always in the order of their ids, so that two batches never wait for each other.

    `visitors`: the one each of them would go on with, too. Their `rev` is the one under which they will be saved, and which
    events announced in this transaction carry.
    """
    wanted, of = sorted(set(ids)), sorted(set(visitors))
    if not wanted and not of:
        return {}
    rows = await work.fetch(work.sql(sqlite=_LOCK_SQLITE, postgres=_LOCK_POSTGRES), wanted, of)
    locked = map(conversation_of, rows)
    return {one.id: replace(one, rev=one.rev + 1) for one in locked}


async def insert_conversations(work: Work, conversations: Sequence[Conversation]) -> dict[ConversationId, int]:
    """Store new ones; their numbers by id."""
    if not conversations:
        return {}
    rows = await work.insert_returning("conversation", _COLUMNS, [_values(c) for c in conversations], suffix="RETURNING id, n")
    return {row["id"]: row["n"] for row in rows}


_CHANGING = tuple(name for name in _COLUMNS if name not in ("id", "created_at", "follows_id"))
_UPDATE = "UPDATE conversation SET " + ", ".join(f"{name} = ${i}" for i, name in enumerate(_CHANGING, 2)) + " WHERE id = $1"
_NUMBERED = {"n": "bigint"} | _COLUMNS
_OVERWRITE = "ON CONFLICT (id) DO UPDATE SET " + ", ".join(f"{name} = excluded.{name}" for name in _CHANGING)


async def save_conversations(work: Work, conversations: Sequence[Conversation]) -> None:
    """Write back what `lock_conversations` gave, changed."""
    if not conversations:
        return
    if work.dialect == "postgres":  # goes with the next statement, however many there are
        await work.insert_many("conversation", _NUMBERED, [(c.n, *_values(c)) for c in conversations], suffix=_OVERWRITE)
        return
    names = list(_COLUMNS)
    places = [names.index(name) for name in _CHANGING]
    rows = []
    for conversation in conversations:
        values = _values(conversation)
        rows.append((conversation.id, *(values[place] for place in places)))
    await work.execute_many(_UPDATE, rows)


_MESSAGE_COLUMNS = {
    "id": "uuid", "conversation_id": "uuid", "channel": "text", "account_id": "uuid", "direction": "text", "kind": "text",
    "from_kind": "text", "from_value": "text", "from_name": "text", "author_id": "uuid", "recipients": "jsonb", "subject": "text",
    "text": "text", "reply_text": "text", "has_html": "boolean", "attachments": "jsonb", "notices": "jsonb", "extra": "jsonb",
    "client_key": "uuid", "client_digest": "text", "journal_id": "uuid", "status": "text", "status_detail": "text",
    "sent_at": "timestamptz", "created_at": "timestamptz", "send_at": "timestamptz", "undo_until": "timestamptz",
}  # fmt: skip


def _message_values(message: NewMessage) -> tuple[Any, ...]:
    sender = message.sender
    return (
        message.id, message.conversation_id, message.channel.value, message.account_id, message.direction.value, message.kind.value,
        sender.kind.value if sender.kind else None, sender.address[:330] or None, sender.name[:300], sender.user_id,
        _recipients(message), message.subject, message.text, message.reply_text, message.html is not None,
        msgspec.to_builtins(message.attachments), list(message.notices), message.extra, message.client_key, message.client_digest,
        message.journal_id, message.status.value if message.status else None, "", message.sent_at, message.created_at,
        message.send_at, message.undo_until,
    )  # fmt: skip


def _recipients(message: NewMessage) -> dict[str, Any]:
    named = {"to": message.to, "cc": message.cc, "bcc": message.bcc}
    return {role: msgspec.to_builtins(parties) for role, parties in named.items() if parties}


async def insert_messages(work: Work, messages: Sequence[NewMessage]) -> dict[MessageId, int]:
    """Store messages with their search words, HTML and keys; their numbers by id."""
    if not messages:
        return {}
    columns, rows = _MESSAGE_COLUMNS, [_message_values(m) for m in messages]
    words = [document(_searchable(m), work.dialect) for m in messages]
    if work.dialect == "postgres":
        columns = {**columns, "grams": "tsvector"}
        rows = [(*row, text) for row, text in zip(rows, words, strict=True)]
    stored = await work.insert_returning("message", columns, rows, suffix="RETURNING id, n")
    numbers = {row["id"]: row["n"] for row in stored}
    if work.dialect == "sqlite":
        grams = [(numbers[m.id], text) for m, text in zip(messages, words, strict=True) if text]
        await work.execute_many("INSERT INTO message_grams (rowid, grams) VALUES ($1, $2)", grams)
    await _insert_html(work, messages)
    await insert_thread_keys(work, messages)
    return numbers


def _searchable(message: NewMessage) -> str:
    if message.direction is Direction.EVENT:
        return ""
    return searchable(message.subject, message.reply_text or message.text, message.sender, message.attachments)


def searchable(subject: str, text: str, sender: Party, attachments: Iterable[AttachmentView]) -> str:
    """By what a message is found."""
    return f"{subject}\n{text}\n{sender.name} {sender.address}\n{' '.join(file.filename for file in attachments)}"


def remote_images(html: str) -> int:
    """How many pictures of it would be fetched from elsewhere."""
    return html.count("data-remote-src=")


_KEY_COLUMNS = {"account_id": "uuid", "key": "text", "conversation_id": "uuid", "message_id": "uuid", "created_at": "timestamptz"}


async def _insert_html(work: Work, messages: Sequence[NewMessage]) -> None:
    rows = [(m.id, m.html, remote_images(m.html)) for m in messages if m.html is not None]
    if rows:
        await work.insert_many("message_html", {"message_id": "uuid", "html": "text", "remote_images": "integer"}, rows)


async def insert_thread_keys(work: Work, messages: Sequence[NewMessage]) -> None:
    """By which keys each message will be referred to."""
    rows = [
        (m.account_id, key[:500], m.conversation_id, m.id, m.created_at)
        for m in messages
        if m.account_id is not None
        for key in m.own_keys
    ]
    if rows:
        await work.insert_many("thread_key", _KEY_COLUMNS, rows)


async def renumber_message(work: Work, id: MessageId, *, status: DeliveryState, at: datetime) -> None:
    """A held message leaves: it stands after whatever was said while it waited."""
    sql = "UPDATE message SET n = {n}, created_at = $2, status = $3, send_at = NULL, undo_until = NULL WHERE id = $1 RETURNING n"
    if work.dialect == "postgres":
        await work.execute(sql.format(n="nextval(pg_get_serial_sequence('message', 'n')), xid = DEFAULT"), id, at, status.value)
        return
    before = await work.fetch_one("SELECT n FROM message WHERE id = $1", id)
    after = await work.fetch_one(
        sql.format(n="(SELECT seq + 1 FROM sqlite_sequence WHERE name = 'message')"), id, at, status.value
    )
    assert before is not None
    assert after is not None
    await work.execute("UPDATE sqlite_sequence SET seq = $1 WHERE name = 'message'", after["n"])
    await work.execute("UPDATE message_grams SET rowid = $2 WHERE rowid = $1", before["n"], after["n"])


async def delete_message(work: Work, id: MessageId) -> None:
    """A message that never left, with all that hangs on it."""
    if work.dialect == "sqlite":
        await work.execute("DELETE FROM message_grams WHERE rowid = (SELECT n FROM message WHERE id = $1)", id)
    for table in ("message_html", "thread_key", "moved_message"):
        await work.execute(f"DELETE FROM {table} WHERE message_id = $1", id)
    await work.execute("DELETE FROM message WHERE id = $1", id)


def view_of(message: NewMessage, n: int) -> MessageView:
    """The message as people see it, just stored."""
    return MessageView(
        id=message.id,
        n=n,
        conversation_id=message.conversation_id,
        channel=message.channel,
        account_id=message.account_id,
        direction=message.direction,
        kind=message.kind,
        from_=message.sender,
        to=message.to,
        cc=message.cc,
        subject=message.subject,
        text=message.text,
        reply_text=message.reply_text,
        has_html=message.html is not None,
        attachments=message.attachments,
        status=message.status,
        status_detail="",
        failure=None,
        notices=message.notices,
        extra=message.extra,
        author_id=message.sender.user_id,
        client_key=message.client_key,
        journal_id=message.journal_id,
        created_at=message.created_at,
        send_at=message.send_at,
        undo_until=message.undo_until,
    )


async def remember_keys(work: Work, id: MessageId, keys: Iterable[str], at: datetime) -> None:
    """By what answers will refer to a message, as known once it was sent; told twice is kept once."""
    await work.execute_many(
        """
        INSERT INTO thread_key (account_id, key, conversation_id, message_id, created_at)
        SELECT m.account_id, $2::text, m.conversation_id, m.id, $3::timestamptz FROM message m WHERE m.id = $1
        AND NOT EXISTS (SELECT 1 FROM thread_key k WHERE k.message_id = m.id AND k.key = $2::text)
        """,
        [(id, key[:500], at) for key in sorted(set(keys))],
    )


def content_digest(*parts: Any) -> str:
    """What a client key stands for: the same key with another digest is a mistake of the client's, not a repeat."""
    return hashlib.sha256(msgspec.json.encode(parts)).hexdigest()


async def find_by_client_key(work: Work, author_id: UserId | None, client_key: UUID | None) -> Row | None:
    """The message this author stored under this key before, if any."""
    if author_id is None or client_key is None:
        return None
    return await work.fetch_one("SELECT * FROM message WHERE author_id = $1 AND client_key = $2", author_id, client_key)
