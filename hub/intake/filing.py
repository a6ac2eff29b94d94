"""From events to entries: who is it, which conversation, what became of what we sent. Everything of one batch in one transaction."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from hub.conversations import filing as conversations
from hub.conversations.values import AttachmentView, MessageView
from hub.crm.customers.identify import identify_many
from hub.db import Work
from hub.delivery import opt_outs, reports
from hub.delivery.reports import Said
from hub.ids import AccountId, ConversationId, JournalId, MessageId, QueueId
from hub.intake.files import record_files
from hub.intake.journal import Known
from hub.messages.content import MessageKind
from hub.messages.events import ChannelEvent, DeliveryReport, InboundMessage, OptOut
from hub.messages.states import DeliveryState

ReadToken = Callable[[str], UUID | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """One journal entry, parsed, its files stored: `files` go with the entry's one message."""

    journal_id: JournalId
    account_id: AccountId
    queue_id: QueueId | None
    events: Sequence[ChannelEvent]
    files: tuple[AttachmentView, ...]
    at: datetime
    ours: frozenset[str] = frozenset()  # addresses named in it that are our own


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """Where an entry went; both None for what was only a report."""

    journal_id: JournalId
    message_id: MessageId | None
    conversation_id: ConversationId | None
    message: MessageView | None = None

    def place(self) -> Known:
        """As the journal keeps it."""
        return Known(message_id=self.message_id, conversation_id=self.conversation_id)


async def hold_senders(work: Work, arrived: Sequence[Arrived]) -> None:
    """What `file_all` holds, ahead of everything else."""
    messages = [(entry.account_id, event) for entry in arrived for event in entry.events if isinstance(event, InboundMessage)]
    await conversations.hold_senders(work, [(account_id, message.sender) for account_id, message in messages])
    await reports.hold(work, _said(arrived))


async def file_all(work: Work, arrived: Sequence[Arrived], read_token: ReadToken) -> list[Result]:
    """File the messages, fold in the reports. Raises whatever one bad entry causes: the caller splits the batch."""
    messages = [(entry, event) for entry in arrived for event in entry.events if isinstance(event, InboundMessage)]
    identified = await identify_many(work, [message.sender for _, message in messages]) if messages else {}
    filings = [
        conversations.Filing(
            account_id=entry.account_id,
            queue_id=entry.queue_id,
            message=message,
            attachments=entry.files,
            journal_id=entry.journal_id,
            customer_id=identified[message.sender].customer_id,
            candidates=identified[message.sender].candidates,
            at=entry.at,
            is_machine=_is_machine(message, entry),
            ours=entry.ours,
        )
        for entry, message in messages
    ]
    await record_files(work, [file for filing in filings for file in filing.attachments])
    filed = await conversations.file(work, filings, read_token)
    by_entry = {filing.journal_id: done for filing, done in zip(filings, filed, strict=True)}
    await reports.apply(work, _said(arrived), read_token)
    await _note_opt_outs(work, arrived, by_entry)
    return [_result(entry, by_entry.get(entry.journal_id)) for entry in arrived]


def _is_machine(message: InboundMessage, entry: Arrived) -> bool:
    """Automatic answers, and notices of delay or success. A notice that a mail of ours failed is for a person."""
    if message.kind is MessageKind.BOUNCE:
        return not any(isinstance(e, DeliveryReport) and e.state is DeliveryState.FAILED for e in entry.events)
    return message.kind is MessageKind.AUTO_REPLY


def _result(entry: Arrived, filed: conversations.Filed | None) -> Result:
    return Result(
        journal_id=entry.journal_id,
        message_id=filed.message.id if filed else None,
        conversation_id=filed.conversation.id if filed else None,
        message=filed.message if filed else None,
    )


async def _note_opt_outs(work: Work, arrived: Sequence[Arrived], filed: Mapping[JournalId | None, conversations.Filed]) -> None:
    for entry in arrived:
        place = filed.get(entry.journal_id)
        conversation_id = place.conversation.id if place else None
        for said in (event for event in entry.events if isinstance(event, OptOut)):
            await opt_outs.note(
                work, entry.account_id, said, journal_id=entry.journal_id, conversation_id=conversation_id, at=entry.at
            )


def _said(arrived: Sequence[Arrived]) -> list[Said]:
    return [
        Said(account_id=entry.account_id, report=event, at=entry.at)
        for entry in arrived
        for event in entry.events
        if isinstance(event, DeliveryReport)
    ]
