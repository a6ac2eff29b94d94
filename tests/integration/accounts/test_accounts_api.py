"""Accounts over HTTP: forms, tests before saving, states; no answer and no line of the log holds a secret."""

import json
from typing import Any
from uuid import uuid4

import pytest

from hub.accounts import Accounts
from hub.api import accounts as accounts_api
from hub.api import audit
from hub.auth import ALL, SYSTEM, Right
from hub.channels.catalog import ENTRIES
from hub.ops.logs import JsonLines
from tests.fixtures.console import Client, Console, Serve
from tests.integration.accounts.conftest import CANARY
from tests.integration.accounts.desk import Desk

SECRETS = ["imap_password", "smtp_password", "oauth_client_secret", "oauth_refresh_token", "dkim_private_key"]


@pytest.fixture
async def served(serve: Serve, accounts: Accounts) -> Console:
    """A console with accounts only."""
    services = {"accounts": accounts, "adapters": accounts.adapters}
    return await serve(accounts_api.api, audit.api, services=services)


@pytest.fixture
async def root(served: Console) -> Client:
    """A program that may everything."""
    _, token = await served.hub.auth.tokens.add(SYSTEM, name="root", rights=ALL)
    return served.client(token)


async def body(response: Any, status: int = 200) -> Any:
    text = await response.text()
    assert response.status == status, text
    return json.loads(text) if text else None


@pytest.mark.covers("M-40")
async def test_forms_can_be_drawn_from_the_schema(root: Client) -> None:
    adapters = await body(await root.get("/adapters"))
    assert [(one["provider"], one["channel"]) for one in adapters] == [(entry.provider, entry.channel) for entry in ENTRIES]
    for one in adapters:
        for name, field in one["settings_schema"]["properties"].items():
            assert field["title"], name
            assert field["x-title-zh"], name
    fields = adapters[0]["settings_schema"]["properties"]
    assert [name for name, field in fields.items() if field.get("writeOnly")] == SECRETS


async def test_an_account_goes_through_its_whole_life(root: Client) -> None:
    new = {"name": "Help", "provider": "mail", "settings": {"address": "help@example.com"}, "client_key": str(uuid4())}
    made = await body(await root.post("/accounts", new), 201)
    assert (await body(await root.post("/accounts", new), 201))["id"] == made["id"]
    at = f"/accounts/{made['id']}"
    assert (made["channel"], made["state"], made["version"]) == ("email", "stopped", 1)
    changed = await body(await root.patch(at, {"version": 1, "settings": {"display_name": "Help"}}))
    assert changed["settings"] | {} == made["settings"] | {"display_name": "Help"}
    assert (await body(await root.patch(at, {"version": 1, "name": "X"}), 409))["code"] == "stale"
    assert (await body(await root.get(f"{at}/capabilities")))["features"]["html"] == "full"
    assert [one["name"] for one in await body(await root.get("/account-names"))] == ["Help"]
    assert (await root.delete(at)).status == 204
    assert await body(await root.get("/accounts")) == []
    assert (await root.get(at)).status == 404


@pytest.mark.covers("W-01")
async def test_a_site_has_lines_to_paste(root: Client, served: Console) -> None:
    site = await body(await root.post("/accounts", {"name": "Shop", "provider": "widget"}), 201)
    snippet = await body(await root.get(f"/accounts/{site['id']}/snippet"))
    assert f'src="{served.hub.settings.widget_url}/widget/v1/loader.js"' in snippet["html"]
    assert f'data-site="{site["id"]}"' in snippet["html"]
    mail = await body(await root.post("/accounts", {"name": "Help", "provider": "mail"}), 201)
    assert (await root.get(f"/accounts/{mail['id']}/snippet")).status == 404


@pytest.mark.covers("M-40")
async def test_settings_are_tried_before_they_are_saved(root: Client, desk: Desk) -> None:
    good = {"provider": "desk", "settings": {"port": desk.port, "password": CANARY}}
    assert (await body(await root.post("/accounts/test", good)))["checks"] == [{"name": "login", "ok": True, "detail": ""}]
    wrong = {"provider": "desk", "settings": {"port": desk.port, "password": "wrong"}}
    assert not (await body(await root.post("/accounts/test", wrong)))["checks"][0]["ok"]
    bad = await body(await root.post("/accounts/test", {"provider": "mail", "settings": {"smtp_port": "x"}}), 422)
    assert (bad["code"], bad["errors"][0]["path"]) == ("bad_account_settings", "$.settings.smtp_port")
    assert (await root.post("/accounts/test", {"provider": "fax"})).status == 404


