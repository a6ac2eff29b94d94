"""The twenty tasks of docs/accessibility.md, done with the keyboard and nothing else, in the order they stand there.

`Keys` is all these tests have of a page: it presses, types and looks. A pointer that touches the page fails the test.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.e2e.conftest import Problems
from tests.e2e.desks import Desk, eventually
from tests.e2e.mails import Customer
from tests.e2e.pages import PASSWORD, add_user, sign_in_quietly
from tests.e2e.places import WIDE
from tests.e2e.visitors import OPEN_ROOTS

NO_POINTER = "addEventListener('pointerdown', () => console.error('a pointer touched the page'), true)"
HAS_FOCUS = "(all) => all.some((one) => one === one.getRootNode().activeElement)"
FARTHEST = 90  # strokes of Tab
MOUSE = (
    r"\.(click|dblclick|tap|fill|check|uncheck|hover|focus|select_option|set_checked|drag_to|mouse|touchscreen|dispatch_event)\b"
)

pytestmark = [pytest.mark.timeout(150), pytest.mark.covers("M-19", "M-44")]


class Keys:
    """Somebody with a keyboard in front of a page: what can be pressed, and what can be seen."""

    def __init__(self, page: Page, desk: Desk, name: str = "") -> None:
        page.add_init_script(NO_POINTER)
        page.set_viewport_size(WIDE)
        self._page, self._desk, self.name = page, desk, name

    def open(self, path: str) -> None:
        """Type an address of the hub."""
        self._page.goto(f"{self._desk.url}{path}")

    def press(self, *strokes: str) -> None:
        for stroke in strokes:
            if len(stroke) == 1:  # what is open takes letters for itself, also while it closes
                expect(self._page.locator("[role=menu], [role=dialog]")).to_have_count(0)
            self._page.keyboard.press(stroke)

    def type(self, text: str) -> None:
        self._page.keyboard.type(text)

    def to(self, role: Any, name: str, *, by: str = "Tab") -> None:
        """Step on until this has the focus. `name`: a pattern."""
        wanted = self.sees(role, name)
        for _ in range(FARTHEST):
            if wanted.evaluate_all(HAS_FOCUS):
                return
            self.press(by)
        raise AssertionError(f"the keyboard does not get to {role} {name}")

    def use(self, role: Any, name: str, *, by: str = "Tab") -> None:
        """Step there and press Enter."""
        self.to(role, name, by=by)
        self.press("Enter")

    def command(self, text: str, first: str = "") -> None:
        """Do what the command bar shows first for this text."""
        self.press("Control+k")
        self.type(text)
        expect(self._page.get_by_role("option").first).to_contain_text(re.compile(first or text, re.IGNORECASE))
        self.press("Enter")

    def sees(self, role: Any, name: str) -> Locator:
        """What is there, to be looked at."""
        found = self._page.get_by_role(role, name=re.compile(name))
        expect(found.first).to_be_visible()
        return found

    def has_focus(self, role: Any, name: str) -> None:
        expect(self.sees(role, name).first).to_be_focused()

    def reads(self, text: str) -> None:
        """Somewhere on the page."""
        expect(self._page.get_by_text(text).locator("visible=true").first).to_be_visible()

    def offers(self, text: str) -> None:
        """A list that is typed into has this ready for Enter."""
        expect(self._page.locator("[role=option][data-highlighted]", has_text=text)).to_be_visible()

    def leaves(self, role: Any) -> None:
        """What was open is gone, and the page has its keys again."""
        expect(self._page.get_by_role(role)).to_have_count(0)

    def message(self, text: str) -> None:
        """In the conversation."""
        expect(self._page.get_by_role("log").locator("article", has_text=text)).to_be_visible(timeout=15_000)

    def first_row(self, text: str) -> None:
        """Who stands on top of the list."""
        expect(self._page.get_by_role("listbox", name="Conversations").get_by_role("option").first).to_contain_text(text)

    def rows(self, count: int) -> None:
        """So many conversations are in the list."""
        expect(self._page.get_by_role("listbox", name="Conversations").get_by_role("option")).to_have_count(count)

    def is_at(self, pattern: str) -> str:
        """The page's address, once it is that; returns it."""
        expect(self._page).to_have_url(re.compile(pattern))
        return self._page.url

    def shows(self, script: str, wanted: Any) -> None:
        """What a script reads from the page."""
        eventually(lambda: self._page.evaluate(script) == wanted)

    def in_the_chat(self, role: Any, name: str = "") -> Locator:
        """A part of the widget's panel, to be looked at."""
        return self._page.frame_locator("hub-chat iframe").get_by_role(role, name=re.compile(name))


