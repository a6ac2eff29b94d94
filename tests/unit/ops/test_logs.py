"""What is logged, and what never is."""

import ast
import io
import json
import logging
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hub.ops import logs
from hub.ops.redact import redact, redact_text

HUB = Path(logs.__file__).parent.parent


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """Where the configured log goes; the log of pytest is put back afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    logs.configure("info", stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(False)


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_an_event_is_one_line_of_json_with_its_values(stream: io.StringIO) -> None:
    logging.getLogger("hub.delivery").info("send attempted", extra={"attempt": 2, "state": None})

    [line] = lines(stream)
    assert line["event"] == "send attempted"
    assert (line["logger"], line["level"], line["attempt"], line["state"]) == ("hub.delivery", "info", 2, None)
    assert line["time"].endswith("+00:00")


def test_a_line_break_in_a_value_makes_no_second_line(stream: io.StringIO) -> None:
    logging.getLogger("hub").warning("from %s", 'x\n{"event": "forged"}')

    assert len(stream.getvalue().splitlines()) == 1


def test_tracebacks_are_kept_and_redacted(stream: io.StringIO) -> None:
    try:
        raise ValueError("no route to alice.smith@example.org with password=hunter2")
    except ValueError:
        logging.getLogger("hub").exception("failed")

    [line] = lines(stream)
    assert "ValueError" in line["exception"]
    assert "alice.smith" not in line["exception"]
    assert "hunter2" not in line["exception"]


def test_below_the_level_nothing_is_logged(stream: io.StringIO) -> None:
    logging.getLogger("hub").debug("detail")

    assert stream.getvalue() == ""


SECRETS = [
    {"password": "hunter2"},
    {"smtp_password": "hunter2"},
    {"headers": {"Authorization": "Bearer hunter2hunter2", "Cookie": "hub=hunter2"}},
    {"settings": [{"api_key": "hunter2"}, {"refresh_token": "hunter2"}]},
    {"url": "postgres://hub:hunter2@db.internal/hub"},
    {"line": "AUTH PLAIN hunter2hunter2="},
    {"line": "Authorization: Bearer hunter2.hunter2"},
    {"query": "/socket.io/?EIO=4&sid=hunter2&x=1"},
    {"body": '{"token": "hunter2"}'},
    {"raw": b"hunter2"},
    {"session_id": "hunter2"},
]


@pytest.mark.parametrize("value", SECRETS, ids=str)
def test_secrets_are_masked_wherever_they_stand(value: dict[str, Any]) -> None:
    assert "hunter2" not in json.dumps(redact(value))


def test_mailboxes_and_numbers_are_masked_and_still_told_apart() -> None:
    told = redact_text("alice.smith@example.org wrote to bob@例子.测试, called +86 138 0013 8000 or (010) 6552-9988")

    assert "a***@example.org" in told
    assert "b***@例子.测试" in told
    assert "138 0013" not in told
    assert "6552" not in told


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-21 filed 42 messages in 12.5 ms",
        "account 018f3a52-7c1e-7b3a-9f00-123456789abc is connected",
        "listening on 127.0.0.1:8080",
        "token_count=3 of 10",
    ],
)
def test_what_operators_need_stays(text: str) -> None:
    assert redact_text(text) == text


def test_redaction_is_linear() -> None:
    hostile = ["a@" * 50_000, "1 " * 50_000, "password" * 12_000, "://:" * 25_000, "bearer " * 14_000, "a.b-" * 25_000 + "@"]
    begun = time.perf_counter()
    for text in hostile:
        redact_text(text)

    assert time.perf_counter() - begun < 2


def extras() -> Iterator[tuple[str, str]]:
    """Every name given to a log call in `extra={…}`, with its place."""
    for file in HUB.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.keyword) and node.arg == "extra" and isinstance(node.value, ast.Dict):
                for key in node.value.keys:
                    if isinstance(key, ast.Constant):
                        yield f"{file.relative_to(HUB)}:{node.value.lineno}", str(key.value)


def test_no_log_call_uses_a_name_that_the_record_owns() -> None:
    assert [(place, name) for place, name in extras() if name in logs.OWNED] == []
