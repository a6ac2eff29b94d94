"""Consent, trying again, and the one word for many deliveries: pure rules."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.delivery.backoff import LONGEST, after_failure
from hub.delivery.consent import Known, Purpose, decide
from hub.delivery.overall import overall
from hub.messages.states import RETRIED, DeliveryState, SendFailure

NOW = datetime(2026, 11, 21, tzinfo=UTC)
words = st.none() | st.text(min_size=1, max_size=5)


@pytest.mark.covers("B-04")
@given(purpose=st.sampled_from(Purpose), known=st.builds(Known, refused=words, suppressed=words, opted_out=words, agreed=words))
def test_a_refusal_or_suppression_binds_every_purpose_and_marketing_needs_a_yes(purpose: Purpose, known: Known) -> None:
    decision = decide(purpose, known)

    if purpose is Purpose.OPT_OUT and known.suppressed is None:  # the one answer to who stops or asks for help
        assert (decision.allowed, decision.rule) == (True, "opt_out_answer")
        return
    blocked = {known.refused, known.suppressed, known.opted_out} != {None}
    agreed = purpose is not Purpose.MARKETING or known.agreed is not None
    assert decision.allowed == (not blocked and agreed)
    assert (decision.rule == "opted_out") == (known.opted_out is not None)
    stored = decision.to_json()
    assert stored["rule"]
    assert stored["purpose"] == purpose.value


def test_the_decision_names_its_rule_and_its_evidence() -> None:
    refused = decide(Purpose.REPLY, Known(refused="asked us not to", suppressed="bounced"))
    assert (refused.rule, refused.evidence) == ("customer_refused", {"reason": "asked us not to"})
    assert decide(Purpose.SERVICE, Known(suppressed="bounced")).rule == "suppressed"
    assert decide(Purpose.MARKETING, Known()).rule == "no_consent"
    assert decide(Purpose.MARKETING, Known(agreed="form of 1 May")).evidence == {"proof": "form of 1 May"}


@given(
    failure=st.sampled_from(SendFailure),
    attempt=st.integers(1, 10_000),
    left=st.integers(0, 48 * 3600),
    jitter=st.floats(0.5, 1.5),
    retry_after=st.none() | st.floats(0, 1e18),
)
def test_a_failed_attempt_is_repeated_in_time_or_not_at_all(
    failure: SendFailure, attempt: int, left: int, jitter: float, retry_after: float | None
) -> None:
    give_up_at = NOW + timedelta(seconds=left)
    after = after_failure(failure, attempt=attempt, now=NOW, give_up_at=give_up_at, jitter=jitter, retry_after=retry_after)

    if failure is SendFailure.OUTCOME_UNKNOWN:
        assert after.state is DeliveryState.UNKNOWN
    elif failure not in RETRIED:
        assert after.state is DeliveryState.FAILED
    assert (after.due_at is not None) == (after.state is DeliveryState.DEFERRED)
    if after.due_at is not None:
        assert NOW < after.due_at < give_up_at
        wait = (after.due_at - NOW).total_seconds()
        assert (retry_after or 0) - 1e-6 <= wait <= max(LONGEST.total_seconds() * 1.5, retry_after or 0) + 1e-6


def test_the_waits_double_up_to_half_an_hour() -> None:
    waits = []
    for attempt in range(1, 14):
        after = after_failure(SendFailure.UNAVAILABLE, attempt=attempt, now=NOW, give_up_at=NOW + timedelta(days=2), jitter=1.0)
        assert after.due_at is not None
        waits.append((after.due_at - NOW).total_seconds())
    assert waits[:4] == [5, 10, 20, 40]
    assert waits[-1] == LONGEST.total_seconds()
    assert waits == sorted(waits)


@given(states=st.lists(st.sampled_from(DeliveryState), min_size=1))
def test_a_message_is_shown_with_its_worst_delivery(states: list[DeliveryState]) -> None:
    worst = overall(states)
    assert worst in states
    assert overall(reversed(states)) is worst
    if DeliveryState.FAILED in states:
        assert worst is DeliveryState.FAILED
    if set(states) - {DeliveryState.DELIVERED, DeliveryState.READ}:
        assert worst not in (DeliveryState.DELIVERED, DeliveryState.READ)
