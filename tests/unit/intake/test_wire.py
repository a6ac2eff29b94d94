"""What a parser found comes out of its process exactly as it went in."""

from datetime import UTC

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.intake.wire import decode_answer, decode_task, encode_error, encode_events, encode_task
from hub.messages.address import Address, AddressKind, ChannelKind
from hub.messages.content import IncomingFile, MessageKind
from hub.messages.events import DeliveryReport, InboundMessage, OptOut, ThreadKey, TypingNotice, Wish
from hub.messages.states import DeliveryState, SendFailure

text = st.text(max_size=20)
times = st.none() | st.datetimes(timezones=st.just(UTC)).map(lambda at: at.replace(fold=0))
addresses = st.builds(Address, kind=st.sampled_from(AddressKind), value=text, name=text)
files = st.builds(
    IncomingFile,
    filename=text,
    content_type=text,
    content=st.binary(max_size=50),
    content_id=st.none() | text,
    inline=st.booleans(),
)
keys = st.builds(ThreadKey, kind=st.sampled_from(["reply_token", "verp", "message_id", "subject", "visitor"]), value=text)
jsonable = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=5,
)
messages = st.builds(
    InboundMessage,
    channel=st.sampled_from(ChannelKind),
    sender=addresses,
    text=text,
    reply_text=text,
    to=st.lists(addresses, max_size=2).map(tuple),
    cc=st.lists(addresses, max_size=2).map(tuple),
    reply_to=st.lists(addresses, max_size=2).map(tuple),
    subject=text,
    html=st.none() | text,
    files=st.lists(files, max_size=2).map(tuple),
    kind=st.sampled_from(MessageKind),
    sent_at=times,
    thread_keys=st.lists(keys, max_size=3).map(tuple),
    own_keys=st.lists(text, max_size=2).map(tuple),
    wish=st.none() | st.builds(Wish, kind=st.sampled_from(["agent", "queue"]), id=st.uuids()),
    client_key=st.none() | st.uuids(),
    automatic=st.booleans(),
    notices=st.lists(text, max_size=2).map(tuple),
    extra=st.dictionaries(text, jsonable, max_size=3),
)
reports = st.builds(
    DeliveryReport,
    state=st.sampled_from(DeliveryState),
    source=text,
    token=st.none() | text,
    provider_id=st.none() | text,
    message_id=st.none() | text,
    recipient=st.none() | addresses,
    failure=st.none() | st.sampled_from(SendFailure),
    provider_code=text,
    detail=text,
    at=times,
)
others = st.builds(TypingNotice, sender=addresses, typing=st.booleans()) | st.builds(
    OptOut,
    channel=st.sampled_from(ChannelKind),
    sender=addresses,
    to=st.none() | addresses,
    word=text,
    wish=st.sampled_from(["stop", "start", "help"]),
    answered=st.booleans(),
)


@given(events=st.lists(messages | reports | others, max_size=4))
def test_events_come_back_as_they_were(events: list[InboundMessage | DeliveryReport | TypingNotice | OptOut]) -> None:
    back = decode_answer(encode_events(events))

    assert back == events
    assert repr(back) == repr(events)  # names too: they are no part of an address's equality


@given(parser=text, raw=st.binary(max_size=100), envelope=st.dictionaries(text, jsonable, max_size=3))
def test_a_task_comes_back_as_it_was(parser: str, raw: bytes, envelope: dict[str, object]) -> None:
    task = decode_task(encode_task(parser, raw, envelope))
    assert (task.parser, task.raw, task.envelope) == (parser, raw, envelope)


@given(why=st.text(min_size=1, max_size=50))
def test_an_error_comes_back_as_text(why: str) -> None:
    assert decode_answer(encode_error(why)) == why


@given(frame=st.binary(max_size=60))
def test_nonsense_is_a_decode_error_and_nothing_else(frame: bytes) -> None:
    try:
        decode_answer(frame)
    except msgspec.DecodeError:
        pass


def test_an_event_of_a_type_nobody_knows_is_a_decode_error() -> None:
    encoder = msgspec.msgpack.Encoder()
    frame = encoder.encode([[["Surprise", {"sender": 1}]], ""])
    with pytest.raises(msgspec.DecodeError):
        decode_answer(frame)
