"""Customers and tickets over HTTP: shapes, refusals, rights, and what people with bad intent send."""

import json
from typing import Any
from uuid import uuid4

import pytest

from hub.api import customers as customers_api
from hub.api import session
from hub.api import tickets as tickets_api
from hub.auth import SYSTEM
from hub.auth.rights import BUILT_IN, Right
from hub.crm.customers import Customers
from hub.crm.tickets import Tickets
from hub.db import Database
from tests.fixtures.console import Client, Console, Serve
from tests.integration.crm.test_customers import HOSTILE

NOBODY = "0197a000-0000-7000-8000-000000000000"


@pytest.fixture
async def served(serve: Serve, database: Database) -> Console:
    """A console with customers and tickets only."""
    services = {"customers": Customers(database), "tickets": Tickets(database)}
    return await serve(session.api, customers_api.api, tickets_api.api, services=services)


@pytest.fixture
async def mei(served: Console) -> Client:
    """A signed-in agent."""
    return await served.signed_in("mei", "agent")


@pytest.fixture
async def program(served: Console) -> Client:
    """A program with an agent's rights: quicker to begin with than a password."""
    _, token = await served.hub.auth.tokens.add(SYSTEM, name="program", rights=BUILT_IN["agent"])
    return served.client(token)


async def body(response: Any, status: int = 200) -> Any:
    text = await response.text()
    assert response.status == status, text
    return json.loads(text)


@pytest.mark.covers("C-11", "C-13")
async def test_a_customer_goes_through_its_whole_life(mei: Client) -> None:
    new = {"name": "王芳", "addresses": [{"kind": "phone", "value": "138 0013 8000"}], "client_key": str(uuid4())}
    made = await body(await mei.post("/customers", new), 201)
    assert await body(await mei.post("/customers", new), 201) == made
    at = f"/customers/{made['id']}"
    assert (made["number"], made["addresses"][0]["value"]) == ("C000001", "+8613800138000")
    assert made["created_at"].endswith("Z")

    changed = await body(await mei.patch(at, {"version": 1, "level": "vip"}))
    assert (changed["level"], changed["version"]) == ("vip", 2)
    stale = await body(await mei.patch(at, {"version": 1, "level": "ordinary"}), 409)
    assert (stale["code"], stale["version"]) == ("stale", 2)

    more = await body(await mei.post(f"{at}/addresses", {"kind": "email", "value": "W@X.com", "label": "work"}), 201)
    address = more["addresses"][1]
    assert (address["value"], address["verified"], address["primary"]) == ("w@x.com", False, True)
    sure = await body(await mei.post(f"{at}/addresses/{address['id']}/verify"))
    assert sure["addresses"][1]["verified"]
    assert len((await body(await mei.delete(f"{at}/addresses/{address['id']}")))["addresses"]) == 1

    refused = await body(await mei.put(f"{at}/refusals/sms", {"reason": "asked"}))
    assert [(one["channel"], one["reason"]) for one in refused["refusals"]] == [("sms", "asked")]
    assert (await body(await mei.delete(f"{at}/refusals/sms")))["refusals"] == []

    house = await body(await mei.post("/customers", {"name": "Acme", "kind": "organisation"}), 201)
    joined = await body(await mei.put(f"{at}/organisations/{house['id']}", {"title": "Buyer"}))
    assert joined["organisations"] == [{"id": house["id"], "name": "Acme", "title": "Buyer"}]
    assert (await body(await mei.delete(f"{at}/organisations/{house['id']}")))["organisations"] == []

    found = await body(await mei.get("/customers", params={"q": "王芳"}))
    assert [one["id"] for one in found["items"]] == [made["id"]]
    assert found["next_cursor"] is None
    assert await body(await mei.get(at)) == found["items"][0]


@pytest.mark.covers("T-01", "T-08")
async def test_a_ticket_goes_through_its_whole_life(mei: Client) -> None:
    states = await body(await mei.get("/ticket-states"))
    assert states[0] == {"code": "new", "name_en": "New", "name_zh": "新建", "colour": "#2563eb", "closed": False}
    me = (await body(await mei.get("/session")))["user"]["id"]
    made = await body(await mei.post("/tickets", {"title": "Broken", "due_at": "2020-01-01T00:00:00Z"}), 201)
    assert (made["number"], made["overdue"], made["conversation_ids"]) == ("T000001", True, [])
    at = f"/tickets/{made['id']}"
    change = {"version": 1, "state": "finished", "assignee_id": me}
    changed = await body(await mei.patch(at, change))
    assert changed["steps"][1] | {"id": "", "at": ""} == {
        "id": "",
        "at": "",
        "by_id": me,
        "by_name": changed["steps"][0]["by_name"],
        "kind": "state",
        "text": "",
        "from": "new",
        "to": "finished",
    }
    assert (await body(await mei.patch(at, change), 409))["code"] == "stale"
    said = await body(await mei.post(f"{at}/steps", {"text": "called back"}), 201)
    assert said["steps"][-1]["text"] == "called back"
    for query, many in (({"assignee": "me"}, 1), ({"assignee": "none"}, 0), ({"state": "open"}, 0), ({"q": "broken"}, 1)):
        listed = await body(await mei.get("/tickets", params=query))
        assert len(listed["items"]) == many
    assert (await body(await mei.get(at)))["version"] == 3


