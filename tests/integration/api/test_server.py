"""The origins: headers, pages, errors, limits."""

import asyncio
import gzip
import io
import json
from pathlib import Path

import aiohttp
import pytest

from hub.api.endpoint import PUBLIC, Request, Router
from hub.db import DatabaseGone
from tests.fixtures.console import Console, Serve

api = Router(tag="trial", prefix="/api/v1/trial")


@api.get("/broken", needs=PUBLIC)
async def broken(request: Request) -> None:
    """Fail in a way nobody foresaw."""
    raise RuntimeError("secret detail: /var/lib/hub")


@api.get("/gone", needs=PUBLIC)
async def gone(request: Request) -> None:
    """Find no database."""
    raise DatabaseGone("cannot be reached")


@api.get("/slow", needs=PUBLIC)
async def slow(request: Request) -> None:
    """Wait until the client goes."""
    await asyncio.sleep(30)


@api.get("/ip", needs=PUBLIC)
async def ip(request: Request) -> dict[str, str]:
    """Say from where the request came."""
    return {"ip": request.caller.ip}


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    folder = tmp_path / "console"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><title>console</title>")
    (folder / "assets" / "index-BdKm3l2a.js").write_text("console.log(1)" * 100)
    (folder / "assets" / "index-BdKm3l2a.js.gz").write_bytes(gzip.compress(b"console.log(1)" * 100))
    (folder / "assets" / "index-BdKm3l2a.js.map").write_text("{}")
    (folder / "built.txt").write_text("ok")
    (tmp_path / "outside.txt").write_text("not for the web")
    return folder


async def test_an_error_nobody_foresaw_tells_nothing_but_a_number_to_ask_for(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    answer = await (await serve(api)).client().get("/trial/broken")

    problem = await answer.json()
    assert (answer.status, problem["code"]) == (500, "error")
    assert "secret" not in await answer.text()
    assert problem["request_id"] == answer.headers["X-Request-Id"]
    assert [record.request_id for record in caplog.records if record.exc_info] == [problem["request_id"]]


async def test_own_trouble_is_temporary(serve: Serve) -> None:
    answer = await (await serve(api)).client().get("/trial/gone")
    assert (answer.status, (await answer.json())["code"], answer.headers["Retry-After"]) == (503, "database_gone", "1")


async def test_every_error_is_a_problem_document(console: Console) -> None:
    client = await console.signed_in("root", "administrator")
    for method, path, status, code in (
        ("GET", "/api/v1/nothing", 404, "not_found"),
        ("GET", "/api/v2", 404, "not_found"),
        ("PUT", "/api/v1/session", 405, "method_not_allowed"),
        ("POST", "/api/v1/%2e%2e/users", 404, "not_found"),
        ("POST", "/api/v1/nothing", 404, "not_found"),
        ("POST", "/inbox", 404, "not_found"),
        ("GET", "/api/v1/users/not-an-id", 404, "not_found"),
        ("GET", "/api/v1/users?limit=0", 422, "invalid"),
        ("GET", "/api/v1/users?colour=red", 422, "invalid"),
    ):
        answer = await client(method, console.base + path)
        assert (answer.status, answer.content_type) == (status, "application/problem+json"), path
        assert (await answer.json())["code"] == code
        assert ("POST" in answer.headers.get("Allow", "")) == (status == 405)


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        (b'{"name":', {}, 400, "malformed_json"),
        (b"\xff\xfe", {}, 400, "malformed_json"),
        (b"[" * 100_000, {}, 422, "invalid"),
        (b'{"name": ' + b"[" * 100_000, {}, 422, "invalid"),
        (b'{"name": "\\ud800x", "password": "p"}', {}, 400, "malformed_json"),
        (b'{"name": "a\\u0000b", "password": "p"}', {}, 422, "invalid"),
        (b'{"name": 5, "password": "p"}', {}, 422, "invalid"),
        (b'{"name": "a", "password": "p", "admin": true}', {}, 422, "invalid"),
        (b'{"name": "' + b"a" * 1_048_570 + b'"}', {}, 413, "too_large"),
        (b"name=a&password=p", {"Content-Type": "application/x-www-form-urlencoded"}, 415, "wrong_media_type"),
        (b"{}", {"Content-Type": "text/plain"}, 415, "wrong_media_type"),
    ],
)
async def test_a_bad_body_is_refused_with_its_reason(
    console: Console, body: bytes, headers: dict[str, str], status: int, code: str
) -> None:
    answer = await console.client().post(
        "/session", data=io.BytesIO(body), headers={"Content-Type": "application/json", **headers}
    )
    assert (answer.status, (await answer.json())["code"]) == (status, code)


async def test_a_wrong_field_is_named_by_its_path(console: Console) -> None:
    answer = await console.client().post("/session", {"name": "a", "password": 7})
    assert (await answer.json())["errors"] == [{"path": "$.password", "message": "Expected `str`, got `int`"}]


