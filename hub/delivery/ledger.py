"""The deliveries of some messages, locked, changed in memory and written down at once: one statement a table, however many they are."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from hub.conversations import events
from hub.conversations.lifecycle import Conversation
from hub.conversations.store import lock_conversations
from hub.db import Row, Work
from hub.delivery.overall import worst
from hub.delivery.parts import Word
from hub.delivery.store import Delivery, delivery_of, newest, suppress, view_of
from hub.ids import ConversationId, DeliveryId, MessageId, new_id
from hub.messages.address import Address
from hub.messages.states import DeliveryState


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a message stands."""

    message_id: MessageId
    n: int
    conversation_id: ConversationId


async def places_of(work: Work, ids: Iterable[MessageId]) -> list[Place]:
    """Where these messages stand; those that are gone stand nowhere."""
    rows = await work.fetch("SELECT id, n, conversation_id FROM message WHERE id = ANY($1::uuid[])", sorted(set(ids)))
    return [place_of(row) for row in rows]


def place_of(row: Row) -> Place:
    """From a row with a message's `id`, `n` and `conversation_id`."""
    return Place(message_id=row["id"], n=row["n"], conversation_id=row["conversation_id"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """How one try ended."""

    delivery_id: DeliveryId
    number: int
    at: datetime
    outcome: str
    failure: str | None
    provider_code: str
    detail: str


_REPORT_COLUMNS = {
    "id": "uuid", "delivery_id": "uuid", "at": "timestamptz", "state": "text", "source": "text", "failure": "text",
    "provider_code": "text", "detail": "text", "provider_id": "text",
}  # fmt: skip


class Ledger:
    """Opened for some messages, and closed in the same transaction: until then nothing of what changes is in the database.

    Conversations are locked before their deliveries, in the order of their ids, as everybody does: so two reports about one message are
    folded one after the other.
    """

    def __init__(self, work: Work, places: Iterable[Place]) -> None:
        self._work = work
        self._places = {place.message_id: place for place in places}
        self._conversations: Mapping[ConversationId, Conversation] = {}
        self._deliveries: dict[DeliveryId, Delivery] = {}  # in the order of their numbers
        self._words: dict[DeliveryId, list[Word]] = {}
        self._changed: dict[DeliveryId, datetime] = {}
        self._touched: set[MessageId] = set()
        self._attempts: list[Attempt] = []
        self._reports: list[tuple[Any, ...]] = []
        self._hopeless: list[tuple[Address, str, datetime]] = []

    @classmethod
    async def open(cls, work: Work, places: Iterable[Place]) -> "Ledger":
        """With everything that is known of the deliveries of these messages, locked."""
        ledger = cls(work, places)
        await ledger._read()
        return ledger

    async def _read(self) -> None:
        self._conversations = await lock_conversations(self._work, {place.conversation_id for place in self._places.values()})
        lock = self._work.sql(sqlite="", postgres="FOR UPDATE")
        sql = f"SELECT * FROM delivery WHERE message_id = ANY($1::uuid[]) ORDER BY n {lock}"
        found = map(delivery_of, await self._work.fetch(sql, list(self._places)) if self._places else ())
        self._deliveries = {delivery.id: delivery for delivery in found}

    async def hear(self, ids: Iterable[DeliveryId]) -> None:
        """Read what was reported about these deliveries; needed before `words` are asked for."""
        wanted = sorted(set(ids) - self._words.keys())
        self._words |= {id: [] for id in wanted}
        if wanted:
            sql = "SELECT delivery_id, provider_id, state FROM delivery_report WHERE delivery_id = ANY($1::uuid[])"
            for row in await self._work.fetch(sql, wanted):
                word = Word(provider_id=row["provider_id"], state=DeliveryState(row["state"]))
                self._words[row["delivery_id"]].append(word)

    def words(self, id: DeliveryId) -> Sequence[Word]:
        """Everything that was ever reported about a delivery."""
        return self._words[id]

    def get(self, id: DeliveryId) -> Delivery | None:
        """A delivery as it stands now."""
        return self._deliveries.get(id)

    def of(self, id: MessageId) -> list[Delivery]:
        """All deliveries of a message, in the order of the recipients."""
        return [delivery for delivery in self._deliveries.values() if delivery.message_id == id]

    def touch(self, id: MessageId) -> None:
        """Its fate is told anew when the ledger is closed."""
        self._touched.add(id)

    def put(self, delivery: Delivery, *, at: datetime) -> None:
        """It stands so from now on."""
        self._deliveries[delivery.id] = delivery
        self._changed[delivery.id] = at
        self.touch(delivery.message_id)

    def end(self, attempt: Attempt) -> None:
        """A try is over."""
        self._attempts.append(attempt)

    def keep_report(
        self, id: DeliveryId, word: Word, *, at: datetime, source: str, failure: str | None, code: str, detail: str
    ) -> None:
        """Something was said about a delivery."""
        self._reports.append((new_id(), id, at, word.state.value, source, failure, code, detail, word.provider_id))
        if id in self._words:
            self._words[id].append(word)
        self.touch(self._deliveries[id].message_id)

    def give_up_on(self, address: Address, evidence: str, *, at: datetime) -> None:
        """Nobody is reached there."""
        self._hopeless.append((address, evidence, at))

    async def close(self) -> None:
        """Write down what changed, fold the deliveries of each message into its status, and announce it."""
        await self._write_deliveries()
        await self._write_attempts()
        await self._work.insert_many("delivery_report", _REPORT_COLUMNS, self._reports)
        for address, evidence, at in self._hopeless:
            await suppress(self._work, address, id=new_id(), reason="bounced", evidence=evidence, at=at)
        await self._settle([self._places[id] for id in sorted(self._touched & self._places.keys())])

    async def _write_deliveries(self) -> None:
        await self._work.execute_many(
            """
            UPDATE delivery SET state = $2, failure = $3, detail = $4, warning = $5, due_at = $6, lease_until = $7, provider_ids = $8,
            updated_at = $9 WHERE id = $1
            """,
            [_changed_row(self._deliveries[id], at) for id, at in self._changed.items()],
        )

    async def _write_attempts(self) -> None:
        await self._work.execute_many(
            """
            UPDATE delivery_attempt SET finished_at = $3, outcome = $4, failure = $5, provider_code = $6, detail = $7
            WHERE delivery_id = $1 AND number = $2
            """,
            [(a.delivery_id, a.number, a.at, a.outcome, a.failure, a.provider_code, a.detail) for a in self._attempts],
        )

    async def _settle(self, places: Sequence[Place]) -> None:
        fates: dict[UUID, list[Delivery]] = {}
        for delivery in self._deliveries.values():
            fates.setdefault(delivery.message_id, []).append(delivery)
        rows = []
        for place in places:
            deliveries = newest(fates[place.message_id])
            shown = worst(deliveries)
            failure = shown.failure.value if shown.failure else None
            rows.append((place.message_id, shown.state.value, shown.detail, failure))
            data = {
                "conversation_id": place.conversation_id,
                "message_id": place.message_id,
                "n": place.n,
                "status": shown.state.value,
                "status_detail": shown.detail,
                "failure": failure,
                "deliveries": msgspec.to_builtins([view_of(d) for d in deliveries]),
            }
            self._work.announce(events.message_changed(self._conversations[place.conversation_id], data))
        sql = "UPDATE message SET status = $2, status_detail = $3, failure = $4 WHERE id = $1"
        await self._work.execute_many(sql, rows)


def _changed_row(d: Delivery, at: datetime) -> tuple[Any, ...]:
    failure = d.failure.value if d.failure else None
    return d.id, d.state.value, failure, d.detail, d.warning, d.due_at, d.lease_until, list(d.provider_ids), at


async def settle_message(work: Work, id: MessageId) -> None:
    """After its deliveries were changed otherwise: fold them into the message's own status and announce it."""
    ledger = await Ledger.open(work, await places_of(work, [id]))
    ledger.touch(id)
    await ledger.close()
