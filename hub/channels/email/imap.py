"""Following a mailbox by IMAP: each message once, in order, whatever is cut or killed in between.

The place reached is the cursor `imap:<mailbox>` = `<UIDVALIDITY>:<last UID>`, stored by the sink with the messages. The
key of a message is the SHA-256 of its bytes and not its UID: so nothing doubles when a server renumbers a mailbox
(UIDVALIDITY), or when somebody moves or copies mail between the folders that are read.
"""

import asyncio
import logging
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from hub.channels.contract import Handover, Sink
from hub.channels.email.imap_guard import CHUNK, ImapDenied, ImapLost, ImapRefused, ImapSession
from hub.channels.email.imap_wire import FetchedMail
from hub.errors import HubError, Unavailable

log = logging.getLogger(__name__)

_MAX_TRIES = 3  # then a message that cannot be had is put aside, visibly
_FIRST_PAUSE, _LONGEST_PAUSE, _DENIED_PAUSE = 1.0, 60.0, 300.0  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderLimits:
    """Bytes and seconds."""

    batch_bytes: int = 8 << 20  # of bodies in one command
    message_bytes: int = 64 << 20  # of a longer one only so much is taken, and said
    renew: float = 9 * 60.0  # of IDLE: many routers forget a silent connection after ten minutes
    poll: float = 30.0  # where there is no IDLE


@dataclass(slots=True)
class _Place:
    """How far a mailbox was read."""

    uidvalidity: int
    uid: int

    def __str__(self) -> str:
        return f"{self.uidvalidity}:{self.uid}"


