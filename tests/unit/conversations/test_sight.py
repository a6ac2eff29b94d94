"""Who may see what, decided from values alone."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.auth.callers import ANONYMOUS, SYSTEM, Caller
from hub.auth.rights import Right
from hub.conversations.lifecycle import Conversation
from hub.conversations.policy import sees
from hub.conversations.sight import conversation_seen, may_see, told, variants
from hub.db import Audience, Cursor, LoggedEvent
from hub.ids import ConversationId
from hub.messages.address import ChannelKind
from hub.realtime.events import EVENTS, Access, declared
from hub.realtime.frames import AGENT, VISITOR

NOW = datetime(2026, 11, 21, tzinfo=UTC)
IDS = [UUID(int=n) for n in range(1, 4)]
ids = st.sampled_from([*IDS, None])
callers = st.builds(
    Caller,
    kind=st.just("user"),
    user_id=st.sampled_from(IDS),
    rights=st.frozensets(st.sampled_from([Right.CONVERSATIONS_READ, Right.CONVERSATIONS_READ_ALL])),
    queue_ids=st.frozensets(st.sampled_from(IDS)),
)


def _event(type: str, **audience: Any) -> LoggedEvent:
    return LoggedEvent(cursor=Cursor("e.0.1"), type=type, data={"secret": 1}, audience=Audience(**audience), at=NOW)


@pytest.mark.covers("M-34")
@given(caller=callers, queue=ids, assignee=ids)
def test_the_tailer_follows_the_same_rule_as_lists_and_routes(caller: Caller, queue: UUID | None, assignee: UUID | None) -> None:
    conversation = Conversation(
        id=ConversationId(uuid4()),
        waiting_since=NOW,
        channel=ChannelKind.EMAIL,
        queue_id=queue,  # type: ignore[arg-type]
        assignee_id=assignee,  # type: ignore[arg-type]
        last_message_at=NOW,
        created_at=NOW,
        updated_at=NOW,
    )

    assert conversation_seen(caller, queue, assignee) == sees(caller, conversation)


@given(caller=callers, queue=ids, assignee=ids, before_queue=ids, before_assignee=ids)
def test_a_move_is_told_as_what_it_is_for_each(
    caller: Caller, queue: UUID | None, assignee: UUID | None, before_queue: UUID | None, before_assignee: UUID | None
) -> None:
    event = _event(
        "conversation.moved",
        conversation_id=uuid4(),
        queue_id=queue,
        assignee_id=assignee,
        before_queue_id=before_queue,
        before_assignee_id=before_assignee,
        moved=True,
    )
    saw = conversation_seen(caller, before_queue, before_assignee)
    sees_it = conversation_seen(caller, queue, assignee)

    kind = told(caller, event)

    assert (
        kind
        == {
            (True, True): "conversation.changed",
            (False, True): "conversation.appeared",
            (True, False): "conversation.vanished",
            (False, False): None,
        }[saw, sees_it]
    )
    if kind == "conversation.vanished":
        assert "secret" not in variants(event)[kind]


@pytest.mark.parametrize(
    ("caller", "audience", "seen"),
    [
        (ANONYMOUS, {}, False),
        (SYSTEM, {}, True),
        (Caller(kind="token"), {}, True),
        (Caller(kind="token"), {"right": "users.manage"}, False),
        (Caller(kind="token", rights=frozenset({Right.USERS_MANAGE})), {"right": "users.manage"}, True),
        (SYSTEM, {"right": "of.another.release"}, False),
        (Caller(kind="user", user_id=IDS[0]), {"user_id": IDS[0]}, True),  # type: ignore[arg-type]
        (Caller(kind="user", user_id=IDS[0]), {"user_id": IDS[1]}, False),  # type: ignore[arg-type]
        (Caller(kind="visitor", visitor_id=IDS[0]), {}, False),  # type: ignore[arg-type]
        (Caller(kind="visitor"), {}, False),
        (Caller(kind="visitor", visitor_id=IDS[0]), {"visitor_id": IDS[0]}, True),  # type: ignore[arg-type]
        (Caller(kind="visitor", visitor_id=IDS[0]), {"visitor_id": IDS[1]}, False),  # type: ignore[arg-type]
        (Caller(kind="user", user_id=IDS[0]), {"conversation_id": IDS[1]}, False),  # type: ignore[arg-type]
    ],
)
def test_an_audience_lets_in_whom_it_names(caller: Caller, audience: dict[str, Any], seen: bool) -> None:
    assert may_see(caller, Audience(**audience)) is seen


@pytest.mark.covers("M-34")
def test_every_event_declares_what_it_needs_and_visitors_get_none_of_the_agents() -> None:
    assert len({(event.namespace, event.name) for event in EVENTS}) == len(EVENTS)
    assert all(event.needs is Access.VISITOR for event in declared(VISITOR))
    assert all(event.needs is not Access.VISITOR for event in declared(AGENT))
