"""A conversation as agents read it: where it opens and stays, what it shows and how, who else is there."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, ViewportSize, expect

from tests.e2e.conftest import Problems
from tests.e2e.desks import Desk, eventually
from tests.e2e.mails import Customer, File, pages, picture, sound
from tests.e2e.pages import Console, add_user, sign_in_quietly

pytestmark = pytest.mark.timeout(120)

WIDE: ViewportSize = {"width": 1366, "height": 768}
TOP_OF = (
    """(log, id) => log.querySelector(`[data-message="${id}"]`).getBoundingClientRect().top - log.getBoundingClientRect().top"""
)
FROM_END = "(log) => log.scrollHeight - log.scrollTop - log.clientHeight"


@pytest.fixture(scope="module")
def reader(desk: Desk) -> str:
    """An administrator who reads English."""
    add_user(desk, "rita", "administrator", display_name="Rita Reader")
    return "rita"


@pytest.fixture(scope="module")
def colleague(desk: Desk) -> str:
    """Another one."""
    add_user(desk, "carl", "administrator", display_name="Carl Colleague")
    return "carl"


def at_work(context: BrowserContext, desk: Desk, name: str) -> str:
    """Signed in, and offered nothing; returns the CSRF token."""
    token = sign_in_quietly(context, desk, name)
    url = f"{desk.url}/api/v1/me/presence"
    assert context.request.put(url, data={"state": "away"}, headers={"X-CSRF-Token": token}).ok
    return token


@pytest.fixture
def console(page: Page, context: BrowserContext, desk: Desk, reader: str) -> Console:
    """The reader's console."""
    at_work(context, desk, reader)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.set_viewport_size(WIDE)
    return Console(page, desk)


@pytest.fixture
def elsewhere(browser: Browser, desk: Desk, colleague: str) -> Iterator[Console]:
    """A colleague's console, on another machine."""
    with browser.new_context(viewport=WIDE) as context:
        at_work(context, desk, colleague)
        yield Console(context.new_page(), desk)


def note(desk: Desk, id: str, text: str) -> Any:
    return desk.ask("POST", f"/conversations/{id}/messages", {"kind": "note", "text": text})


def talk(console: Console, id: str) -> Locator:
    """Open a conversation by its address."""
    console.go(f"/inbox/all/{id}")
    expect(console.log).to_be_visible()
    return console.log


def away_and_back(console: Console, id: str) -> None:
    """Look at another conversation, without loading the page again."""
    console.rows.filter(has_not=console.page.locator(f"[data-id='{id}']")).first.click()
    expect(console.page).not_to_have_url(re.compile(id))
    console.page.go_back()
    expect(console.page).to_have_url(re.compile(id))


@pytest.mark.covers("M-01")
def test_a_conversation_opens_at_the_first_new_message_and_is_read_from_there(console: Console, desk: Desk) -> None:
    ines = Customer(desk, "Una Verse")
    first = ines.writes("The first of many")
    id = first["conversation_id"]
    talk(console, id)
    expect(console.message("The first of many")).to_be_in_viewport()
    for n in range(25):
        note(desk, id, f"thought {n}")
    talk(console, id)
    expect(console.message("thought 24")).to_be_in_viewport()
    console.go("/inbox/all")
    news = [ines.writes(f"News {n} from me\n" + "line\n" * 12) for n in range(3)]

    log = talk(console, id)

    line = log.get_by_role("separator", name="New")
    expect(line).to_be_in_viewport()
    expect(console.message("News 0 from me")).to_be_in_viewport()
    assert log.evaluate(TOP_OF, news[0]["id"]) < 250
    assert log.evaluate(FROM_END) > 100
    expect(console.row("Una Verse").get_by_text("unread")).to_have_count(0)
    log.press("End")
    away_and_back(console, id)
    expect(console.log).to_be_visible()
    expect(console.log.get_by_role("separator", name="New")).to_have_count(0)


@pytest.mark.covers("M-19")
def test_what_was_read_is_left_for_later_by_a_key_and_read_on_all_pages(console: Console, desk: Desk) -> None:
    message = Customer(desk, "Lena Later").writes("Not now")
    id = message["conversation_id"]
    talk(console, id)
    second = Console(console.page.context.new_page(), desk)
    second.go("/inbox/all")
    expect(console.row("Lena Later").get_by_text("unread")).to_have_count(0)
    expect(second.row("Lena Later").get_by_text("unread")).to_have_count(0)

    console.page.keyboard.press("u")
    for page in (console, second):
        expect(page.row("Lena Later").get_by_text("unread")).to_have_count(1)
    console.page.wait_for_timeout(500)  # to be looked at is not to be read
    console.go("/inbox/all")
    expect(console.row("Lena Later").get_by_text("unread")).to_have_count(1)
    console.row("Lena Later").click()
    for page in (console, second):
        expect(page.row("Lena Later").get_by_text("unread")).to_have_count(0)