class MailboxReader:
    """Reads one mailbox until cancelled.

    `connect` gives a new signed-in session; `tell` takes (connected | retrying | needs_person, detail).
    """

    def __init__(
        self,
        mailbox: str,
        *,
        connect: Callable[[], Awaitable[ImapSession]],
        cursor: Callable[[str], Awaitable[str | None]],
        tell: Callable[[str, str], None],
        now: Callable[[], Any],
        limits: ReaderLimits | None = None,
    ) -> None:
        self.mailbox = mailbox
        self._connect = connect
        self._cursor = cursor
        self._tell = tell
        self._now = now
        self._limits = limits or ReaderLimits()
        self._tries: Counter[tuple[int, int]] = Counter()  # (UIDVALIDITY, UID) → times it could not be had
        self._pause = _FIRST_PAUSE

    @property
    def cursor_name(self) -> str:
        """The name its place is stored under."""
        return f"imap:{self.mailbox}"

    async def run(self, sink: Sink) -> None:
        """Follow the mailbox; after a failure connect anew, with growing pauses."""
        while True:
            try:
                await self._follow(sink)
            except ImapRefused as error:
                # A person must mend it at the provider or in the settings; until then one polite try in a while.
                self._tell("needs_person", str(error))
                await asyncio.sleep(_DENIED_PAUSE if isinstance(error, ImapDenied) else _LONGEST_PAUSE)
            except (OSError, TimeoutError, HubError) as error:
                self._tell("retrying", f"{type(error).__name__}: {error}")
                await asyncio.sleep(self._pause * random.uniform(0.5, 1.0))
                self._pause = min(self._pause * 2, _LONGEST_PAUSE)

    async def _follow(self, sink: Sink) -> None:
        async with await self._connect() as session:
            place = await self._find_place(await session.select(self.mailbox))
            self._tell("connected", "")
            while True:
                await self._drain(session, place, sink)
                self._pause = _FIRST_PAUSE
                await session.wait_for_news(renew=self._limits.renew, poll=self._limits.poll)

    async def _find_place(self, uidvalidity: int) -> _Place:
        known, _, uid = (await self._cursor(self.cursor_name) or "").partition(":")
        return _Place(uidvalidity, int(uid) if uid and known == str(uidvalidity) else 0)

    async def _drain(self, session: ImapSession, place: _Place, sink: Sink) -> None:
        uids = await session.uids_after(place.uid)
        for chunk in _chunks(uids, CHUNK):
            sizes = await session.sizes(chunk)
            for batch in self._batches(sizes, place):
                await self._take(session, batch, place, sink)
            place.uid = chunk[-1]

    def _batches(self, sizes: Mapping[int, int], place: _Place) -> Iterator[dict[int, int]]:
        """Messages to ask for together: not too many bytes, and whoever made trouble before is alone."""
        batch: dict[int, int] = {}
        for uid, size in sorted(sizes.items()):
            is_suspect = (place.uidvalidity, uid) in self._tries
            if batch and (is_suspect or sum(batch.values()) + size > self._limits.batch_bytes):
                yield batch
                batch = {}
            batch[uid] = size
            if is_suspect or size > self._limits.message_bytes:
                yield batch
                batch = {}
        if batch:
            yield batch

    async def _take(self, session: ImapSession, batch: dict[int, int], place: _Place, sink: Sink) -> None:
        first = next(iter(batch))
        if self._tries[place.uidvalidity, first] >= _MAX_TRIES:
            await sink.accept(self._placeholder(first, place))
            place.uid = first
            return
        try:
            mails = await session.mails(batch, at_most=self._limits.message_bytes)
        except (ImapLost, ImapRefused) as error:
            self._suspect(batch, place)
            raise ImapLost(f"fetching UID {first}…: {error}") from error
        await self._hand_over([mails[uid] for uid in batch if uid in mails], place, sink)

    async def _hand_over(self, mails: list[FetchedMail], place: _Place, sink: Sink) -> None:
        """All but the last together, so that they share a commit; the last brings the cursor, after all the others."""
        if not mails:
            return
        *others, last = mails
        handovers = await asyncio.to_thread(lambda: [self._handover(mail, place) for mail in others])
        accepts = (self._accept(handover, place, sink) for handover in handovers)
        for outcome in await asyncio.gather(*accepts, return_exceptions=True):
            if isinstance(outcome, BaseException):
                raise outcome
        await self._accept(self._handover(last, place, cursor=True), place, sink)
        place.uid = last.uid
        for mail in mails:
            self._tries.pop((place.uidvalidity, mail.uid), None)

    async def _accept(self, handover: Handover, place: _Place, sink: Sink) -> None:
        try:
            await sink.accept(handover)
        except Unavailable:
            raise
        except HubError:
            self._suspect([int(handover.envelope["uid"])], place)
            raise

    def _suspect(self, uids: Iterable[int], place: _Place) -> None:
        for uid in uids:
            self._tries[place.uidvalidity, uid] += 1

    def _handover(self, mail: FetchedMail, place: _Place, *, cursor: bool = False) -> Handover:
        raw = mail.raw or b""
        about = self._about(mail.uid, place)
        if mail.received_at is not None:
            about["received_at"] = mail.received_at.isoformat()
        if mail.size > self._limits.message_bytes:
            about["truncated_from"] = mail.size
        return Handover(
            key=f"imap:{sha256(raw).hexdigest()}",
            raw=raw,
            envelope=about,
            cursor=(self.cursor_name, f"{place.uidvalidity}:{mail.uid}") if cursor else None,
            received_at=self._now(),
        )

    def _placeholder(self, uid: int, place: _Place) -> Handover:
        """For a message that is there and cannot be had: somebody must know of it."""
        log.error("mail put aside", extra={"mailbox": self.mailbox, "uid": uid})
        return Handover(
            key=f"imap:{self.mailbox}:{place.uidvalidity}:{uid}",
            raw=b"",
            envelope=self._about(uid, place) | {"unfetched": True},
            cursor=(self.cursor_name, f"{place.uidvalidity}:{uid}"),
            received_at=self._now(),
        )

    def _about(self, uid: int, place: _Place) -> dict[str, Any]:
        return {"via": "imap", "mailbox": self.mailbox, "uidvalidity": place.uidvalidity, "uid": uid}


def _chunks(items: list[int], size: int) -> Iterator[list[int]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
