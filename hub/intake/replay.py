"""Replay: what is in the journal is parsed once more, by the parser of today."""

from collections.abc import Sequence
from typing import Any

import msgspec

from hub import clock
from hub.conversations.store import rewrite_parsed
from hub.db import Database
from hub.ids import JournalId, MessageId
from hub.intake.errors import NoSuchJournalEntry
from hub.intake.files import record_files, store_files
from hub.intake.parsing import ParserPool
from hub.intake.queries import raw_of
from hub.intake.service import Accounts
from hub.media import MediaStore
from hub.messages.events import InboundMessage


class Replay:
    """For a person with the right, and for the command line after an upgrade."""

    def __init__(self, db: Database, media: MediaStore, accounts: Accounts, parsers: ParserPool) -> None:
        self._db = db
        self._media = media
        self._accounts = accounts
        self._parsers = parsers

    async def again(self, id: JournalId) -> str:
        """Set aside: it waits to be filed once more ("pending"). Filed: its message is read anew in place ("filed"). Raises `ParserFailed`."""
        row = await self._db.fetch_one("SELECT state, account_id, envelope, message_id FROM journal WHERE id = $1", id)
        if row is None:
            raise NoSuchJournalEntry("no such entry")
        if row["state"] == "filed" and row["message_id"] is not None:
            await self._reread(id, row["account_id"], row["envelope"], row["message_id"])
            return "filed"
        async with self._db.unit_of_work() as work:
            await work.execute(
                "UPDATE journal SET state = 'pending', attempts = 0, due_at = $2, lease_until = NULL WHERE id = $1",
                id,
                clock.now(),
            )
        return "pending"

    async def older_than_parser(self, limit: int = 100) -> Sequence[JournalId]:
        """Filed entries that an older parser read, the oldest first; and those set aside."""
        accounts = await self._db.fetch("SELECT DISTINCT account_id FROM journal")
        found: list[JournalId] = []
        for account in accounts:
            _, version = await self._accounts.parser_of(account["account_id"])
            rows = await self._db.fetch(
                """
                SELECT id FROM journal WHERE account_id = $1 AND (state = 'poison'
                OR (state = 'filed' AND message_id IS NOT NULL AND parser_version > 0 AND parser_version < $2)) ORDER BY n LIMIT $3
                """,
                account["account_id"],
                version,
                limit - len(found),
            )
            found += [row["id"] for row in rows]
        return found

    async def _reread(self, id: JournalId, account_id: Any, envelope: Any, message_id: MessageId) -> None:
        parser, version = await self._accounts.parser_of(account_id)
        events = await self._parsers.parse(parser, await raw_of(self._db, self._media, id), envelope)
        message = next(event for event in events if isinstance(event, InboundMessage))
        files = await store_files(self._media, message.files)
        async with self._db.unit_of_work() as work:
            await record_files(work, files)
            await rewrite_parsed(work, message_id, message, msgspec.to_builtins(files))
            await work.execute("UPDATE journal SET parser_version = $2 WHERE id = $1", id, version)