@pytest.mark.covers("M-01")
def test_messages_that_could_not_be_fetched_are_asked_for_again(console: Console, desk: Desk, problems: Problems) -> None:
    problems.allow("409")
    id = Customer(desk, "Nora Later").writes("Here I am")["conversation_id"]
    asked = re.compile(rf"/conversations/{id}/messages")
    console.page.route(asked, lambda route: route.fulfill(status=409, json={"code": "busy", "title": "Busy", "status": 409}))
    console.go("/inbox/all")
    console.row("Nora Later").click()
    again = console.page.get_by_role("main").get_by_role("button", name="Try again")
    with console.page.expect_request(asked):
        again.click()
    expect(again).to_be_visible()
    console.page.unroute(asked)
    again.evaluate_all("(all) => all.forEach((one) => one.click())")  # a line that is just back may have asked by itself
    expect(console.message("Here I am")).to_be_visible()


@pytest.mark.covers("M-01")
def test_nothing_moves_what_is_being_read_and_the_place_is_found_again(console: Console, desk: Desk) -> None:
    ines = Customer(desk)
    id = ines.writes("How long is this?")["conversation_id"]
    talk(console, id)
    expect(console.message("How long is this?")).to_be_in_viewport()
    notes = [note(desk, id, f"thought {n}") for n in range(60)]
    log = talk(console, id)
    expect(console.message("thought 59")).to_be_in_viewport()

    log.evaluate("(log) => (log.scrollTop = 0)")
    expect(console.message("thought 15")).to_be_attached()
    eventually(lambda: log.evaluate("(log) => log.scrollTop") > 100)
    middle = notes[30]["id"]
    before = log.evaluate(TOP_OF, middle)
    away_and_back(console, id)
    expect(console.message("thought 30")).to_be_attached()
    assert console.log.evaluate(TOP_OF, middle) == pytest.approx(before, abs=4)

    expect(console.page.get_by_role("button", name="To the latest message")).to_be_visible()
    ines.writes("Something new below")
    pill = console.page.get_by_role("button", name="1 new message")
    expect(pill).to_be_visible()
    assert console.log.evaluate(TOP_OF, middle) == pytest.approx(before, abs=4)
    pill.click()
    expect(console.message("Something new below")).to_be_in_viewport()


@pytest.mark.covers("M-01", "M-04")
def test_one_kind_of_entry_can_be_looked_at_and_notes_cannot_be_taken_for_answers(
    console: Console, desk: Desk, colleague: str
) -> None:
    id = Customer(desk).writes("Only for reading")["conversation_id"]
    note(desk, id, "Ask @Carl Colleague, or me: @Rita Reader")
    log = talk(console, id)
    written = console.message("Ask @Carl")
    expect(written).to_contain_text("Only for colleagues")
    assert written.locator("div.border-l-4").evaluate("(one) => getComputedStyle(one).backgroundColor") != console.message(
        "Only for reading"
    ).locator("div.border").first.evaluate("(one) => getComputedStyle(one).backgroundColor")
    expect(written.locator("mark")).to_have_text(["@Carl Colleague", "@Rita Reader"])

    console.page.get_by_role("main").get_by_role("button", name="More actions").click()
    console.page.get_by_role("menuitem", name="Notes").click()

    expect(log.locator("[data-message]")).to_have_count(1)
    expect(console.page.get_by_text("Only shown: Notes")).to_be_visible()
    console.page.get_by_role("button", name="Show everything").click()
    expect(console.message("Only for reading")).to_be_visible()


