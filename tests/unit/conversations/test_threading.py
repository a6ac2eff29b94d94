"""Which conversation a message belongs to: what is believed, and from whom."""

from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.conversations.lifecycle import Conversation
from hub.conversations.threading import Signal, Signals, belongs, subject_key
from hub.ids import AccountId, ConversationId, MessageId
from hub.messages.address import Address, AddressKind, ChannelKind
from hub.messages.content import MessageKind
from hub.messages.events import InboundMessage, ThreadKey
from hub.messages.tokens import make_token, read_token

NOW = datetime(2026, 11, 21, tzinfo=UTC)
KEY = b"k" * 32
MAILBOX = AccountId(uuid4())
read = partial(read_token, keys=(KEY,))


def conversation(*people: str) -> Conversation:
    return Conversation(
        id=ConversationId(uuid4()),
        waiting_since=NOW,
        channel=ChannelKind.EMAIL,
        participants=people,
        last_message_at=NOW,
        created_at=NOW,
        updated_at=NOW,
    )


def message(*keys: ThreadKey, sender: str = "alice@example.com", kind: MessageKind = MessageKind.MESSAGE) -> InboundMessage:
    address = Address(kind=AddressKind.EMAIL, value=sender)
    return InboundMessage(channel=ChannelKind.EMAIL, sender=address, text="x", thread_keys=keys, kind=kind)


def reply_token(id: UUID, key: bytes = KEY) -> ThreadKey:
    return ThreadKey(kind="reply_token", value=make_token(id, key))


def message_id(value: str) -> ThreadKey:
    return ThreadKey(kind="message_id", value=value)


@pytest.mark.covers("B-17")
@pytest.mark.parametrize("kind", ["reply_token", "verp", "message_id"])
def test_our_own_token_is_believed_from_anybody_and_a_forged_one_from_nobody(kind: str) -> None:
    signals, ours, talk = Signals(read), MessageId(uuid4()), conversation("alice@example.com")
    signals.remember(MAILBOX, ours, talk, (), NOW)
    good, forged = make_token(ours, KEY), make_token(ours, b"f" * 32)

    def key(token: str) -> ThreadKey:
        return ThreadKey(kind=kind, value=f"<{token}@hub.test>" if kind == "message_id" else token)  # type: ignore[arg-type]

    (signal,) = signals.of(MAILBOX, message(key(good.upper()), sender="other@example.net"), NOW)
    assert (signal.conversation_id, signal.reason) == (talk.id, "our_message")
    assert belongs(signal, talk, message(sender="other@example.net"))
    assert signals.of(MAILBOX, message(key(forged)), NOW) == []
    assert signals.of(MAILBOX, message(key(good[:-1] + ("a" if good[-1] != "a" else "b"))), NOW) == []


@given(value=st.text(max_size=60))
def test_a_token_that_is_none_finds_nothing(value: str) -> None:
    signals = Signals(read)
    signals.remember(MAILBOX, MessageId(uuid4()), conversation(), (), NOW)
    assert signals.of(MAILBOX, message(ThreadKey(kind="reply_token", value=value)), NOW) == []


@pytest.mark.covers("B-17")
def test_a_message_id_counts_for_participants_only() -> None:
    talk = conversation("alice@example.com")
    public = Signal(conversation_id=talk.id, reason="message_id", trusted=False)
    assert belongs(public, talk, message())
    assert not belongs(public, talk, message(sender="mallory@example.net"))
    assert not belongs(public, talk, message(sender="mallory@example.net", kind=MessageKind.BOUNCE))


@pytest.mark.covers("B-17")
def test_nobody_is_a_participant_under_an_address_of_ours() -> None:
    talk = conversation("alice@example.com", "support@hub.test")
    public = Signal(conversation_id=talk.id, reason="message_id", trusted=False)
    assert not belongs(public, talk, message(sender="support@hub.test"), frozenset({"support@hub.test"}))


@pytest.mark.covers("B-17")
def test_a_repeated_message_id_leads_everybody_to_their_own_conversation() -> None:
    signals = Signals(read)
    talks = {sender: conversation(sender) for sender in ("a@x.example", "b@x.example", "c@x.example")}
    for talk in talks.values():
        signals.remember(MAILBOX, MessageId(uuid4()), talk, ("<same@broken.example>",), NOW)
    for sender, talk in talks.items():
        answer = message(message_id("<same@broken.example>"), sender=sender)
        found = [s.conversation_id for s in signals.of(MAILBOX, answer, NOW) for t in talks.values()
                 if t.id == s.conversation_id and belongs(s, t, answer)]  # fmt: skip
        assert found == [talk.id]


def test_the_strongest_key_comes_first_and_of_equal_ones_the_newest() -> None:
    signals, first, second = Signals(read), conversation(), conversation()
    named = MessageId(uuid4())
    signals.remember(MAILBOX, named, first, ("<a@x>",), NOW)
    signals.remember(MAILBOX, MessageId(uuid4()), second, ("<a@x>",), NOW)
    found = signals.of(MAILBOX, message(reply_token(named), message_id("<a@x>")), NOW)
    assert [signal.conversation_id for signal in found] == [first.id, second.id, first.id]


def test_keys_of_another_account_find_nothing() -> None:
    signals = Signals(read)
    signals.remember(MAILBOX, MessageId(uuid4()), conversation(), ("<a@x>",), NOW)
    assert signals.of(AccountId(uuid4()), message(message_id("<a@x>")), NOW) == []


def test_a_subject_joins_the_same_sender_for_two_weeks() -> None:
    signals, talk = Signals(read), conversation("alice@example.com")
    signals.remember(MAILBOX, MessageId(uuid4()), talk, (subject_key("Question", "alice@example.com"),), NOW)
    same = ThreadKey(kind="subject", value="QUESTION")
    assert [s.conversation_id for s in signals.of(MAILBOX, message(same), NOW + timedelta(days=14))] == [talk.id]
    assert signals.of(MAILBOX, message(same), NOW + timedelta(days=14, seconds=1)) == []
    assert signals.of(MAILBOX, message(same, sender="bob@example.com"), NOW) == []
    assert signals.of(MAILBOX, message(ThreadKey(kind="subject", value="")), NOW) == []
