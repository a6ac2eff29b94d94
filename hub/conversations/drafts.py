"""What users are writing, kept on the server: one draft a user, conversation and mode.

The revision counts every change, also sending it and throwing it away, so that a page that was left open notices that it is behind.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from hub import clock
from hub.auth.callers import Caller
from hub.conversations import queries
from hub.conversations.errors import Merged, NoSuchDraft
from hub.conversations.uploads import Upload, uploads_of
from hub.db import Audience, Database, Event, Reads, Row, Work
from hub.errors import Stale
from hub.ids import AccountId, ConversationId, MessageId, UserId, new_id
from hub.messages.address import AddressKind

Mode = Literal["reply", "note"]

FILES_KEPT = timedelta(days=30)
"""How long the files of a draft wait for it to be sent, from its last change on."""


class DraftParty(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody as typed so far: need not be an address yet."""

    address: Annotated[str, Meta(max_length=330)] = ""
    kind: AddressKind = AddressKind.EMAIL
    name: Annotated[str, Meta(max_length=300)] = ""


Parties = Annotated[tuple[DraftParty, ...], Meta(max_length=100)]


class DraftContent(msgspec.Struct, frozen=True, kw_only=True):
    """What is written so far, under the names that sending takes."""

    text: Annotated[str, Meta(max_length=100_000)] = ""
    html: Annotated[str, Meta(max_length=400_000)] | None = None
    subject: Annotated[str, Meta(max_length=500)] | None = None
    account_id: AccountId | None = None
    to: Parties = ()
    cc: Parties = ()
    bcc: Parties = ()
    attachment_ids: Annotated[tuple[UUID, ...], Meta(max_length=50)] = ()
    forward_of: MessageId | None = None
    mentions: Annotated[tuple[UserId, ...], Meta(max_length=50)] = ()

    @property
    def is_empty(self) -> bool:
        """Nothing anybody would miss."""
        return not (self.text.strip() or self.html or self.attachment_ids)


