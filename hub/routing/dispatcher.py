"""Giving out what waits.

Every decision about offers is made in a transaction that holds one lock for the whole hub, on a fresh reading of what
is
stored, so that processes cannot disagree. Nothing is remembered between rounds: a process may die at any moment, and
the
next round of any other goes on from the tables. That makes this its own reconciler.
"""

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from hub import clock
from hub.auth.callers import SYSTEM, Caller
from hub.bus import Bus
from hub.conversations.errors import NoSuchConversation
from hub.conversations.lifecycle import State
from hub.conversations.service import Conversations
from hub.conversations.views import conversation_views
from hub.db import Database, Work
from hub.errors import HubError
from hub.ids import ConversationId, OfferId, new_id
from hub.routing.errors import NoSuchOffer, OfferGone
from hub.routing.events import offer_ended, offer_made
from hub.routing.plan import plan
from hub.routing.presence import Presence
from hub.routing.snapshot import is_urgent, loads, read_queues, read_snapshot
from hub.routing.values import CAPACITY, NewOffer, OpenOffer, Outcome, Plan, Rules

log = logging.getLogger(__name__)

POLL = 1.0  # seconds between rounds nobody asked for
REST = 0.05  # seconds between two looks: a busy hub commits hundreds of times a second, and each look costs ten statements
REFRESH = 10.0  # seconds between signs of life
_LOCK = "routing"
_LOOK_AGAIN = 0.05  # seconds, when somebody else was deciding
_END = "UPDATE offer SET state = $2, ended_at = $3 WHERE id = $1 AND state = 'open'"
_OFFER = """
INSERT INTO offer (id, conversation_id, queue_id, user_id, weight, state, made_at, expires_at)
VALUES ($1, $2, $3, $4, $5, 'open', $6, $7)"""


