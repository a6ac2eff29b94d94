"""Tags: words that conversations are marked with."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

import msgspec

from hub import clock
from hub.auth import audit
from hub.auth.callers import Caller
from hub.conversations.errors import NoSuchTag, TagNameTaken
from hub.conversations.filters import tag_key
from hub.conversations.lifecycle import Conversation
from hub.conversations.store import lock_conversations
from hub.conversations.values import ConversationView
from hub.conversations.writing import as_it_is, seen, store
from hub.db import Audience, Database, Event, Reads, UniqueViolation, Work
from hub.errors import Invalid
from hub.ids import ConversationId, new_id
from hub.messages.jobs import RETAG
from hub.messages.plain import line

_BATCH = 100


class Tag(msgspec.Struct, frozen=True, kw_only=True):
    """A word, and the colour it is shown in."""

    id: UUID
    name: str
    colour: str


class Tags:
    """Verbs on tags."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def listed(self) -> list[Tag]:
        """All tags, by name."""
        rows = await self._db.fetch("SELECT id, name, colour FROM tag WHERE removed_at IS NULL ORDER BY name_key")
        return [Tag(id=row["id"], name=row["name"], colour=row["colour"]) for row in rows]

    async def add(self, name: str, colour: str, *, by: Caller) -> Tag:
        """Make a tag. Raises `TagNameTaken`."""
        tag = Tag(id=new_id(), name=_name(name), colour=colour)
        try:
            async with self._db.unit_of_work() as work:
                sql = "INSERT INTO tag (id, name, name_key, colour) VALUES ($1, $2, $3, $4)"
                await work.execute(sql, tag.id, tag.name, tag_key(tag.name), tag.colour)
                await self._note(work, "add", tag, by)
        except UniqueViolation as error:
            raise TagNameTaken("there is a tag of this name already") from error
        return tag

    async def change(self, id: UUID, *, name: str | None, colour: str | None, by: Caller) -> Tag:
        """Rename or recolour; conversations get the new name soon after. Raises `NoSuchTag`, `TagNameTaken`."""
        try:
            async with self._db.unit_of_work() as work:
                before = await _get(work, id)
                after = Tag(id=id, name=_name(name) if name else before.name, colour=colour or before.colour)
                sql = "UPDATE tag SET name = $2, name_key = $3, colour = $4 WHERE id = $1"
                await work.execute(sql, id, after.name, tag_key(after.name), after.colour)
                if after.name != before.name:
                    work.enqueue(RETAG, tag_id=id, beyond=0)
                await self._note(work, "change", after, by)
        except UniqueViolation as error:
            raise TagNameTaken("there is a tag of this name already") from error
        return after

    async def remove(self, id: UUID, *, by: Caller) -> None:
        """Delete a tag; it disappears from its conversations soon after. Raises `NoSuchTag`."""
        async with self._db.unit_of_work() as work:
            before = await _get(work, id)
            await work.execute("UPDATE tag SET removed_at = $2, name_key = $3 WHERE id = $1", id, clock.now(), str(id))
            work.enqueue(RETAG, tag_id=id, beyond=0)
            await self._note(work, "remove", before, by)

    async def retag(self, id: UUID, beyond: int) -> None:
        """Write the names of their tags into the next of a tag's conversations after link number `beyond` (a job)."""
        async with self._db.unit_of_work() as work:
            sql = "SELECT n, conversation_id FROM conversation_tag WHERE tag_id = $1 AND n > $2 ORDER BY n LIMIT $3"
            rows = await work.fetch(sql, id, beyond, _BATCH)
            locked = await lock_conversations(work, [row["conversation_id"] for row in rows])
            names = await _names_of(work, list(locked))
            for conversation in locked.values():
                await store(work, conversation, replace(conversation, tags=names.get(conversation.id, ())), by=None)
            if rows:
                work.enqueue(RETAG, tag_id=id, beyond=rows[-1]["n"])
            elif await work.fetch_one("SELECT 1 FROM tag WHERE id = $1 AND removed_at IS NOT NULL", id) is not None:
                await work.execute("DELETE FROM conversation_tag WHERE tag_id = $1", id)
                await work.execute("DELETE FROM tag WHERE id = $1", id)

    async def put(self, id: ConversationId, name: str, *, by: Caller) -> ConversationView:
        """Mark a conversation. Raises `NoSuchConversation`, `NoSuchTag`."""
        async with self._db.unit_of_work() as work:
            before = await seen(work, id, by)
            now = await tagged(work, before, name)
            return await _store(work, before, now, by)

    async def take(self, id: ConversationId, name: str, *, by: Caller) -> ConversationView:
        """Take the mark away again."""
        async with self._db.unit_of_work() as work:
            before = await seen(work, id, by)
            now = await untagged(work, before, name)
            return await _store(work, before, now, by)

    async def _note(self, work: Work, verb: str, tag: Tag, by: Caller) -> None:
        await audit.record(work, by, f"tag.{verb}", subject=("tag", tag.id), detail={"name": tag.name, "colour": tag.colour})
        work.announce(Event(type="tag.changed", data={"tag_id": tag.id}, audience=Audience()))