class DraftView(DraftContent, frozen=True, kw_only=True):
    """A draft as its user sees it; `attachments` are those of its files that are still there."""

    conversation_id: ConversationId
    mode: Mode
    revision: int
    updated_at: datetime
    attachments: tuple[Upload, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SentDraft:
    """The draft that a message was written in: it is gone once the message is stored, unless it was changed since."""

    user_id: UserId
    conversation_id: ConversationId
    mode: Mode
    revision: int


class Drafts:
    """The drafts of whoever asks; nobody sees another's."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def of(self, id: ConversationId, *, by: Caller) -> list[DraftView]:
        """Those in one conversation. Raises `NoSuchConversation`."""
        await queries.conversation(self._db, id, by)
        rows = await self._db.fetch(
            "SELECT * FROM draft WHERE conversation_id = $1 AND user_id = $2 AND content IS NOT NULL ORDER BY mode", id, by.person
        )
        return [await _view(self._db, row) for row in rows]

    async def get(self, id: ConversationId, mode: Mode, *, by: Caller) -> DraftView:
        """Raises `NoSuchConversation`, `NoSuchDraft`."""
        for draft in await self.of(id, by=by):
            if draft.mode == mode:
                return draft
        raise NoSuchDraft("there is no draft")

    async def put(self, id: ConversationId, mode: Mode, content: DraftContent, *, revision: int, by: Caller) -> DraftView:
        """Keep what is written; `revision` is the one last read, 0 where there was none.

        Raises `NoSuchConversation`, `Merged`, `Stale`.
        """
        found = await queries.conversation(self._db, id, by)
        if found.merged_into is not None:
            raise Merged.into(found.merged_into)
        async with self._db.unit_of_work() as work:
            return await put_in(work, by.person, id, mode, content, revision=revision)

    async def drop(self, id: ConversationId, mode: Mode, *, revision: int | None, by: Caller) -> None:
        """Throw it away; doing it twice is doing it once. Raises `NoSuchConversation`, `Stale`."""
        await queries.conversation(self._db, id, by)
        async with self._db.unit_of_work() as work:
            known = await _row(work, by.person, id, mode)
            if known is None or known["content"] is None:
                return
            if revision is not None and revision != known["revision"]:
                raise Stale("the draft was changed meanwhile", revision=known["revision"])
            await forget(work, [SentDraft(user_id=by.person, conversation_id=id, mode=mode, revision=known["revision"])])


_PUT = """
INSERT INTO draft (id, user_id, conversation_id, mode, content, revision, updated_at) VALUES ($1, $2, $3, $4, $5, 1, $6)
ON CONFLICT (user_id, conversation_id, mode) DO UPDATE SET content = excluded.content, revision = draft.revision + 1,
    updated_at = excluded.updated_at
WHERE draft.revision = $7::bigint OR ($7::bigint = 0 AND draft.content IS NULL) RETURNING *"""
_FORGET = """
UPDATE draft SET content = NULL, revision = revision + 1, updated_at = $5
WHERE user_id = $1 AND conversation_id = $2 AND mode = $3 AND revision <= $4::bigint AND content IS NOT NULL RETURNING revision"""
_OTHER = "SELECT 1 FROM draft WHERE user_id = $1 AND conversation_id = $2 AND content IS NOT NULL"


async def put_in(
    work: Work, user_id: UserId, id: ConversationId, mode: Mode, content: DraftContent, *, revision: int
) -> DraftView:
    """The same inside the caller's transaction. Raises `Stale` with the revision that stands."""
    now = clock.now()
    row = await work.fetch_one(_PUT, new_id(), user_id, id, mode, msgspec.to_builtins(content), now, revision)
    if row is None:  # changed meanwhile, or the same again since the answer got lost
        row = await _row(work, user_id, id, mode)
        if row is None or row["content"] is None or msgspec.convert(row["content"], DraftContent) != content:
            raise Stale("the draft was changed meanwhile", revision=row["revision"] if row else 0)
    if content.attachment_ids:
        sql = "UPDATE upload SET keep_until = $3 WHERE id = ANY($1::uuid[]) AND owner = $2"
        await work.execute(sql, list(content.attachment_ids), str(user_id), now + FILES_KEPT)
    view = await _view(work, row)
    work.announce(_changed(user_id, id, mode, view.revision, view))
    return view


async def standing(work: Work, user_id: UserId, id: ConversationId, mode: Mode) -> tuple[DraftContent, int]:
    """What is written now (nothing, where there is no draft), and its revision."""
    row = await _row(work, user_id, id, mode)
    if row is None:
        return DraftContent(), 0
    return msgspec.convert(row["content"] or {}, DraftContent), row["revision"]


async def forget(work: Work, sent: Sequence[SentDraft]) -> None:
    """They were sent, or are not wanted any more; those changed since stay."""
    now = clock.now()
    for draft in sent:
        row = await work.fetch_one(_FORGET, draft.user_id, draft.conversation_id, draft.mode, draft.revision, now)
        if row is not None:
            other = await work.fetch_one(_OTHER, draft.user_id, draft.conversation_id)
            event = _changed(draft.user_id, draft.conversation_id, draft.mode, row["revision"], None, other=other is not None)
            work.announce(event)


class Carried(msgspec.Struct, frozen=True):
    """A draft that went from one conversation to another, and the revision it got there."""

    user_id: UserId
    mode: Mode
    revision: int


async def carry(work: Work, source: ConversationId, target: ConversationId) -> list[Any]:
    """Every draft goes with its conversation, but where its user is writing there too. Returns which did, JSON-able."""
    sql = "SELECT user_id, mode FROM draft WHERE conversation_id = $1 AND content IS NOT NULL ORDER BY user_id, mode"
    carried = [await _carry_one(work, row["user_id"], row["mode"], source, target) for row in await work.fetch(sql, source)]
    return msgspec.to_builtins([one for one in carried if one is not None])  # type: ignore[no-any-return]


async def carry_back(work: Work, source: ConversationId, target: ConversationId, carried: Any) -> None:
    """Those of `carry` that nobody changed since go back."""
    for one in msgspec.convert(carried, list[Carried]):
        _, revision = await standing(work, one.user_id, source, one.mode)
        if revision == one.revision:
            await _carry_one(work, one.user_id, one.mode, source, target)


async def _carry_one(work: Work, user_id: UserId, mode: Mode, source: ConversationId, target: ConversationId) -> Carried | None:
    content, written = await standing(work, user_id, source, mode)
    there, revision = await standing(work, user_id, target, mode)
    if not there.is_empty:
        return None
    view = await put_in(work, user_id, target, mode, content, revision=revision)
    await forget(work, [SentDraft(user_id=user_id, conversation_id=source, mode=mode, revision=written)])
    return Carried(user_id=user_id, mode=mode, revision=view.revision)


async def _row(reads: Reads, user_id: UserId, id: ConversationId, mode: Mode) -> Row | None:
    sql = "SELECT * FROM draft WHERE user_id = $1 AND conversation_id = $2 AND mode = $3"
    return await reads.fetch_one(sql, user_id, id, mode)


async def _view(reads: Reads, row: Row) -> DraftView:
    content = msgspec.convert(row["content"], DraftContent)
    named: dict[str, Any] = {name: getattr(content, name) for name in content.__struct_fields__}
    return DraftView(
        **named,
        conversation_id=row["conversation_id"],
        mode=row["mode"],
        revision=row["revision"],
        updated_at=row["updated_at"],
        attachments=tuple(await uploads_of(reads, content.attachment_ids, owner=str(row["user_id"]))),
    )


def _changed(
    user_id: UserId, id: ConversationId, mode: Mode, revision: int, draft: DraftView | None, *, other: bool = False
) -> Event:
    """For the user's other pages. `other`: where this draft is gone, whether he writes there in the other mode."""
    data = {"conversation_id": id, "mode": mode, "revision": revision, "draft": msgspec.to_builtins(draft), "other": other}
    return Event(type="draft.changed", data=data, audience=Audience(user_id=user_id))
