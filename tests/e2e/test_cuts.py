"""Every connection of two real pages is cut again and again amid traffic: within seconds each shows what the hub has."""

import os
import random
from collections.abc import Iterator
from time import monotonic
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import Problems
from tests.e2e.cutting import CutDesk, cut_hub
from tests.e2e.desks import Desk
from tests.e2e.pages import Console, add_user
from tests.e2e.visitors import OPEN_ROOTS, Chat

CUTS = int(os.environ.get("HUB_FAULT_CUTS", "10"))
WITHIN = 5.0  # seconds after the last cut

pytestmark = pytest.mark.timeout(150 + CUTS * 3)

Shown = tuple[str, str, str | None]


@pytest.fixture(scope="module")
def cut_desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CutDesk]:
    with cut_hub(tmp_path_factory.mktemp("cut")) as desk:
        add_user(desk.direct, "agnes", "administrator")
        yield desk


@pytest.fixture
def visitor(browser: Browser, cut_desk: CutDesk) -> Iterator[Chat]:
    context = browser.new_context(locale="en-GB")
    context.add_init_script(OPEN_ROOTS)
    page = context.new_page()
    page.goto(f"{cut_desk.seen.url}/demo")
    yield Chat(page)
    context.close()


@pytest.mark.covers("W-03")
def test_both_pages_show_what_the_hub_has_within_five_seconds_of_the_last_cut(
    page: Page, problems: Problems, visitor: Chat, cut_desk: CutDesk, capsys: pytest.CaptureFixture[str]
) -> None:
    problems.allow("ERR_|WebSocket|Failed to load resource")
    hub, console, key = cut_desk.direct, Console(page, cut_desk.seen), uuid4().hex[:8]
    console.sign_in("agnes")
    console.go("/inbox/all")
    visitor.open()
    visitor.say(f"begin {key}")
    talk = console.open(f"begin {key}")

    for number in range(CUTS):
        if number % 2:  # by turns, as no visitor may say more than two things a second
            visitor.say(f"question {number} {key}")
        console.write(f"answer {number} {key}")
        _note(hub, talk, f"colleague {number} {key}")
        page.wait_for_timeout(random.uniform(0, 150))
        made = cut_desk.lines.cut()
        if not number % 2:
            visitor.say(f"question {number} {key}")
        _note(hub, talk, f"again {number} {key}")
        page.wait_for_timeout(random.uniform(0, 700))

    end = monotonic() + WITHIN
    while (wrong := _differences(console, visitor, hub, talk)) and monotonic() < end:
        page.wait_for_timeout(50)
    assert wrong == []
    stored = [item for item in hub.said(talk) if item["direction"] != "event"]
    texts = [item["text"] for item in stored]
    assert len(texts) == len(set(texts)) == 1 + 4 * CUTS
    assert made >= 2 * CUTS
    expect(console.log.get_by_role("button", name="Try again")).to_have_count(0)
    with capsys.disabled():
        print(f"\n  {CUTS} cuts, {made} connections; both pages show {len(texts)} messages, as the API does")


def _differences(console: Console, visitor: Chat, hub: Desk, talk: str) -> list[tuple[str, list[Shown], list[Shown]]]:
    """For each page that is not as the hub has it: what it lacks, and what it has instead."""
    said = [(m["direction"], (m["id"], m["text"], m["status"])) for m in hub.said(talk)]
    pages = [("agent", console.shown(), ("in", "out", "note")), ("visitor", _visitor_sees(visitor), ("in", "out"))]
    lists = []
    for who, has, kinds in pages:
        stored: list[Shown] = [message for kind, message in said if kind in kinds]
        if has != stored:
            lists.append((who, [m for m in stored if m not in has], [m for m in has if m not in stored]))
        if who == "agent" and len(stored) < 1 + 4 * CUTS:
            lists.append(("hub", stored, []))
    return lists


def _note(hub: Desk, talk: str, text: str) -> None:
    """A colleague's note: an answer would make the agent's own ask first whether it is still wanted."""
    hub.ask("POST", f"/conversations/{talk}/messages", {"kind": "note", "text": text})


def _visitor_sees(visitor: Chat) -> list[Shown]:
    """After a long talk a new connection shows its end; the rest is there for the asking."""
    while visitor.frame.evaluate("document.querySelector('.older')?.click() ?? !!document.querySelector('.older')"):
        visitor.page.wait_for_timeout(50)
    found = visitor.log.locator("[data-id]").evaluate_all(
        "(all) => all.map((one) => [one.dataset.id, one.querySelector('.bubble').innerText, one.dataset.status ?? null])"
    )
    return [(id, text, state) for id, text, state in found]
