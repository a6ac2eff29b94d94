"""Every route, by everybody, on everything: what is not allowed here in advance must not work.

What an endpoint needs is read from its declaration, so new endpoints are walked by themselves. Written down here, and to
be changed with thought, are: which endpoints need no right at all, and which names in a path mean somebody's own things.
"""

import itertools
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest

from hub import clock
from hub.api.endpoint import PUBLIC, SIGNED_IN, VISITOR, Endpoint
from hub.api.routes import CONSOLE, DOCUMENTED, WIDGET
from hub.auth import Right
from hub.conversations import store
from hub.conversations.lifecycle import Conversation
from hub.conversations.store import NewMessage
from hub.conversations.values import AttachmentView, Party
from hub.ids import AttachmentId, ConversationId, MessageId, QueueId, UserId, new_id
from hub.messages.address import AddressKind, ChannelKind
from hub.messages.content import Direction, MessageKind
from tests.security.conftest import Identity, Place
from tests.security.least import least_body

ENDPOINTS = [endpoint for router in CONSOLE for endpoint in router.endpoints]

OPEN_TO_ALL = {
    "GET /healthz",
    "GET /metrics",
    "GET /readyz",
    "GET /api/v1/session/oidc/{provider_id}/callback",
    "GET /api/v1/session/oidc/{provider_id}/start",
    "GET /api/v1/session/providers",
    "GET /api/v1/setup",
    "POST /api/v1/session",
    "POST /api/v1/setup",
}
"""Endpoints for anybody on the network. Anything added here is an opening in the wall."""

CALLED_BY_PROVIDERS = {
    (method, path) for method in ("GET", "POST") for path in ("/hooks/{account_id}", "/hooks/{account_id}/{rest}")
}
"""Open to anybody on the network as well, and no endpoints: what comes is verified by the account's adapter."""

OPEN_TO_STAFF = {
    "DELETE /api/v1/me/sessions",
    "DELETE /api/v1/me/sessions/{session_id}",
    "DELETE /api/v1/me/totp",
    "DELETE /api/v1/session",
    "GET /api/v1/account-names",
    "GET /api/v1/accounts/{account_id}/capabilities",
    "GET /api/v1/agents",
    "GET /api/v1/calendars",
    "GET /api/v1/calendars/{calendar_id}",
    "GET /api/v1/events",
    "GET /api/v1/me/preferences",
    "GET /api/v1/me/sessions",
    "GET /api/v1/me/totp",
    "GET /api/v1/notifications",
    "GET /api/v1/notifications/count",
    "GET /api/v1/presence",
    "GET /api/v1/queues",
    "GET /api/v1/queues/{queue_id}",
    "GET /api/v1/queues/{queue_id}/open-spans",
    "GET /api/v1/rights",
    "GET /api/v1/session",
    "GET /api/v1/teams",
    "PATCH /api/v1/me",
    "POST /api/v1/me/password",
    "POST /api/v1/me/totp",
    "POST /api/v1/me/totp/confirm",
    "POST /api/v1/me/totp/recovery-codes",
    "POST /api/v1/notifications/read",
    "PUT /api/v1/me/preferences",
}
"""Endpoints for everybody who is signed in, whatever their rights: one's own things, and names to choose from."""

CHANGED_BY_READERS = {f"{method} /api/v1/conversations/{{conversation_id}}/read" for method in ("POST", "DELETE")}
"""Changes for which a right to read is enough: they touch nobody but the reader."""

SHARED = {
    "account_id", "address_id", "attachment_id", "bulk_id", "calendar_id", "channel", "customer_id", "journal_id",
    "mode", "name", "opt_out_id", "org_id", "organisation_id", "provider_id", "queue_id", "role_id", "suppression_id", "tag_id",
    "team_id", "ticket_id", "token_id", "user_id", "view_id",
}  # fmt: skip
"""Names in a path that mean things all who have the right share."""

OWNED = {"canned_reply_id", "macro_id", "conversation_id", "message_id", "session_id", "offer_id"}
"""Names in a path that mean somebody's own things."""


def bodies(place: Place, endpoint: Endpoint) -> list[Any]:
    """Bodies beyond the least, where they lead another way through the code."""
    to = [{"address": "customer@example.org"}]
    more: dict[str, list[Any]] = {
        "POST /api/v1/conversations/{conversation_id}/messages": [
            {"text": "x"},
            {"text": "x", "kind": "note"},
            {"text": "x", "account_id": str(place.inbox), "to": to, "subject": "x"},
        ],
        "PATCH /api/v1/conversations/{conversation_id}": [{}, {"state": "closed"}, {"subject": "x"}, {"version": 7}],
        "PUT /api/v1/conversations/{conversation_id}/assignee": [{"agent_id": str(who.user_id)} for who in place.agents],
    }
    return more.get(name_of(endpoint), [None])


