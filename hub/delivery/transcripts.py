"""What was said in a chat, by mail, to the visitor who asks for it."""

from collections.abc import Sequence
from dataclasses import replace

from hub.auth.callers import SYSTEM
from hub.db import Database, Row
from hub.delivery.consent import Purpose
from hub.delivery.errors import NothingToSend
from hub.delivery.service import DeliveryService, Send
from hub.errors import Unavailable
from hub.ids import AccountId, ConversationId
from hub.messages.address import Address, AddressKind
from hub.messages.content import Draft, MessageKind

_MOST = 2_000  # messages
_ACCOUNT = """
SELECT a.id FROM account a WHERE a.channel = 'email' AND a.enabled AND a.deleted_at IS NULL
ORDER BY CASE WHEN a.queue_id = $1 THEN 0 ELSE 1 END, a.n LIMIT 1"""
_SAID = """
SELECT direction, from_name, text, attachments, created_at FROM message
WHERE conversation_id = $1 AND channel = 'webchat' AND direction IN ('in', 'out') AND kind = 'message'
AND send_at IS NULL AND undo_until IS NULL ORDER BY n LIMIT $2"""


class Transcripts:
    """Sends them, through an e-mail account of the hub: that of the chat's queue where it has one."""

    def __init__(self, db: Database, delivery: DeliveryService) -> None:
        self._db, self._delivery = db, delivery

    async def send(self, id: ConversationId, *, to: str, site: str, locale: str) -> None:
        """Queue the mail; the chat's own state stays as it is.

        Raises `NothingToSend` while nobody of ours has said anything (nobody can have a stranger written to through us),
        `Refused` where the address is not to be used, `Unavailable` without an e-mail account.
        """
        said = await self._db.fetch(_SAID, id, _MOST)
        if not any(row["direction"] == "out" for row in said):
            raise NothingToSend("nothing was answered yet")
        zh = locale.lower().startswith("zh")
        draft = Draft(
            text=transcript(said, site, zh=zh),
            subject=f"{site}：聊天记录" if zh else f"{site}: your chat",
            to=(Address(kind=AddressKind.EMAIL, value=to),),
        )
        send = Send(
            account_id=await self._account(id),
            draft=draft,
            purpose=Purpose.SERVICE,
            conversation_id=id,
            kind=MessageKind.AUTO_REPLY,
        )
        await self._delivery.send(send, by=replace(SYSTEM, name=site))

    async def _account(self, id: ConversationId) -> AccountId:
        row = await self._db.fetch_one("SELECT queue_id FROM conversation WHERE id = $1", id)
        account = await self._db.fetch_one(_ACCOUNT, row["queue_id"] if row else None)
        if account is None:
            raise Unavailable("there is no e-mail account to send from")
        return AccountId(account["id"])


def transcript(said: Sequence[Row], site: str, *, zh: bool) -> str:
    """Who said what and when (UTC), as plain text."""
    you, intro = ("您", f"您在 {site} 的聊天记录：") if zh else ("You", f"Your chat with {site}:")
    parts = [intro]
    for row in said:
        who = you if row["direction"] == "in" else row["from_name"] or site
        files = "".join(f"\n[{file['filename']}]" for file in row["attachments"])
        parts.append(f"{row['created_at']:%Y-%m-%d %H:%M} UTC · {who}\n{row['text']}{files}".rstrip())
    return "\n\n".join(parts) + "\n"
