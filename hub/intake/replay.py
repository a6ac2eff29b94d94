"""Replay: what is in the journal is parsed once more, by the parser of today."""

from collections.abc import AsyncIterator
from typing import Any

from hub import clock
from hub.conversations.rereading import reread
from hub.db import Database
from hub.ids import JournalId, MessageId
from hub.intake.errors import NoSuchJournalEntry, NothingToRead, ParserFailed
from hub.intake.files import record_files, store_files
from hub.intake.parsing import ParserPool
from hub.intake.queries import raw_of
from hub.intake.service import Accounts
from hub.media import MediaStore
from hub.messages.events import InboundMessage

# Not what has a message meanwhile: it would have two.
_PENDING = """
UPDATE journal SET state = 'pending', attempts = 0, due_at = $2, lease_until = NULL WHERE id = $1 AND message_id IS NULL"""
_PERHAPS_OUTDATED = """
SELECT n, id, account_id, CASE WHEN state = 'filed' THEN parser_version END AS parser_version FROM journal
WHERE n > $1 AND (state = 'poison' OR (state = 'filed' AND message_id IS NOT NULL AND coalesce(parser_version, 1) > 0))
ORDER BY n LIMIT 200"""


class Replay:
    """For a person with the right, and for the command line after an upgrade."""

    def __init__(self, db: Database, media: MediaStore, accounts: Accounts, parsers: ParserPool) -> None:
        self._db = db
        self._media = media
        self._accounts = accounts
        self._parsers = parsers

    async def again(self, id: JournalId) -> str:
        """Set aside: it waits to be filed once more ("pending"). Filed: its message is read anew in place ("filed").

        Raises `ParserFailed`, `NothingToRead`.
        """
        row = await self._db.fetch_one("SELECT state, account_id, envelope, message_id FROM journal WHERE id = $1", id)
        if row is None:
            raise NoSuchJournalEntry("no such entry")
        if row["state"] == "filed" and row["message_id"] is not None:
            await self._reread(id, row["account_id"], row["envelope"], row["message_id"])
            return "filed"
        async with self._db.unit_of_work() as work:
            await work.execute(_PENDING, id, clock.now())
        return "pending"

    async def outdated(self) -> AsyncIterator[JournalId]:
        """Entries set aside, filed unread, or read by an older parser, the oldest first."""
        after = 0
        while rows := await self._db.fetch(_PERHAPS_OUTDATED, after):
            for row in rows:
                if (
                    row["parser_version"] is None
                    or row["parser_version"] < (await self._accounts.parser_of(row["account_id"]))[1]
                ):
                    yield row["id"]
            after = rows[-1]["n"]

    async def _reread(self, id: JournalId, account_id: Any, envelope: Any, message_id: MessageId) -> None:
        parser, version = await self._accounts.parser_of(account_id)
        if not parser:
            raise NothingToRead("it was never parsed")
        events = await self._parsers.parse(parser, await raw_of(self._db, self._media, id), envelope)
        message = next((event for event in events if isinstance(event, InboundMessage)), None)
        if message is None:
            raise ParserFailed("it finds no message in what was one")
        files = await store_files(self._media, [message])
        async with self._db.unit_of_work() as work:
            await record_files(work, files)
            await reread(work, message_id, message, files)
            await work.execute("UPDATE journal SET parser_version = $2 WHERE id = $1", id, version)
