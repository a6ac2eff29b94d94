"""Every page of the console, and every menu and dialog on it: one list, for all that has to hold everywhere.

Whoever adds a page, a menu or a dialog adds it here.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Page, ViewportSize, expect
from playwright.sync_api import TimeoutError as TookTooLong

from tests.e2e.desks import Desk, eventually

WIDE: ViewportSize = {"width": 1366, "height": 768}
NARROW: ViewportSize = {"width": 390, "height": 844}
SETTINGS = "profile accounts queues hours canned macros tags users teams roles tokens audit system".split()
STILL = "document.getAnimations().every((one) => one.playState !== 'running' || !isFinite(one.effect.getTiming().iterations))"


@dataclass(frozen=True, slots=True)
class Opening:
    """A menu or dialog: on which page, and the button (its English name, a pattern) or the keys that open it; `item`: of that menu."""

    page: str
    button: str = ""
    item: str = ""
    keys: str = ""
    role: Any = "dialog"

    @property
    def name(self) -> str:
        return f"{self.page}: {self.item or self.button or self.keys}"


OPENINGS = (
    Opening("mail", "your menu", role="menu"),
    Opening("mail", "^Notifications"),
    Opening("mail", keys="Control+k"),
    Opening("mail", keys="?"),
    Opening("mail", "New message"),
    Opening("mail", "^Assign"),
    Opening("mail", "^Snooze", role="menu"),
    Opening("mail", "Reply by", role="menu"),
    Opening("mail", "New ticket"),
    Opening("mail", "Choose another customer"),
    Opening("customers", "New customer"),
    Opening("customer", "^Edit$"),
    Opening("customer", "More actions", role="menu"),
    Opening("customer", "More actions", "^Merge with another"),
    Opening("customer", "Customer refuses", role="menu"),
    Opening("customer", "^Write SMS to"),
    Opening("tickets", "New ticket"),
    Opening("accounts", "Camellia shop"),
    Opening("accounts", "Inbox.*E-mail"),
    Opening("accounts", r"SMS \(Twilio\)"),
    Opening("accounts", "^New account", role="menu"),
    Opening("queues", "^New queue"),
    Opening("hours", "^New calendar"),
    Opening("canned", "^New canned reply"),
    Opening("macros", "^New macro"),
    Opening("tags", "^New tag"),
    Opening("users", "^New user"),
    Opening("teams", "^New team"),
    Opening("roles", "^New role"),
    Opening("tokens", "^New token"),
)


def addresses(desk: Desk) -> dict[str, str]:
    """Every page, by a name."""
    mails = desk.ask("GET", "/conversations?view=all&channel=email")["items"]
    chats = desk.ask("GET", "/conversations?view=all&channel=webchat")["items"]
    mail = next(talk for talk in mails if talk["ticket_ids"])
    pages = {"inbox": "/inbox/all", "mail": f"/inbox/all/{mail['id']}", "chat": f"/inbox/all/{chats[0]['id']}"}
    pages |= {"customers": "/customers", "customer": f"/customers/{mail['customer']['id']}"}
    pages |= {
        "tickets": "/tickets",
        "ticket": f"/tickets/{mail['ticket_ids'][0]}",
        "search": "/search",
        "wallboard": "/wallboard",
    }
    return pages | {section: f"/settings/{section}" for section in SETTINGS}


def settled(page: Page) -> None:
    """Everything asked for is there, and nothing moves any more. The preview of a site is a page of its own, which is not waited for."""
    with suppress(TookTooLong):
        page.wait_for_load_state("networkidle", timeout=3_000)
    eventually(lambda: page.evaluate(STILL))


@contextmanager
def opened(page: Page, opening: Opening) -> Iterator[None]:
    """Open it, and close it by Escape; the focus is back where it was."""
    if opening.button:
        page.get_by_role("button", name=re.compile(opening.button)).first.click()
    else:
        page.locator("body").press(opening.keys)
    if opening.item:
        page.get_by_role("menuitem", name=re.compile(opening.item)).click()
    expect(page.get_by_role(opening.role).first).to_be_visible()
    expect(page.get_by_role(opening.role).first).to_be_in_viewport()
    settled(page)
    yield
    page.keyboard.press("Escape")
    expect(page.get_by_role(opening.role)).to_have_count(0)
    if opening.button:
        expect(page.get_by_role("button", name=re.compile(opening.button)).first).to_be_focused()
