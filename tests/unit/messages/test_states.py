"""Reports fold into one state, whatever the order they come in."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.messages.states import FINAL, DeliveryState, fold, is_warning

OURS = (DeliveryState.QUEUED, DeliveryState.SENDING, DeliveryState.DEFERRED, DeliveryState.UNKNOWN, DeliveryState.ACCEPTED)
states = st.sampled_from(DeliveryState)


def folded(start: DeliveryState, reports: tuple[DeliveryState, ...]) -> DeliveryState:
    for report in reports:
        start = fold(start, report)
    return start


@pytest.mark.covers("B-03")
@given(start=states, reports=st.lists(states, min_size=1, max_size=5))
def test_every_order_of_reports_ends_in_the_same_state(start: DeliveryState, reports: list[DeliveryState]) -> None:
    assert len({folded(start, order) for order in permutations(reports)}) == 1


@pytest.mark.covers("B-03")
@given(start=states, reports=st.lists(states))
def test_a_repeated_report_changes_nothing(start: DeliveryState, reports: list[DeliveryState]) -> None:
    assert folded(start, (*reports, *reports)) == folded(start, tuple(reports))


@given(reports=st.lists(states))
def test_what_was_read_stays_read_and_what_was_delivered_never_fails(reports: list[DeliveryState]) -> None:
    assert folded(DeliveryState.READ, tuple(reports)) is DeliveryState.READ
    assert folded(DeliveryState.DELIVERED, tuple(reports)) in (DeliveryState.DELIVERED, DeliveryState.READ)


@pytest.mark.parametrize("current", OURS)
def test_no_report_makes_a_message_go_out_again(current: DeliveryState) -> None:
    """A notice of delay that comes while we are sending must not look as if we had to try again."""
    for word in (DeliveryState.QUEUED, DeliveryState.SENDING, DeliveryState.DEFERRED):
        assert fold(current, word) is current


def test_delivered_wins_over_failed_and_a_later_failure_is_a_warning() -> None:
    assert fold(DeliveryState.FAILED, DeliveryState.DELIVERED) is DeliveryState.DELIVERED
    assert is_warning(DeliveryState.DELIVERED, DeliveryState.FAILED)
    assert is_warning(DeliveryState.ACCEPTED, DeliveryState.DEFERRED)
    assert not is_warning(DeliveryState.ACCEPTED, DeliveryState.FAILED)
    assert not is_warning(DeliveryState.FAILED, DeliveryState.FAILED)


@given(current=states, report=states)
def test_a_warning_never_changes_the_state(current: DeliveryState, report: DeliveryState) -> None:
    if is_warning(current, report):
        assert fold(current, report) is current


@given(report=states)
def test_only_a_stronger_final_word_replaces_a_final_one(report: DeliveryState) -> None:
    for final in FINAL:
        assert fold(final, report) in FINAL