async def test_what_looks_like_a_nul_but_is_text_is_taken(console: Console) -> None:
    answer = await console.client().post(
        "/session", data=b'{"name": "a\\\\u0000b", "password": "p"}', headers={"Content-Type": "application/json"}
    )
    assert (answer.status, (await answer.json())["code"]) == (401, "wrong_password")


async def test_the_pages_run_only_their_own_scripts_and_are_framed_by_nobody(serve: Serve, pages: Path) -> None:
    console = await serve(pages=pages, public_url="https://desk.example.org", files_url="https://files.example.org")
    answer = await console.client()("GET", "/")

    policy = {part.split()[0]: part.split()[1:] for part in answer.headers["Content-Security-Policy"].split("; ")}
    assert policy["default-src"] == ["'self'"]
    assert policy["frame-ancestors"] == policy["object-src"] == policy["base-uri"] == ["'none'"]
    assert policy["frame-src"] == ["https://files.example.org", "http://localhost:8081", "http://127.0.0.1:8081"]
    assert policy["connect-src"] == ["'self'", "wss://desk.example.org"]
    assert not any("unsafe" in word for name in ("default-src", "style-src") for word in policy[name])
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Strict-Transport-Security"]
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"


async def test_answers_of_the_api_are_never_kept(console: Console) -> None:
    client = console.client()
    for path in ("/setup", "/session", "/users"):
        assert (await client.get(path)).headers["Cache-Control"] == "no-store"


async def test_any_page_of_the_console_is_its_index_and_hashed_files_are_kept_for_ever(serve: Serve, pages: Path) -> None:
    client = (await serve(pages=pages)).client()
    for path in ("/", "/inbox", "/conversations/01a1ffdb-b5d1-75d5-b895-37d92881018c"):
        answer = await client("GET", path)
        assert (answer.status, answer.headers["Cache-Control"]) == (200, "no-cache"), path
        assert "console" in await answer.text()
    again = await client("GET", "/", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status == 304

    script = await client("GET", "/assets/index-BdKm3l2a.js", headers={"Accept-Encoding": "gzip"})
    assert script.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert script.headers["Content-Encoding"] == "gzip"
    assert (await script.text()).startswith("console.log(1)")
    assert "javascript" in script.content_type


@pytest.mark.parametrize(
    "path",
    [
        "/assets/index-BdKm3l2a.js.map",
        "/built.txt",
        "/outside.txt",
        "/../outside.txt",
        "/%2e%2e/outside.txt",
        "/assets/..%2f..%2foutside.txt",
        "/assets/%2e%2e/%2e%2e/outside.txt",
        "//etc/passwd.txt",
        "/assets/missing.js",
    ],
)
async def test_nothing_but_the_pages_is_served(serve: Serve, pages: Path, path: str) -> None:
    console = await serve(pages=pages)
    host, port = console.base.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()

    assert b" 404 " in answer.split(b"\r\n")[0]
    assert b"not for the web" not in answer


async def test_without_built_pages_it_says_how_to_get_them(console: Console) -> None:
    answer = await console.client()("GET", "/")
    assert answer.status == 503
    assert "make pages" in (await answer.json())["detail"]


@pytest.mark.covers("M-37")
async def test_the_document_is_public(console: Console) -> None:
    answer = await console.client().get("/openapi.json")
    assert json.loads(await answer.text())["paths"]["/api/v1/users"]["get"]["x-needs"] == ["users.manage"]


async def test_health_readiness_and_figures_answer_without_signing_in(console: Console) -> None:
    client = console.client()
    assert "loop_lag_ms" in await (await client("GET", "/healthz")).json()
    assert await (await client("GET", "/readyz")).json() == {"ok": True, "checks": []}

    async def down() -> None:
        raise DatabaseGone("cannot be reached")

    console.hub.probes.register("database", down)
    answer = await client("GET", "/readyz")
    assert (answer.status, (await answer.json())["checks"][0]["ok"]) == (503, False)
    assert "hub_http_request_seconds" in await (await client("GET", "/metrics")).text()


async def test_a_client_that_goes_away_does_not_keep_the_hub_working(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    client = (await serve(api)).client()
    with pytest.raises(TimeoutError):
        await client.get("/trial/slow", timeout=aiohttp.ClientTimeout(total=0.1))
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


async def test_forwarded_addresses_are_believed_only_from_trusted_proxies(serve: Serve) -> None:
    direct = (await serve(api)).client()
    forwarded = {"X-Forwarded-For": "198.51.100.1, 203.0.113.5"}
    assert await (await direct.get("/trial/ip", headers=forwarded)).json() == {"ip": "127.0.0.1"}

    behind = (await serve(api, trusted_proxies=("127.0.0.1", "203.0.113.0/24"))).client()
    assert await (await behind.get("/trial/ip", headers=forwarded)).json() == {"ip": "198.51.100.1"}
    odd = {"X-Forwarded-For": "<script>"}
    assert await (await behind.get("/trial/ip", headers=odd)).json() == {"ip": "127.0.0.1"}


async def test_reads_answer_head_too(console: Console) -> None:
    answer = await console.client()("HEAD", "/api/v1/setup")
    assert answer.status == 200
