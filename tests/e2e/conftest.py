"""A hub with its demo as `hub serve --demo` runs it, Debian's Chromium, and pages on which nothing may go wrong unseen."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from time import monotonic, sleep
from typing import Any, TypeVar
from urllib.error import HTTPError, URLError

import pytest
from playwright.sync_api import BrowserContext, Frame, Page

from tests.fixtures.program import free_ports

T = TypeVar("T")

ROOT = Path(__file__).parent.parent.parent
FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update "
    "--disable-sync --disable-background-timer-throttling --disable-renderer-backgrounding "
    "--disable-backgrounding-occluded-windows"
).split()
AXE_RUN = """
axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'], iframes: false})
  .then((found) => found.violations.map((rule) => rule.id + ': ' + rule.nodes.map((node) => node.html).join(' ')))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """A running hub: where it listens, and its API with every right."""

    url: str
    widget_url: str
    smtp_port: int
    password: str
    token: str

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """The JSON that `/api/v1…` answers; raises HTTPError."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.url}/api/v1{path}", data=data, headers=headers, method=method)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read() or b"null")

    def messages(self, text: str = "") -> list[Any]:
        """The visitors' messages whose text contains `text`, oldest first."""
        items: list[Any] = []
        cursor = ""
        while True:
            page = self.ask("GET", f"/messages?direction=in&channel=webchat&limit=200{cursor}")
            items += [item for item in page["items"] if text in item["text"]]
            if not page["next_cursor"]:
                return items
            cursor = f"&cursor={page['next_cursor']}"

    def message(self, text: str) -> Any:
        """The one message with this text, once it is there."""
        [found] = eventually(lambda: self.messages(text))
        return found

    def answer(self, conversation_id: str, text: str) -> Any:
        """Say something to the visitor."""
        return self.ask("POST", f"/conversations/{conversation_id}/messages", {"kind": "reply", "text": text})


def eventually(look: Callable[[], T], *, within: float = 10.0) -> T:
    """What `look` returns as soon as it is true."""
    end = monotonic() + within
    while not (found := look()):
        assert monotonic() < end, "it did not come true"
        sleep(0.05)
    return found


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """One hub for all tests of a run, on SQLite in a folder of its own."""
    folder = tmp_path_factory.mktemp("desk")
    names = ("http_port", "widget_port", "files_port", "smtp_port", "demo_mailbox_port", "lmtp_port")
    ports = dict(zip(names, _neighbours(), strict=True))
    environ = {name: value for name, value in os.environ.items() if not name.startswith("HUB_")}
    environ |= {"HUB_DATA_DIR": str(folder), "HUB_HTTP_PORT": str(ports["http_port"])}
    environ |= {"HUB_SMTP_PORT": str(ports["smtp_port"]), "HUB_LMTP_PORT": str(ports["lmtp_port"])}
    command = [sys.executable, "-m", "hub"]
    with (folder / "hub.log").open("wb") as log:
        process = subprocess.Popen([*command, "serve", "--demo"], env=environ, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
    try:
        url = f"http://localhost:{ports['http_port']}"
        eventually(lambda: _is_ready(url, process, folder), within=40)
        make = [*command, "token", "create", "--name", "e2e", "--scope", "*"]
        made = subprocess.run(make, env=environ, capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL)
        yield Desk(
            url=url,
            widget_url=f"http://localhost:{ports['widget_port']}",
            smtp_port=ports["smtp_port"],
            password=(folder / "demo-password").read_text().strip(),
            token=made.stdout.split()[-1],
        )
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def _neighbours() -> list[int]:
    """Three ports in a row for the origins, two for SMTP and the demo's mailbox, one for LMTP: the demo counts upwards."""
    ports = free_ports(60)
    first = next(port for port in ports if {port + 1, port + 2} <= set(ports))
    rest = [port for port in ports if port > first + 2]
    smtp = next(port for port in rest if port + 1 in rest)
    return [first, first + 1, first + 2, smtp, smtp + 1, next(port for port in rest if port > smtp + 1)]


def _is_ready(url: str, process: "subprocess.Popen[bytes]", folder: Path) -> bool:
    assert process.poll() is None, (folder / "hub.log").read_text()
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=2) as answer:
            return bool(answer.status == 200)
    except (HTTPError, URLError, ConnectionError, TimeoutError):
        return False


@pytest.fixture(scope="session")
def base_url() -> None:
    """In place of pytest-base-url's, which this pytest warns of; tests name whole addresses."""


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Debian's Chromium, or the one `CHROMIUM` names; it talks to nobody but the tests."""
    chromium = os.environ.get("CHROMIUM", "/usr/bin/chromium")
    return {**browser_type_launch_args, "executable_path": chromium, "args": FLAGS}


@dataclass(slots=True)
class Problems:
    """What went wrong on the pages of a test. `allow`: what it provokes (a regular expression)."""

    seen: list[str] = field(default_factory=list)
    allowed: list[str] = field(default_factory=list)

    def allow(self, pattern: str) -> None:
        self.allowed.append(pattern)

    def left(self) -> list[str]:
        return [text for text in self.seen if not any(re.search(pattern, text) for pattern in self.allowed)]


@pytest.fixture
def problems(context: BrowserContext) -> Iterator[Problems]:
    """Fails the test for an uncaught error, an error on the console or a broken content policy, in any frame."""
    found = Problems()
    context.add_init_script(
        "addEventListener('securitypolicyviolation', (e) => console.error('policy: ' + e.violatedDirective + ' ' + e.blockedURI))"
    )
    context.on("console", lambda said: found.seen.append(f"{said.text} ({said.location})") if said.type == "error" else None)
    context.on("weberror", lambda error: found.seen.append(f"uncaught: {error.error}"))
    yield found
    assert found.left() == []


@pytest.fixture
def page(context: BrowserContext, problems: Problems) -> Page:
    """A page that is watched."""
    return context.new_page()


@pytest.fixture(scope="session")
def accessible() -> Callable[[Page | Frame], None]:
    """Asserts that axe finds nothing against WCAG 2.2 AA on a page or in a frame."""
    source = next(
        path
        for folder in ("widget", "agent_console")
        if (path := ROOT / folder / "node_modules" / "axe-core" / "axe.min.js").exists()
    ).read_text("utf-8")

    def check(where: Page | Frame) -> None:
        where.evaluate(source)
        assert where.evaluate(AXE_RUN) == []

    return check


class HostSite:
    """A web site of somebody else: `pages` maps paths to HTML, `policy` is sent with each."""

    def __init__(self) -> None:
        self.pages: dict[str, str] = {}
        self.policy = ""
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = site.pages.get(self.path.partition("?")[0])
                self.send_response(200 if body is not None else 204)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                if site.policy:
                    self.send_header("Content-Security-Policy", site.policy)
                self.end_headers()
                if body is not None:
                    self.wfile.write(body.encode())

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.origin = f"http://localhost:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def host_site() -> Iterator[HostSite]:
    """Another web site on this machine."""
    site = HostSite()
    yield site
    site.close()
