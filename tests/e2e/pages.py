"""The pages as people use them: by what is written on buttons and fields, in English."""

import re

from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.e2e.desks import Desk

PASSWORD = "correct horse battery"
SHOWN = """(all) => all.map((one) => [
    one.dataset.message, one.querySelector('p.whitespace-pre-wrap')?.textContent ?? '', one.dataset.status ?? null])"""


def add_user(desk: Desk, name: str, role: str, *, display_name: str = "") -> str:
    """A user with a built-in role who reads English; returns the id. The password is `PASSWORD`."""
    [role_id] = [one["id"] for one in desk.ask("GET", "/roles") if one["name"] == role]
    new = {"name": name, "password": PASSWORD, "display_name": display_name or name, "locale": "en", "role_ids": [role_id]}
    return str(desk.ask("POST", "/users", new)["id"])


def sign_in_quietly(context: BrowserContext, desk: Desk, name: str, password: str = PASSWORD) -> str:
    """Give all pages of a context a session, without the form; returns its CSRF token."""
    answer = context.request.post(f"{desk.url}/api/v1/session", data={"name": name, "password": password})
    assert answer.ok, answer.text()
    return str(answer.json()["csrf_token"])


class Console:
    """The agents' page."""

    def __init__(self, page: Page, desk: Desk) -> None:
        self.page, self.desk = page, desk
        self.rows: Locator = page.get_by_role("listbox", name="Conversations").get_by_role("option")
        self.log: Locator = page.get_by_role("log", name="Messages")
        self.details: Locator = page.get_by_role("complementary", name="Details")

    def sign_in(self, name: str, password: str = PASSWORD) -> None:
        self.page.goto(f"{self.desk.url}/")
        self.page.get_by_label("User name").fill(name)
        self.page.get_by_label("Password").fill(password)
        self.page.get_by_role("button", name="Sign in").click()
        expect(self.page.get_by_role("heading", name="Inbox")).to_be_visible()

    def go(self, path: str) -> None:
        """Open an address of the console."""
        self.page.goto(f"{self.desk.url}{path}")

    def look_at(self, view: str) -> None:
        """Choose a view of the list."""
        self.page.get_by_role("tab", name=re.compile(f"^{view}")).click()

    def row(self, text: str) -> Locator:
        """The conversation in the list that says this."""
        return self.rows.filter(has_text=text)

    def open(self, text: str) -> str:
        """Open that conversation; returns its id."""
        self.row(text).click()
        expect(self.log).to_contain_text(text)
        return self.page.url.rsplit("/", 1)[-1]

    def write(self, text: str, *, note: bool = False) -> None:
        """Reply by what is offered, or leave a note."""
        kind = "Note" if note else "Reply"
        self.page.get_by_role("button", name=kind, exact=True).click()
        self.page.get_by_role("textbox", name=re.compile(f"^{kind} ")).fill(text)
        self.page.get_by_role("button", name="Add note" if note else "Send", exact=True).click()
        expect(self.log.locator("article", has_text=text)).to_be_visible()

    def message(self, text: str) -> Locator:
        """The message that says this, once it is stored."""
        return self.log.locator("[data-message]", has_text=text)

    def shown(self) -> list[tuple[str, str, str | None]]:
        """Id, text and state of every message on the page, as they stand."""
        return [(id, text, state) for id, text, state in self.log.locator("[data-message]").evaluate_all(SHOWN)]


def fits(page: Page) -> bool:
    """Nothing has to be scrolled sideways: neither the window nor the page's main part."""
    parts = "[document.documentElement, ...document.querySelectorAll('main')]"
    return bool(page.evaluate(f"{parts}.every((one) => one.scrollWidth <= one.clientWidth)"))