def name_of(endpoint: Endpoint) -> str:
    return f"{endpoint.method} {endpoint.path}"


def path_of(endpoint: Endpoint, ids: Mapping[str, object]) -> str:
    return re.sub(r"{(\w+)}", lambda match: str(ids.get(match[1]) or new_id()), endpoint.path)


async def ask(
    who: Identity, endpoint: Endpoint, ids: Mapping[str, object] | None = None, body: Any = None
) -> tuple[int, dict[str, Any]]:
    """One request with the least body there is; the status and what was said, without what is new each time."""
    if body is None and endpoint.body is not None:
        body = least_body(endpoint.body)
    answer = await who.client(endpoint.method, path_of(endpoint, ids or {}), body)
    said = await answer.json() if answer.content_type.endswith("json") and answer.content_length else {}
    if isinstance(said, dict):
        said.pop("request_id", None)
    return answer.status, said


def test_every_name_in_a_path_is_known_to_be_owned_or_shared() -> None:
    for endpoint in ENDPOINTS:
        unknown = set(endpoint.arguments) - SHARED - OWNED
        assert not unknown, f"{name_of(endpoint)}: say in this file whose {unknown} are"


@pytest.mark.covers("M-34")
def test_endpoints_that_need_no_right_are_the_ones_written_down() -> None:
    assert {name_of(endpoint) for endpoint in ENDPOINTS if endpoint.needs is PUBLIC} == OPEN_TO_ALL
    assert {name_of(endpoint) for endpoint in ENDPOINTS if endpoint.needs is SIGNED_IN} <= OPEN_TO_STAFF
    assert not [name_of(endpoint) for endpoint in ENDPOINTS if endpoint.needs is VISITOR], "visitors have an origin of their own"
    for router in WIDGET:
        for endpoint in router.endpoints:
            assert endpoint.needs in (PUBLIC, VISITOR), name_of(endpoint)


def test_no_right_to_read_is_enough_to_change() -> None:
    for endpoint in ENDPOINTS:
        if not endpoint.is_safe and name_of(endpoint) not in CHANGED_BY_READERS:
            reading = [right for right in endpoint.rights if "read" in right]
            assert not reading, f"{name_of(endpoint)} changes something and needs only {reading}"


def test_every_route_of_the_server_is_an_endpoint(place: Place) -> None:
    from hub.api.server import console_app, files_app

    declared = {(endpoint.method, endpoint.path) for endpoint in ENDPOINTS}
    undeclared = {("GET", "/api/v1/openapi.json"), *CALLED_BY_PROVIDERS}
    for route in console_app(place.hub).router.routes():
        assert route.resource is not None
        method = "GET" if route.method == "HEAD" else route.method
        assert (method, route.resource.canonical) in declared | undeclared
    signed = {route.resource.canonical for route in files_app(place.hub, {}).router.routes() if route.resource}
    assert signed == {"/files/{token}"}


async def test_nobody_is_told_by_a_hook_which_accounts_there_are(place: Place) -> None:
    for who, (method, path) in itertools.product(place.identities.values(), CALLED_BY_PROVIDERS):
        told = set()
        for account_id in (place.inbox, new_id()):
            answer = await who.client(method, path.format(account_id=account_id, rest="x"))
            told.add((answer.status, (await answer.json())["detail"]))
        assert told == {(404, "nobody is called here")}, f"{who.name}: {method} {path}"


def test_every_error_an_endpoint_declares_is_documented_once() -> None:
    names = [name_of(endpoint) for router in DOCUMENTED for endpoint in router.endpoints]
    assert len(names) == len(set(names))


@pytest.mark.covers("M-34")
@pytest.mark.timeout(180)
async def test_nobody_passes_without_the_right(place: Place) -> None:
    wrong = []
    for who, endpoint in itertools.product(place.identities.values(), ENDPOINTS):
        if endpoint.path == "/api/v1/session" and endpoint.method == "DELETE" and who.rights is not None:
            continue  # would end the identity itself; tested in tests/integration/api/test_session.py
        status, said = await ask(who, endpoint)
        if (fault := _fault(who, endpoint, status, said)) is not None:
            wrong.append(f"{who.name}: {name_of(endpoint)}: {fault}")
    assert not wrong, "\n".join(wrong)


