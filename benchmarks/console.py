"""Row 19: how fast the console answers a hand, in Chromium, with ten thousand conversations in the list.

Times run from the event's own stamp to the end of the frame that shows the result. Beside them stands what no page can be faster
than: the frame of an empty page in the same browser, and where the hub is asked, the bare request.
"""

import asyncio
import os
import sqlite3
import tempfile
from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any
from uuid import uuid4

from playwright.async_api import Page, async_playwright

from benchmarks._http import percentile
from benchmarks.row import Row
from tests.fixtures.program import Program

CHROMIUM = "/usr/bin/chromium"
TIMING = (Path(__file__).parent / "_timing.js").read_text()
LISTED, TALKED, ROW_HEIGHT = 10_000, 500, 76
_LONGEST = 80  # seconds in the browser, whatever happens there
_REST = 250  # milliseconds between two presses: a quick reader's pace
_HELD = 90  # milliseconds a finger stays on a key: letting go of it is an event that the browser answers with a frame, too
_NEW_ID = "lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-7000-8000-' || hex(randomblob(6)))"
_OPEN = "state = 'open' AND waiting_for = 'us'"
_TALKED = f"SELECT id, row_number() OVER (ORDER BY n) - 1 AS place FROM conversation WHERE {_OPEN}"


async def run(quick: bool = False) -> list[Row]:
    """Fill a hub, open the console, press, click and scroll."""
    times = 15 if quick else 45
    with tempfile.TemporaryDirectory() as folder:
        program = Program(f"sqlite:///{folder}/hub.sqlite3", Path(folder))
        program.command("demo")
        await asyncio.to_thread(_lengthen, Path(folder) / "hub.sqlite3")
        await program.start()
        try:
            async with asyncio.timeout(_LONGEST), _console(program) as page:
                return await _measured(page, times)
        finally:
            program.stop()


def _lengthen(database: Path) -> None:
    """The list's rows copied until there are enough, the messages with the first of them, which wait the longest."""
    with sqlite3.connect(database) as connection:
        [originals] = connection.execute(f"SELECT count(*) FROM conversation WHERE {_OPEN}").fetchone()
        count = originals
        while count < LISTED:
            stamp = f"'{_stamp(count)}'"
            new = {"id": _NEW_ID, "waiting_since": stamp, "last_message_at": stamp, "assignee_id": "NULL"}
            _copy(
                connection, "conversation", new, f"FROM conversation WHERE {_OPEN} ORDER BY n LIMIT {min(count, LISTED - count)}"
            )
            count = min(2 * count, LISTED)
        pairs = f"FROM ({_TALKED}) o JOIN ({_TALKED}) c ON c.place % {originals} = o.place AND c.place BETWEEN {originals} AND {TALKED}"
        _copy(
            connection, "message", {"id": _NEW_ID, "conversation_id": "c.id"}, f"{pairs} JOIN message ON conversation_id = o.id"
        )
    connection.close()


def _copy(connection: sqlite3.Connection, table: str, new: Mapping[str, str], source: str) -> None:
    columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})") if row[1] != "n"]
    values = ", ".join(new.get(column, f"{table}.{column}") for column in columns)
    connection.execute(f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values} {source}")


def _stamp(count: int) -> str:
    return (datetime.now(UTC) - timedelta(minutes=1) + timedelta(milliseconds=count)).strftime("%Y-%m-%d %H:%M:%S.%f+00:00")


@asynccontextmanager
async def _console(program: Program) -> AsyncIterator[Page]:
    url = program.url.replace("127.0.0.1", "localhost")
    password = (program.folder / "demo-password").read_text().strip()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = await browser.new_context(viewport={"width": 1366, "height": 768})
        await context.request.post(f"{url}/api/v1/session", data={"name": "admin", "password": password})
        page = await context.new_page()
        await page.goto(f"{url}/inbox/all")
        await page.get_by_role("option").first.wait_for()
        await page.wait_for_load_state("networkidle")
        await page.evaluate(TIMING)
        yield page
        await browser.close()