async def _names_of(work: Work, ids: Sequence[ConversationId]) -> dict[ConversationId, tuple[str, ...]]:
    """The tags of each, as the tables have them: whatever was renamed or removed meanwhile."""
    rows = await work.fetch(
        "SELECT l.conversation_id, t.name FROM conversation_tag l JOIN tag t ON t.id = l.tag_id"
        " WHERE l.conversation_id = ANY($1::uuid[]) AND t.removed_at IS NULL",
        list(ids),
    )
    names: dict[ConversationId, list[str]] = {}
    for row in rows:
        names.setdefault(row["conversation_id"], []).append(row["name"])
    return {id: tuple(sorted(tags, key=str.casefold)) for id, tags in names.items()}


async def tagged(work: Work, before: Conversation, name: str) -> Conversation:
    """A locked conversation with one tag more, its link written; to be saved by the caller. Raises `NoSuchTag`."""
    tag = await named(work, name)
    added = await work.execute(
        "INSERT INTO conversation_tag (conversation_id, tag_id) VALUES ($1, $2) ON CONFLICT (conversation_id, tag_id) DO NOTHING",
        before.id,
        tag.id,
    )
    return _with_tags(before, (*before.tags, tag.name)) if added else before


async def untagged(work: Work, before: Conversation, name: str) -> Conversation:
    """A locked conversation with one tag less."""
    key = tag_key(name)
    gone = await work.execute(
        "DELETE FROM conversation_tag WHERE conversation_id = $1 AND tag_id IN (SELECT id FROM tag WHERE name_key = $2)",
        before.id,
        key,
    )
    return _with_tags(before, tuple(one for one in before.tags if tag_key(one) != key)) if gone else before


async def named(reads: Reads, name: str) -> Tag:
    """A tag by its name. Raises `NoSuchTag`."""
    row = await reads.fetch_one("SELECT id, name, colour FROM tag WHERE name_key = $1", tag_key(name))
    if row is None:
        raise NoSuchTag("there is no tag of this name")
    return Tag(id=row["id"], name=row["name"], colour=row["colour"])


def _with_tags(before: Conversation, tags: tuple[str, ...]) -> Conversation:
    in_order = tuple(sorted(dict.fromkeys(tags), key=str.casefold))
    return replace(before, tags=in_order, updated_at=clock.now(), version=before.version + 1)


async def _store(work: Work, before: Conversation, now: Conversation, by: Caller) -> ConversationView:
    if now == before:
        return await as_it_is(work, before)
    return await store(work, before, now, by=by)


async def _get(work: Work, id: UUID) -> Tag:
    row = await work.fetch_one("SELECT id, name, colour FROM tag WHERE id = $1 AND removed_at IS NULL", id)
    if row is None:
        raise NoSuchTag("there is no such tag")
    return Tag(id=row["id"], name=row["name"], colour=row["colour"])


def _name(text: str) -> str:
    name = " ".join(line(text, 50).split())
    if not name:
        raise Invalid("a tag needs a name", path="name")
    return name