def _fault(who: Identity, endpoint: Endpoint, status: int, said: dict[str, Any]) -> str | None:
    """What is wrong with an answer, if anything."""
    code = said.get("code") if isinstance(said, dict) else None
    if status >= 500 and endpoint.path != "/readyz":
        return f"broke with {status} {said}"
    if endpoint.needs is PUBLIC:
        return None if status != 403 and code != "unauthorised" else f"refused with {code}"
    if who.rights is None:
        return None if (status, code) == (401, "unauthorised") else f"let in with {status} {code}"
    allowed = endpoint.needs is SIGNED_IN or not who.rights.isdisjoint(endpoint.rights)
    if not allowed:
        return None if (status, code) == (403, "forbidden") else f"lacks the right and got {status} {code}"
    if status in (401, 403) and code not in ("needs_user", "escalation"):
        return f"has the right and got {status} {code}"
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Owned:
    """A conversation with one message and a file, and who of the identities may see it."""

    name: str
    queue_id: QueueId | None
    assignee_id: UserId | None
    conversation_id: ConversationId
    message_id: MessageId
    attachment_id: AttachmentId

    def seen_by(self, who: Identity) -> bool:
        """The rule, said once more in other words than the product's."""
        rights = who.rights or frozenset()
        if Right.CONVERSATIONS_READ_ALL in rights:
            return True
        if Right.CONVERSATIONS_READ not in rights:
            return False
        return (
            self.queue_id is None
            or self.queue_id in who.queue_ids
            or (self.assignee_id is not None and self.assignee_id == who.user_id)
        )


async def ownerships(place: Place) -> list[Owned]:
    """Every way a conversation can stand to the agents."""
    me, other = place.identities["agent here"].user_id, place.identities["agent elsewhere"].user_id
    cases = [
        ("mine, of my queue", place.here, me),
        ("mine, of another queue", place.elsewhere, me),
        ("nobody's, of my queue", place.here, None),
        ("a colleague's, of my queue", place.here, other),
        ("nobody's, of no queue", None, None),
        ("nobody's, of another queue", place.elsewhere, None),
        ("somebody's, of another queue", place.elsewhere, other),
        ("mine to the other agent, of a third queue", QueueId(new_id()), other),
    ]
    return [await _conversation(place, name, queue_id, assignee_id) for name, queue_id, assignee_id in cases]


async def _conversation(place: Place, name: str, queue_id: QueueId | None, assignee_id: UserId | None) -> Owned:
    now = clock.now()
    file = AttachmentView(id=AttachmentId(new_id()), filename="a.txt", content_type="text/plain", size=1, sha256="0" * 64)
    owned = Owned(
        name=name,
        queue_id=queue_id,
        assignee_id=assignee_id,
        conversation_id=ConversationId(new_id()),
        message_id=MessageId(new_id()),
        attachment_id=file.id,
    )
    async with place.hub.db.unit_of_work() as work:
        await store.insert_conversations(work, [_row(owned, now)])
        await store.insert_messages(work, [_message(owned, file, now)])
    return owned


def _row(owned: Owned, now: datetime) -> Conversation:
    return Conversation(
        id=owned.conversation_id,
        waiting_since=now,
        channel=ChannelKind.EMAIL,
        subject=CANARY,
        queue_id=owned.queue_id,
        assignee_id=owned.assignee_id,
        last_message_at=now,
        created_at=now,
        updated_at=now,
    )


def _message(owned: Owned, file: AttachmentView, now: datetime) -> NewMessage:
    return NewMessage(
        id=owned.message_id,
        conversation_id=owned.conversation_id,
        channel=ChannelKind.EMAIL,
        account_id=None,
        direction=Direction.IN,
        kind=MessageKind.MESSAGE,
        sender=Party(kind=AddressKind.EMAIL, address="customer@example.org", name="Customer"),
        text=f"{CANARY} {owned.message_id}",
        reply_text=f"{CANARY} {owned.message_id}",
        html="<p>hello</p>",
        attachments=(file,),
        created_at=now,
    )


CANARY = "canary8f3a"


def owned_cells(place: Place) -> Iterator[tuple[Identity, Endpoint]]:
    for who, endpoint in itertools.product(place.identities.values(), ENDPOINTS):
        reaches = not (who.rights or frozenset()).isdisjoint(endpoint.rights)
        if reaches and not {"conversation_id", "message_id"}.isdisjoint(endpoint.arguments):
            yield who, endpoint


@pytest.mark.covers("M-34")
@pytest.mark.timeout(180)
async def test_what_is_not_ones_own_looks_exactly_like_what_is_not_there(place: Place) -> None:
    wrong = []
    absent: dict[str, tuple[int, dict[str, Any]]] = {}
    for owned in await ownerships(place):
        ids = {"conversation_id": owned.conversation_id, "message_id": owned.message_id, "attachment_id": owned.attachment_id}
        for who, endpoint in owned_cells(place):
            if owned.seen_by(who):
                continue
            for body in bodies(place, endpoint):
                key = f"{who.name} {name_of(endpoint)} {body}"
                nothing = absent.get(key) or absent.setdefault(key, await ask(who, endpoint, None, body))
                got = await ask(who, endpoint, ids, body)
                if got != nothing or got[0] != 404:
                    wrong.append(f"{who.name}: {name_of(endpoint)} {body} on {owned.name}: {got}, and on nothing: {nothing}")
    assert not wrong, "\n".join(wrong)


