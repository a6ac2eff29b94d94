"""Two records of one person are compared, made one, and made two again: with a mouse, and with keys alone."""

import re
import smtplib
from collections.abc import Callable
from email.message import EmailMessage
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import BrowserContext, Frame, Locator, Page, expect

from tests.e2e.desks import Desk
from tests.e2e.pages import Console, add_user, fits, sign_in_quietly
from tests.e2e.places import NARROW, WIDE, settled

pytestmark = [pytest.mark.timeout(120), pytest.mark.covers("M-15", "B-16", "M-23")]
FARTHEST = 60  # strokes of Tab


class Twins:
    """Rose, whom the desk knows twice: by a mail she wrote, and by a card a colleague made with her number."""

    def __init__(self, page: Page, context: BrowserContext, desk: Desk) -> None:
        self.page, self.desk, self.console = page, desk, Console(page, desk)
        name = f"m{uuid4().hex[:8]}"
        add_user(desk, name, "administrator", display_name="Mo Hart")
        self.token = sign_in_quietly(context, desk, name)
        self.subject, self.mail = f"roses {uuid4().hex[:8]}", f"rose.{uuid4().hex[:6]}@example.com"
        number = f"+86138{uuid4().int % 10**8:08d}"
        self.conversation_id = self._write()
        [self.old] = desk.ask("GET", f"/customers?q={self.mail}")["items"]
        desk.ask("POST", f"/customers/{self.old['id']}/addresses", {"kind": "phone", "value": number})
        addresses = [{"kind": "phone", "value": number}, {"kind": "email", "value": f"field.{self.mail}", "verified": True}]
        card = {"name": "Rose Field", "company": "Field & Sons", "level": "vip", "note": "Calls late.", "addresses": addresses}
        self.new = desk.ask("POST", "/customers", card)
        self.ticket = desk.ask("POST", "/tickets", {"title": f"Vase {self.subject}", "customer_id": self.new["id"]})

    def _write(self) -> str:
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = f"Rose <{self.mail}>", "support@camellia.example", self.subject
        mail.set_content(self.subject)
        with smtplib.SMTP("127.0.0.1", self.desk.smtp_port, timeout=20) as smtp:
            smtp.send_message(mail)
        return str(self.desk.message(self.subject, channel="email")["conversation_id"])

    def now(self, customer: Any) -> Any:
        return self.desk.ask("GET", f"/customers/{customer['id']}")

    def verify(self, customer: Any, kind: str) -> None:
        [address] = [one for one in self.now(customer)["addresses"] if one["kind"] == kind]
        self.desk.ask("POST", f"/customers/{customer['id']}/addresses/{address['id']}/verify")

    @property
    def dialog(self) -> Locator:
        return self.page.get_by_role("dialog", name="Merge customers")

    def to(self, wanted: Locator) -> None:
        """Step on by Tab until it has the focus."""
        for _ in range(FARTHEST):
            if wanted.evaluate_all("(all) => all.includes(document.activeElement)"):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError("the keyboard does not get there")


@pytest.fixture
def twins(page: Page, context: BrowserContext, desk: Desk) -> Twins:
    page.set_viewport_size(WIDE)
    return Twins(page, context, desk)


def test_two_records_are_compared_in_the_pane_merged_and_separated_with_the_mouse(
    twins: Twins, accessible: Callable[[Page | Frame], None]
) -> None:
    page, pane, dialog = twins.page, twins.console.details, twins.dialog
    twins.verify(twins.old, "email")
    twins.console.go(f"/inbox/all/{twins.conversation_id}")
    pane.get_by_role("button", name="Compare with Rose Field").click()
    expect(dialog.get_by_role("radio", name=re.compile("^Keep Rose Field"))).to_be_checked()  # somebody made it, nobody the other
    expect(dialog.get_by_role("group", name="Name").get_by_role("radio", name="Rose Field")).to_be_checked()
    expect(dialog.get_by_text("on both")).to_have_count(2)
    expect(dialog.get_by_label("Last contacts: Rose", exact=True)).to_contain_text(twins.subject)
    expect(dialog.get_by_label("Tickets: Rose Field")).to_contain_text("Vase")
    settled(page)
    accessible(page)
    merge = dialog.get_by_role("button", name="Merge", exact=True)
    expect(dialog.get_by_role("alert")).to_contain_text("They may be two people")
    expect(merge).to_be_disabled()
    dialog.get_by_role("group", name="Name").get_by_role("radio", name="Rose", exact=True).check()
    dialog.get_by_label("I have made sure that they are the same.").check()
    merge.click()

    expect(dialog).to_have_count(0)
    expect(pane.get_by_role("link", name="Rose", exact=True)).to_have_attribute("href", f"/customers/{twins.new['id']}")
    expect(pane.get_by_text("VIP")).to_be_visible()
    expect(pane.get_by_role("region", name="Perhaps the same customer")).to_have_count(0)
    kept = twins.now(twins.old)
    assert (kept["id"], kept["name"], kept["company"]) == (twins.new["id"], "Rose", "Field & Sons")

    pane.get_by_role("link", name="Rose", exact=True).click()
    everything = page.get_by_role("region", name="Everything with this customer")
    expect(everything.get_by_role("link")).to_have_count(2)
    merged = page.locator("section", has=page.get_by_role("heading", name="Merged into this one"))
    expect(merged).to_contain_text("merged by Mo Hart")
    settled(page)
    accessible(page)
    merged.get_by_role("button", name="Separate Rose").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Rose Field")
    expect(merged).to_have_count(0)
    expect(everything.get_by_role("link")).to_have_count(1)
    expect(page.get_by_text("Rose is separate again")).to_be_visible()
    assert (twins.now(twins.old)["id"], twins.now(twins.new)["name"]) == (twins.old["id"], "Rose Field")
    twins.console.go(f"/inbox/all/{twins.conversation_id}")
    expect(pane.get_by_role("link", name="Rose", exact=True)).to_have_attribute("href", f"/customers/{twins.old['id']}")


