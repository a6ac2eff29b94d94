"""Filing: messages that arrived become entries of conversations, a batch in one transaction."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from hub.conversations import events
from hub.conversations.lifecycle import Conversation, Said, State, WaitingFor, after, continues
from hub.conversations.moving import note_alias
from hub.conversations.store import (
    NewMessage,
    insert_conversations,
    insert_messages,
    lock_conversations,
    save_conversations,
    view_of,
)
from hub.conversations.threading import BY_PARTY, ReadToken, Signal, Signals, belongs, party_key, subject_key
from hub.conversations.values import AttachmentView, MessageView, Party
from hub.conversations.views import Surroundings, surroundings
from hub.db import Work
from hub.ids import AccountId, ConversationId, CustomerId, JournalId, MessageId, QueueId, VisitorId, new_id
from hub.messages.address import Address, AddressKind
from hub.messages.content import Direction
from hub.messages.events import InboundMessage


@dataclass(frozen=True, slots=True, kw_only=True)
class Filing:
    """One message to be filed: parsed, its files stored, its sender looked up."""

    account_id: AccountId
    queue_id: QueueId | None  # where the account's conversations wait
    message: InboundMessage
    attachments: tuple[AttachmentView, ...]
    journal_id: JournalId | None
    customer_id: CustomerId | None
    candidates: tuple[CustomerId, ...]
    at: datetime
    is_machine: bool = False  # nobody has to act on it
    ours: frozenset[str] = frozenset()  # addresses named in it that are our own: whoever writes under one proves nothing by it


@dataclass(frozen=True, slots=True, kw_only=True)
class Filed:
    """Where it went."""

    message: MessageView
    conversation: Conversation
    began: bool


async def hold_senders(work: Work, senders: Iterable[tuple[AccountId, Address]]) -> None:
    """Let no other transaction file anything of these senders: two that each begin a conversation with one would begin two."""
    await work.hold(*(f"filing {account_id} {sender.value}" for account_id, sender in senders))


async def file(work: Work, filings: Sequence[Filing], read_token: ReadToken) -> list[Filed]:
    """Store every message in its conversation, in the order given, and announce it."""
    if not filings:
        return []
    return await _Batch(work, read_token).file(filings)


class _Batch:
    """What one batch knows: the conversations it touches, as they are after the messages so far."""

    def __init__(self, work: Work, read_token: ReadToken) -> None:
        self._work = work
        self._signals = Signals(read_token)
        self._now: dict[ConversationId, Conversation] = {}
        self._new: list[ConversationId] = []
        self._messages: list[NewMessage] = []
        self._by_alias: list[tuple[ConversationId, MessageId]] = []

    async def file(self, filings: Sequence[Filing]) -> list[Filed]:
        await hold_senders(self._work, [(f.account_id, f.message.sender) for f in filings])
        await self._signals.load(self._work, [(f.account_id, f.message) for f in filings])
        self._now = await lock_conversations(self._work, self._signals.conversations(), visitors=self._signals.visitors)
        self._signals.found(self._now.values())
        await self._follow_aliases()
        began = [self._place(filing) for filing in filings]
        around = await surroundings(self._work, self._touched())
        await self._store()
        return self._announce(began, around)

    def _touched(self) -> list[Conversation]:
        return [self._now[id] for id in {message.conversation_id for message in self._messages}]

    async def _follow_aliases(self) -> None:
        """Lock what merged conversations were merged into, to the end of each chain."""
        while wanted := {c.merged_into for c in self._now.values() if c.merged_into} - self._now.keys():
            self._now |= await lock_conversations(self._work, wanted)

    def _end_of(self, id: ConversationId) -> tuple[Conversation | None, tuple[ConversationId, ...]]:
        """Where a conversation's messages are now, and by which aliases one gets there."""
        aliases: tuple[ConversationId, ...] = ()
        found = self._now.get(id)
        while found is not None and found.merged_into is not None:
            aliases = (*aliases, found.id)
            found = self._now.get(found.merged_into)
        return found, aliases

    def _place(self, filing: Filing) -> bool:
        conversation, aliases = self._belonging(filing)
        began = conversation.id not in self._now
        if began:
            self._new.append(conversation.id)
        message = _new_message(filing, conversation)
        self._now[conversation.id] = after(conversation, _said(message, filing))
        self._messages.append(message)
        self._by_alias += [(alias, message.id) for alias in aliases]
        self._signals.remember(filing.account_id, message.id, self._now[conversation.id], message.own_keys, filing.at)
        return began

    def _belonging(self, filing: Filing) -> tuple[Conversation, tuple[ConversationId, ...]]:
        """The conversation it continues (and by which aliases), or a new one that says why it is new."""
        stranger: Conversation | None = None
        for signal in self._signals_of(filing):
            conversation, aliases = self._end_of(signal.conversation_id)
            if conversation is None:
                continue
            if not belongs(signal, conversation, filing.message, filing.ours):
                stranger = stranger or conversation
            elif continues(conversation, filing.message.channel, filing.at):
                return conversation, aliases
            else:
                return _begin(filing, follows=conversation, reason="follows_closed"), ()
        if stranger is not None:
            return _begin(filing, follows=stranger, reason="not_a_participant"), ()
        return _begin(filing, follows=None, reason="new"), ()

    def _signals_of(self, filing: Filing) -> list[Signal]:
        """The strongest first; of those by the sender's address alone the open conversations before the closed ones."""
        found = self._signals.of(filing.account_id, filing.message, filing.at)
        return sorted(found, key=lambda signal: signal.reason == BY_PARTY and self._is_closed(signal.conversation_id))

    def _is_closed(self, id: ConversationId) -> bool:
        conversation, _ = self._end_of(id)
        return conversation is not None and conversation.state is State.CLOSED

    async def _store(self) -> None:
        fresh = set(self._new)
        numbers = await insert_conversations(self._work, [self._now[id] for id in self._new])
        self._numbers = await insert_messages(self._work, self._messages)
        if self._by_alias:
            await note_alias(self._work, self._by_alias)
        for message in self._messages:
            conversation = self._now[message.conversation_id]
            n = numbers.get(conversation.id, conversation.n)
            self._now[conversation.id] = replace(
                conversation, n=n, last_in_n=max(conversation.last_in_n, self._numbers[message.id])
            )
        # New rows too: their `last_in_n` is known only now.
        await save_conversations(self._work, self._touched())
        linked = [(id, c.customer_id, c.created_at) for id in fresh if (c := self._now[id]).customer_id is not None]
        await self._work.insert_many(
            "conversation_customer", {"conversation_id": "uuid", "customer_id": "uuid", "linked_at": "timestamptz"}, linked
        )

    def _announce(self, began: Sequence[bool], around: Surroundings) -> list[Filed]:
        views = {conversation.id: around.view(conversation) for conversation in self._touched()}
        filed = []
        for message, is_new in zip(self._messages, began, strict=True):
            conversation, view = self._now[message.conversation_id], views[message.conversation_id]
            if is_new:
                self._work.announce(events.created(conversation, view))
            stored = view_of(message, self._numbers[message.id])
            self._work.announce(events.message_added(conversation, view, stored))
            filed.append(Filed(message=stored, conversation=conversation, began=is_new))
        return filed