@pytest.mark.covers("M-40")
async def test_no_answer_and_no_log_line_holds_a_secret(root: Client, desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(0)
    secrets = dict.fromkeys(SECRETS, CANARY)
    mail = {
        "address": "help@example.com",
        "dkim_domain": "example.com",
        "dkim_selector": "s",
        "oauth_token_url": "https://127.0.0.1:9/token",  # nothing listens there: refused at once
        "oauth_client_id": "id",
        "imap_host": "127.0.0.1",
        "smtp_host": "127.0.0.1",
        "smtp_port": 9,
        **secrets,
    }
    seen: list[str] = []

    async def say(method: str, path: str, sent: Any = None) -> Any:
        response = await root(method, "/api/v1" + path, sent)
        seen.append(await response.text() + repr(response.headers))
        return response

    made = await body(await say("POST", "/accounts", {"name": "Help", "provider": "mail", "settings": mail}), 201)
    at = f"/accounts/{made['id']}"
    for sent in (
        {"version": 1, "settings": {"smtp_password": CANARY, "smtp_port": 70_000}},
        {"version": 1, "settings": {"smtp_password": [CANARY]}},
        {"version": 1, "settings": {"smtp_host": "evil.test"}},
        {"version": 9, "settings": {"smtp_password": CANARY}},
        {"version": 1, "settings": {"smtp_user": "other"}},
    ):
        await say("PATCH", at, sent)
    await say("POST", "/accounts", {"name": "Help", "provider": "mail", "settings": mail})
    await say("POST", "/accounts/test", {"provider": "mail", "settings": {}, "account_id": made["id"]})
    await say("POST", "/accounts/test", {"provider": "desk", "settings": {"port": desk.port, "password": CANARY + "x"}})
    for path in ("/accounts", at, f"{at}/capabilities", "/account-names", "/audit"):
        await say("GET", path)
    await say("DELETE", at)

    written = [JsonLines().format(record) for record in caplog.records if record.name.startswith("hub")]
    assert len(seen) > 10
    # The desk told its caller's password back; the answer to who typed it a moment ago may hold it, nothing else.
    assert [text for text in seen if CANARY in text and "the desk does not know" not in text] == []
    assert CANARY not in "\n".join(written)


async def test_only_who_manages_accounts_sees_them(served: Console) -> None:
    _, token = await served.hub.auth.tokens.add(SYSTEM, name="agent", rights=ALL - {Right.ACCOUNTS_MANAGE, Right.AUDIT_READ})
    one = uuid4()
    for client, status in ((served.client(), 401), (served.client(token), 403)):
        for path in ("/accounts", f"/accounts/{one}", "/adapters", f"/accounts/{one}/snippet"):
            assert (await client.get(path)).status == status, path
        assert (await client.post("/accounts", {"name": "x", "provider": "mail"})).status == status
        assert (await client.post("/accounts/test", {"provider": "mail"})).status == status
        assert (await client.patch(f"/accounts/{one}", {"version": 1})).status == status
        assert (await client.delete(f"/accounts/{one}")).status == status
    _, reader = await served.hub.auth.tokens.add(SYSTEM, name="reader", rights=[Right.AUDIT_READ])
    answers = [(await served.client(reader).get(path)).status for path in ("/adapters", "/accounts")]
    assert answers == [200, 403]  # what settings are called, for the audit log; not what they are set to


@pytest.mark.parametrize(
    "sent",
    [
        {"name": "x", "provider": "mail", "settings": []},
        {"name": "x", "provider": "mail", "settings": {"address": "x\u0000"}},
        {"name": "", "provider": "mail"},
        {"name": "x", "provider": "mail", "settings": {"__class__": "x"}},
        {"name": "x", "provider": "mail", "queue_id": "1"},
        {"name": "x", "provider": "mail", "version": 1},
        {"name": "x", "provider": "widget", "settings": {"allowed_origins": ["javascript:alert(1)"]}},
        {"name": "x", "provider": "widget", "settings": {"identity_secret": "short"}},
    ],
)
async def test_what_is_wrong_is_a_problem_and_not_a_failure(root: Client, sent: dict[str, Any]) -> None:
    assert (await body(await root.post("/accounts", sent), 422))["code"]
    assert await body(await root.get("/accounts")) == []