@pytest.mark.parametrize(
    ("method", "path", "sent"),
    [
        ("post", "/customers", {}),
        ("post", "/customers", {"name": ""}),
        ("post", "/customers", {"name": "x" * 301}),
        ("post", "/customers", {"name": "x", "level": "emperor"}),
        ("post", "/customers", {"name": "x", "is_admin": True}),
        ("post", "/customers", {"name": "x", "addresses": [{"kind": "email", "value": "nobody"}]}),
        ("post", "/customers", {"name": "x", "addresses": [{"kind": "phone", "value": "1"}] * 101}),
        ("get", "/customers?cursor=x", None),
        ("get", "/customers?limit=0", None),
        ("get", "/customers?limit=201", None),
        ("post", "/tickets", {"title": ""}),
        ("post", "/tickets", {"title": "x", "due_at": "2020-01-01T00:00:00"}),
        ("post", "/tickets", {"title": "x", "customer_id": NOBODY}),
        ("post", "/tickets", {"title": "x", "assignee_id": NOBODY}),
        ("get", "/tickets?assignee=somebody", None),
        ("get", "/tickets?customer_id=1", None),
    ],
)
async def test_what_is_wrong_is_a_problem_and_not_a_failure(program: Client, method: str, path: str, sent: Any) -> None:
    response = await (program.get(path) if method == "get" else program.post(path, sent))
    problem = await body(response, 422)
    assert problem["code"]
    assert response.content_type == "application/problem+json"


@pytest.mark.parametrize("path", ["", "/addresses", f"/addresses/{NOBODY}/verify", "/refusals/sms", f"/organisations/{NOBODY}"])
async def test_a_customer_nobody_knows_is_not_found(program: Client, path: str) -> None:
    at = f"/customers/{NOBODY}{path}"
    match path.split("/")[1:2]:
        case []:
            response = await program.get(at)
        case ["addresses"]:
            response = await program.post(at, None if path.endswith("verify") else {"kind": "email", "value": "a@b.c"})
        case _:
            response = await program.put(at, {})
    assert (await body(response, 404))["code"] == "not_found"


@pytest.mark.parametrize("text", [text for text in HOSTILE if "\x00" not in text and "\ud800" not in text])
async def test_hostile_text_comes_back_as_text(program: Client, text: str) -> None:
    made = await body(await program.post("/customers", {"name": f"x {text}", "note": text}), 201)
    assert "\n" not in made["name"]
    ticket = await body(await program.post("/tickets", {"title": f"x {text}", "customer_id": made["id"]}), 201)
    for path in ("/customers", "/tickets"):
        assert (await program.get(path, params={"q": text})).status == 200
    response = await program.get(f"/tickets/{ticket['id']}")
    assert response.content_type == "application/json"
    assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("raw", [b'{"name":"a\\u0000b"}', b'{"name":"\\ud800 x"}', b'{"name":', b"\xff\xfe", b"[]", b""])
async def test_bodies_that_are_no_bodies_are_refused(program: Client, raw: bytes) -> None:
    response = await program(
        "POST", "/api/v1/customers", data=raw, headers={**program.headers, "Content-Type": "application/json"}
    )
    assert 400 <= response.status < 500


async def test_without_the_right_nothing_is_shown_or_done(served: Console) -> None:
    _, token = await served.hub.auth.tokens.add(SYSTEM, name="narrow", rights={Right.CONVERSATIONS_READ})
    _, reader = await served.hub.auth.tokens.add(SYSTEM, name="reader", rights={Right.CUSTOMERS_READ, Right.TICKETS_READ})
    one = uuid4()
    reads = ["/customers", f"/customers/{one}", "/tickets", f"/tickets/{one}", "/ticket-states"]
    for client, status in ((served.client(), 401), (served.client("hub_forged"), 401), (served.client(token), 403)):
        for path in reads:
            assert (await client.get(path)).status == status, path
    for client, status in ((served.client(), 401), (served.client(token), 403), (served.client(reader), 403)):
        assert (await client.post("/customers", {"name": "x"})).status == status
        assert (await client.patch(f"/customers/{one}", {"version": 1})).status == status
        assert (await client.put(f"/customers/{one}/refusals/sms", {})).status == status
        assert (await client.post("/tickets", {"title": "x"})).status == status
        assert (await client.post(f"/tickets/{one}/steps", {"text": "x"})).status == status