def test_two_records_are_found_merged_and_separated_with_keys_alone(twins: Twins) -> None:
    page, keyboard, dialog = twins.page, twins.page.keyboard, twins.dialog
    twins.console.go(f"/customers/{twins.old['id']}")
    twins.to(page.get_by_role("button", name="More actions"))
    keyboard.press("Enter")
    expect(page.get_by_role("menuitem", name="Merge with another…")).to_be_focused()
    keyboard.press("Enter")
    expect(dialog.get_by_role("searchbox")).to_be_focused()
    keyboard.type(twins.new["number"])
    expect(dialog.get_by_role("listitem")).to_have_count(1)
    twins.to(dialog.get_by_role("button", name="Rose Field"))
    keyboard.press("Enter")
    keeps = dialog.get_by_role("radio", name=re.compile("^Keep Rose Field"))
    expect(keeps).to_be_checked()
    twins.to(keeps)
    keyboard.press("ArrowLeft")
    expect(dialog.get_by_role("radio", name=re.compile("^Keep Rose, "))).to_be_checked()
    keyboard.press("ArrowRight")
    expect(keeps).to_be_checked()
    keyboard.press("Enter")

    expect(dialog).to_have_count(0)
    page.wait_for_url(f"**/customers/{twins.new['id']}")  # whoever looked at the one that went is at the kept one
    expect(page.get_by_text("Rose is now part of Rose Field")).to_be_visible()
    assert twins.now(twins.old)["id"] == twins.new["id"]
    keyboard.press("z")
    page.wait_for_url(f"**/customers/{twins.old['id']}")
    expect(page.get_by_role("heading", level=1)).to_have_text("Rose")
    assert twins.now(twins.old)["id"] == twins.old["id"]


def test_what_was_merged_by_somebody_else_is_seen_at_once_wherever_it_stands(twins: Twins) -> None:
    page = twins.page
    twins.console.go(f"/customers/{twins.old['id']}")
    expect(page.get_by_role("heading", level=1)).to_have_text("Rose")
    versions = {"version": twins.now(twins.old)["version"], "into_version": twins.new["version"]}
    twins.desk.ask("POST", f"/customers/{twins.old['id']}/merge", {"into_id": twins.new["id"], **versions})
    page.wait_for_url(f"**/customers/{twins.new['id']}")
    expect(page.get_by_role("heading", level=1)).to_have_text("Rose Field")
    page.goto(f"{twins.desk.url}/customers/{twins.old['id']}")  # an old link
    page.wait_for_url(f"**/customers/{twins.new['id']}")

    twins.console.go("/inbox/all")
    row = twins.console.row(twins.subject)
    expect(row).to_contain_text("Rose Field")
    twins.desk.ask("POST", f"/customers/{twins.old['id']}/unmerge")
    expect(row).not_to_contain_text("Rose Field")
    expect(row).to_contain_text("Rose")


@pytest.mark.covers("M-21", "M-43")
def test_on_a_phone_both_stand_side_by_side_in_the_dark_and_in_chinese(
    twins: Twins, context: BrowserContext, accessible: Callable[[Page | Frame], None]
) -> None:
    page = twins.page
    page.set_viewport_size(NARROW)
    headers = {"X-CSRF-Token": twins.token}
    assert context.request.patch(f"{twins.desk.url}/api/v1/me", data={"theme": "dark", "locale": "zh-CN"}, headers=headers).ok
    twins.console.go(f"/customers/{twins.new['id']}")
    page.get_by_role("button", name="与Rose比较").click()
    keep = page.get_by_role("radio", name=re.compile("^保留 "))
    expect(keep).to_have_count(2)
    settled(page)
    one, other = (box.bounding_box() for box in keep.all())
    assert one
    assert other
    assert abs(one["y"] - other["y"]) < 2 < other["x"] - one["x"]
    assert fits(page)
    accessible(page)
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("button", name="与Rose比较")).to_be_focused()
