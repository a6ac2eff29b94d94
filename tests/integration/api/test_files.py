"""The files origin."""

from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from hub import clock
from hub.api.files import ServedFile
from hub.api.server import files_app
from hub.api.signed import sign_path, verify
from hub.db import Database
from hub.errors import NotFound
from hub.secrets import SecretKeys
from hub.settings import load
from tests.fixtures.console import make_hub

KEYS = SecretKeys(b"k" * 32)


async def provide(what: Mapping[str, Any]) -> ServedFile:
    """Whatever was signed."""
    return ServedFile(
        content=what["text"].encode() if "chunks" not in what else _chunks(what["chunks"]),
        content_type=what["type"],
        filename=what.get("name", ""),
        inline=what.get("inline", True),
        policy=what.get("policy", ""),
        size=what.get("size"),
    )


async def _chunks(chunks: list[str]) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk.encode()


@pytest.fixture
async def files(database: Database, tmp_path) -> AsyncIterator[TestClient]:
    hub = make_hub(load({"data_dir": str(tmp_path), "public_url": "https://desk.example.org"}, {}), database)
    async with TestClient(TestServer(files_app(hub, {"trial": provide}))) as client:
        yield client
    hub.auth.close()


async def test_a_signed_address_shows_its_picture_in_place_and_to_the_console_only(files: TestClient) -> None:
    answer = await files.get(sign_path(KEYS, "trial", {"text": "pixels", "type": "image/png", "name": "a.png"}))

    assert (answer.status, await answer.text(), answer.content_type) == (200, "pixels", "image/png")
    assert answer.headers["Content-Disposition"].startswith("inline")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox; frame-ancestors https://desk.example.org"
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("kind", ["text/html", "image/svg+xml", "application/pdf", "text/javascript", "application/xhtml+xml"])
async def test_what_could_run_is_only_ever_downloaded(files: TestClient, kind: str) -> None:
    answer = await files.get(sign_path(KEYS, "trial", {"text": "<script>alert(1)</script>", "type": kind}))

    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.content_type != "text/html"
    assert "sandbox" in answer.headers["Content-Security-Policy"]


async def test_mail_html_is_shown_under_the_policy_given_with_it(files: TestClient) -> None:
    what = {"text": "<p>hi", "type": "text/html", "policy": "default-src 'none'; sandbox"}
    answer = await files.get(sign_path(KEYS, "trial", what))

    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["Content-Disposition"].startswith("inline")
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"


async def test_a_stream_has_the_same_headers(files: TestClient) -> None:
    what = {"chunks": ["a", "b"], "type": "image/png", "size": 2}
    answer = await files.get(sign_path(KEYS, "trial", what))

    assert (await answer.read(), answer.headers["Content-Length"]) == (b"ab", "2")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]


async def test_an_address_dies_after_five_minutes_and_with_any_change(files: TestClient) -> None:
    path = sign_path(KEYS, "trial", {"text": "x", "type": "image/png"})
    assert (await files.get(path)).status == 200

    for forged in (
        path[:-2],
        path + "AA",
        path.replace(path[10], "A" if path[10] != "A" else "B"),
        "/files/x",
        "/files/" + "A" * 60,
    ):
        assert (await files.get(forged)).status == 404
    assert (await files.get(sign_path(SecretKeys(b"o" * 32), "trial", {"text": "x", "type": "image/png"}))).status == 404
    assert (await files.get(sign_path(KEYS, "other kind", {}))).status == 404
    now = clock.now()
    clock.set_source(lambda: now + timedelta(minutes=5, seconds=1))
    try:
        assert (await files.get(path)).status == 404
    finally:
        clock.set_source(None)


async def test_nothing_else_is_served_there(files: TestClient) -> None:
    for path in ("/", "/api/v1/session", "/files/", "/healthz"):
        answer = await files.get(path)
        assert answer.status == 404
        assert answer.content_type == "application/problem+json"


def test_what_was_signed_comes_back() -> None:
    path = sign_path(KEYS, "trial", {"n": 1, "name": "报价.pdf"})
    assert verify(KEYS, path.removeprefix("/files/")) == ("trial", {"n": 1, "name": "报价.pdf"})
    for text in ("", "=", "A", "é", "A" * 22):
        with pytest.raises(NotFound):
            verify(KEYS, text)