def _begin(filing: Filing, *, follows: Conversation | None, reason: str) -> Conversation:
    message = filing.message
    is_visitor = message.sender.kind is AddressKind.VISITOR
    return Conversation(
        id=ConversationId(new_id()),
        waiting_for=WaitingFor.NOBODY,
        waiting_since=filing.at,
        subject=message.subject[:500],
        channel=message.channel,
        account_id=filing.account_id,
        queue_id=_wished_queue(message) or filing.queue_id,
        visitor_id=VisitorId(UUID(message.sender.value)) if is_visitor else None,
        customer_id=filing.customer_id,
        candidates=tuple(str(id) for id in filing.candidates),
        follows_id=follows.id if follows else None,
        link_reason=reason,
        last_message_at=filing.at,
        created_at=filing.at,
        updated_at=filing.at,
    )


def _wished_queue(message: InboundMessage) -> QueueId | None:
    return QueueId(message.wish.id) if message.wish and message.wish.kind == "queue" else None


def _new_message(filing: Filing, conversation: Conversation) -> NewMessage:
    message = filing.message
    return NewMessage(
        id=MessageId(new_id()),
        conversation_id=conversation.id,
        channel=message.channel,
        account_id=filing.account_id,
        direction=Direction.IN,
        kind=message.kind,
        sender=party(message.sender),
        to=tuple(map(party, message.to)),
        cc=tuple(map(party, message.cc)),
        subject=message.subject,
        text=message.text,
        reply_text=message.reply_text,
        html=message.html,
        attachments=filing.attachments,
        notices=message.notices,
        extra=extra_of(message),
        client_key=message.client_key,
        journal_id=filing.journal_id,
        sent_at=message.sent_at,
        created_at=filing.at,
        own_keys=_own_keys(message),
    )


def extra_of(message: InboundMessage) -> dict[str, Any]:
    """What is kept of a message beside its columns."""
    extra: dict[str, Any] = dict(message.extra)
    if message.wish is not None:
        extra["wish"] = {"kind": message.wish.kind, "id": str(message.wish.id)}
    if message.reply_to:
        extra["reply_to"] = [{"address": a.value, "name": a.name} for a in message.reply_to]
    return extra


def _own_keys(message: InboundMessage) -> tuple[str, ...]:
    subjects = (
        subject_key(key.value, message.sender.value) for key in message.thread_keys if key.kind == "subject" and key.value
    )
    parties = (party_key(message.sender.value) for key in message.thread_keys if key.kind == "party")
    return (*message.own_keys, *subjects, *parties)


def _said(message: NewMessage, filing: Filing) -> Said:
    people = (filing.message.sender, *filing.message.reply_to, *filing.message.to, *filing.message.cc)
    return Said(
        id=message.id,
        direction=message.direction,
        kind=message.kind,
        channel=message.channel,
        account_id=message.account_id,
        text=message.reply_text or message.text or message.subject or _file_names(message),
        at=message.created_at,
        is_machine=filing.is_machine,
        participants=tuple(
            p.value for p in people if p.kind is not AddressKind.VISITOR and p.value and p.value not in filing.ours
        ),
    )


def _file_names(message: NewMessage) -> str:
    return " ".join(attachment.filename for attachment in message.attachments)


def party(address: Address) -> Party:
    """An address as people see it."""
    return Party(kind=address.kind, address=address.value, name=address.name)
