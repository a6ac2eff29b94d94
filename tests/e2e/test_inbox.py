"""The list of conversations: views, filters, ticks, and a list that stays where it is under the hand."""

import re
import smtplib
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, BrowserContext, Frame, Page, Route, ViewportSize, expect

from tests.e2e.conftest import Problems
from tests.e2e.desks import Desk, eventually
from tests.e2e.pages import Console, add_user, fits, sign_in_quietly

Accessible = Callable[[Page | Frame], None]

ADDRESS = "support@camellia.example"
WIDE: ViewportSize = {"width": 1366, "height": 768}
NARROW: ViewportSize = {"width": 390, "height": 844}
WITHIN_A_SECOND = 1_000  # milliseconds

pytestmark = pytest.mark.timeout(120)


@pytest.fixture(scope="module")
def users(desk: Desk) -> dict[str, str]:
    """Ids of two who read English and have every right."""
    people = {"ilse": "Ilse Marek", "otto": "Otto Lang"}
    return {name: add_user(desk, name, "administrator", display_name=shown) for name, shown in people.items()}


@pytest.fixture
def token(context: BrowserContext, desk: Desk, users: dict[str, str]) -> str:
    """Ilse's; she is away, so nothing is offered to her."""
    token = sign_in_quietly(context, desk, "ilse")
    away = context.request.put(f"{desk.url}/api/v1/me/presence", data={"state": "away"}, headers={"X-CSRF-Token": token})
    assert away.ok
    return token


@pytest.fixture
def console(page: Page, desk: Desk, token: str) -> Console:
    page.set_viewport_size(WIDE)
    return Console(page, desk)


@pytest.fixture
def tag(desk: Desk) -> Iterator[str]:
    """A tag of this test alone, so that a list can hold its conversations alone."""
    name = f"tag {uuid4().hex[:6]}"
    made = desk.ask("POST", "/tags", {"name": name, "colour": "teal"})
    yield name
    desk.ask("DELETE", f"/tags/{made['id']}")


def write_mails(desk: Desk, subject: str, count: int = 1, *, tag: str = "") -> list[str]:
    """Mails of as many customers; returns their conversations, the longest waiting first."""
    with smtplib.SMTP("127.0.0.1", desk.smtp_port, timeout=20) as smtp:
        for n in range(count):
            mail = EmailMessage()
            mail["From"], mail["To"] = f"Customer {n} <c{uuid4().hex[:8]}@example.com>", ADDRESS
            mail["Subject"] = f"{subject} {n}"
            mail.set_content(f"{subject} {n}")
            smtp.send_message(mail)
    ids = eventually(lambda: found(desk, subject, count))
    for id in ids if tag else []:
        desk.ask("PUT", f"/conversations/{id}/tags/{tag.replace(' ', '%20')}")
    return ids


