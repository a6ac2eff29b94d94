"""Filing what waits in the journal: parsed in processes of their own, stored a batch at a time."""

import asyncio
from collections.abc import Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from datetime import timedelta
from logging import getLogger
from time import monotonic
from typing import Any

from hub import clock
from hub.db import Database
from hub.errors import Unavailable
from hub.intake import journal
from hub.intake.errors import ParserFailed
from hub.intake.files import store_files, without_files
from hub.intake.filing import Arrived, ReadToken, file_all
from hub.intake.fresh import Fresh
from hub.intake.journal import Pending
from hub.intake.parsing import ParserPool
from hub.intake.service import Accounts
from hub.media import MediaStore
from hub.messages import plain
from hub.messages.address import Address, AddressKind, BadAddress, ChannelKind, normal_email
from hub.messages.events import ChannelEvent, InboundMessage

log = getLogger(__name__)

BATCH = 50
POLL = 1.0
TRIES = 3
AGAIN_AFTER = timedelta(seconds=5)
BATCHES = 2  # under way at a time
LARGE_AT_ONCE = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """An entry, and what its parser made of it."""

    entry: Pending
    arrived: Arrived
    parser_version: int | None  # None: it could not read it


class Filer:
    """One per process; any number of processes.

    Two batches are under way at a time: while one is stored the next is read. They are stored in the order they came.
    """

    def __init__(
        self, db: Database, media: MediaStore, accounts: Accounts, parsers: ParserPool, read_token: ReadToken, *, alone: bool
    ) -> None:
        self._db = db
        self._media = media
        self._accounts = accounts
        self._parsers = parsers
        self._read_token = read_token
        self._alone = alone
        self._fresh = Fresh()
        self._pending = asyncio.Event()
        self._looked = 0.0  # when we last saw what waits in the table
        self._claiming = asyncio.Lock()
        self._stored = asyncio.Event()  # the batch claimed last is
        self._stored.set()
        self._large = asyncio.Semaphore(LARGE_AT_ONCE)
        self._given_up: list[Pending] = []  # claimed, not filed, and the database has yet to hear of it

    @property
    def takes(self) -> bool:
        """See `Fresh.takes`."""
        return self._fresh.takes

    def give(self, entries: Sequence[Pending]) -> None:
        """Entries that were journalled as ours."""
        self._fresh.give(entries)
        self._pending.set()

    def wake(self) -> None:
        """Something waits in the table."""
        self._fresh.pass_by()
        self._pending.set()

    async def run(self) -> None:
        """Work until cancelled."""
        if self._alone:
            await journal.release_all(self._db)
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(BATCHES):
                    group.create_task(self._work())
        finally:
            await self._let_go(self._fresh.close())

    async def _work(self) -> None:
        while True:
            try:
                await self._file_next()
            except Unavailable as error:
                log.warning("nothing is filed for now", extra={"reason": error.detail or error.code})
                await asyncio.sleep(POLL)

    async def _file_next(self) -> None:
        """Wait for a batch and file it. Whatever ends this early, others need not wait for its lease."""
        async with self._claiming:
            batch = await self._next()
            before, mine = self._stored, asyncio.Event()
            self._stored = mine
        is_done = False
        try:
            read = await self._read_all(batch)
            await before.wait()
            await self._store(read)
            is_done = True
        finally:
            mine.set()
            if not is_done:
                await self._let_go(batch)

    async def _next(self) -> list[Pending]:
        """What came first: what was given to us, then what waits in the table, where we look once a `POLL` in any case."""
        while True:
            self._pending.clear()
            if self._fresh and monotonic() < self._looked + POLL:
                return self._fresh.take(BATCH)
            if batch := await self._claim():
                return batch
            if not self._fresh:
                await clock.wait(self._pending, POLL)

    async def _claim(self) -> list[Pending]:
        self._looked = monotonic()
        await self._release()
        self._fresh.begin_to_look()
        batch = await journal.claim(self._db, now=clock.now(), limit=BATCH)
        if len(batch) < BATCH:
            self._fresh.open()
        return batch

    async def _let_go(self, batch: Sequence[Pending]) -> None:
        self._given_up.extend(batch)
        with suppress(Unavailable):  # tried again before we next look; where we never do, the lease ends by itself
            await self._release()

    async def _release(self) -> None:
        entries, self._given_up = self._given_up, []
        if not entries:
            return
        try:
            await journal.release(self._db, entries)
        except Unavailable:
            self._given_up.extend(entries)
            raise

    async def _read_all(self, batch: Sequence[Pending]) -> list[_Read]:
        """Those that could be read. One that cannot be is put back, and holds nobody else up."""
        read = []
        results = await asyncio.gather(*map(self._read, batch), return_exceptions=True)
        for entry, result in zip(batch, results, strict=True):
            match result:
                case _Read():
                    read.append(result)
                case Unavailable():
                    await journal.release(self._db, [entry], due_at=clock.now() + AGAIN_AFTER)
                case Exception():
                    await self._blame(entry, result)
                case _:
                    raise result
        return read

    async def _read(self, entry: Pending) -> _Read:
        parser, version = await self._accounts.parser_of(entry.account_id)
        # Large mails some at a time: each is held several times over while it is read.
        async with self._large if entry.raw is None else nullcontext():
            raw = entry.raw if entry.raw is not None else await self._media.read(entry.raw_sha256 or "")
            found = await self._events(entry, parser, raw)
            events = found if found is not None else [unread(raw, entry.envelope)]
            stored = await store_files(self._media, events)
        arrived = Arrived(
            journal_id=entry.id,
            account_id=entry.account_id,
            queue_id=await self._accounts.queue_of(entry.account_id),
            events=[without_files(event) for event in events],
            files=stored,
            at=entry.received_at,
            ours=await self._ours(events, entry),
        )
        return _Read(entry=entry, arrived=arrived, parser_version=version if found is not None else None)

    async def _events(self, entry: Pending, parser: str, raw: bytes) -> list[ChannelEvent] | None:
        try:
            return await self._parsers.parse(parser, raw, entry.envelope)
        except ParserFailed as error:
            log.warning("filed unread", extra={"journal_id": str(entry.id), "reason": error.detail})
            return None

    async def _ours(self, events: Sequence[ChannelEvent], entry: Pending) -> frozenset[str]:
        """Addresses of ours: those of our mailboxes, and where this very mail was delivered to."""
        people = [p for e in events if isinstance(e, InboundMessage) for p in (e.sender, *e.reply_to, *e.to, *e.cc)]
        return await self._accounts.ours(people) | {str(to).lower() for to in entry.envelope.get("rcpt_tos", ())}

    async def _store(self, read: Sequence[_Read]) -> None:
        """All together; where that fails, in halves, until the one at fault stands alone."""
        try:
            await self._store_together(read)
        except Unavailable:
            raise
        except Exception as error:  # noqa: BLE001 - whatever one message does to the database, the others go on and it is kept
            if len(read) > 1:
                middle = len(read) // 2
                await self._store(read[:middle])
                await self._store(read[middle:])
            else:
                await self._blame(read[0].entry, error)

    async def _store_together(self, read: Sequence[_Read]) -> None:
        if not read:
            return
        versions = {one.entry.id: one.parser_version for one in read}
        async with self._db.unit_of_work() as work:
            wanted = await journal.still_pending(work, list(versions))
            filed = await file_all(work, [one.arrived for one in read if one.entry.id in wanted], self._read_token)
            for version in {*versions.values()}:
                places = [(r.journal_id, r.message_id, r.conversation_id) for r in filed if versions[r.journal_id] == version]
                await journal.mark_filed(work, places, parser_version=version, at=clock.now())

    async def _blame(self, entry: Pending, error: Exception) -> None:
        why = plain.line(f"{type(error).__name__}: {error}", 1000)
        log.error("could not be filed", exc_info=error, extra={"journal_id": str(entry.id), "attempt": entry.attempts})
        if entry.attempts >= TRIES:
            await journal.set_aside(self._db, entry.id, error=why)
        else:
            await journal.put_back(self._db, entry.id, error=why, due_at=clock.now() + AGAIN_AFTER * entry.attempts)


def unread(raw: bytes, envelope: Any) -> ChannelEvent:
    """What is filed where the parser failed: an entry with the sender the transport named, its source a click away, answerable."""
    try:
        sender = normal_email(str(envelope.get("mail_from", "")))
    except BadAddress:
        sender = "unknown@sender.invalid"  # RFC 2606: nobody's
    head = raw[:2000].decode("utf-8", "replace").replace("\x00", "")
    return InboundMessage(
        channel=ChannelKind.EMAIL,
        sender=Address(kind=AddressKind.EMAIL, value=sender),
        text=head,
        reply_text=head,
        notices=("unreadable",),
        automatic=True,
    )