@pytest.mark.covers("M-17")
def test_pictures_pages_and_sound_are_shown_in_their_place(console: Console, desk: Desk) -> None:
    files = [
        File(name="one.png", content_type="image/png", content=picture()),
        File(name="two.png", content_type="image/png", content=picture("orange")),
        File(name="offer.pdf", content_type="application/pdf", content=pages(3)),
        File(name="voice.wav", content_type="audio/wav", content=sound(3)),
    ]
    id = Customer(desk).writes("All kinds of files", files=files)["conversation_id"]
    talk(console, id)
    page = console.page

    page.get_by_role("button", name="Enlarge one.png").click()
    viewer = page.get_by_role("dialog")
    expect(viewer.get_by_role("heading", name="one.png")).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(viewer.get_by_role("img", name="two.png")).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(viewer.get_by_text("Page 1 of 3")).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(viewer.get_by_text("Page 2 of 3")).to_be_visible()
    expect(viewer.get_by_role("img", name="offer.pdf")).to_have_js_property("complete", True)
    assert viewer.get_by_role("img", name="offer.pdf").evaluate("(one) => one.naturalWidth") > 200
    page.keyboard.press("Escape")
    expect(viewer).to_have_count(0)

    player = page.get_by_role("group", name="Audio: voice.wav")
    expect(player.locator("rect")).to_have_count(64)
    player.get_by_role("button", name="Speed 1×").click()
    player.get_by_role("button", name="Speed 1.25×").click()
    player.get_by_role("button", name="Play").click()
    expect(player.get_by_role("slider")).to_have_attribute("aria-valuetext", re.compile(r"0:0[123] of 0:03"), timeout=10_000)
    assert player.locator("audio").evaluate("(one) => one.playbackRate") == 1.5


@pytest.mark.covers("M-26")
def test_what_was_quoted_is_folded_and_the_source_can_be_read(console: Console, desk: Desk) -> None:
    message = Customer(desk).writes("Thank you, that helps.\n\nOn Monday you wrote:\n> Please turn it off and on.\n")
    talk(console, message["conversation_id"])
    shown = console.message("that helps")
    expect(shown).not_to_contain_text("turn it off")
    shown.get_by_role("button", name="Show quoted text").click()
    expect(shown).to_contain_text("turn it off")

    shown.hover()
    shown.get_by_role("button", name=f"Actions for message {message['n']}").click()
    console.page.get_by_role("menuitem", name="Source of the message").click()

    expect(console.page.get_by_role("dialog").locator("pre")).to_contain_text("Message-ID: <")


@pytest.mark.covers("M-01")
def test_a_link_leads_to_one_message_however_far_back(console: Console, desk: Desk) -> None:
    message = Customer(desk).writes("The old one")
    id = message["conversation_id"]
    talk(console, id)
    expect(console.message("The old one")).to_be_in_viewport()
    for n in range(60):
        note(desk, id, f"thought {n}")
    talk(console, id)
    last = console.message("thought 59")
    last.hover()
    last.get_by_role("button", name=re.compile("^Actions for message")).click()
    console.page.get_by_role("menuitem", name="Copy link").click()
    copied = console.page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith(f"{desk.url}/inbox/all/{id}#")

    console.page.goto("about:blank")
    console.page.goto(copied.rpartition("#")[0] + f"#{message['n']}")

    expect(console.message("The old one")).to_be_in_viewport()
    expect(console.message("thought 59")).not_to_be_in_viewport()


@pytest.mark.covers("M-15")
def test_two_conversations_become_one_and_two_again(console: Console, desk: Desk) -> None:
    ines = Customer(desk)
    kept = ines.writes("About the invoice", subject="Invoice 7")["conversation_id"]
    other = Customer(desk, "Otto Other").writes("The same invoice, from my own address")["conversation_id"]
    log = talk(console, other)
    console.page.get_by_role("main").get_by_role("button", name="More actions").click()
    console.page.get_by_role("menuitem", name="Merge with another").click()
    dialog = console.page.get_by_role("dialog")
    dialog.get_by_role("searchbox").fill("invoice")
    dialog.get_by_role("button", name=re.compile("Invoice 7")).click()

    expect(console.page).to_have_url(re.compile(kept))
    expect(log).to_contain_text("from my own address")
    console.go(f"/inbox/all/{other}")
    expect(console.page.get_by_text("This was merged into another conversation.")).to_be_visible()
    console.page.get_by_role("button", name="Separate again").click()

    expect(console.log).to_contain_text("from my own address")
    expect(console.page.get_by_text("This was merged into another conversation.")).to_have_count(0)


