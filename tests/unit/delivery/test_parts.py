"""A message of several parts, whatever order its reports come in."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.delivery.parts import Word, filled, stand
from hub.messages.states import DeliveryState as S

IDS = ("a", "b", "c")
REPORTED = (S.DEFERRED, S.ACCEPTED, S.FAILED, S.DELIVERED, S.READ)

words = st.builds(Word, provider_id=st.sampled_from(["", *IDS, "of nobody"]), state=st.sampled_from(REPORTED))


def said(*words: tuple[str, S]) -> list[Word]:
    return [Word(provider_id=id, state=state) for id, state in words]


@pytest.mark.parametrize(
    ("reports", "stands"),
    [
        ([], S.ACCEPTED),
        ([("a", S.DELIVERED), ("b", S.DELIVERED)], S.ACCEPTED),
        ([("a", S.DELIVERED), ("b", S.DELIVERED), ("c", S.DELIVERED)], S.DELIVERED),
        ([("a", S.READ), ("b", S.READ), ("c", S.DELIVERED)], S.DELIVERED),
        ([("a", S.DELIVERED), ("b", S.FAILED), ("c", S.DELIVERED)], S.FAILED),
        ([("a", S.FAILED), ("a", S.DELIVERED), ("b", S.DELIVERED), ("c", S.DELIVERED)], S.DELIVERED),
        ([("a", S.FAILED), ("a", S.DELIVERED)], S.ACCEPTED),
        ([("a", S.DELIVERED), ("b", S.DEFERRED)], S.ACCEPTED),
        ([("", S.DELIVERED)], S.DELIVERED),
        ([("", S.FAILED), ("a", S.DELIVERED)], S.FAILED),
    ],
)
def test_delivered_is_what_arrived_with_every_part_and_failed_is_what_lost_one(reports: list[tuple[str, S]], stands: S) -> None:
    assert stand(IDS, said(*reports)) is stands


def test_a_part_whose_answer_was_lost_keeps_the_message_unknown() -> None:
    assert stand(("a", ""), []) is S.UNKNOWN
    assert stand(("a", ""), said(("a", S.DELIVERED))) is S.UNKNOWN
    assert stand(("a", ""), said(("a", S.FAILED))) is S.FAILED
    assert stand(("a", ""), said(("", S.DELIVERED))) is S.DELIVERED


@given(st.lists(words, max_size=8).flatmap(lambda some: st.tuples(st.just(some), st.permutations(some))))
def test_the_order_of_reports_does_not_matter(orders: tuple[Sequence[Word], Sequence[Word]]) -> None:
    one, other = orders

    assert stand(IDS, one) is stand(IDS, other)


@given(st.lists(words, max_size=8), words)
def test_a_report_said_twice_says_nothing_new(some: list[Word], again: Word) -> None:
    assert stand(IDS, [*some, again]) is stand(IDS, [*some, again, again])


def test_a_late_id_takes_the_first_lost_place_once() -> None:
    assert filled(("a", "", ""), ["b"]) == ("a", "b", "")
    assert filled(("a", "b", ""), ["b"]) == ("a", "b", "")
    assert filled(("a", "b"), ["c"]) == ("a", "b")
    assert filled((), ["a"]) == ("a",)
    assert filled(("",), ["a"]) == ("a",)
