"""One action on many conversations: done a batch at a time, with what each one was before kept for undoing."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec

from hub import clock
from hub.auth.callers import Caller
from hub.auth.rights import Right
from hub.conversations.actions import Action, act, as_before, restore, snapshot
from hub.conversations.errors import NoSuchBulk, NotUndoable
from hub.conversations.filters import Filter
from hub.conversations.lifecycle import Conversation
from hub.conversations.listing import ids_of
from hub.conversations.policy import Args, sees, visible_to
from hub.conversations.store import lock_conversations
from hub.db import Audience, Database, Event, Row, Work
from hub.errors import HubError, Invalid
from hub.ids import ConversationId, QueueId, UserId, new_id
from hub.messages.jobs import BULK

MOST = 20_000  # conversations of one action
KEPT = timedelta(days=30)
_BATCH = 50
_AT_ONCE = 2  # batches done before the answer; what is left is a job's


class Failure(msgspec.Struct, frozen=True):
    """A conversation that was left as it is, and why."""

    id: UUID
    code: str


class BulkView(msgspec.Struct, frozen=True, kw_only=True):
    """How far an action is."""

    id: UUID
    total: int
    done: int
    failed: list[Failure]
    finished: bool
    undoes: UUID | None


class _Who(msgspec.Struct):
    """The caller as they were when they asked."""

    name: str
    user_id: UUID
    rights: list[str]
    queue_ids: list[UUID]

    def caller(self) -> Caller:
        """As a caller again."""
        return Caller(
            kind="user",
            name=self.name,
            user_id=UserId(self.user_id),
            rights=frozenset(Right(right) for right in self.rights),
            queue_ids=frozenset(QueueId(id) for id in self.queue_ids),
        )


class Bulk:
    """Actions on many conversations."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def start(self, what: Sequence[ConversationId] | Filter, action: Action, *, by: Caller) -> BulkView:
        """Begin: the first hundred are done when this returns. Raises `Invalid`, and what is wrong with the action itself."""
        action.check(clock.now())
        if isinstance(what, Filter):
            ids = await ids_of(self._db, by, what, limit=MOST + 1)
        else:
            ids = await self._visible(by, what)
        if len(ids) > MOST:
            raise Invalid(f"more than {MOST} conversations at once", path="filter")
        bulk_id = await self._store(ids, msgspec.to_builtins(action), by, undoes=None)
        return await self._begin(bulk_id, by)

    async def get(self, id: UUID, *, by: Caller) -> BulkView:
        """How far it is. Raises `NoSuchBulk`."""
        row = await self._db.fetch_one("SELECT * FROM bulk_action WHERE id = $1 AND user_id = $2", id, by.person)
        if row is None:
            raise NoSuchBulk("there is no such action")
        return _view(row)

    async def undo(self, id: UUID, *, by: Caller) -> BulkView:
        """Put back what it changed, where nothing happened since. Raises `NoSuchBulk`, `NotUndoable`."""
        before = await self.get(id, by=by)
        if not before.finished or before.undoes is not None:
            raise NotUndoable("this cannot be undone (any more)")
        rows = await self._db.fetch(
            "SELECT conversation_id FROM bulk_item WHERE bulk_id = $1 AND before IS NOT NULL ORDER BY n", id
        )
        bulk_id = await self._store([row["conversation_id"] for row in rows], {"kind": "undo"}, by, undoes=id)
        return await self._begin(bulk_id, by)

    async def go_on(self, id: UUID) -> bool:
        """Do the next batch, in a transaction of its own; False when nothing is left."""
        async with self._db.unit_of_work() as work:
            bulk = await work.fetch_one(f"SELECT * FROM bulk_action WHERE id = $1 {_for_update(work)}", id)
            if bulk is None or bulk["finished_at"] is not None:
                return False
            sql = "SELECT n, conversation_id FROM bulk_item WHERE bulk_id = $1 AND NOT done ORDER BY n LIMIT $2"
            items = await work.fetch(sql, id, _BATCH)
            failed = await _Batch(work, bulk).run([ConversationId(item["conversation_id"]) for item in items])
            await work.execute_many("UPDATE bulk_item SET done = TRUE WHERE n = $1", [(item["n"],) for item in items])
            is_over = len(items) < _BATCH
            await self._progress(work, bulk, len(items), failed, is_over)
            return not is_over

    async def run(self, id: UUID) -> None:
        """To the end (a job; safe to run again after a crash)."""
        while await self.go_on(id):
            pass

    async def prune(self) -> None:
        """Forget actions that are too old to be undone."""
        old = "SELECT id FROM bulk_action WHERE created_at < $1"
        async with self._db.unit_of_work() as work:
            await work.execute(f"DELETE FROM bulk_item WHERE bulk_id IN ({old})", clock.now() - KEPT)
            await work.execute("DELETE FROM bulk_action WHERE created_at < $1", clock.now() - KEPT)

    async def _begin(self, id: UUID, by: Caller) -> BulkView:
        for _ in range(_AT_ONCE):
            if not await self.go_on(id):
                break
        else:
            async with self._db.unit_of_work() as work:
                work.enqueue(BULK, key=f"bulk {id}", bulk_id=id)
        return await self.get(id, by=by)

    async def _visible(self, by: Caller, ids: Sequence[ConversationId]) -> list[ConversationId]:
        args = Args([sorted(set(ids))])
        sql = f"SELECT c.id FROM conversation c WHERE c.id = ANY($1::uuid[]) AND {visible_to(by, args)}"
        return [row["id"] for row in await self._db.fetch(sql, *args)]

    async def _store(self, ids: Sequence[ConversationId], action: Any, by: Caller, *, undoes: UUID | None) -> UUID:
        bulk_id = new_id()
        who = _Who(name=by.name, user_id=by.person, rights=sorted(by.rights), queue_ids=sorted(by.queue_ids))
        async with self._db.unit_of_work() as work:
            if undoes is not None:
                await _require_not_undone(work, undoes)
            await work.execute(
                """
                INSERT INTO bulk_action (id, user_id, action, total, done, failed, undoes_id, caller, created_at)
                VALUES ($1, $2, $3, $4, 0, $5, $6, $7, $8)
                """,
                *(bulk_id, by.person, action, len(ids), [], undoes, msgspec.to_builtins(who), clock.now()),
            )
            await work.insert_many("bulk_item", {"bulk_id": "uuid", "conversation_id": "uuid"}, [(bulk_id, id) for id in ids])
        return bulk_id

    async def _progress(self, work: Work, bulk: Row, count: int, failed: list[Failure], is_over: bool) -> None:
        all_failed = [*bulk["failed"], *msgspec.to_builtins(failed)]
        done = bulk["done"] + count
        sql = "UPDATE bulk_action SET done = $2, failed = $3, finished_at = $4 WHERE id = $1"
        await work.execute(sql, bulk["id"], done, all_failed, clock.now() if is_over else None)
        data = {"id": bulk["id"], "total": bulk["total"], "done": done, "failed": all_failed, "finished": is_over}
        work.announce(Event(type="bulk.changed", data=data, audience=Audience(user_id=bulk["user_id"])))