def write_again(desk: Desk, message: Any, text: str) -> None:
    """The customer who wrote this message writes once more."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = message["from"]["address"], ADDRESS, f"Re: {message['subject']}"
    mail.set_content(text)
    with smtplib.SMTP("127.0.0.1", desk.smtp_port, timeout=20) as smtp:
        smtp.send_message(mail)


def found(desk: Desk, subject: str, count: int) -> list[str]:
    """The conversations of that many messages; none while there are fewer."""
    ids = [message["conversation_id"] for message in desk.messages(subject, channel="email")]
    return ids if len(ids) == count else []


def one(desk: Desk, id: str) -> Any:
    return desk.ask("GET", f"/conversations/{id}")


def tagged(tag: str) -> str:
    return f"/inbox/all?tag={tag.replace(' ', '%20')}"


def tick(console: Console, text: str, **how: Any) -> None:
    console.row(text).get_by_title("Select").click(**how)


def rows(console: Console) -> list[str]:
    """What the rows say of themselves, from the top."""
    return [re.search(r"\w+ \d+$", text.strip().split("\n")[0] or "").group() for text in console.rows.all_inner_texts()]  # type: ignore[union-attr]


@pytest.mark.covers("M-01")
def test_who_waits_for_us_stands_above_who_does_not_longest_first(console: Console, desk: Desk, tag: str) -> None:
    first, second, answered = write_mails(desk, "Tier", 3, tag=tag)
    desk.answer(answered, "Here you are.")

    console.go(tagged(tag))

    expect(console.rows).to_have_count(3)
    texts = console.rows.all_inner_texts()
    assert [next(n for n in range(3) if f"Customer {n}" in text) for text in texts] == [0, 1, 2]
    expect(console.rows.first).to_contain_text("waiting for us for")
    list_ = console.page.get_by_role("listbox", name="Conversations")
    expect(list_).to_contain_text("Waiting for us")
    expect(list_).to_contain_text("Waiting for the customer")
    assert one(desk, first)["waiting_since"] <= one(desk, second)["waiting_since"]


@pytest.mark.covers("M-01")
def test_a_filter_stands_in_the_address_and_shows_others_the_same(console: Console, desk: Desk, tag: str) -> None:
    write_mails(desk, "Shared", 2, tag=tag)
    console.go("/inbox/all")
    console.page.get_by_role("button", name="Sort and filter").click()

    console.page.get_by_label("Tag", exact=True).select_option(label=tag)

    expect(console.rows).to_have_count(2)
    again = console.page.context.new_page()
    again.goto(console.page.url)
    expect(Console(again, desk).rows).to_have_count(2)
    again.get_by_role("button", name=f"Remove filter: {tag}").click()
    expect(again).to_have_url(re.compile(r"/inbox/all$"))
    again.close()


@pytest.mark.covers("M-01")
def test_a_saved_view_counts_live_and_can_be_renamed_moved_and_deleted(console: Console, desk: Desk, tag: str) -> None:
    page, name = console.page, f"View {uuid4().hex[:4]}"
    write_mails(desk, "Saved", 1, tag=tag)
    console.go(tagged(tag))
    page.get_by_role("button", name="Save as view…").click()
    page.get_by_label("Name").fill(name)
    page.get_by_role("button", name="Save", exact=True).click()

    tab = page.get_by_role("tab", name=re.compile(name))
    expect(tab).to_have_attribute("aria-selected", "true")
    expect(tab).to_contain_text("1")
    write_mails(desk, "Another", 1, tag=tag)
    expect(tab).to_contain_text("2", timeout=WITHIN_A_SECOND)

    page.get_by_role("button", name=f"View: {name}").click()
    page.get_by_role("menuitem", name="Manage views…").click()
    renamed = page.get_by_label(f"Rename {name}")
    renamed.fill(f"{name} new")
    renamed.press("Enter")
    renamed.blur()
    expect(page.get_by_label(f"Rename {name} new")).to_be_visible()
    page.get_by_role("button", name=f"Remove {name} new").click()
    page.keyboard.press("Escape")
    expect(page.get_by_text("This view does not exist any more")).to_be_visible()
    expect(tab).to_have_count(0)


@pytest.mark.covers("M-16")
def test_a_range_is_ticked_closed_at_once_and_brought_back(console: Console, desk: Desk, tag: str) -> None:
    page = console.page
    ids = write_mails(desk, "Bulk", 4, tag=tag)
    console.go(tagged(tag))
    expect(console.rows).to_have_count(4)
    held: list[Route] = []
    page.route("**/conversations/bulk", lambda route: held.append(route))

    tick(console, "Customer 0")
    console.row("Customer 2").click(modifiers=["Shift"])
    expect(page.get_by_role("region", name="Actions for the selected")).to_contain_text("3 selected")
    with page.expect_request("**/conversations/bulk"):
        page.keyboard.press("e")

    expect(console.rows).to_have_count(1)  # the hub has not heard of it yet
    assert one(desk, ids[0])["state"] == "open"
    held[0].continue_()
    expect(page.get_by_text("3 closed")).to_be_visible()
    assert [one(desk, id)["state"] for id in ids] == ["closed", "closed", "closed", "open"]
    page.get_by_role("button", name="Undo").click()
    expect(console.rows).to_have_count(4)
    assert {one(desk, id)["state"] for id in ids} == {"open"}


@pytest.mark.covers("M-16")
def test_everything_a_filter_finds_is_changed_also_beyond_what_is_loaded(console: Console, desk: Desk, tag: str) -> None:
    page = console.page
    ids = write_mails(desk, "Many", 60, tag=tag)
    console.go(tagged(tag))
    expect(console.rows.first).to_be_visible()

    page.keyboard.press("Control+Shift+A")
    page.get_by_role("button", name=re.compile("^Select all")).click()
    page.get_by_role("button", name="Priority").click()
    page.get_by_role("menuitem", name="High").click()

    expect(page.get_by_text("Priority of 60 changed")).to_be_visible(timeout=20_000)
    assert {one(desk, id)["priority"] for id in ids} == {"high"}
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Undone")).to_be_visible(timeout=20_000)
    assert {one(desk, id)["priority"] for id in ids} == {"normal"}


@pytest.mark.covers("M-16")
def test_many_are_tagged_given_away_and_snoozed_together(console: Console, desk: Desk, tag: str, users: dict[str, str]) -> None:
    page = console.page
    ids = write_mails(desk, "Together", 2, tag=tag)
    console.go(tagged(tag))
    expect(console.rows).to_have_count(2)

    def both(key: str, choice: str, role: Any, done: str) -> None:
        tick(console, "Customer 0")
        tick(console, "Customer 1")
        expect(page.get_by_role("region", name="Actions for the selected")).to_be_visible()
        page.keyboard.press(key)
        page.get_by_role(role, name=choice).click()
        expect(page.get_by_text(f"2 {done}", exact=True)).to_be_visible()

    other = desk.ask("POST", "/tags", {"name": f"other {tag}", "colour": "red"})
    both("t", other["name"], "option", "tagged")
    assert all(other["name"] in one(desk, id)["tags"] for id in ids)
    both("a", "Otto Lang", "option", "assigned")
    assert {one(desk, id)["assignee_id"] for id in ids} == {users["otto"]}
    both("h", "In a week", "menuitem", "snoozed")
    assert {one(desk, id)["state"] for id in ids} == {"snoozed"}
    desk.ask("DELETE", f"/tags/{other['id']}")


@pytest.mark.covers("M-01", "M-44")
def test_whoever_acts_on_many_by_keys_goes_on_in_the_list(console: Console, desk: Desk, tag: str) -> None:
    page = console.page
    write_mails(desk, "Onward", 3, tag=tag)
    console.go(tagged(tag))
    tick(console, "Customer 0")
    bar = page.get_by_role("region", name="Actions for the selected")
    bar.get_by_role("button", name="Mark read").focus()
    page.keyboard.press("Tab")
    expect(bar.get_by_role("button", name="Close")).to_be_focused()
    page.keyboard.press("Enter")
    expect(bar).to_have_count(0)
    expect(console.rows).to_have_count(2)
    expect(page.get_by_role("listbox", name="Conversations")).to_be_focused()


@pytest.mark.covers("M-01")
def test_a_key_for_what_is_ticked_never_befalls_what_is_open(console: Console, desk: Desk, tag: str, problems: Problems) -> None:
    page = console.page
    problems.allow("BulkBar|ERR_FAILED")
    ids = write_mails(desk, "Quick", 2, tag=tag)
    page.route(re.compile("assets/BulkBar-"), lambda route: route.abort())  # it does not come in time
    console.go(f"/inbox/all/{ids[0]}?tag={tag.replace(' ', '%20')}")
    expect(console.log).to_contain_text("Quick 0")
    tick(console, "Customer 1")
    page.keyboard.press("e")
    page.wait_for_timeout(500)
    assert {one(desk, id)["state"] for id in ids} == {"open"}


@pytest.mark.covers("M-01")
def test_the_list_does_not_move_under_the_pointer(console: Console, desk: Desk, tag: str) -> None:
    write_mails(desk, "Still", 2, tag=tag)
    console.go(tagged(tag) + "&sort=newest")
    expect(console.rows).to_have_count(2)
    top = console.rows.first
    before = top.inner_text()
    top.hover()

    write_mails(desk, "Fresh", 1, tag=tag)

    pill = console.page.get_by_role("button", name="1 new")
    expect(pill).to_be_visible()
    assert top.inner_text().split("\n")[0] == before.split("\n")[0]
    pill.click()
    expect(console.rows).to_have_count(3)
    expect(top).to_contain_text("Fresh 0")


@pytest.mark.covers("M-01")
def test_rows_that_pass_under_the_pointer_fetch_nothing_the_one_it_rests_on_is_fetched_ahead(
    console: Console, desk: Desk, tag: str
) -> None:
    page = console.page
    write_mails(desk, "Passing", 20, tag=tag)
    console.go(tagged(tag))
    top = console.rows.first
    expect(top).to_be_visible()
    box = top.bounding_box()
    assert box
    fetched: list[str] = []
    page.on("request", lambda request: "/messages?" in request.url and fetched.append(request.url))

    x, y = box["x"] + 60, box["y"] + 20
    page.mouse.move(x, y)
    page.mouse.move(x, y + 6 * box["height"], steps=6)  # a row each
    page.mouse.move(x + box["width"], y)
    page.wait_for_timeout(200)
    assert len(fetched) <= 2, "the first is rested on for a moment, and one of the others on a busy machine"

    meant = console.rows.nth(4)
    with page.expect_request(lambda request: "/messages?" in request.url) as ahead:
        meant.hover()
    assert (meant.get_attribute("id") or "?").removeprefix("row-") in ahead.value.url


@pytest.mark.covers("M-13")
def test_a_row_says_who_else_is_looking_and_typing(
    console: Console, desk: Desk, tag: str, browser: Browser, users: dict[str, str]
) -> None:
    [id] = write_mails(desk, "Watched", 1, tag=tag)
    console.go(tagged(tag))
    expect(console.rows).to_have_count(1)

    other = browser.new_context(viewport={"width": 1366, "height": 768})
    sign_in_quietly(other, desk, "otto")
    page = other.new_page()
    page.goto(f"{desk.url}/inbox/all/{id}")
    expect(console.rows.first).to_contain_text("Open at: Otto Lang")
    page.get_by_role("button", name="Reply", exact=True).click()
    page.keyboard.type("I am on it", delay=30)
    expect(console.rows.first).to_contain_text("Otto Lang is typing")
    other.close()
    expect(console.rows.first).not_to_contain_text("Open at: Otto Lang")


@pytest.mark.covers("M-19")
def test_keys_move_tick_and_leave(console: Console, desk: Desk, tag: str) -> None:
    page = console.page
    ids = write_mails(desk, "Keys", 3, tag=tag)
    console.go(tagged(tag))
    expect(console.rows).to_have_count(3)

    page.keyboard.press("j")
    expect(page).to_have_url(re.compile(f"/{ids[0]}\\?tag="))
    page.keyboard.press("j")
    expect(page).to_have_url(re.compile(f"/{ids[1]}\\?tag="))
    page.keyboard.press("k")
    expect(page).to_have_url(re.compile(f"/{ids[0]}\\?tag="))
    page.keyboard.press("x")
    expect(page.get_by_text("1 selected")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_text("1 selected")).to_have_count(0)
    page.keyboard.press("Escape")
    expect(page).to_have_url(re.compile(r"/inbox/all\?tag="))


@pytest.mark.covers("M-19")
def test_the_open_row_stays_in_view_however_far_down_the_keys_go(console: Console, desk: Desk, tag: str) -> None:
    page = console.page
    ids = write_mails(desk, "Far", 20, tag=tag)
    console.go(tagged(tag))
    expect(console.rows.first).to_be_visible()

    for id in ids:
        page.keyboard.press("j")
        expect(page.locator(f"#row-{id}[aria-current]")).to_be_in_viewport(ratio=0.9)


@pytest.mark.covers("M-01")
def test_width_and_density_stay_as_they_were_chosen(console: Console) -> None:
    page = console.page
    console.go("/inbox/all")
    list_ = page.get_by_role("region", name="Conversations")
    expect(console.rows.first).to_be_visible()
    handle = page.get_by_role("separator", name="Width of the list")
    height = console.rows.first.bounding_box()["height"]  # type: ignore[index]

    handle.focus()
    with page.expect_response("**/me/preferences"):
        for _ in range(4):
            page.keyboard.press("ArrowRight")
    page.get_by_role("button", name="View: All").click()
    with page.expect_response("**/me/preferences"):
        page.get_by_role("menuitem", name="Compact rows").click()

    page.reload()
    expect(console.rows.first).to_be_visible()
    assert list_.bounding_box()["width"] == 344 + 4 * 16  # type: ignore[index]
    assert console.rows.first.bounding_box()["height"] < height  # type: ignore[index]
    handle.dblclick()
    page.get_by_role("button", name="View: All").click()
    page.get_by_role("menuitem", name="Compact rows").click()
    eventually(lambda: console.rows.first.bounding_box()["height"] == height)  # type: ignore[index]


@pytest.mark.covers("M-01", "M-12")
def test_views_of_what_is_ones_own(console: Console, desk: Desk, tag: str, token: str) -> None:
    page = console.page
    drafted, read = write_mails(desk, "Own", 2, tag=tag)
    headers = {"X-CSRF-Token": token}
    api = page.context.request
    last = desk.said(read)[-1]["n"]
    assert api.post(f"{desk.url}/api/v1/conversations/{read}/read", data={"n": last}, headers=headers).ok
    draft = {"text": "half a", "to": [], "cc": [], "bcc": [], "attachment_ids": [], "revision": 0}
    assert api.put(f"{desk.url}/api/v1/conversations/{drafted}/drafts/reply", data=draft, headers=headers).ok

    console.go("/inbox/drafts?tag=" + tag.replace(" ", "%20"))
    expect(console.rows).to_have_count(1)
    expect(console.rows.first).to_contain_text("Draft")
    console.go("/inbox/unread?tag=" + tag.replace(" ", "%20"))
    expect(console.rows).to_have_count(1)
    console.go("/inbox/mentions?tag=" + tag.replace(" ", "%20"))
    expect(page.get_by_text("Nothing fits", exact=True)).to_be_visible()
    page.get_by_role("button", name="Clear filter").click()
    expect(page.get_by_text("Nobody asks for you", exact=True)).to_be_visible()


@pytest.mark.covers("M-11")
def test_what_was_snoozed_comes_back_and_says_why(console: Console, desk: Desk, tag: str) -> None:
    [id] = write_mails(desk, "Later", 1, tag=tag)
    console.go(tagged(tag))
    expect(console.rows).to_have_count(1)
    console.row("Later 0").click()
    expect(console.log).to_contain_text("Later 0")
    desk.ask("PATCH", f"/conversations/{id}", {"state": "snoozed", "snooze_reason": "reply"})
    expect(console.rows).to_have_count(0)
    console.page.keyboard.press("Escape")

    [message] = desk.messages("Later 0", channel="email")
    write_again(desk, message, "Are you there?")

    expect(console.rows).to_have_count(1)
    expect(console.rows.first).to_contain_text("Back: the customer answered")


@pytest.mark.covers("M-01")
def test_an_empty_list_says_what_to_do_next(console: Console, desk: Desk) -> None:
    write_mails(desk, "Unclaimed")
    console.go("/inbox/mine")
    expect(console.page.get_by_text("Nothing is assigned to you", exact=True)).to_be_visible()
    console.page.get_by_role("button", name=re.compile(r"^Show \d+ unassigned")).click()
    expect(console.page).to_have_url(re.compile("/inbox/unassigned"))
    expect(console.rows.first).to_be_visible()


@pytest.mark.covers("M-01")
def test_each_empty_view_says_what_is_true_of_it_and_what_comes_there(page: Page, context: BrowserContext, desk: Desk) -> None:
    name = f"new{uuid4().hex[:6]}"  # has done nothing yet
    add_user(desk, name, "administrator")
    headers = {"X-CSRF-Token": sign_in_quietly(context, desk, name)}
    assert context.request.put(f"{desk.url}/api/v1/me/presence", data={"state": "away"}, headers=headers).ok
    page.set_viewport_size(WIDE)
    console, lists = Console(page, desk), page.get_by_label("Conversations", exact=True)
    said = {
        "mine": "Nothing is assigned to you",
        "drafts": "Nothing half written",
        "mentions": "Nobody asks for you",
        "all?tag=nowhere": "Nothing fits",
        "snoozed?channel=sms": "Nothing fits",
    }
    for place, true in said.items():
        console.go(f"/inbox/{place}")
        expect(lists.get_by_text(true, exact=True)).to_be_visible()
        expect(lists.get_by_role("button", name=re.compile("^(Show|Clear filter)"))).to_be_visible()


def test_what_is_narrowed_to_nothing_is_widened_again(console: Console) -> None:
    page = console.page
    console.go("/tickets")
    page.get_by_role("searchbox").fill("no such ticket anywhere")
    expect(page.get_by_text("No ticket fits what is set above.")).to_be_visible()
    page.get_by_role("button", name="Clear filter").click()
    expect(page.get_by_role("row").nth(1)).to_be_visible()

    console.go("/search?q=Emma&kind=tickets")
    expect(page.get_by_text("Nothing with “Emma” here.")).to_be_visible()
    page.get_by_role("button", name="Customers", exact=True).click()
    expect(page.get_by_role("main").get_by_text("Emma Clarke").first).to_be_visible()


@pytest.mark.covers("M-44")
@pytest.mark.parametrize(("scheme", "size"), [("light", WIDE), ("dark", NARROW)])
def test_filter_bar_and_dialog_stand_in_nobodys_way(console: Console, accessible: Accessible, scheme: Any, size: Any) -> None:
    page = console.page
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size(size)
    console.go("/inbox/all")
    console.rows.first.get_by_title("Select").click()
    expect(page.get_by_role("region", name="Actions for the selected")).to_be_visible()
    page.wait_for_timeout(300)
    accessible(page)
    assert fits(page)
    page.get_by_role("button", name="End selection").click()
    page.get_by_role("button", name="Sort and filter").click()
    expect(page.get_by_role("form", name="Sort and filter")).to_be_visible()
    accessible(page)
    page.get_by_role("button", name="Save as view…").click()
    expect(page.get_by_role("dialog", name="Save this filter as a view")).to_be_visible()
    page.wait_for_timeout(300)
    accessible(page)