@pytest.fixture
def kay(desk: Desk) -> tuple[str, str]:
    """Name and id of one with every right, who has nothing to do yet."""
    name = f"kay{uuid4().hex[:6]}"
    return name, add_user(desk, name, "administrator", display_name=f"Kay {name}")


@pytest.fixture
def given(desk: Desk, kay: tuple[str, str]) -> Callable[..., str]:
    """Makes mails that are Kay's; returns the conversation's id."""

    def give(text: str, customer: str = "Ines Vogt") -> str:
        id = str(Customer(desk, customer).writes(text, subject=text)["conversation_id"])
        desk.ask("PUT", f"/conversations/{id}/assignee", {"agent_id": kay[1]})
        return id

    return give


@pytest.fixture
def keys(page: Page, context: BrowserContext, desk: Desk, kay: tuple[str, str]) -> Iterator[Keys]:
    """Kay, signed in, to whom nothing is offered."""
    csrf = {"X-CSRF-Token": sign_in_quietly(context, desk, kay[0])}
    presence = f"{desk.url}/api/v1/me/presence"
    assert context.request.put(presence, data={"state": "busy"}, headers=csrf).ok
    yield Keys(page, desk, kay[0])
    context.request.put(presence, data={"state": "away"}, headers=csrf)


def state(desk: Desk, id: str) -> Any:
    return desk.ask("GET", f"/conversations/{id}")


def said(desk: Desk, id: str, direction: str) -> list[str]:
    return [one["text"] for one in desk.said(id) if one["direction"] == direction]


def test_nothing_here_uses_anything_but_keys() -> None:
    lines = Path(__file__).read_text("utf-8").splitlines()

    assert [line for line in lines if re.search(MOUSE, line) and "the one pointer here" not in line] == []


def test_a_pointer_would_be_noticed(page: Page, desk: Desk, problems: Problems) -> None:
    Keys(page, desk).open("/")
    problems.allow("a pointer touched the page")
    page.mouse.click(5, 5)  # the one pointer here

    eventually(lambda: any("a pointer touched" in text for text in problems.seen))


def test_signing_in_moving_opening_and_answering_a_mail(
    page: Page, desk: Desk, kay: tuple[str, str], given: Callable[..., str]
) -> None:
    text = {"title": "Opening hours", "text": "We are here until six, {{customer.name}}.", "scope": "everybody"}
    desk.ask("POST", "/canned-replies", {"shortcut": f"until{kay[0]}", **text})
    add_user(desk, f"c{kay[0]}", "administrator", display_name=f"Cleo-{kay[0]}")
    first, second = given("Mail one"), given("Mail two", "Ada Berg")
    keys = Keys(page, desk)

    keys.open("/")  # 1 sign in
    keys.has_focus("textbox", "User name")
    keys.type(kay[0])
    keys.to("textbox", "Password")
    keys.type(PASSWORD)
    keys.press("Enter")

    keys.rows(2)  # 2 move and open
    keys.press("j")
    keys.is_at(first)
    keys.press("j")
    keys.is_at(second)
    keys.press("k")
    keys.is_at(first)
    keys.message("Mail one")

    keys.press("r")  # 3 answer a mail
    keys.has_focus("textbox", "^Reply")
    keys.sees("toolbar", "Formatting")
    keys.has_focus("textbox", "^Reply")
    keys.type("It is on its way.")
    keys.press("Control+Enter")
    keys.message("It is on its way.")

    keys.press("Escape", "n")  # 4 a note for a colleague
    keys.has_focus("textbox", "^Note")
    keys.type(f"@cleo-{kay[0]}")
    keys.sees("option", f"Cleo-{kay[0]}")
    keys.press("Enter")
    keys.type("please have a look")
    keys.press("Control+Enter")
    keys.message("please have a look")
    assert eventually(lambda: said(desk, first, "note")) == [f"@Cleo-{kay[0]} please have a look"]

    keys.first_row("Ada Berg")  # 5 a canned reply; what was answered stands below now
    keys.press("Escape", "k")
    keys.is_at(second)
    keys.message("Mail two")
    keys.press("r")
    keys.has_focus("textbox", "^Reply")
    keys.sees("toolbar", "Formatting")
    keys.has_focus("textbox", "^Reply")
    keys.type(f"/until{kay[0]}")
    keys.sees("option", "Opening hours")
    keys.press("Enter")
    keys.press("Control+Enter")
    keys.message("We are here until six, Ada Berg.")
    assert eventually(lambda: said(desk, second, "out")) == ["We are here until six, Ada Berg."]


