"""From the rows of a message to what an adapter is handed."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from hub.conversations.queries import message_of
from hub.conversations.values import MessageView, Party
from hub.db import Database, Row
from hub.delivery.claims import Parcel
from hub.delivery.rich import as_sent
from hub.errors import NotFound
from hub.ids import MessageId
from hub.messages.address import Address, ChannelKind
from hub.messages.content import MessageKind, OutboundMessage, StoredFile

QUOTED_CHARS = 10_000
"""Of what is answered, at most so much goes back."""

ANSWERED_KEPT = 20
"""Message-IDs in References: enough for every client to thread by, few enough for every server."""


class Composer:
    """Reads what the worker is to send. `make_token` names a message to whoever answers it."""

    def __init__(self, db: Database, make_token: Callable[[UUID], str]) -> None:
        self._db = db
        self._make_token = make_token

    async def read(self, ids: Iterable[MessageId]) -> Mapping[MessageId, Row]:
        """What `compose` makes messages of, for many at once."""
        rows = await self._db.fetch(
            "SELECT m.*, h.html FROM message m LEFT JOIN message_html h ON h.message_id = m.id WHERE m.id = ANY($1::uuid[])",
            sorted(set(ids)),
        )
        return {row["id"]: row for row in rows}

    async def compose(self, parcel: Parcel, found: Mapping[MessageId, Row]) -> OutboundMessage:
        """The message, addressed to those of its recipients that the parcel is for. Raises `NotFound`."""
        row = found.get(parcel.message_id)
        if row is None:
            raise NotFound("the message is gone")
        message, deliveries = message_of(row), parcel.deliveries
        return OutboundMessage(
            id=message.id,
            account_id=parcel.account_id,
            conversation_id=message.conversation_id,
            channel=message.channel,
            to=_shown(message.to),
            cc=_shown(message.cc),
            envelope=tuple(dict.fromkeys(d.address for d in deliveries)),
            text=message.text,
            html=as_sent(row["html"]) if row["html"] else None,
            subject=message.subject,
            files=_files(message),
            token=self._make_token(message.id),
            message_ids=await self._answered(message),
            author_name=message.from_.name,
            automatic=message.kind is MessageKind.AUTO_REPLY,
            created_at=message.created_at,
            provider_ids=deliveries[0].provider_ids,
            extra=await self._quote(message),
        )

    async def _quote(self, message: MessageView) -> dict[str, str]:
        """What the addressed people wrote last, as mail quotes it; nothing of anybody else's words. What is passed on stands in the text."""
        if message.channel is not ChannelKind.EMAIL:
            return {}
        if "forwards" in message.extra:
            return {"forwarded": "yes"}
        row = await self._db.fetch_one(
            """
            SELECT reply_text, from_name, from_value, created_at FROM message
            WHERE conversation_id = $1 AND channel = 'email' AND direction = 'in' AND kind = 'message' AND n < $2
            AND from_value = ANY($3::text[]) ORDER BY n DESC LIMIT 1
            """,
            message.conversation_id,
            message.n,
            [party.address for party in (*message.to, *message.cc)],
        )
        if row is None or not row["reply_text"].strip():
            return {}
        who = row["from_name"] or row["from_value"]
        return {"quote": row["reply_text"][:QUOTED_CHARS], "quote_intro": quote_intro(row["reply_text"], who, row["created_at"])}

    async def _answered(self, message: MessageView) -> tuple[str, ...]:
        """Message-IDs of what was said before in the conversation, on this account, oldest first; mail alone has any."""
        if message.channel is not ChannelKind.EMAIL:
            return ()
        rows = await self._db.fetch(
            """
            SELECT k.key FROM message m JOIN thread_key k ON k.message_id = m.id
            WHERE m.conversation_id = $1 AND k.account_id = $2 AND k.key LIKE '<%' AND m.n < $3 ORDER BY m.n DESC, k.n DESC LIMIT $4
            """,
            message.conversation_id,
            message.account_id,
            message.n,
            ANSWERED_KEPT,
        )
        return tuple(row["key"] for row in reversed(rows))


def quote_intro(quoted: str, who: str, at: datetime) -> str:
    """The line above a quotation, in the language of what is quoted; in a form that mail programs fold."""
    if any("\u4e00" <= character <= "\u9fff" for character in quoted):
        return f"在 {at:%Y-%m-%d %H:%M} UTC，{who} 写道："
    return f"On {at:%Y-%m-%d at %H:%M} UTC, {who} wrote:"


def _shown(parties: Sequence[Party]) -> tuple[Address, ...]:
    return tuple(Address(kind=p.kind, value=p.address, name=p.name) for p in parties if p.kind is not None)


def _files(message: MessageView) -> tuple[StoredFile, ...]:
    return tuple(
        StoredFile(
            filename=a.filename,
            content_type=a.content_type,
            size=a.size,
            sha256=a.sha256,
            content_id=a.content_id,
            inline=a.inline,
        )
        for a in message.attachments
    )