class _Batch:
    """Some conversations of one action, inside its transaction."""

    def __init__(self, work: Work, bulk: Row) -> None:
        self._work, self._bulk = work, bulk
        self._by = msgspec.convert(bulk["caller"], _Who).caller()
        self._undoes = bulk["undoes_id"]
        self._action = None if self._undoes else msgspec.convert(bulk["action"], Action)

    async def run(self, ids: Sequence[ConversationId]) -> list[Failure]:
        locked = await lock_conversations(self._work, ids)
        failed: list[Failure] = []
        for id in ids:
            found = locked.get(id)
            if found is None or found.merged_into is not None or not await self._may(found):
                failed.append(Failure(id, "no_such_conversation"))
                continue
            try:
                async with self._work.savepoint():
                    await (self._undo(found) if self._action is None else self._do(found, self._action))
            except HubError as error:
                failed.append(Failure(id, error.code))
        return failed

    async def _may(self, conversation: Conversation) -> bool:
        """Who put it out of his own sight may bring it back."""
        if sees(self._by, conversation):
            return True
        item = await self._item(conversation) if self._undoes else None
        return item is not None and sees(self._by, as_before(conversation, item["before"]))

    async def _item(self, conversation: Conversation) -> Row | None:
        """What is to be undone of it."""
        sql = "SELECT before, rev_after FROM bulk_item WHERE bulk_id = $1 AND conversation_id = $2 AND before IS NOT NULL"
        return await self._work.fetch_one(sql, self._undoes, conversation.id)

    async def _do(self, conversation: Conversation, action: Action) -> None:
        before = await snapshot(self._work, conversation, action, self._by)
        if not await act(self._work, conversation, action, by=self._by):
            return
        await self._work.execute(
            "UPDATE bulk_item SET before = $3, rev_after = $4 WHERE bulk_id = $1 AND conversation_id = $2",
            *(self._bulk["id"], conversation.id, before, conversation.rev),
        )

    async def _undo(self, conversation: Conversation) -> None:
        item = await self._item(conversation)
        if item is not None:
            await restore(self._work, conversation, item["before"], rev_after=item["rev_after"], by=self._by)


async def _require_not_undone(work: Work, id: UUID) -> None:
    """Of two who undo the same at once one is the first. Raises `NotUndoable`."""
    await work.fetch_one(f"SELECT 1 FROM bulk_action WHERE id = $1 {_for_update(work)}", id)
    if await work.fetch_one("SELECT 1 FROM bulk_action WHERE undoes_id = $1", id) is not None:
        raise NotUndoable("this was undone already")


def _for_update(work: Work) -> str:
    return work.sql(sqlite="", postgres="FOR UPDATE")


def _view(row: Row) -> BulkView:
    return BulkView(
        id=row["id"],
        total=row["total"],
        done=row["done"],
        failed=msgspec.convert(row["failed"], list[Failure]),
        finished=row["finished_at"] is not None,
        undoes=row["undoes_id"],
    )
