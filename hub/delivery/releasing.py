"""Letting held messages go when their time has come, and taking them back before."""

from collections.abc import Sequence
from datetime import datetime
from logging import getLogger
from typing import Any

import msgspec

from hub import clock
from hub.auth.callers import Caller
from hub.conversations import events, queries
from hub.conversations.drafts import DraftContent, DraftParty, DraftView, put_in, standing
from hub.conversations.errors import NoSuchMessage
from hub.conversations.lifecycle import Conversation, Said, after
from hub.conversations.queries import message_of
from hub.conversations.store import delete_message, lock_conversations, renumber_message, save_conversations
from hub.conversations.values import MessageView, Party
from hub.conversations.views import conversation_views
from hub.conversations.writing import add, announce_change, entry, happening, store
from hub.db import Database, DatabaseGone, DatabaseLocked, Row, Work
from hub.delivery.backoff import GIVE_UP_AFTER
from hub.delivery.carriers import Carriers
from hub.delivery.consent import Known, Purpose, decide
from hub.delivery.errors import AlreadyLeft, NotItsAuthor
from hub.delivery.held import Plan, restored, take
from hub.delivery.outgoing import insert_attempts, with_views
from hub.delivery.overall import worst
from hub.delivery.store import Delivery, insert_deliveries, known_of
from hub.errors import HubError
from hub.ids import ConversationId, DeliveryId, MessageId, UserId, new_id
from hub.messages.content import Direction
from hub.messages.states import FINAL, DeliveryState, SendFailure

log = getLogger(__name__)

_NOT_SENT = {"opted_out": DeliveryState.CANCELLED}
"""What a message ends as that may not leave, by the rule against it; else it failed."""

_DUE = "SELECT message_id FROM held_message WHERE release_at <= $1 ORDER BY release_at LIMIT 100"


class Releases:
    """Held messages, and what becomes of them."""

    def __init__(self, db: Database, carriers: Carriers) -> None:
        self._db, self._carriers = db, carriers

    async def next_at(self) -> datetime | None:
        """When the next one leaves."""
        row = await self._db.fetch_one("SELECT release_at FROM held_message ORDER BY release_at LIMIT 1")
        return row["release_at"] if row else None

    async def release_due(self) -> int:
        """Let those go whose time has come; returns how many now wait for the worker or have left."""
        due = await self._db.fetch(_DUE, clock.now())
        return sum([await self._release_or_fail(MessageId(row["message_id"])) for row in due])

    async def _release_or_fail(self, id: MessageId) -> bool:
        try:
            return await self.release(id)
        except DatabaseLocked:  # its conversation is; the others need not wait for that
            return False
        except DatabaseGone:
            raise
        except Exception as error:
            log.exception("a held message could not leave", extra={"message_id": str(id)})
            await self._fail(id, f"internal error ({type(error).__name__})")
            return False

    async def _fail(self, id: MessageId, why: str) -> None:
        """It never leaves; whoever sees it sees that."""
        async with self._db.unit_of_work() as work:
            found = await _locked(work, id)
            if found is None or not await work.execute("DELETE FROM held_message WHERE message_id = $1", id):
                return
            row, conversation = found
            ended = (DeliveryState.FAILED.value, why, SendFailure.REJECTED.value)
            sql = "UPDATE message SET status = $2, status_detail = $3, failure = $4, send_at = NULL, undo_until = NULL WHERE id = $1"
            await work.execute(sql, id, *ended)
            told = dict(zip(("status", "status_detail", "failure"), ended, strict=True))
            data = {"conversation_id": conversation.id, "message_id": id, "n": row["n"], "deliveries": [], **told}
            work.announce(events.message_changed(conversation, data))

    async def release(self, id: MessageId) -> bool:
        """Let one go, if it is due and nobody took it back."""
        by_log = await self._is_by_log(id)
        async with self._db.unit_of_work() as work:
            found = await _locked(work, id)
            now = clock.now()
            if found is None or (plan := await take(work, id, due=now)) is None:
                return False
            row, conversation = found
            deliveries = await _deliveries(work, row, plan, by_log=by_log, at=now)
            await renumber_message(work, id, status=worst(deliveries).state, at=now)
            await insert_deliveries(work, deliveries)
            await insert_attempts(work, [d for d in deliveries if d.state is DeliveryState.ACCEPTED])
            await _announce_left(work, id, conversation, plan, deliveries, now)
        return True

    async def _is_by_log(self, id: MessageId) -> bool:
        row = await self._db.fetch_one("SELECT account_id FROM message WHERE id = $1", id)
        try:
            return row is not None and (await self._carriers.get(row["account_id"])).by_log
        except HubError:  # its account is switched off: the worker will say so
            return False

    async def take_back(self, id: MessageId, *, by: Caller) -> DraftView:
        """Undo the sending of a message that has not left; it is a draft again.

        Raises `NoSuchMessage`, `NotItsAuthor`, `AlreadyLeft`.
        """
        seen = await queries.message(self._db, id, by)
        if seen.author_id != by.author_id:
            raise NotItsAuthor("only who wrote it takes it back")
        async with self._db.unit_of_work() as work:
            found = await _locked(work, id)
            if found is None:
                raise NoSuchMessage()
            if (plan := await take(work, id)) is None:
                raise AlreadyLeft("it has left already")
            row, conversation = found
            now = clock.now()
            await delete_message(work, id)
            before = restored(conversation, plan, row["created_at"], now)
            if before is not conversation:
                await store(work, conversation, before, by=by)
            work.announce(events.message_removed(before, id, row["n"]))
            return await _draft_again(work, by.user_id, conversation.id, plan, message_of(row))