@pytest.mark.covers("M-15")
def test_messages_are_split_off_and_come_back(console: Console, elsewhere: Console, desk: Desk) -> None:
    ines = Customer(desk)
    id = ines.writes("First matter")["conversation_id"]
    second = ines.writes("Second matter, quite different")
    talk(console, id)
    talk(elsewhere, id)
    console.message("Second matter").hover()
    console.message("Second matter").get_by_role("button", name=re.compile("^Actions for message")).click()
    console.page.get_by_role("menuitem", name="Select messages").click()
    expect(console.page.get_by_label(f"Select message {second['n']}")).to_be_checked()

    console.page.get_by_role("button", name="Split off", exact=True).click()

    expect(console.page).not_to_have_url(re.compile(id))
    expect(console.message("Second matter")).to_be_visible()
    expect(console.message("First matter")).to_have_count(0)
    expect(elsewhere.message("Second matter")).to_have_count(0)
    console.page.get_by_role("status").get_by_role("button", name="Undo").click()
    expect(console.page).to_have_url(re.compile(id))
    for agents in (console, elsewhere):
        expect(agents.message("Second matter")).to_be_visible()
        expect(agents.message("First matter")).to_be_visible()


@pytest.mark.covers("M-13", "M-14")
def test_one_sees_who_else_looks_and_writes_and_who_was_faster(console: Console, elsewhere: Console, desk: Desk) -> None:
    id = Customer(desk).writes("Who answers this?")["conversation_id"]
    talk(console, id)
    talk(elsewhere, id)
    expect(console.page.get_by_text("Carl Colleague has this open, too")).to_be_visible()

    elsewhere.page.keyboard.press("r")
    elsewhere.page.keyboard.type("I do")
    expect(console.page.get_by_text("Carl Colleague is writing an answer")).to_be_visible()
    console.page.keyboard.press("r")
    console.page.keyboard.type("Let me")
    elsewhere.page.keyboard.press("Control+Enter")

    expect(console.page.get_by_text("Carl Colleague answered while you were writing.")).to_be_visible(timeout=15_000)


@pytest.mark.covers("M-16")
def test_tags_and_priority_stand_in_the_head(console: Console, desk: Desk) -> None:
    desk.ask("POST", "/tags", {"name": "urgent-flowers", "colour": "red"})
    id = Customer(desk).writes("Roses, quickly")["conversation_id"]
    talk(console, id)
    page = console.page

    page.keyboard.press("t")
    page.get_by_role("option", name="urgent-flowers").click()
    expect(page.get_by_role("button", name="Remove tag urgent-flowers")).to_be_visible()
    assert eventually(lambda: desk.ask("GET", f"/conversations/{id}")["tags"]) == ["urgent-flowers"]
    page.keyboard.press("p")
    page.get_by_role("menuitem", name="Urgent").click()
    expect(page.get_by_role("button", name="Priority: Urgent")).to_be_visible()

    page.get_by_role("button", name="Remove tag urgent-flowers").click()
    expect(page.get_by_role("button", name="Remove tag urgent-flowers")).to_have_count(0)


def test_on_paper_there_is_the_conversation_and_nothing_else(console: Console, desk: Desk) -> None:
    id = Customer(desk).writes("For the file")["conversation_id"]
    for n in range(30):
        note(desk, id, f"thought {n}")
    talk(console, id)
    expect(console.message("thought 29")).to_be_visible()
    console.page.evaluate("document.documentElement.classList.add('dark')")

    console.page.emulate_media(media="print")

    expect(console.message("For the file")).to_be_visible()
    dark_text = "rgb(22, 33, 31)"  # as in the light, whatever the page looks like
    expect(console.message("For the file")).to_have_css("color", dark_text)
    expect(console.page.get_by_role("navigation")).to_have_count(0)
    expect(console.page.get_by_role("textbox")).to_have_count(0)
    expect(console.page.get_by_role("listbox")).to_have_count(0)
    assert console.page.evaluate("document.documentElement.scrollHeight") > 1500


def test_a_conversation_reads_well_to_axe_in_every_state(console: Console, desk: Desk, accessible: Any) -> None:
    files = [File(name="one.png", content_type="image/png", content=picture())]
    id = Customer(desk, "Axel Axe").writes("Look at this", files=files)["conversation_id"]
    note(desk, id, "Ask @Carl Colleague")
    talk(console, id)
    page = console.page
    page.keyboard.press("r")
    expect(page.get_by_role("toolbar", name="Formatting")).to_be_visible()
    page.keyboard.type("/")
    expect(page.get_by_role("listbox", name="Canned replies")).to_be_visible()
    accessible(page)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Enlarge one.png").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    accessible(page)