def test_a_conversation_is_given_labelled_put_off_closed_and_merged(
    keys: Keys, desk: Desk, kay: tuple[str, str], given: Callable[..., str]
) -> None:
    name = kay[0]
    colleague = add_user(desk, f"c{name}", "administrator", display_name=f"Cleo-{name}")
    label = desk.ask("POST", "/tags", {"name": f"tag {name}", "colour": "teal"})
    actions = [{"kind": "note", "text": "Checked"}]
    desk.ask("POST", "/macros", {"title": f"Check {name}", "key": "", "scope": "everybody", "actions": actions})
    id, other = given(f"Vase {name}"), given(f"Bowl {name}", "Ada Berg")
    keys.open(f"/inbox/all/{id}")
    keys.message(f"Vase {name}")

    keys.press("a")  # 6 to a colleague, and to me
    keys.has_focus("textbox", "Assign")
    keys.type(f"cleo-{name}")
    keys.offers(f"Cleo-{name}")
    keys.press("Enter")
    eventually(lambda: state(desk, id)["assignee_id"] == colleague)
    keys.press("i")
    eventually(lambda: state(desk, id)["assignee_id"] == kay[1])

    keys.press("t")  # 7 tag and priority
    keys.type(name)
    keys.offers(label["name"])
    keys.press("Enter")
    eventually(lambda: state(desk, id)["tags"] == [label["name"]])
    keys.press("p")
    keys.sees("menuitem", "High")
    keys.type("High")
    keys.press("Enter")
    eventually(lambda: state(desk, id)["priority"] == "high")

    keys.press("m")  # 8 a macro
    keys.has_focus("combobox", "Find a macro")
    keys.type(name)
    keys.sees("option", f"Check {name}")
    keys.press("Enter")
    keys.message("Checked")

    keys.press("h")  # 9 until tomorrow
    keys.sees("menuitem", "Tomorrow")
    keys.type("Tom")
    keys.press("Enter")
    eventually(lambda: state(desk, id)["state"] == "snoozed")
    keys.reads("Comes back")
    keys.press("z")
    eventually(lambda: state(desk, id)["state"] == "open")

    keys.open(f"/inbox/all/{id}")  # 10 close and reopen
    keys.message(f"Vase {name}")
    keys.press("e")
    eventually(lambda: state(desk, id)["state"] == "closed")
    keys.press("g", "i")
    keys.use("button", "View: Mine")
    keys.sees("menuitem", "Closed")
    keys.type("Closed")
    keys.press("Enter")
    keys.is_at("/inbox/closed")
    keys.sees("option", f"Vase {name}")
    keys.press("j")
    keys.is_at(id)
    keys.message(f"Vase {name}")
    keys.press("e")
    eventually(lambda: state(desk, id)["state"] == "open")

    keys.open(f"/inbox/all/{id}")  # 11 merge with another
    keys.message(f"Vase {name}")
    keys.command("merge")
    keys.to("searchbox", "Find a conversation")
    keys.type(f"Bowl {name}")
    keys.use("button", f"Bowl {name}")
    keys.is_at(other)
    keys.message(f"Vase {name}")
    eventually(lambda: state(desk, id)["merged_into"] == other)


def test_many_are_closed_a_filter_is_kept_and_words_are_found(
    keys: Keys, desk: Desk, kay: tuple[str, str], given: Callable[..., str]
) -> None:
    name = kay[0]
    queue = desk.ask("POST", "/queues", {"name": f"Night {name}", "strategy": "longest_idle"})
    ids = [given(f"Many {n} {name}", f"{who} Many") for n, who in enumerate(("Ada", "Ben", "Cara"))]
    desk.ask("PATCH", f"/conversations/{ids[2]}", {"queue_id": queue["id"]})
    keys.open("/inbox/mine")
    keys.rows(3)

    for id in ids[:2]:  # 12 several at once, and undo
        keys.press("j")
        keys.is_at(id)
        keys.press("x")
    keys.reads("2 selected")
    keys.press("e")
    keys.reads("2 closed")
    keys.rows(1)
    keys.press("z")
    keys.rows(3)
    eventually(lambda: {state(desk, id)["state"] for id in ids} == {"open"})

    keys.press("Escape")  # 13 filter, and keep it as a view
    keys.use("button", "Sort and filter")
    keys.to("combobox", "Queue")
    keys.type(f"Night {name}")
    keys.press("Enter")
    keys.rows(1)
    keys.use("button", "Save as view")
    keys.to("textbox", "Name")
    keys.type(f"View {name}")
    keys.press("Enter")
    keys.is_at("/inbox/view-")
    expect(keys.sees("tab", f"View {name}")).to_contain_text(re.compile("1$"))

    keys.press("/")  # 14 search, and open what was found
    keys.has_focus("searchbox", "Search")
    keys.type(f"Many 1 {name}")
    keys.use("link", "Ben Many")
    keys.is_at(ids[1])
    keys.message(f"Many 1 {name}")


