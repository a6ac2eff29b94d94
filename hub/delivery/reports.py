"""What providers and the other side say later, folded into the ledger."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from logging import getLogger
from uuid import UUID

import msgspec

from hub.conversations.store import lock_conversations
from hub.db import Database, Work
from hub.delivery.parts import Word, filled, stand
from hub.delivery.settle import settle_message
from hub.delivery.store import Delivery, delivery_of, suppress
from hub.ids import AccountId, ConversationId, DeliveryId, MessageId, new_id
from hub.messages import plain
from hub.messages.address import ChannelKind
from hub.messages.events import DeliveryReport
from hub.messages.states import DeliveryState, SendFailure, fold, is_warning

log = getLogger(__name__)

ReadToken = Callable[[str], UUID | None]

NAMED_BY_ID = frozenset({ChannelKind.SMS, ChannelKind.FAX, ChannelKind.VOICE})
"""Channels whose reports name what they are about by the provider's ids."""

EARLY_KEPT = timedelta(minutes=10)
"""How long a report may be ahead of the answer that says what it is about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Target:
    """What a report is about: a message, or one delivery of it."""

    message_id: MessageId
    conversation_id: ConversationId
    delivery_id: DeliveryId | None = None


async def hold_ids(work: Work, named: Iterable[tuple[AccountId, str | None]]) -> None:
    """Let nobody else say or learn meanwhile what these are about: a report and the answer it is about may come at once.

    To be called before anything is locked.
    """
    await work.hold(*(f"report {account_id} {known_as(id)}" for account_id, id in named if id))


def known_as(provider_id: str) -> str:
    """A provider's id as it is stored and looked for."""
    return plain.line(provider_id, 255)


async def apply(
    work: Work, account_id: AccountId, reports: Sequence[DeliveryReport], read_token: ReadToken, *, at: datetime
) -> None:
    """Keep every report beside its delivery and fold its word in; the order they come in does not matter.

    What names an id of the provider's that is not known yet is kept for a while; what nobody can find the message of is in the
    journal only.
    """
    reports = [_storable(report) for report in reports]
    await hold_ids(work, ((account_id, report.provider_id) for report in reports))
    targets = [await _target(work, account_id, report, read_token) for report in reports]
    # Before any delivery is read: else each of two reports at once were folded into what stood before both.
    await lock_conversations(work, {target.conversation_id for target in targets if target is not None})
    touched: set[MessageId] = set()
    for report, target in zip(reports, targets, strict=True):
        if target is None:
            await _keep(work, account_id, report, at)
            continue
        for delivery in await _meant(work, target, report):
            await _fold_in(work, await _with_late_id(work, delivery, report, at), report, at)
            touched.add(delivery.message_id)
    for id in sorted(touched):
        await settle_message(work, id)


def _storable(report: DeliveryReport) -> DeliveryReport:
    return replace(report, provider_code=plain.line(report.provider_code, 64), detail=plain.block(report.detail, 1000))


async def learn(work: Work, delivery: Delivery, provider_ids: Sequence[str], *, at: datetime) -> None:
    """The provider's answer is known: later reports may name these ids, and earlier ones are folded in now.

    Its conversation and the ids are held by the caller, who settles the message.
    """
    ids = [known_as(id) for id in provider_ids if id]
    rows = [(delivery.account_id, id, delivery.id) for id in ids]
    await work.insert_many("delivery_part", {"account_id": "uuid", "provider_id": "text", "delivery_id": "uuid"}, rows)
    early = await work.fetch(
        "DELETE FROM early_report WHERE account_id = $1 AND provider_id = ANY($2::text[]) RETURNING id, report",
        delivery.account_id,
        ids,
    )
    for row in sorted(early, key=lambda row: row["id"]):
        now = await work.fetch_one("SELECT * FROM delivery WHERE id = $1", delivery.id)
        assert now is not None
        await _fold_in(work, delivery_of(now), msgspec.convert(row["report"], DeliveryReport), at)


async def _with_late_id(work: Work, delivery: Delivery, report: DeliveryReport, at: datetime) -> Delivery:
    """Who names our own message and an id of the provider's tells us an answer that was lost."""
    if not (report.message_id and report.provider_id) or delivery.channel not in NAMED_BY_ID:
        return delivery
    id = known_as(report.provider_id)
    ids = filled(delivery.provider_ids, [id])
    if ids == delivery.provider_ids:
        return delivery
    await work.execute("UPDATE delivery SET provider_ids = $2 WHERE id = $1", delivery.id, list(ids))
    await learn(work, delivery, [id], at=at)
    row = await work.fetch_one("SELECT * FROM delivery WHERE id = $1", delivery.id)
    assert row is not None
    return delivery_of(row)


async def forget_early(db: Database, *, now: datetime) -> None:
    """Give up on reports that nothing was ever learned about."""
    async with db.unit_of_work() as work:
        many = await work.execute("DELETE FROM early_report WHERE created_at < $1", now - EARLY_KEPT)
    if many:
        log.warning("reports were about nothing we know", extra={"reports": many})


async def _keep(work: Work, account_id: AccountId, report: DeliveryReport, at: datetime) -> None:
    if not report.provider_id:
        return
    columns = {"id": "uuid", "account_id": "uuid", "provider_id": "text", "report": "jsonb", "created_at": "timestamptz"}
    row = (new_id(), account_id, known_as(report.provider_id), msgspec.to_builtins(report), at)
    await work.insert_many("early_report", columns, [row])