class Dispatcher:
    """Runs in every process; the lock lets one decide at a time."""

    def __init__(
        self, db: Database, bus: Bus, conversations: Conversations, presence: Presence, rules: Rules | None = None
    ) -> None:
        self._db, self._bus, self._conversations, self._presence = db, bus, conversations, presence
        self._rules = rules or Rules()
        self._woken = asyncio.Event()
        self._asked = False  # to decide, whatever happened

    def wake(self, *_: Any) -> None:
        """Who is there changed, or an offer ended: decide now."""
        self._asked = True
        self._woken.set()

    async def run(self) -> None:
        """Decide after every change and once a second, until cancelled. While the database is away it waits for it."""
        ends = [self._db.listen("events", self._woken.set), self._bus.subscribe("wake.routing", self.wake)]
        refreshed = settled = 0.0
        loop = asyncio.get_running_loop()
        try:
            while True:
                self._woken.clear()
                try:
                    if loop.time() - refreshed > REFRESH:
                        await self._presence.refresh()
                        refreshed = loop.time()
                    if self._asked or loop.time() - settled > POLL or await is_urgent(self._db):
                        self._asked = False
                        await self.settle()
                        settled = loop.time()
                except HubError as error:
                    log.warning("routing waits", extra={"code": error.code})
                    await asyncio.sleep(POLL)
                await clock.wait(self._woken, POLL)
                await asyncio.sleep(REST)
        finally:
            for end in ends:
                end()

    async def settle(self) -> int:
        """Decide until there is nothing left to decide; returns in how many rounds."""
        rounds = 0
        while await self._round():
            rounds += 1
        return rounds

    async def _round(self) -> bool:
        if not plan(await read_snapshot(self._db, clock.now(), self._rules), clock.now(), self._rules):
            return False
        async with self._db.unit_of_work() as work:
            if not await work.try_hold(_LOCK):  # whoever holds it decides the same things just now
                asyncio.get_running_loop().call_later(_LOOK_AGAIN, self.wake)
                return False
            now = clock.now()
            todo = plan(await read_snapshot(work, now, self._rules), now, self._rules)
            await self._carry_out(work, todo, now)
        return bool(todo)

    async def _carry_out(self, work: Work, todo: Plan, now: datetime) -> None:
        for offer, outcome in todo.ended:
            await end_offer(work, offer.id, outcome, offer=offer, now=now)
        for conversation_id in todo.returned:
            before = await self._conversations.lock(work, conversation_id)
            await self._conversations.assign_in(work, before, to=None, by=SYSTEM)
        for user_id in todo.settled:
            await work.execute("UPDATE agent_presence SET returned = TRUE WHERE user_id = $1", user_id)
        for conversation_id, queue_id in todo.placed:
            before = await self._conversations.lock(work, conversation_id)
            await self._conversations.place_in(work, before, queue_id, by=SYSTEM)
        for new in todo.offers:
            await self._offer(work, new)

    async def _offer(self, work: Work, offer: NewOffer) -> None:
        conversation = await self._conversations.lock(work, offer.conversation_id)
        if conversation.assignee_id is not None:  # somebody took it between reading and locking
            return
        offer_id = new_id()
        await work.execute(
            _OFFER,
            *(offer_id, offer.conversation_id, offer.queue_id, offer.user_id, offer.weight, offer.made_at, offer.expires_at),
        )
        await work.execute("UPDATE agent_presence SET offered_at = $2 WHERE user_id = $1", offer.user_id, offer.made_at)
        view = msgspec.to_builtins((await conversation_views(work, [conversation]))[conversation.id])
        work.announce(offer_made(offer_id, offer.user_id, offer.conversation_id, offer.expires_at, view))

    async def accept(self, offer_id: OfferId, *, by: Caller) -> ConversationId:
        """Take what was offered. Raises `NoSuchOffer`, `OfferGone`. Saying it twice is saying it once."""
        async with self._db.unit_of_work() as work:
            await hold_routing(work)
            offer, state = await _own_offer(work, offer_id, by)
            now = clock.now()
            if state != Outcome.ACCEPTED:
                await self._take(work, offer, state, now, by)
        self.wake()
        return offer.conversation_id

    async def _take(self, work: Work, offer: OpenOffer, state: str, now: datetime, by: Caller) -> None:
        if state != "open" or offer.expires_at <= now:
            raise OfferGone("too late: this was offered to somebody else meanwhile")
        try:
            before = await self._conversations.lock(work, offer.conversation_id)
        except NoSuchConversation as gone:
            raise OfferGone("the conversation is gone") from gone
        if before.state is not State.OPEN:
            raise OfferGone("the conversation is over, or part of another")
        held = (await loads(work, await read_queues(work), [offer.user_id]))[offer.user_id]
        row = await work.fetch_one("SELECT capacity FROM agent_presence WHERE user_id = $1", offer.user_id)
        if before.assignee_id is not None or held + offer.weight > (row["capacity"] if row else CAPACITY):
            raise OfferGone("the conversation went to somebody else, or you hold too much already")
        # `by` may not see it before it is theirs: that it was offered to them is the permission.
        await self._conversations.assign_in(work, before, to=offer.user_id, by=by)
        await end_offer(work, offer.id, Outcome.ACCEPTED, offer=offer, now=now)
        await work.execute("UPDATE agent_presence SET idle_since = $2 WHERE user_id = $1", offer.user_id, now)

    async def refuse(self, offer_id: OfferId, *, by: Caller) -> None:
        """Leave it to somebody else. Raises `NoSuchOffer`; one that is over already is left as it is."""
        async with self._db.unit_of_work() as work:
            await hold_routing(work)
            offer, state = await _own_offer(work, offer_id, by)
            if state == "open":
                await end_offer(work, offer.id, Outcome.REFUSED, offer=offer, now=clock.now())
        self.wake()


async def hold_routing(work: Work) -> None:
    """Let nobody else decide until this transaction ends."""
    await work.hold(_LOCK)


async def end_offer(work: Work, offer_id: OfferId, outcome: Outcome, *, offer: OpenOffer, now: datetime) -> None:
    """Settle an open offer and say so."""
    if await work.execute(_END, offer_id, outcome, now):
        work.announce(offer_ended(offer_id, offer.user_id, offer.conversation_id, outcome))


async def _own_offer(work: Work, offer_id: OfferId, by: Caller) -> tuple[OpenOffer, str]:
    rows: Sequence[Any] = await work.fetch(
        "SELECT id, conversation_id, user_id, queue_id, weight, expires_at, state FROM offer WHERE id = $1", offer_id
    )
    if not rows or rows[0]["user_id"] != by.user_id:
        raise NoSuchOffer("there is no such offer")
    fields = dict(rows[0].items())
    state = str(fields.pop("state"))
    return OpenOffer(**fields, stands=True), state
