"""What attempts came to, written down."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from hub import clock
from hub.channels.contract import SendError, SendReceipt
from hub.conversations.store import lock_conversations, remember_keys
from hub.db import Work
from hub.delivery import opt_outs
from hub.delivery.backoff import Next, after_failure
from hub.delivery.parts import filled
from hub.delivery.reports import NAMED_BY_ID, hold_ids, known_as, learn
from hub.delivery.settle import settle_message
from hub.delivery.store import Delivery
from hub.ids import MessageId
from hub.messages import plain
from hub.messages.states import DeliveryState, SendFailure


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one attempt came to, for one delivery."""

    state: DeliveryState
    failure: SendFailure | None = None
    provider_code: str = ""
    detail: str = ""
    provider_ids: tuple[str, ...] = ()
    retry_after: float | None = None
    own_keys: tuple[str, ...] = ()


def failed(error: SendError) -> Outcome:
    """What an adapter raised."""
    return Outcome(
        state=DeliveryState.UNKNOWN if error.failure is SendFailure.OUTCOME_UNKNOWN else DeliveryState.FAILED,
        failure=error.failure,
        provider_code=error.provider_code,
        detail=error.detail,
        retry_after=error.retry_after,
        provider_ids=tuple(map(known_as, error.provider_ids)),
    )


def lost(why: str) -> Outcome:
    """Nobody knows."""
    return failed(SendError(SendFailure.OUTCOME_UNKNOWN, why))


def opted_out() -> Outcome:
    """Nothing left: whom it is for has stopped it meanwhile."""
    return Outcome(state=DeliveryState.CANCELLED, failure=SendFailure.OPTED_OUT, detail=opt_outs.RULE)


def accepted(delivery: Delivery, receipt: SendReceipt) -> Outcome:
    """What a receipt says about one of its recipients."""
    if delivery.address in receipt.refused:
        failure, detail = receipt.refused[delivery.address]
        return Outcome(state=DeliveryState.FAILED, failure=failure, detail=detail)
    ids = tuple(map(known_as, receipt.provider_ids))
    return Outcome(state=receipt.state, detail=receipt.detail, provider_ids=ids, own_keys=receipt.own_keys)


async def write(work: Work, id: MessageId, deliveries: Sequence[Delivery], outcomes: Mapping[UUID, Outcome]) -> None:
    """Write down what came of sending a message. Who was overtaken (another holds the delivery now) writes nothing."""
    await hold_ids(work, ((d.account_id, id) for d in deliveries for id in _ids(d, outcomes[d.id])))
    await lock_conversations(work, [deliveries[0].conversation_id])  # before its deliveries, as everybody does
    for delivery in deliveries:
        await _write_one(work, delivery, outcomes[delivery.id])
    await remember_keys(work, id, (key for outcome in outcomes.values() for key in outcome.own_keys), clock.now())
    await settle_message(work, id)


def _ids(delivery: Delivery, outcome: Outcome) -> tuple[str, ...]:
    return outcome.provider_ids if delivery.channel in NAMED_BY_ID else ()


async def _write_one(work: Work, delivery: Delivery, outcome: Outcome) -> None:
    next_, now = _next(delivery, outcome), clock.now()
    detail = plain.block(outcome.detail, 1000)  # what a server says may be no text at all
    ids = await _all_ids(work, delivery, outcome)
    held = await work.execute(
        """
        UPDATE delivery SET state = $3, failure = $4, detail = $5, due_at = $6, lease_until = NULL, provider_ids = $7,
        updated_at = $8 WHERE id = $1 AND fence = $2 AND (state = 'sending' OR state = 'unknown' AND $3 = 'accepted')
        """,
        delivery.id,
        delivery.fence,
        next_.state.value,
        outcome.failure.value if outcome.failure else None,
        detail,
        next_.due_at or delivery.due_at,
        ids,
        now,
    )
    if held or await _is_outrun(work, delivery, ids, now):
        await _end_attempt(work, delivery, outcome, detail, now)
        if new := _ids(delivery, outcome):
            await learn(work, delivery, new, at=now)
        if outcome.failure is SendFailure.OPTED_OUT and outcome.state is DeliveryState.FAILED:
            await opt_outs.block(work, delivery.account_id, delivery.channel, delivery.address, at=now)


async def _all_ids(work: Work, delivery: Delivery, outcome: Outcome) -> list[str]:
    """Those of the answer; in the places of lost ones what a late answer has told meanwhile."""
    ids = outcome.provider_ids
    if delivery.channel not in NAMED_BY_ID or (ids and "" not in ids):
        return list(ids or delivery.provider_ids)
    row = await work.fetch_one("SELECT provider_ids FROM delivery WHERE id = $1", delivery.id)
    return list(filled(ids, row["provider_ids"])) if row else list(ids)


async def _is_outrun(work: Work, delivery: Delivery, ids: Sequence[str], now: datetime) -> bool:
    """A report was faster than the answer: its word stands, and the answer's ids are kept beside it. Else it was overtaken: whoever
    holds it now decides."""
    sql = """
    UPDATE delivery SET lease_until = NULL, provider_ids = $3, updated_at = $4
    WHERE id = $1 AND fence = $2 AND state NOT IN ('queued', 'deferred', 'sending', 'unknown') AND EXISTS (
        SELECT 1 FROM delivery_attempt a WHERE a.delivery_id = $1 AND a.number = $5 AND a.finished_at IS NULL)
    """
    return bool(await work.execute(sql, delivery.id, delivery.fence, list(ids), now, delivery.attempts))


async def _end_attempt(work: Work, delivery: Delivery, outcome: Outcome, detail: str, now: datetime) -> None:
    await work.execute(
        """
        UPDATE delivery_attempt SET finished_at = $3, outcome = $4, failure = $5, provider_code = $6, detail = $7
        WHERE delivery_id = $1 AND number = $2
        """,
        delivery.id,
        delivery.attempts,
        now,
        outcome.state.value,
        outcome.failure.value if outcome.failure else None,
        plain.line(outcome.provider_code, 64),
        detail,
    )


def _next(delivery: Delivery, outcome: Outcome) -> Next:
    if outcome.failure is None or outcome.state is DeliveryState.CANCELLED:
        return Next(state=outcome.state)
    return after_failure(
        outcome.failure,
        attempt=delivery.attempts,
        now=clock.now(),
        give_up_at=delivery.give_up_at,
        jitter=random.uniform(0.5, 1.5),
        retry_after=outcome.retry_after,
    )
