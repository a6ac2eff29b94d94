"""Two conversations become one, or one becomes two; both can be taken back.

The messages move, and it is written down which ones and from where. What was merged stays as an alias: whoever comes by its id,
its thread keys or its visitor is led on to where its messages are.
"""

from collections.abc import Sequence
from dataclasses import replace

import msgspec

from hub import clock
from hub.auth.callers import Caller
from hub.conversations.drafts import carry, carry_back
from hub.conversations.errors import NoSuchMessage, NotMergeable
from hub.conversations.lifecycle import Conversation, State, WaitingFor, close
from hub.conversations.moving import (
    LINKS,
    Kept,
    begin,
    carry_marks,
    copy_links,
    heard,
    joined,
    kept_of,
    last_merge,
    later_merges,
    move_all,
    move_back,
    move_some,
    parted,
    take_links,
    with_links,
)
from hub.conversations.policy import require_sight
from hub.conversations.store import lock_conversations
from hub.conversations.values import ConversationView
from hub.conversations.writing import seen, store
from hub.db import Database, Row, Work
from hub.errors import Invalid
from hub.ids import ConversationId, MessageId


class Merging:
    """Merge, split, and undo."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def merge(self, id: ConversationId, into_id: ConversationId, *, by: Caller) -> ConversationView:
        """Move everything of one into the other, which is returned. Raises `NoSuchConversation`, `Merged`, `NotMergeable`."""
        if id == into_id:
            raise NotMergeable("a conversation cannot be merged into itself")
        async with self._db.unit_of_work() as work:
            await lock_conversations(work, [id, into_id])  # both in one order, before either
            gone, kept = await seen(work, id, by), await seen(work, into_id, by)
            if gone.visitor_id and kept.visitor_id and gone.visitor_id != kept.visitor_id:
                raise NotMergeable("two visitors cannot share one chat")
            added = {what: await copy_links(work, what, gone.id, kept.id) for what in LINKS}
            drafts = await carry(work, gone.id, kept.id)
            await move_all(work, gone, kept, {"from": kept_of(gone), "into": kept_of(kept), "added": added, "drafts": drafts}, by)
            await carry_marks(work, gone, kept)
            alias = replace(close(gone, clock.now()), merged_into=kept.id)
            await store(work, gone, alias, by=by, what={"event": "merged", "into": str(kept.id), "number": kept.n})
            now = await with_links(work, await heard(work, joined(gone, kept)))
            return await store(work, kept, now, by=by, what={"event": "merged", "from": str(gone.id), "number": gone.n})

    async def unmerge(self, id: ConversationId, *, by: Caller) -> ConversationView:
        """Separate again what was merged; returns the conversation that was an alias. Raises `NoSuchConversation`, `NotMergeable`."""
        async with self._db.unit_of_work() as work:
            move = await last_merge(work, id)
            locked = await lock_conversations(work, [id, *([move["into_id"]] if move else [])])
            alias = require_sight(by, locked.get(id))
            if move is None or alias.merged_into != move["into_id"]:
                raise NotMergeable("this conversation was not merged into another")
            kept = require_sight(by, locked.get(move["into_id"]))
            if kept.merged_into is not None:
                raise NotMergeable("it was merged on: undo that first")
            await move_back(work, move)
            return await self._restore(work, alias, kept, move, by)

    async def _restore(self, work: Work, alias: Conversation, kept: Conversation, move: Row, by: Caller) -> ConversationView:
        before = move["before"]
        await take_links(work, move)
        was, other = msgspec.convert(before["into"], Kept), msgspec.convert(before["from"], Kept)
        await carry_back(work, kept.id, alias.id, before.get("drafts", ()))
        others = await later_merges(work, move, was, other)
        left = await with_links(work, parted(await heard(work, kept), was, other, others))
        await store(work, kept, left, by=by, what={"event": "unmerged", "from": str(alias.id), "number": alias.n})
        came = await heard(work, replace(other.put(alias), merged_into=None, version=alias.version + 1, updated_at=clock.now()))
        if came.last_in_n > other.last_in_n:  # something came in for it meanwhile
            came = replace(came, state=State.OPEN, waiting_for=WaitingFor.US, waiting_since=came.last_message_at, closed_at=None,
                           snoozed_until=None, snooze_reason=None)  # fmt: skip
        return await store(work, alias, came, by=by, what={"event": "unmerged", "into": str(kept.id), "number": kept.n})

    async def split(self, id: ConversationId, message_ids: Sequence[MessageId], *, by: Caller) -> ConversationView:
        """Move some messages into a new conversation, which is returned. Raises `NoSuchConversation`, `NoSuchMessage`, `Invalid`."""
        wanted = sorted(set(message_ids))
        async with self._db.unit_of_work() as work:
            before = await seen(work, id, by)
            rows = await work.fetch(
                "SELECT id, n, direction, subject, from_value, channel, account_id, created_at FROM message"
                " WHERE conversation_id = $1 AND id = ANY($2::uuid[]) ORDER BY n",
                *(id, wanted),
            )
            if len(rows) != len(wanted):
                raise NoSuchMessage("not all of these messages are in this conversation")
            stays = await work.fetch_one(
                "SELECT 1 FROM message WHERE conversation_id = $1 AND direction IN ('in', 'out') AND id <> ALL($2::uuid[])",
                id,
                wanted,
            )
            if not rows or stays is None:
                raise Invalid("at least one message goes, and at least one stays", path="message_ids")
            made = await begin(work, before, rows)
            await copy_links(work, "customer", before.id, made.id)
            await move_some(work, before, made, wanted, by)
            left = await heard(work, replace(before, version=before.version + 1, updated_at=clock.now()))
            await store(work, before, left, by=by, what={"event": "split", "into": str(made.id), "number": made.n})
            now = await heard(work, made)
            return await store(work, made, now, by=by, what={"event": "split", "from": str(before.id), "number": before.n})
