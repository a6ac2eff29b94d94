"""What adapters hand things over to."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import Protocol

import msgspec

from hub import clock
from hub.channels.contract import Accepted, Duplicate, Handover
from hub.db import Database, UniqueViolation, Work
from hub.ids import AccountId, JournalId, QueueId, new_id
from hub.intake import journal
from hub.intake.files import store_files
from hub.intake.filing import Arrived, ReadToken, Result, file_all, hold_senders
from hub.intake.journal import IN_ROW, Entry, Pending
from hub.media import MediaStore
from hub.messages.address import Address
from hub.messages.events import ChannelEvent

Answer = Accepted | Duplicate


class Accounts(Protocol):
    """What filing asks about channel accounts."""

    async def queue_of(self, account_id: AccountId) -> QueueId | None:
        """Where the account's conversations wait."""
        ...

    async def ours(self, addresses: Iterable[Address]) -> frozenset[str]:
        """Those of `addresses` that are our own mailboxes'."""
        ...

    async def parser_of(self, account_id: AccountId) -> tuple[str, int]:
        """The parser (`"module:function"`) of the account's adapter, and its version."""
        ...


class FilesLater(Protocol):
    """What files, in this process, what needs a parser first."""

    @property
    def takes(self) -> bool:
        """Whether it wants what is journalled now to be given to it, rather than to find it in the table."""
        ...

    def give(self, entries: Sequence[Pending]) -> None:
        """These were journalled as its own."""
        ...

    def wake(self) -> None:
        """Something waits in the table."""
        ...


class _Item:
    __slots__ = ("arrived", "entry")

    def __init__(self, entry: Entry, arrived: Arrived | None) -> None:
        self.entry = entry
        self.arrived = arrived


class Intake:
    """The door in: one per process."""

    def __init__(
        self,
        db: Database,
        media: MediaStore,
        accounts: Accounts,
        read_token: ReadToken,
        notice: Callable[[AccountId, ChannelEvent], None],
    ) -> None:
        self._db = db
        self._media = media
        self._accounts = accounts
        self._read_token = read_token
        self._notice = notice
        self._filer: FilesLater | None = None
        db.committer.register("accept", self._write)

    def file_by(self, filer: FilesLater) -> None:
        """Let `filer` have whatever is journalled and not filed in the same transaction."""
        self._filer = filer

    def sink_for(self, account_id: AccountId) -> "AccountSink":
        """The sink an account's adapter hands over to."""
        return AccountSink(self, account_id)

    async def accept(self, account_id: AccountId, handover: Handover) -> Answer:
        """Make it durable; file it at once where it needs no parser. Raises `DatabaseGone` or `StoreUnavailable`: then nothing was accepted."""
        digest = None
        if len(handover.raw) > IN_ROW:
            digest = (await self._media.put(handover.raw)).digest
        entry = Entry(
            id=JournalId(new_id()),
            account_id=account_id,
            handover=handover,
            raw_sha256=digest,
            is_filed=handover.events is not None,
        )
        arrived = await self._arrived(entry) if handover.events is not None else None
        return await self._stored(_Item(entry, arrived))

    async def _stored(self, item: _Item) -> Answer:
        try:
            answer: Answer = await self._db.committer.submit("accept", item)
        except UniqueViolation as error:
            if error.constraint != journal.ONCE:
                raise
            answer = await self._db.committer.submit("accept", item)  # another process was first: now it is known
        return answer

    async def notice(self, account_id: AccountId, event: ChannelEvent) -> None:
        """Pass on what may be lost."""
        self._notice(account_id, event)

    async def _arrived(self, entry: Entry) -> Arrived:
        events = entry.handover.events or ()
        return Arrived(
            journal_id=entry.id,
            account_id=entry.account_id,
            queue_id=await self._accounts.queue_of(entry.account_id),
            events=events,
            files=await store_files(self._media, events),
            at=clock.now(),
        )

    async def _write(self, work: Work, items: Sequence[_Item]) -> list[Answer]:
        """The committer's writer."""
        entries = self._taken([item.entry for item in items])
        await hold_senders(work, [item.arrived for item in items if item.arrived is not None])
        known = await journal.known(work, entries)
        first = {(entry.account_id, entry.key): entry.id for entry in reversed(entries)}
        new = {id for key, id in first.items() if key not in known}
        filed = await self._file(work, [item.arrived for item in items if item.entry.id in new and item.arrived is not None])
        known |= {key: filed[id].place() for key, id in first.items() if id in filed}
        places = {id: result.place() for id, result in filed.items()}
        await journal.insert(work, [entry for entry in entries if entry.id in new], places, at=clock.now())
        await journal.move_cursors(work, entries)
        if self._filer is not None and (waiting := [entry for entry in entries if entry.id in new and not entry.is_filed]):
            work.after_commit(partial(_pass_on, self._filer, waiting))
        return [
            _accepted(filed.get(entry.id)) if entry.id in new else _duplicate(known.get((entry.account_id, entry.key)))
            for entry in entries
        ]

    def _taken(self, entries: list[Entry]) -> list[Entry]:
        if self._filer is None or not self._filer.takes:
            return entries
        now = clock.now()
        return [entry if entry.is_filed else replace(entry, taken_at=now) for entry in entries]

    async def _file(self, work: Work, arrived: Sequence[Arrived]) -> dict[JournalId, Result]:
        results = await file_all(work, arrived, self._read_token) if arrived else []
        return {result.journal_id: result for result in results}


def _pass_on(filer: FilesLater, entries: Sequence[Entry]) -> None:
    if entries[0].taken_at is not None:
        filer.give([entry.pending() for entry in entries])
    else:
        filer.wake()


def _accepted(result: Result | None) -> Accepted:
    if result is None or result.message_id is None:
        return Accepted()
    message = msgspec.to_builtins(result.message) if result.message else None
    return Accepted(message_ids=(result.message_id,), conversation_id=result.conversation_id, message=message)


def _duplicate(known: journal.Known | None) -> Duplicate:
    if known is None:  # it stands twice in this batch, and is filed later
        return Duplicate()
    return Duplicate(message_ids=(known.message_id,) if known.message_id else (), conversation_id=known.conversation_id)


class AccountSink:
    """The door in, for one account."""

    def __init__(self, intake: Intake, account_id: AccountId) -> None:
        self._intake = intake
        self._account_id = account_id

    async def accept(self, handover: Handover) -> Answer:
        """See `Intake.accept`."""
        return await self._intake.accept(self._account_id, handover)

    async def notice(self, event: ChannelEvent) -> None:
        """See `Intake.notice`."""
        await self._intake.notice(self._account_id, event)
