"""What providers and the other side say later: what each report is about, many at a time."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from logging import getLogger
from uuid import UUID

import msgspec

from hub import clock
from hub.db import Database, Work
from hub.delivery.folding import NAMED_BY_ID, Learned, fold_in, hear_parts, hold_ids, known_as, learn
from hub.delivery.ledger import Ledger, Place, place_of, places_of
from hub.delivery.parts import filled
from hub.delivery.store import Delivery
from hub.ids import AccountId, DeliveryId, MessageId, new_id
from hub.messages import plain
from hub.messages.events import DeliveryReport

log = getLogger(__name__)

ReadToken = Callable[[str], UUID | None]

EARLY_KEPT = timedelta(minutes=10)
"""How long a report may be ahead of the answer that says what it is about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A report by one of our accounts, and when it came."""

    account_id: AccountId
    report: DeliveryReport
    at: datetime

    @property
    def key(self) -> tuple[AccountId, str]:
        """The account and the provider's id, as both are stored."""
        return self.account_id, known_as(self.report.provider_id or "")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Target:
    """What a report is about: a message, or one delivery of it."""

    place: Place
    delivery_id: DeliveryId | None = None


async def hold(work: Work, said: Iterable[Said]) -> None:
    """What `apply` holds, ahead of everything else."""
    await hold_ids(work, ((one.account_id, one.report.provider_id) for one in said))


async def apply(work: Work, said: Sequence[Said], read_token: ReadToken) -> None:
    """Keep every report beside its delivery and fold its word in; the order they come in does not matter.

    What names an id of the provider's that is not known yet is kept for a while; what nobody can find the message of is in the
    journal only.
    """
    if not said:
        return
    said = [replace(one, report=_storable(one.report)) for one in said]
    await hold(work, said)
    targets = await _targets(work, said, read_token)
    ledger = await Ledger.open(work, [target.place for target in targets if target is not None])
    meant = [
        (one, delivery.id)
        for one, target in zip(said, targets, strict=True)
        if target
        for delivery in _meant(ledger, target, one)
    ]
    learned = Learned()
    for one, id in meant:
        _take_late_id(ledger, learned, id, one)
    await hear_parts(ledger, (id for _, id in meant))
    for one, id in meant:
        fold_in(ledger, id, one.report, one.at)
    await learn(work, ledger, learned, at=clock.now())
    early = [one for one, target in zip(said, targets, strict=True) if target is None and one.report.provider_id]
    for one in early:
        if (known := learned.get(*one.key)) is not None:  # by another report of these
            fold_in(ledger, known, one.report, one.at)
    await _keep(work, [one for one in early if learned.get(*one.key) is None])
    await ledger.close()


def _storable(report: DeliveryReport) -> DeliveryReport:
    return replace(report, provider_code=plain.line(report.provider_code, 64), detail=plain.block(report.detail, 1000))


def _take_late_id(ledger: Ledger, learned: Learned, id: DeliveryId, said: Said) -> None:
    """Who names our own message and an id of the provider's tells us an answer that was lost."""
    delivery, report = ledger.get(id), said.report
    if delivery is None or not (report.message_id and report.provider_id) or delivery.channel not in NAMED_BY_ID:
        return
    ids = filled(delivery.provider_ids, [known_as(report.provider_id)])
    if ids != delivery.provider_ids:
        ledger.put(replace(delivery, provider_ids=ids), at=said.at)
        learned.add(delivery, [report.provider_id])


async def forget_early(db: Database, *, now: datetime) -> None:
    """Give up on reports that nothing was ever learned about."""
    async with db.unit_of_work() as work:
        many = await work.execute("DELETE FROM early_report WHERE created_at < $1", now - EARLY_KEPT)
    if many:
        log.warning("reports were about nothing we know", extra={"reports": many})