def test_customers_tickets_and_what_is_offered(keys: Keys, desk: Desk, kay: tuple[str, str], given: Callable[..., str]) -> None:
    name = kay[0]
    zora = f"Zora{uuid4().hex[:8]}"
    customer = desk.ask("POST", "/customers", {"name": zora, "addresses": [{"kind": "email", "value": f"{zora}@example.com"}]})
    id = given(f"Broken {name}")
    keys.open("/inbox/mine")
    keys.rows(1)

    keys.command(zora)  # 15 to a customer, and change a fact
    keys.is_at(f"/customers/{customer['id']}")
    keys.use("button", "^Edit$")
    keys.to("textbox", "Company")
    keys.type("Field & Sons")
    keys.press("Enter")
    eventually(lambda: desk.ask("GET", f"/customers/{customer['id']}")["company"] == "Field & Sons")
    keys.leaves("dialog")
    keys.reads("Field & Sons")

    keys.press("g", "i", "j")  # 16 a ticket from a conversation
    keys.message(f"Broken {name}")
    keys.use("button", "^New ticket$")
    keys.to("textbox", "Title")
    keys.press("Control+a")
    keys.type(f"Replace {name}")
    keys.press("Enter")
    keys.reads(f"Replace {name}")
    assert len(eventually(lambda: state(desk, id)["ticket_ids"])) == 1

    keys.command("i am away")  # 17 away, back, and take what is offered
    keys.sees("button", "Away.*your menu|your menu.*Away")
    mails = {str(Customer(desk).writes(f"offer {name} {n}")["conversation_id"]) for n in range(2)}
    keys.command("i am online")
    keys.sees("region", "for you")
    keys.press("y")
    taken = keys.is_at(r"/inbox/mine/(?!" + id + ")[^/]+$").rsplit("/", 1)[-1]
    assert state(desk, taken)["assignee_id"] == kay[1]
    assert mails


def test_language_look_and_keys_are_chosen(keys: Keys, desk: Desk, given: Callable[..., str]) -> None:
    given("Rebound")
    keys.open("/inbox/mine")
    keys.rows(1)

    keys.press("j")  # 18 the list of keys, and another key
    keys.message("Rebound")
    keys.press("?")
    keys.sees("dialog", "Keyboard shortcuts")
    keys.use("button", "Change keys")
    keys.use("button", "^Reply: r. Change$")
    keys.type("b")
    keys.sees("button", "^Reply: b. Change$")
    keys.press("Escape", "b")
    keys.has_focus("textbox", "^Reply")

    keys.press("Escape", "g", "s")  # 19 language and theme
    keys.is_at("/settings")
    keys.to("combobox", "^Appearance")
    keys.press("End")
    keys.shows("document.documentElement.classList.contains('dark')", True)
    keys.to("combobox", "^Language", by="Shift+Tab")
    keys.press("Home")
    keys.shows("document.documentElement.lang", "zh-CN")
    keys.sees("link", "会话")


def test_a_visitor_and_an_agent_talk(browser: Browser, keys: Keys, desk: Desk, kay: tuple[str, str]) -> None:
    question, answer = f"q {uuid4()}", f"a {uuid4()}"
    with browser.new_context() as context:  # 20 the chat, from both sides
        context.add_init_script(OPEN_ROOTS)
        visitor = Keys(context.new_page(), desk)
        visitor.open("/demo")
        visitor.use("button", "打开聊天")
        box, log = visitor.in_the_chat("textbox", "输入消息"), visitor.in_the_chat("log")
        expect(box).to_be_focused()
        visitor.type(question)
        visitor.press("Enter")
        expect(log).to_contain_text(question)
        id = desk.message(question)["conversation_id"]

        keys.open(f"/inbox/all/{id}")
        keys.message(question)
        keys.press("r")
        keys.has_focus("textbox", "^Reply")
        keys.type(answer)
        keys.press("Enter")
        keys.message(answer)
        expect(log).to_contain_text(answer)
        visitor.press("Escape")
        visitor.has_focus("button", "打开聊天")
