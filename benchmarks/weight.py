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
            goal=270,
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


_WATCH = """new MutationObserver((_, seen) => {
    if (!(%s)) return
    window.usableAt = performance.now()
    seen.disconnect()
}).observe(document, { childList: true, subtree: true })"""
_WEIGH = """() => {
    const fetched = performance.getEntriesByType('resource').filter((one) => /[.](js|css)$/.test(one.name))
    const files = [...performance.getEntriesByType('navigation'), ...fetched]
    const sum = (some) => some.reduce((bytes, one) => bytes + one.transferSize, 0)
    return [sum(files.filter((one) => one.startTime < window.usableAt)), sum(files)]
}"""


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
    """Bytes of page, scripts and styles over the wire, headers included: those asked for before there was something to use, and all."""
    url = program.url.replace("127.0.0.1", "localhost")
    context = await browser.new_context(locale="zh-CN")  # the language of the user: another's texts would be fetched for nothing
    if signed_in:
        await context.request.post(f"{url}/api/v1/session", data={"name": "ann", "password": _PASSWORD})
    page = await context.new_page()
    await page.add_init_script(
        _WATCH % ("document.body?.innerText.includes('没有分配给您的会话')" if signed_in else "document.querySelector('form')")
    )
    await page.goto(url, wait_until="commit")
    await (page.get_by_text("没有分配给您的会话") if signed_in else page.locator("form")).first.wait_for()
    await page.wait_for_load_state("networkidle")
    usable, everything = await page.evaluate(_WEIGH)
    await context.close()
    return int(usable), int(everything)