async def _locked(work: Work, id: MessageId) -> tuple[Row, Conversation] | None:
    """The message and its conversation, locked; it may have been moved to another one meanwhile."""
    row = await work.fetch_one("SELECT conversation_id FROM message WHERE id = $1", id)
    if row is None:
        return None
    conversation_id = ConversationId(row["conversation_id"])
    conversation = (await lock_conversations(work, [conversation_id]))[conversation_id]
    row = await work.fetch_one("SELECT * FROM message WHERE id = $1 AND conversation_id = $2", id, conversation_id)
    return None if row is None else (row, conversation)


async def _deliveries(work: Work, row: Row, plan: Plan, *, by_log: bool, at: datetime) -> list[Delivery]:
    """One to each recipient. The consent gate decides once more: much may have been said since it was written."""
    message = message_of(row)
    known = await known_of(work, [recipient.address for recipient in plan.recipients])
    deliveries = []
    for recipient in plan.recipients:
        decision = decide(Purpose(plan.purpose), known.get((recipient.address, message.channel), Known()))
        leaving = DeliveryState.ACCEPTED if by_log else DeliveryState.QUEUED
        assert message.account_id is not None
        deliveries.append(
            Delivery(
                id=DeliveryId(new_id()),
                message_id=message.id,
                conversation_id=message.conversation_id,
                account_id=message.account_id,
                channel=message.channel,
                address=recipient.address,
                role=recipient.role,
                state=leaving if decision.allowed else _NOT_SENT.get(decision.rule, DeliveryState.FAILED),
                failure=None if decision.allowed else SendFailure.OPTED_OUT,
                detail="" if decision.allowed else decision.rule,
                attempts=1 if by_log and decision.allowed else 0,
                due_at=at,
                give_up_at=at + GIVE_UP_AFTER[message.channel],
                consent=decision.to_json(),
                created_at=at,
            )
        )
    return deliveries


async def _announce_left(
    work: Work, id: MessageId, was: Conversation, plan: Plan, deliveries: Sequence[Delivery], at: datetime
) -> None:
    row = await work.fetch_one("SELECT * FROM message WHERE id = $1", id)
    assert row is not None
    message = message_of(row)
    goes = any(delivery.state not in FINAL for delivery in deliveries)
    is_now = _answered(was, message, plan, at) if plan.is_later and goes else was
    if is_now is not was:
        await save_conversations(work, [is_now])
        if was.assignee_id != is_now.assignee_id:
            await announce_change(work, was, is_now)
    view = (await conversation_views(work, [is_now]))[is_now.id]
    work.announce(events.message_added(is_now, view, with_views(message, deliveries)))
    if plan.is_later and goes and plan.then is not None:
        what = happening(was, is_now)
        await add(work, is_now, entry(is_now, Direction.EVENT, None, text="", extra=what), view=view)


def _answered(was: Conversation, message: MessageView, plan: Plan, at: datetime) -> Conversation:
    said = Said(
        id=message.id,
        direction=message.direction,
        kind=message.kind,
        channel=message.channel,
        account_id=message.account_id,
        text=message.text,
        at=at,
        participants=plan.participants,
        agent_id=plan.agent_id,
    )
    answered = after(was, said)
    return answered if plan.then is None else plan.then.apply(answered, at)


async def _draft_again(work: Work, user_id: UserId | None, id: ConversationId, plan: Plan, message: MessageView) -> DraftView:
    """What was taken back, before whatever its author has begun to write since."""
    content = plan.draft or _content(message)
    if user_id is None:  # a program keeps its own drafts
        return DraftView(**_fields(content), conversation_id=id, mode="reply", revision=0, updated_at=clock.now())
    begun, revision = await standing(work, user_id, id, "reply")
    if not begun.is_empty:
        content = msgspec.structs.replace(
            content,
            text="\n\n".join(filter(None, (content.text, begun.text))),
            html=(content.html or "") + (begun.html or "") or None,
            attachment_ids=tuple(dict.fromkeys((*content.attachment_ids, *begun.attachment_ids))),
        )
    return await put_in(work, user_id, id, "reply", content, revision=revision)


def _fields(content: DraftContent) -> dict[str, Any]:
    return {name: getattr(content, name) for name in content.__struct_fields__}


def _content(message: MessageView) -> DraftContent:
    """A draft from the message itself, where nobody said what it was written as."""

    def parties(named: Sequence[Party]) -> tuple[DraftParty, ...]:
        return tuple(DraftParty(address=p.address, kind=p.kind, name=p.name) for p in named if p.kind is not None)

    return DraftContent(
        text=message.text,
        subject=message.subject,
        account_id=message.account_id,
        to=parties(message.to),
        cc=parties(message.cc),
    )