async def _target(work: Work, account_id: AccountId, report: DeliveryReport, read_token: ReadToken) -> _Target | None:
    """Named by our own token, by our id (the widget and gateways know it), by our Message-ID, or by the provider's id."""
    if id := await _named(work, account_id, report, read_token):
        row = await work.fetch_one("SELECT id, conversation_id FROM message WHERE id = $1", id)
        return None if row is None else _Target(message_id=row["id"], conversation_id=row["conversation_id"])
    if not report.provider_id:
        return None
    row = await work.fetch_one(
        """
        SELECT m.id, m.conversation_id, p.delivery_id FROM delivery_part p
        JOIN delivery d ON d.id = p.delivery_id JOIN message m ON m.id = d.message_id
        WHERE p.account_id = $1 AND p.provider_id = $2 ORDER BY p.n DESC LIMIT 1
        """,
        account_id,
        known_as(report.provider_id),
    )
    if row is None:
        return None
    return _Target(message_id=row["id"], conversation_id=row["conversation_id"], delivery_id=row["delivery_id"])


async def _named(work: Work, account_id: AccountId, report: DeliveryReport, read_token: ReadToken) -> UUID | None:
    if report.token and (id := read_token(report.token)):
        return id
    if not report.message_id:
        return None
    if id := await _own_id(work, account_id, report.message_id):
        return id
    row = await work.fetch_one(
        """
        SELECT k.message_id FROM thread_key k JOIN message m ON m.id = k.message_id
        WHERE k.account_id = $1 AND k.key = $2 AND m.direction = 'out' ORDER BY k.n DESC LIMIT 1
        """,
        account_id,
        report.message_id,
    )
    return row["message_id"] if row else None


async def _meant(work: Work, target: _Target, report: DeliveryReport) -> list[Delivery]:
    if target.delivery_id is not None:
        row = await work.fetch_one("SELECT * FROM delivery WHERE id = $1", target.delivery_id)
        return [delivery_of(row)] if row is not None else []
    rows = await work.fetch("SELECT * FROM delivery WHERE message_id = $1 ORDER BY n", target.message_id)
    return _to_recipient([delivery_of(row) for row in rows], report)


async def _own_id(work: Work, account_id: AccountId, text: str) -> UUID | None:
    try:
        id = UUID(text)
    except ValueError:
        return None
    sql = "SELECT id FROM message WHERE id = $1 AND account_id = $2 AND direction = 'out'"
    row = await work.fetch_one(sql, id, account_id)
    return row["id"] if row else None


def _to_recipient(deliveries: list[Delivery], report: DeliveryReport) -> list[Delivery]:
    """Those to the recipient named; all of them where none is named, or where the only one goes by another name (a forwarding address)."""
    if report.recipient is None:
        return deliveries
    named = [d for d in deliveries if d.address.value == report.recipient.value]
    if not named and len({d.address for d in deliveries}) == 1:
        named = deliveries
    return named[-1:]  # the newest: what was sent again by hand


async def _fold_in(work: Work, delivery: Delivery, report: DeliveryReport, at: datetime) -> None:
    failure = report.failure.value if report.failure else None
    provider_id = known_as(report.provider_id or "")
    await work.execute(
        """
        INSERT INTO delivery_report (id, delivery_id, at, state, source, failure, provider_code, detail, provider_id)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        """,
        new_id(),
        delivery.id,
        report.at or at,
        report.state.value,
        report.source,
        failure,
        report.provider_code,
        report.detail,
        provider_id,
    )
    state = await _stands(work, delivery, report)
    is_late = is_warning(delivery.state, report.state) and state is delivery.state
    warning = report.detail if is_late else delivery.warning
    if state is not delivery.state or warning != delivery.warning:
        changed = state is not delivery.state
        await work.execute(
            "UPDATE delivery SET state = $2, failure = $3, detail = $4, warning = $5, updated_at = $6 WHERE id = $1",
            delivery.id,
            state.value,
            failure if changed else (delivery.failure.value if delivery.failure else None),
            report.detail if changed else delivery.detail,
            warning,
            at,
        )
    if state is DeliveryState.FAILED and _is_hopeless(report):
        await suppress(
            work, delivery.address, id=new_id(), reason="bounced", evidence=f"{report.provider_code} {report.detail}", at=at
        )


async def _stands(work: Work, delivery: Delivery, report: DeliveryReport) -> DeliveryState:
    """Where the delivery stands with this report; of several parts no report alone can tell."""
    if len(delivery.provider_ids) < 2:
        return fold(delivery.state, report.state)
    rows = await work.fetch("SELECT provider_id, state FROM delivery_report WHERE delivery_id = $1", delivery.id)
    words = (Word(provider_id=row["provider_id"], state=DeliveryState(row["state"])) for row in rows)
    return stand(delivery.provider_ids, words)


def _is_hopeless(report: DeliveryReport) -> bool:
    """RFC 3463 §3.2: 5.1.x says that the address itself is wrong. One such word is enough; others may be the message's fault."""
    return report.failure is SendFailure.BAD_RECIPIENT and report.provider_code.startswith("5.1.")
