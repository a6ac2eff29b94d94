"""What attempts came to, written down: many at a time."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from hub import clock
from hub.channels.contract import SendError, SendReceipt
from hub.conversations.store import remember_keys
from hub.db import Work
from hub.delivery import opt_outs
from hub.delivery.backoff import Next, after_failure
from hub.delivery.claims import Parcel
from hub.delivery.folding import NAMED_BY_ID, Learned, hold_ids, known_as, learn
from hub.delivery.ledger import Attempt, Ledger, places_of
from hub.delivery.parts import filled
from hub.delivery.store import Delivery
from hub.errors import HubError
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

    @property
    def is_certain(self) -> bool:
        """Nothing left, or will be tried again: whatever is lost of this outcome, no message is."""
        return self.failure not in (None, SendFailure.OUTCOME_UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A parcel, and what came of each delivery in it."""

    parcel: Parcel
    outcomes: Mapping[UUID, Outcome]


def all_of(parcel: Parcel, outcome: Outcome) -> Sent:
    """The same came of all of them."""
    return Sent(parcel=parcel, outcomes={d.id: outcome for d in parcel.deliveries})


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


def held_up(error: HubError) -> Outcome:
    """Before anything left: an account switched off, the database away."""
    return failed(SendError(SendFailure.UNAVAILABLE, error.detail or error.code))


def spoiled(error: Exception, *, left: bool) -> Outcome:
    """A mistake of ours. Where it may have `left`, nobody knows; else it did not, and will not do so another time."""
    why = f"internal error ({type(error).__name__})"
    return lost(why) if left else failed(SendError(SendFailure.REJECTED, why))


def bare(sent: Sent, error: Exception) -> Sent:
    """The same without words and ids, which the database would not take: who is certain that nothing left still is, else nobody knows."""
    told = {
        id: Outcome(state=outcome.state, failure=outcome.failure, retry_after=outcome.retry_after)
        if outcome.is_certain
        else spoiled(error, left=True)
        for id, outcome in sent.outcomes.items()
    }
    return replace(sent, outcomes=told)


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


async def write(work: Work, sent: Sequence[Sent]) -> list[None]:
    """The committer's writer. Who was overtaken (another holds the delivery now) writes nothing."""
    now = clock.now()
    each = [(delivery, one.outcomes[delivery.id]) for one in sent for delivery in one.parcel.deliveries]
    await hold_ids(work, ((delivery.account_id, id) for delivery, outcome in each for id in _ids(delivery, outcome)))
    ledger = await Ledger.open(work, await places_of(work, (one.parcel.message_id for one in sent)))
    learned = Learned()
    for delivery, outcome in each:
        if _end(ledger, delivery, outcome, now):
            learned.add(delivery, _ids(delivery, outcome))
            if outcome.failure is SendFailure.OPTED_OUT and outcome.state is DeliveryState.FAILED:
                await opt_outs.block(work, delivery.account_id, delivery.channel, delivery.address, at=now)
    await learn(work, ledger, learned, at=now)
    for one in sent:
        ledger.touch(one.parcel.message_id)
        if keys := [key for outcome in one.outcomes.values() for key in outcome.own_keys]:
            await remember_keys(work, one.parcel.message_id, keys, now)
    await ledger.close()
    return [None] * len(sent)


def _ids(delivery: Delivery, outcome: Outcome) -> tuple[str, ...]:
    return outcome.provider_ids if delivery.channel in NAMED_BY_ID else ()


def _end(ledger: Ledger, claimed: Delivery, outcome: Outcome, now: datetime) -> bool:
    """End the attempt that began with `claimed`, unless another has the delivery now."""
    stands = ledger.get(claimed.id)
    if stands is None or stands.fence != claimed.fence:
        return False
    next_, detail = _next(claimed, outcome), plain.block(outcome.detail, 1000)  # what a server says may be no text at all
    ids = _all_ids(stands, outcome)
    if stands.state is DeliveryState.SENDING or (stands.state is DeliveryState.UNKNOWN and next_.state is DeliveryState.ACCEPTED):
        due_at = next_.due_at or stands.due_at
        ended = replace(stands, state=next_.state, failure=outcome.failure, detail=detail, due_at=due_at)
    elif stands.lease_until is not None:
        ended = stands  # a report was faster than the answer: its word stands, the answer's ids are kept beside it
    else:
        return False
    ledger.put(replace(ended, lease_until=None, provider_ids=ids), at=now)
    ledger.end(
        Attempt(
            delivery_id=claimed.id,
            number=claimed.attempts,
            at=now,
            outcome=outcome.state.value,
            failure=outcome.failure.value if outcome.failure else None,
            provider_code=plain.line(outcome.provider_code, 64),
            detail=detail,
        )
    )
    return True


def _all_ids(stands: Delivery, outcome: Outcome) -> tuple[str, ...]:
    """Those of the answer; in the places of lost ones what a late answer has told meanwhile."""
    ids = outcome.provider_ids
    if stands.channel not in NAMED_BY_ID or (ids and "" not in ids):
        return ids or stands.provider_ids
    return filled(ids, stands.provider_ids)


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