async def _keep(work: Work, said: Sequence[Said]) -> None:
    columns = {"id": "uuid", "account_id": "uuid", "provider_id": "text", "report": "jsonb", "created_at": "timestamptz"}
    rows = [(new_id(), *one.key, msgspec.to_builtins(one.report), one.at) for one in said]
    await work.insert_many("early_report", columns, rows)


async def _targets(work: Work, said: Sequence[Said], read_token: ReadToken) -> list[_Target | None]:
    """Each named by our own token, by our id (the widget and gateways know it), by our Message-ID, or by the provider's id.

    That says more than the message where it is known: the message may have been sent again since.
    """
    ids = [await _named(work, one, read_token) for one in said]
    ours = await _messages(work, [id for id in ids if id is not None])
    parts = await _parts(work, [one for one in said if one.report.provider_id])
    return [_closest(id, None if id is None else ours.get(id), parts.get(one.key)) for one, id in zip(said, ids, strict=True)]


def _closest(id: MessageId | None, message: _Target | None, part: _Target | None) -> _Target | None:
    return part if part is not None and id in (None, part.place.message_id) else message


async def _messages(work: Work, ids: Sequence[MessageId]) -> dict[MessageId, _Target]:
    return {place.message_id: _Target(place=place) for place in await places_of(work, ids)} if ids else {}


async def _parts(work: Work, said: Sequence[Said]) -> dict[tuple[AccountId, str], _Target]:
    """What the provider's ids name; where it counts anew, the newest."""
    if not said:
        return {}
    rows = await work.fetch(
        """
        SELECT p.account_id, p.provider_id, p.delivery_id, m.id, m.n, m.conversation_id FROM delivery_part p
        JOIN delivery d ON d.id = p.delivery_id JOIN message m ON m.id = d.message_id
        WHERE p.n IN (
            SELECT max(n) FROM delivery_part WHERE account_id = ANY($1::uuid[]) AND provider_id = ANY($2::text[])
            GROUP BY account_id, provider_id)
        """,
        sorted({one.account_id for one in said}),
        sorted({known_as(one.report.provider_id or "") for one in said}),
    )
    return {(row["account_id"], row["provider_id"]): _Target(place=place_of(row), delivery_id=row["delivery_id"]) for row in rows}


async def _named(work: Work, said: Said, read_token: ReadToken) -> MessageId | None:
    report = said.report
    if report.token and (id := read_token(report.token)):
        return MessageId(id)
    if not report.message_id:
        return None
    if (own := await _own_id(work, said.account_id, report.message_id)) is not None:
        return own
    row = await work.fetch_one(
        """
        SELECT k.message_id FROM thread_key k JOIN message m ON m.id = k.message_id
        WHERE k.account_id = $1 AND k.key = $2 AND m.direction = 'out' ORDER BY k.n DESC LIMIT 1
        """,
        said.account_id,
        report.message_id,
    )
    return MessageId(row["message_id"]) if row else None


async def _own_id(work: Work, account_id: AccountId, text: str) -> MessageId | None:
    try:
        id = UUID(text)
    except ValueError:
        return None
    sql = "SELECT id FROM message WHERE id = $1 AND account_id = $2 AND direction = 'out'"
    row = await work.fetch_one(sql, id, account_id)
    return MessageId(row["id"]) if row else None


def _meant(ledger: Ledger, target: _Target, said: Said) -> list[Delivery]:
    if target.delivery_id is None:
        return _to_recipient(ledger.of(target.place.message_id), said.report)
    delivery = ledger.get(target.delivery_id)
    return [delivery] if delivery is not None else []


def _to_recipient(deliveries: list[Delivery], report: DeliveryReport) -> list[Delivery]:
    """Those to the recipient named; all of them where none is named, or where the only one goes by another name (a forwarding address)."""
    if report.recipient is None:
        return deliveries
    named = [d for d in deliveries if d.address.value == report.recipient.value]
    if not named and len({d.address for d in deliveries}) == 1:
        named = deliveries
    return named[-1:]  # the newest: what was sent again by hand