async def test_what_is_ones_own_is_there(place: Place) -> None:
    """Otherwise the test above would pass on a hub that shows nobody anything."""
    wrong = []
    reads = {
        "/api/v1/conversations/{conversation_id}",
        "/api/v1/messages/{message_id}",
        "/api/v1/conversations/{conversation_id}/messages",
    }
    for owned in await ownerships(place):
        for who, endpoint in owned_cells(place):
            if endpoint.method == "GET" and endpoint.path in reads and owned.seen_by(who):
                status, said = await ask(
                    who, endpoint, {"conversation_id": owned.conversation_id, "message_id": owned.message_id}
                )
                if status != 200 or CANARY not in json.dumps(said):
                    wrong.append(f"{who.name}: {name_of(endpoint)} on {owned.name}: {status}")
    assert not wrong, "\n".join(wrong)


async def test_lists_and_search_show_exactly_what_may_be_seen(place: Place) -> None:
    made = await ownerships(place)
    for who in place.identities.values():
        if Right.CONVERSATIONS_READ not in (who.rights or frozenset()):
            continue
        expected = {str(owned.conversation_id) for owned in made if owned.seen_by(who)}
        listed = await (await who.client.get("/conversations?view=all")).json()
        assert {item["id"] for item in listed["items"]} == expected, who.name
        messages = await (await who.client.get("/messages")).json()
        assert {item["conversation_id"] for item in messages["items"]} == expected, who.name
        found = await (await who.client.get(f"/search?q={CANARY}")).json()
        assert {item["conversation"]["id"] for item in found["items"]} == expected, who.name
        counts = await (await who.client.get("/conversations/counts")).json()
        assert sum(counts["all"].values()) == len(expected), who.name


async def test_an_offer_is_taken_and_refused_by_nobody_but_its_agent(place: Place) -> None:
    owned = await _conversation(place, "nobody's, of my queue", place.here, None)
    agent = place.identities["agent here"]
    offer_id, now = new_id(), clock.now()
    async with place.hub.db.unit_of_work() as work:
        await work.execute(
            "INSERT INTO offer (id, conversation_id, queue_id, user_id, weight, state, made_at, expires_at)"
            " VALUES ($1, $2, $3, $4, 1, 'open', $5, $6)",
            *(offer_id, owned.conversation_id, place.here, agent.user_id, now, now + timedelta(minutes=5)),
        )
    for name in ("administrator", "supervisor", "agent elsewhere"):
        who = place.identities[name]
        for endpoint in (e for e in ENDPOINTS if "offer_id" in e.arguments):
            got, nothing = await ask(who, endpoint, {"offer_id": offer_id}), await ask(who, endpoint)
            assert got == nothing, f"{name}: {name_of(endpoint)}"
            assert got[0] == 404
        assert await (await who.client.get("/offers")).json() == []
    (mine,) = await (await agent.client.get("/offers")).json()
    assert mine["id"] == str(offer_id)


async def test_a_session_is_ended_by_nobody_but_its_user(place: Place) -> None:
    administrator, agent = place.identities["administrator"], place.identities["agent here"]
    (session,) = await (await agent.client.get("/me/sessions")).json()

    for who in (administrator, place.identities["agent elsewhere"]):
        endpoint = next(e for e in ENDPOINTS if name_of(e) == "DELETE /api/v1/me/sessions/{session_id}")
        assert await ask(who, endpoint, {"session_id": session["id"]}) == await ask(who, endpoint)
    assert (await agent.client.get("/session")).status == 200


MALFORMED = ("0", "x", "%00", "..%2f..", "00000000-0000-0000-0000-000000000000", "' OR 1=1 --", "%F0%9D%9F%99" * 40)


async def test_malformed_ids_are_not_there_and_break_nothing(place: Place) -> None:
    wrong = []
    who = place.identities["administrator"]
    for id, endpoint in itertools.product(MALFORMED, ENDPOINTS):
        if set(endpoint.arguments) - {"channel"}:
            status, _ = await ask(who, endpoint, dict.fromkeys(endpoint.arguments, id))
            if status not in (404, 422):
                wrong.append(f"{name_of(endpoint)} on {id}: {status}")
    assert not wrong, "\n".join(wrong)


def test_every_socket_event_says_who_may_send_it() -> None:
    from hub.realtime.events import EVENTS, Access

    for event in EVENTS:
        visitor = event.namespace == "/visitor"
        assert isinstance(event.needs, Right | Access), event.name
        assert (event.needs is Access.VISITOR) == visitor, event.name
