"""Filing what waits in the journal: parsed in processes of their own, stored a batch at a time."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from logging import getLogger
from typing import Any

from hub import clock
from hub.db import Database
from hub.errors import Unavailable
from hub.intake import journal
from hub.intake.errors import ParserFailed
from hub.intake.files import store_files
from hub.intake.filing import Arrived, ReadToken, file_all
from hub.intake.journal import Pending
from hub.intake.parsing import ParserPool
from hub.intake.service import Accounts
from hub.media import MediaStore
from hub.messages.address import Address, AddressKind, BadAddress, ChannelKind, normal_email
from hub.messages.events import ChannelEvent, InboundMessage

log = getLogger(__name__)

BATCH = 50
POLL = 1.0
TRIES = 3
AGAIN_AFTER = timedelta(seconds=5)


class Filer:
    """One per process; any number of processes."""

    def __init__(
        self, db: Database, media: MediaStore, accounts: Accounts, parsers: ParserPool, read_token: ReadToken, *, alone: bool
    ) -> None:
        self._db = db
        self._media = media
        self._accounts = accounts
        self._parsers = parsers
        self._read_token = read_token
        self._alone = alone
        self._pending = asyncio.Event()

    def wake(self) -> None:
        """Something waits."""
        self._pending.set()

    async def run(self) -> None:
        """Work until cancelled."""
        if self._alone:
            await journal.release_all(self._db)
        while True:
            self._pending.clear()
            try:
                busy = await self.file_some()
            except Unavailable as error:
                log.warning("nothing is filed for now", extra={"reason": error.detail or error.code})
                busy = False
            if not busy:
                await self._wait()

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(POLL):
                await self._pending.wait()
        except TimeoutError:
            pass

    async def file_some(self) -> bool:
        """File one batch; False where nothing waits."""
        batch = await journal.claim(self._db, now=clock.now(), limit=BATCH)
        if not batch:
            return False
        versions = {entry.account_id: await self._accounts.parser_of(entry.account_id) for entry in batch}
        parsed = await asyncio.gather(*(self._parse(entry, versions[entry.account_id][0]) for entry in batch))
        await self._store(batch, parsed, {account_id: version for account_id, (_, version) in versions.items()})
        return True

    async def _parse(self, entry: Pending, parser: str) -> Arrived:
        raw = entry.raw if entry.raw is not None else await self._media.read(entry.raw_sha256 or "")
        try:
            events = await self._parsers.parse(parser, raw, entry.envelope)
        except ParserFailed as error:
            log.warning("filed unread", extra={"journal_id": str(entry.id), "reason": error.detail})
            events = [unread(raw, entry.envelope)]
        files = [file for event in events if isinstance(event, InboundMessage) for file in event.files]
        return Arrived(
            journal_id=entry.id,
            account_id=entry.account_id,
            queue_id=await self._accounts.queue_of(entry.account_id),
            events=events,
            files=await store_files(self._media, files),
            at=entry.received_at,
            ours=await self._ours(events, entry),
        )

    async def _ours(self, events: Sequence[ChannelEvent], entry: Pending) -> frozenset[str]:
        """Addresses of ours: those of our mailboxes, and where this very mail was delivered to."""
        people = [p for e in events if isinstance(e, InboundMessage) for p in (e.sender, *e.reply_to, *e.to, *e.cc)]
        return await self._accounts.ours(people) | {str(to).lower() for to in entry.envelope.get("rcpt_tos", ())}

    async def _store(self, batch: Sequence[Pending], parsed: Sequence[Arrived], versions: dict[Any, int]) -> None:
        """All together; where that fails, in halves, until the one at fault stands alone."""
        try:
            await self._store_together(parsed, versions)
        except Unavailable:
            raise
        except Exception as error:  # noqa: BLE001 - whatever one message does to the database, the others go on and it is kept
            if len(batch) > 1:
                middle = len(batch) // 2
                await self._store(batch[:middle], parsed[:middle], versions)
                await self._store(batch[middle:], parsed[middle:], versions)
            else:
                await self._blame(batch[0], error)

    async def _store_together(self, parsed: Sequence[Arrived], versions: dict[Any, int]) -> None:
        async with self._db.unit_of_work() as work:
            wanted = await journal.still_pending(work, [entry.journal_id for entry in parsed])
            entries = [entry for entry in parsed if entry.journal_id in wanted]
            results = await file_all(work, entries, self._read_token)
            for entry, result in zip(entries, results, strict=True):
                place = (result.journal_id, result.message_id, result.conversation_id)
                await journal.mark_filed(work, [place], parser_version=versions[entry.account_id], at=clock.now())

    async def _blame(self, entry: Pending, error: Exception) -> None:
        why = f"{type(error).__name__}: {error}"
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
