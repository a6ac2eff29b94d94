"""Rows 12 and 18: bytes over the wire, compressed: the widget's loader and panel, and the console until its inbox stands.

The widget is counted from the built files (`make pages`), the console in Chromium with an empty cache: the page to sign in, the
inbox until its list is painted, and with what is fetched ahead while that list is read (which may add 60).
"""

import gzip
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, async_playwright

from benchmarks.row import Row
from tests.fixtures.program import Program

ROOT = Path(__file__).parent.parent
STATIC = ROOT / "hub" / "static"
CHROMIUM = "/usr/bin/chromium"
KIB = 1024
_PASSWORD = "correct horse battery"


async def run(quick: bool = False) -> list[Row]:
    """Build what is missing, then count."""
    if not (STATIC / "console" / "index.html").exists() or not (STATIC / "widget" / "loader.js").exists():
        subprocess.run([sys.executable, "-W", "ignore", "setup.py", "-q", "build_pages"], cwd=ROOT, check=True)
    loader, panel = _compressed("widget/loader.js"), _panel()
    first, inbox, ahead = await _console()
    return [
        Row(number=12, workload="widget loader, gz", value=loader / KIB, unit="KiB", goal=3, bound="≤"),
        Row(number=12, workload="widget panel ready to type, gz", value=panel / KIB, unit="KiB", goal=15, bound="≤"),
        Row(number=18, workload="console, first load, gz", value=first / 1000, unit="kB", goal=180, bound="≤"),
        Row(number=18, workload="console until the inbox is painted, gz", value=inbox / 1000, unit="kB", goal=180, bound="≤"),
        Row(
            number=18,
            workload="console with a conversation fetched ahead, gz",
            value=ahead / 1000,
            unit="kB",
            goal=240,
            bound="≤",
        ),
    ]


def _compressed(name: str) -> int:
    return len(gzip.compress((STATIC / name).read_bytes(), 9))


def _panel() -> int:
    """The frame, what it names, and the larger of the two languages."""
    frame = (STATIC / "widget" / "frame.html").read_text()
    named = re.findall(r'(?:src|href)="/widget/v1/(assets/[^"]+)"', frame)
    languages = [_compressed(f"widget/assets/{file.name}") for file in (STATIC / "widget/assets").glob("[ez][nh]-*.js")]
    return _compressed("widget/frame.html") + sum(_compressed(f"widget/{name}") for name in named) + max(languages)


async def _console() -> tuple[int, int, int]:
    with tempfile.TemporaryDirectory() as folder:
        program = Program(f"sqlite:///{folder}/hub.sqlite3", Path(folder))
        await program.start()
        try:
            program.command("user", "add", "ann", "--role", "administrator", "--password-stdin", stdin=_PASSWORD)
            async with async_playwright() as playwright:
                browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
                try:
                    first, _ = await _loaded(browser, program, signed_in=False)
                    return first, *await _loaded(browser, program, signed_in=True)
                finally:
                    await browser.close()
        finally:
            program.stop()


async def _loaded(browser: Browser, program: Program, *, signed_in: bool) -> tuple[int, int]:
    """Bytes of pages, scripts and styles that came over the wire, headers included: until there is something to use, and in all."""
    url = program.url.replace("127.0.0.1", "localhost")
    context = await browser.new_context()
    if signed_in:
        await context.request.post(f"{url}/api/v1/session", data={"name": "ann", "password": _PASSWORD})
    page = await context.new_page()
    network = await context.new_cdp_session(page)
    counted: set[str] = set()
    sizes: dict[str, float] = {}

    def note(said: dict[str, Any]) -> None:
        if said["type"] in ("Document", "Script", "Stylesheet"):
            counted.add(said["requestId"])

    network.on("Network.responseReceived", note)
    network.on("Network.loadingFinished", lambda said: sizes.update({said["requestId"]: said["encodedDataLength"]}))
    await network.send("Network.enable")

    def total() -> int:
        return int(sum(size for id, size in sizes.items() if id in counted))

    await page.goto(url, wait_until="commit")
    await (page.get_by_text("全部处理完毕") if signed_in else page.locator("form")).first.wait_for()
    usable = total()
    await page.wait_for_load_state("networkidle")
    await context.close()
    return usable, total()
