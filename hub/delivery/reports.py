"""What providers and the other side say later, folded into the ledger."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from hub.db import Work
from hub.delivery.settle import settle_message
from hub.delivery.store import Delivery, delivery_of, suppress
from hub.ids import AccountId, MessageId, new_id
from hub.messages.events import DeliveryReport
from hub.messages.states import DeliveryState, SendFailure, fold, is_warning

ReadToken = Callable[[str], UUID | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """Which message a report was about; None: nobody knows, and it is only in the journal."""

    message_id: MessageId | None


async def apply(
    work: Work, account_id: AccountId, reports: Sequence[DeliveryReport], read_token: ReadToken, *, at: datetime
) -> list[Reported]:
    """Keep every report beside its delivery and fold its word in; the order they come in does not matter."""
    results = []
    touched: dict[MessageId, None] = {}
    for report in reports:
        deliveries = await _meant(work, account_id, report, read_token)
        for delivery in deliveries:
            await _fold_in(work, delivery, report, at)
            touched[delivery.message_id] = None
        results.append(Reported(message_id=deliveries[0].message_id if deliveries else None))
    for message_id in sorted(touched):
        await settle_message(work, message_id)
    return results


async def _meant(work: Work, account_id: AccountId, report: DeliveryReport, read_token: ReadToken) -> list[Delivery]:
    """The deliveries a report is about: named by our own token, by our id (the widget knows it), or by our Message-ID."""
    message_id = read_token(report.token) if report.token else await _own_id(work, account_id, report.message_id or "")
    if message_id is None and report.message_id:
        row = await work.fetch_one(
            """
            SELECT k.message_id FROM thread_key k JOIN message m ON m.id = k.message_id
            WHERE k.account_id = $1 AND k.key = $2 AND m.direction = 'out' ORDER BY k.n DESC LIMIT 1
            """,
            account_id,
            report.message_id,
        )
        message_id = row["message_id"] if row else None
    if message_id is not None:
        rows = await work.fetch("SELECT * FROM delivery WHERE message_id = $1 ORDER BY n", message_id)
        return _to_recipient([delivery_of(row) for row in rows], report)
    return []


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
    await work.execute(
        """
        INSERT INTO delivery_report (id, delivery_id, at, state, source, failure, provider_code, detail)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        """,
        new_id(),
        delivery.id,
        report.at or at,
        report.state.value,
        report.source,
        failure,
        report.provider_code[:64],
        report.detail[:1000],
    )
    state = fold(delivery.state, report.state)
    warning = report.detail[:1000] if is_warning(delivery.state, report.state) else delivery.warning
    if state is not delivery.state or warning != delivery.warning:
        changed = state is not delivery.state
        await work.execute(
            "UPDATE delivery SET state = $2, failure = $3, detail = $4, warning = $5, updated_at = $6 WHERE id = $1",
            delivery.id,
            state.value,
            failure if changed else (delivery.failure.value if delivery.failure else None),
            report.detail[:1000] if changed else delivery.detail,
            warning,
            at,
        )
    if state is DeliveryState.FAILED and _is_hopeless(report):
        await suppress(
            work, delivery.address, id=new_id(), reason="bounced", evidence=f"{report.provider_code} {report.detail}", at=at
        )


def _is_hopeless(report: DeliveryReport) -> bool:
    """RFC 3463 §3.2: 5.1.x says that the address itself is wrong. One such word is enough; others may be the message's fault."""
    return report.failure is SendFailure.BAD_RECIPIENT and report.provider_code.startswith("5.1.")
