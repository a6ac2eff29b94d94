"""A hub with its demo as `hub serve --demo` runs it, Debian's Chromium, and pages on which nothing may go wrong unseen."""

import os
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Frame, Page

from tests.e2e.desks import Desk, running_hub
from tests.e2e.sites import put_settings
from tests.e2e.visitors import OPEN_ROOTS, Chat

ROOT = Path(__file__).parent.parent.parent
FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update "
    "--disable-sync --disable-background-timer-throttling --disable-renderer-backgrounding "
    "--disable-backgrounding-occluded-windows"
).split()
NOBODY_SIGNED_IN = r"401 .*/api/v1/session\b"  # the browser reports the answer that makes the sign-in page show
AXE_RUN = """
axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'], iframes: false})
  .then((found) => found.violations.map((rule) => rule.id + ': ' + rule.nodes.map((node) => node.html).join(' ')))
"""


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """One hub with the demo for all tests of a file: what one leaves behind stands in nobody else's list."""
    with running_hub(tmp_path_factory.mktemp("desk"), demo=True) as running:
        yield running


@pytest.fixture(scope="session")
def base_url() -> None:
    """In place of pytest-base-url's, which this pytest warns of; tests name whole addresses."""


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    """Without the console's service worker: requests of a page that has one cannot all be seen or held by a test."""
    return {**browser_context_args, "service_workers": "block"}


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Debian's Chromium, or the one `CHROMIUM` names; it talks to nobody but the tests."""
    chromium = os.environ.get("CHROMIUM", "/usr/bin/chromium")
    return {**browser_type_launch_args, "executable_path": chromium, "args": FLAGS}


@dataclass(slots=True)
class Problems:
    """What went wrong on the pages of a test. `allow`: what it provokes (a regular expression)."""

    seen: list[str] = field(default_factory=list)
    allowed: list[str] = field(default_factory=lambda: [NOBODY_SIGNED_IN])

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
    """A web site of somebody else: `pages` maps paths to HTML, `policy` is sent with each; `asked` is what was asked for."""

    def __init__(self) -> None:
        self.pages: dict[str, str] = {}
        self.policy = ""
        self.asked: list[str] = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.asked.append(self.path)
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


@pytest.fixture
def visitor(page: Page, context: BrowserContext, desk: Desk) -> Chat:
    """A new visitor of the demo's shop."""
    context.add_init_script(OPEN_ROOTS)
    page.goto(f"{desk.url}/demo")
    return Chat(page)


@pytest.fixture
def site(desk: Desk, host_site: HostSite) -> Iterator[dict[str, Any]]:
    """The site's account, for a test that changes its settings; they are put back."""
    [found] = [account for account in desk.ask("GET", "/accounts") if account["provider"] == "widget"]
    yield found
    put_settings(desk, found["id"], {key: value for key, value in found["settings"].items() if "secret" not in key})