async def _measured(page: Page, times: int) -> list[Row]:
    frame, longest = await _empty(page)
    presses = await _presses(page, times)
    fetches, cold = await _cold(page, times // 2)
    sends = await _sends(page, times // 3)
    await page.mouse.move(250, 400)  # where a person's wheel would be turned: on the list
    scrolling = await page.evaluate(f"timing.scrolled({LISTED}, {ROW_HEIGHT})")
    nodes = await page.evaluate("timing.nodes()")
    name = "ms a frame, empty page"
    return [
        _row("j to the painted row", [row for row, _ in presses], 25, frame, name),
        _row("j to the conversation painted, cached", [thread for _, thread in presses], 50, frame, name),
        _row("conversation painted, not cached", cold, 400, median(fetches), "ms its messages, bare fetch"),
        _row("send to the message painted", sends, 80, frame, name),
        Row(
            number=19,
            workload="longest frame over 10,000 rows",
            value=max(scrolling),
            unit="ms",
            goal=50,
            bound="≤",
            limit=longest,
            limit_name="ms, empty page",
            note=f"p50 {median(scrolling):.0f}, {len(scrolling)} frames, {nodes} nodes, {_load()}",
            absolute=True,
        ),
    ]


def _row(workload: str, times: Sequence[float], goal: float, limit: float, limit_name: str) -> Row:
    """Nineteen of twenty, bounded as they stand; the p99 beside them has whatever the browser and the machine did meanwhile."""
    return Row(
        number=19,
        workload=workload + ", p95",
        value=percentile(sorted(times), 0.95),
        unit="ms",
        goal=goal,
        bound="≤",
        limit=limit,
        limit_name=limit_name,
        note=f"p50 {median(times):.0f}, p99 {percentile(sorted(times), 0.99):.0f}, {_load()}",
        absolute=True,
    )


def _load() -> str:
    """How many others wanted the machine meanwhile: what they take is in every figure."""
    return f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"


async def _empty(page: Page) -> tuple[float, float]:
    """Median and longest time between frames of a page with nothing on it."""
    empty = await page.context.new_page()
    await empty.evaluate(TIMING)
    times = await empty.evaluate("timing.frames((count) => count < 300)")
    await empty.close()
    await page.bring_to_front()
    return median(times), max(times)


async def _presses(page: Page, times: int) -> list[tuple[float, float]]:
    """Down the list by `j`, as fast as one reads; the first press, which fetches the page's parts, is not counted."""
    await page.keyboard.press("j")
    await page.get_by_role("log").wait_for()
    await page.wait_for_load_state("networkidle")
    measured = []
    for _ in range(times):
        await page.wait_for_timeout(_REST)
        measured.append(await _while(page, "timing.pressed('j')", page.keyboard.press("j", delay=_HELD)))
    return measured


async def _cold(page: Page, times: int) -> tuple[list[float], list[float]]:
    """Rows far from any that was prefetched."""
    fetches, cold = [], []
    for _ in range(times):
        await page.locator("[role=listbox]").first.evaluate("(list) => list.scrollBy(0, 4 * 76)")
        await page.wait_for_timeout(_REST)
        ids = await page.evaluate("timing.rows()")
        fetches.append(await page.evaluate("(id) => timing.fetched(id)", ids[len(ids) // 2]))
        cold.append(await page.evaluate("(id) => timing.opened(id)", ids[len(ids) // 2 + 1]))
    return fetches, cold


async def _sends(page: Page, times: int) -> list[float]:
    measured = []
    for _ in range(times):
        text = f"note {uuid4().hex[:8]}"
        await page.keyboard.press("n")
        await page.locator("textarea:focus").wait_for()
        await page.keyboard.type(text)
        measured.append(await _while(page, f"timing.sent('{text}')", page.keyboard.press("Control+Enter", delay=_HELD)))
        await page.keyboard.press("Escape")
        await page.wait_for_timeout(_REST)
    return measured


async def _while(page: Page, watch: str, act: Awaitable[None]) -> Any:
    """What `watch` says of what `act` does."""
    await page.evaluate(f"void (timing.said = {watch})")
    await act
    return await page.evaluate("timing.said")
