"""What a visitor's page may say, and what becomes of it."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.channels.webchat import protocol
from hub.channels.webchat.origins import frame_ancestors, origin_allowed
from hub.channels.webchat.protocol import MessageRefused, Send, decode, given_contact, handover, report
from hub.channels.webchat.settings import SiteSettings
from hub.messages.address import AddressKind
from hub.messages.content import StoredFile
from hub.messages.events import DeliveryReport, InboundMessage
from hub.messages.states import DeliveryState

AT = datetime(2026, 11, 21, 20, 0, tzinfo=UTC)
VISITOR = UUID("01890000-0000-7000-8000-000000000001")
KEY = "01890000-0000-7000-8000-0000000000aa"


def _handover(message: Send, files: tuple[StoredFile, ...] = ()) -> protocol.Handover:
    return handover(VISITOR, message, name="Li", files=files, at=AT, extra={})


@pytest.mark.covers("W-01", "W-02")
def test_a_message_becomes_one_event_with_the_visitor_as_sender_and_thread() -> None:
    agent = uuid4()
    sent = decode(Send, {"client_key": KEY, "text": " 你好 ", "wish": {"kind": "agent", "id": str(agent)}})

    (event,) = _handover(sent).events or ()

    assert isinstance(event, InboundMessage)
    assert event.text == "你好"
    assert (event.sender.kind, event.sender.value, event.sender.name) == (AddressKind.VISITOR, str(VISITOR), "Li")
    assert event.thread_keys[0].value == str(VISITOR)
    assert event.wish is not None
    assert event.wish.id == agent
    assert event.client_key == UUID(KEY)


@pytest.mark.covers("W-01")
def test_a_retry_has_the_same_key_and_another_message_another() -> None:
    first = _handover(decode(Send, {"client_key": KEY, "text": "a"}))
    again = _handover(decode(Send, {"client_key": KEY, "text": "a"}))
    other = _handover(decode(Send, {"client_key": str(uuid4()), "text": "a"}))

    assert first.key == again.key
    assert first.raw == again.raw
    assert other.key != first.key


@pytest.mark.parametrize("text", ["", "  \n "])
def test_a_message_that_says_nothing_is_refused(text: str) -> None:
    with pytest.raises(MessageRefused):
        _handover(decode(Send, {"client_key": KEY, "text": text}))


def test_a_file_alone_is_a_message() -> None:
    picture = StoredFile(filename="a.png", content_type="image/png", size=1, sha256="0" * 64)

    (event,) = _handover(decode(Send, {"client_key": KEY}), (picture,)).events or ()

    assert isinstance(event, InboundMessage)
    assert event.stored == (picture,)


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        {"text": "no key"},
        {"client_key": "x", "text": "a"},
        {"client_key": KEY, "text": 5},
        {"client_key": KEY, "text": "a" * 10_001},
        {"client_key": KEY, "wish": {"kind": "admin", "id": KEY}},
        {"client_key": KEY, "files": [KEY] * 11},
    ],
)
def test_what_has_another_shape_is_refused(value: object) -> None:
    with pytest.raises(MessageRefused):
        decode(Send, value)


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(["client_key", "text", "files"]), inner),
    max_leaves=10,
)


@given(value=_json, shape=st.sampled_from([Send, protocol.Hello, protocol.Read, protocol.Seen, protocol.History]))
def test_any_json_is_read_or_refused_and_nothing_else(value: object, shape: type[msgspec.Struct]) -> None:
    try:
        assert isinstance(decode(shape, value), shape)
    except MessageRefused:
        pass


@pytest.mark.covers("M-14")
def test_reports_name_every_message_and_repeat_under_one_key() -> None:
    ids = [uuid4(), uuid4()]
    read = report(VISITOR, DeliveryState.READ, ids, AT)

    assert [event.message_id for event in read.events or () if isinstance(event, DeliveryReport)] == [str(i) for i in ids]
    assert read.key == report(VISITOR, DeliveryState.READ, ids, AT).key
    assert read.key != report(VISITOR, DeliveryState.DELIVERED, ids, AT).key


def test_a_bad_address_never_costs_the_message() -> None:
    assert given_contact(decode(Send, {"client_key": KEY, "name": " Li ", "email": "no"})) == {"name": "Li"}
    assert given_contact(decode(Send, {"client_key": KEY, "email": "A@B.cn"})) == {"email": "a@b.cn"}


@pytest.mark.parametrize(
    ("origin", "allowed", "expected"),
    [
        ("https://shop.example", ["https://shop.example"], True),
        ("https://SHOP.example", ["https://shop.example"], True),
        ("https://shop.example:8443", ["https://shop.example"], False),
        ("http://shop.example", ["https://shop.example"], False),
        ("https://shop.example.evil.net", ["https://shop.example"], False),
        ("https://a.example.com", ["https://*.example.com"], True),
        ("https://example.com", ["https://*.example.com"], False),
        ("https://evilexample.com", ["https://*.example.com"], False),
        ("https://x@a.example.com", ["https://*.example.com"], False),
        ("null", ["null"], False),
        ("https://a.example", ["*"], False),
        ("https://a.example", ["https://*.*"], False),
        ("https://[", ["https://*.example.com"], False),
        ("https://a.example", [], False),
    ],
)
def test_an_origin_is_allowed_only_exactly_or_below_an_explicit_wildcard(origin: str, allowed: list[str], expected: bool) -> None:
    assert origin_allowed(origin, allowed) is expected


def test_a_site_without_origins_can_be_framed_by_nobody() -> None:
    assert frame_ancestors([]) == "'none'"
    assert frame_ancestors(["https://a.cn", "https://*.b.cn"]) == "https://a.cn https://*.b.cn"


@pytest.mark.parametrize("origin", ["https://a.cn/path", "a.cn", "https://a.cn; script-src *", "https://*", "ftp://a.cn"])
def test_settings_refuse_what_is_not_an_origin(origin: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"allowed_origins": [origin]}, SiteSettings)


def test_secrets_are_marked_in_the_schema_of_the_form() -> None:
    schema = msgspec.json.schema(SiteSettings)["$defs"]["SiteSettings"]["properties"]

    assert schema["identity_secret"]["writeOnly"] is True
    assert schema["offered_agents"]["x-title-zh"]
