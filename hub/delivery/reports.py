"""What providers and the other side say later, folded into the ledger."""

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from hub.conversations.store import lock_conversations
from hub.db import Work
from hub.delivery.settle import settle_message
from hub.delivery.store import Delivery, delivery_of, suppress
from hub.ids import AccountId, MessageId, new_id
from hub.messages.events import DeliveryReport
from hub.messages.states import DeliveryState, SendFailure, fold, is_warning

ReadToken = Callable[[str], UUID | None]


async def apply(
    work: Work, account_id: AccountId, reports: Sequence[DeliveryReport], read_token: ReadToken, *, at: datetime
) -> None:
    """Keep every report beside its delivery and fold its word in; the order they come in does not matter.

    What nobody can find the message of is in the journal only.
    """
    named = [await _named(work, account_id, report, read_token) for report in reports]
    await _hold(work, {id for id in named if id is not None})
    touched: set[MessageId] = set()
    for report, message_id in zip(reports, named, strict=True):
        for delivery in await _meant(work, message_id, report):
            await _fold_in(work, delivery, report, at)
            touched.add(delivery.message_id)
    for id in sorted(touched):
        await settle_message(work, id)


async def _hold(work: Work, message_ids: set[UUID]) -> None:
    """Lock their conversations before any delivery is read: else each of two reports at once were folded into what stood
    before both."""
    if message_ids:
        rows = await work.fetch("SELECT conversation_id FROM message WHERE id = ANY($1::uuid[])", sorted(message_ids))
        await lock_conversations(work, [row["conversation_id"] for row in rows])


async def _named(work: Work, account_id: AccountId, report: DeliveryReport, read_token: ReadToken) -> UUID | None:
    """The message a report is about: named by our own token, by our id (the widget knows it), or by our Message-ID."""
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


async def _meant(work: Work, message_id: UUID | None, report: DeliveryReport) -> list[Delivery]:
    rows = await work.fetch("SELECT * FROM delivery WHERE message_id = $1 ORDER BY n", message_id)
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
