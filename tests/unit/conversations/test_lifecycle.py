"""Whatever is said and done, a conversation is in a state that makes sense."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.conversations.lifecycle import (
    PARTICIPANTS_KEPT,
    PREVIEW_CHARS,
    Conversation,
    Said,
    State,
    WaitingFor,
    after,
    close,
    continues,
    preview,
    reopen,
    snooze,
)
from hub.ids import AccountId, ConversationId, MessageId
from hub.messages.address import ChannelKind
from hub.messages.content import Direction, MessageKind

NOW = datetime(2026, 11, 21, tzinfo=UTC)


def conversation() -> Conversation:
    return Conversation(
        id=ConversationId(uuid4()),
        waiting_since=NOW,
        channel=ChannelKind.EMAIL,
        last_message_at=NOW,
        created_at=NOW,
        updated_at=NOW,
    )


def said(direction: Direction, at: datetime, *, machine: bool = False, text: str = "x", people: tuple[str, ...] = ()) -> Said:
    return Said(
        id=MessageId(uuid4()),
        direction=direction,
        kind=MessageKind.MESSAGE,
        channel=ChannelKind.EMAIL,
        account_id=AccountId(uuid4()),
        text=text,
        at=at,
        participants=people,
        is_machine=machine,
    )


steps = st.one_of(
    st.tuples(st.just("said"), st.sampled_from(Direction), st.booleans()),
    st.tuples(st.sampled_from(["close", "reopen", "snooze"]), st.none(), st.none()),
)


def walk(path: list[tuple[object, ...]], offsets: list[int]) -> list[Conversation]:
    """The conversation after each step; the clock of what arrives may stand behind that of what people do."""
    now, states = NOW, [conversation()]
    for (what, direction, machine), offset in zip(path, offsets, strict=False):
        now += timedelta(minutes=1)
        before = states[-1]
        match what:
            case "said":
                at = now - timedelta(seconds=offset)
                states.append(after(before, said(direction, at, machine=bool(machine))))  # type: ignore[arg-type]
            case "close":
                states.append(close(before, now))
            case "reopen":
                states.append(reopen(before, now))
            case _:
                states.append(snooze(before, now + timedelta(days=1), now))
    return states


@given(path=st.lists(steps, max_size=12), offsets=st.lists(st.integers(0, 300), min_size=12, max_size=12))
def test_every_path_leads_through_states_that_make_sense(path: list[tuple[object, ...]], offsets: list[int]) -> None:
    states = walk(path, offsets)
    for one in states:
        assert (one.state is State.CLOSED) == (one.closed_at is not None)
        assert (one.state is State.SNOOZED) == (one.snoozed_until is not None)
        if one.state is State.CLOSED:
            assert one.waiting_for is WaitingFor.NOBODY
    for before, now in pairwise(states):
        assert now.version >= before.version
        assert now.last_message_at >= before.last_message_at
        assert now.updated_at >= before.updated_at


@given(path=st.lists(steps, max_size=12), offsets=st.lists(st.integers(0, 300), min_size=12, max_size=12))
def test_a_customer_is_never_forgotten(path: list[tuple[object, ...]], offsets: list[int]) -> None:
    """After a person wrote, the conversation is open and waits for us, whatever was before."""
    last = walk(path, offsets)[-1]
    heard = after(last, said(Direction.IN, NOW + timedelta(hours=1)))
    assert (heard.state, heard.waiting_for) == (State.OPEN, WaitingFor.US)
    answered = after(heard, said(Direction.OUT, NOW + timedelta(hours=2)))
    assert (answered.state, answered.waiting_for) == (State.OPEN, WaitingFor.CUSTOMER)
    assert answered.version == heard.version + 1


@given(path=st.lists(steps, max_size=12), offsets=st.lists(st.integers(0, 300), min_size=12, max_size=12))
def test_machines_notes_and_events_wake_nobody(path: list[tuple[object, ...]], offsets: list[int]) -> None:
    last = walk(path, offsets)[-1]
    for heard in (
        after(last, said(Direction.IN, NOW, machine=True)),
        after(last, said(Direction.NOTE, NOW)),
        after(last, said(Direction.EVENT, NOW)),
    ):
        kept = ("state", "waiting_for", "waiting_since", "snoozed_until", "closed_at", "version")
        assert [getattr(heard, name) for name in kept] == [getattr(last, name) for name in kept]


def test_who_waits_keeps_the_time_of_the_first_message_until_answered() -> None:
    first = after(conversation(), said(Direction.IN, NOW + timedelta(minutes=1)))
    second = after(first, said(Direction.IN, NOW + timedelta(minutes=9)))
    assert second.waiting_since == NOW + timedelta(minutes=1)
    answered = after(second, said(Direction.OUT, NOW + timedelta(minutes=10)))
    asked_again = after(answered, said(Direction.IN, NOW + timedelta(minutes=11)))
    assert asked_again.waiting_since == NOW + timedelta(minutes=11)


def test_an_answer_leaves_a_snoozed_conversation_snoozed_and_opens_a_closed_one() -> None:
    snoozed = snooze(conversation(), NOW + timedelta(days=1), NOW)
    assert after(snoozed, said(Direction.OUT, NOW)).state is State.SNOOZED
    assert after(close(conversation(), NOW), said(Direction.OUT, NOW)).state is State.OPEN


def test_a_closed_conversation_that_is_snoozed_comes_back_to_us() -> None:
    assert snooze(close(conversation(), NOW), NOW + timedelta(days=1), NOW).waiting_for is WaitingFor.US


@pytest.mark.parametrize(
    ("channel", "hours"), [(ChannelKind.WEBCHAT, 24), (ChannelKind.SMS, 72), (ChannelKind.FAX, 72), (ChannelKind.EMAIL, 720)]
)
def test_a_closed_conversation_goes_on_for_a_while(channel: ChannelKind, hours: int) -> None:
    closed = close(conversation(), NOW)
    assert continues(closed, channel, NOW + timedelta(hours=hours, seconds=-1))
    assert not continues(closed, channel, NOW + timedelta(hours=hours))
    assert continues(replace(closed, state=State.OPEN, closed_at=None), channel, NOW + timedelta(days=9999))


def test_participants_are_kept_once_and_not_without_end() -> None:
    one = after(conversation(), said(Direction.IN, NOW, people=("a@x", "b@x")))
    one = after(one, said(Direction.IN, NOW, people=("b@x", "c@x")))
    assert one.participants == ("a@x", "b@x", "c@x")
    many = after(one, said(Direction.IN, NOW, people=tuple(f"{n}@x" for n in range(200))))
    assert len(many.participants) == PARTICIPANTS_KEPT
    assert many.participants[:3] == one.participants


@given(text=st.text(max_size=2000))
def test_a_preview_is_one_short_line(text: str) -> None:
    shown = preview(text)
    assert len(shown) <= PREVIEW_CHARS
    assert shown == " ".join(shown.split()) or len(shown) == PREVIEW_CHARS


def test_a_conversation_opened_again_waits_for_whoever_did_not_have_the_last_word() -> None:
    answered = close(replace(conversation(), last_direction="out"), NOW)
    asked = close(replace(conversation(), last_direction="in"), NOW)

    assert reopen(answered, NOW).waiting_for is WaitingFor.CUSTOMER
    assert reopen(asked, NOW).waiting_for is WaitingFor.US


@pytest.mark.parametrize("turn", [WaitingFor.US, WaitingFor.CUSTOMER])
def test_a_woken_conversation_waits_as_it_did_before_it_slept(turn: WaitingFor) -> None:
    slept = snooze(replace(conversation(), waiting_for=turn), NOW + timedelta(hours=1), NOW)
    assert reopen(slept, NOW + timedelta(hours=1)).waiting_for is turn
