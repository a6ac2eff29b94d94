"""Short messages at the desk: a customer's telephone and an agent's page, by the demo's simulated networks."""

import json
import re
import urllib.request

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e.desks import Desk
from tests.e2e.pages import Console, add_user
from tests.e2e.places import WIDE
from tests.e2e.test_thread import at_work

pytestmark = pytest.mark.timeout(120)

TWILIO, SHORT_CODE = "+14155550100", "10690000"


@pytest.fixture(scope="module")
def texter(desk: Desk) -> str:
    """An administrator who reads English."""
    add_user(desk, "tess", "administrator", display_name="Tess Texter")
    return "tess"


@pytest.fixture
def console(page: Page, context: BrowserContext, desk: Desk, texter: str) -> Console:
    """The texter's console; what is sent leaves at once."""
    token = at_work(context, desk, texter)
    headers = {"X-CSRF-Token": token}
    assert context.request.put(f"{desk.url}/api/v1/me/preferences", data={"undo_seconds": 0}, headers=headers).ok
    page.set_viewport_size(WIDE)
    return Console(page, desk)


def text_the_desk(desk: Desk, sender: str, text: str, *, to: str = TWILIO) -> None:
    """A customer writes on the demo's telephone."""
    body = json.dumps({"sender": sender, "to": to, "text": text}).encode()
    request = urllib.request.Request(
        f"{desk.url}/demo/phone/texts", data=body, headers={"Content-Type": "application/json"}, method="POST"
    )
    urllib.request.urlopen(request, timeout=10).close()


@pytest.mark.covers("S-01", "S-02", "M-27")
def test_a_text_is_there_at_once_and_its_answer_is_counted_and_delivered(console: Console, desk: Desk) -> None:
    page = console.page
    console.go("/inbox/all")
    expect(console.rows.first).to_be_visible()
    text_the_desk(desk, "+8613800138103", "Do you have white roses?", to=SHORT_CODE)
    console.open("Do you have white roses?")
    expect(console.log).to_contain_text("10690000")

    field = page.get_by_role("textbox", name=re.compile("^Reply "))
    count = page.get_by_role("group", name="Length of the SMS")
    field.fill("“Yes” – come by!")
    expect(count).to_contain_text("Unicode")
    expect(count).to_contain_text("54 left")
    page.get_by_role("button", name="Use plain punctuation").click()
    expect(field).to_have_value('"Yes" - come by!')
    expect(count).to_contain_text("GSM-7")
    expect(count).to_contain_text("144 left")
    field.fill('"Yes" - come by! ' + "x" * 160)
    expect(count).to_contain_text("2 SMS")
    page.get_by_role("button", name="Send", exact=True).click()

    answer = console.message("come by!")
    expect(answer).to_have_attribute("data-status", "delivered", timeout=15_000)
    expect(answer).to_contain_text("Delivered · 2 SMS")
    text_the_desk(desk, "+8613800138103", "Thank you!", to=SHORT_CODE)
    expect(console.log).to_contain_text("Thank you!")


@pytest.mark.covers("S-01", "U-05")
def test_a_first_text_is_written_from_a_customers_page_and_to_a_typed_number(console: Console, desk: Desk) -> None:
    page = console.page
    customer = next(one for one in desk.ask("GET", "/customers?q=Emma")["items"] if one["name"] == "Emma Clarke")
    console.go(f"/customers/{customer['id']}")
    page.get_by_role("button", name=re.compile("^Write SMS to")).click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("listitem")).to_contain_text("Emma Clarke")
    dialog.get_by_label("From").select_option(label="SMS (Twilio)")
    dialog.get_by_label("Text").fill("Your bouquet is ready.")
    dialog.get_by_role("button", name="Send", exact=True).click()
    expect(console.message("Your bouquet is ready.")).to_have_attribute("data-status", "delivered", timeout=15_000)

    page.keyboard.press("Escape")
    page.locator("body").press("c")
    dialog.get_by_text("SMS", exact=True).click()
    to = dialog.get_by_role("combobox", name="To")
    to.fill("Emma")
    expect(dialog.get_by_role("listbox", name="Customers found").get_by_role("option")).to_contain_text("Emma Clarke")
    to.fill("138 0013 8104")
    to.press("Enter")
    expect(dialog).to_contain_text("+86 138 0013 8104")
    expect(dialog).to_contain_text("not in any customer's card")


@pytest.mark.covers("M-27")
def test_who_says_stop_is_written_to_no_more_until_somebody_notes_why(console: Console, desk: Desk) -> None:
    page, number = console.page, "+8613800138105"
    text_the_desk(desk, number, "Hello", to=SHORT_CODE)
    console.go("/inbox/all")
    console.open("Hello")
    text_the_desk(desk, number, "STOP", to=SHORT_CODE)
    stopped = console.details.get_by_role("listitem").filter(has_text="opted out")
    expect(stopped.last).to_contain_text("said “stop”")
    page.get_by_role("textbox", name=re.compile("^Reply ")).fill("One more thing")
    expect(page.get_by_text("The recipient has opted out.").first).to_be_visible()
    expect(page.get_by_role("button", name="Send", exact=True)).to_be_disabled()

    console.details.get_by_role("button", name=re.compile("^Write SMS to")).click()
    expect(page.get_by_role("dialog")).to_contain_text("The recipient has opted out.")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)

    stopped.get_by_role("button", name="May write again").click()
    page.get_by_role("dialog").get_by_label("How and when was it said?").fill("On the phone")
    page.get_by_role("dialog").get_by_role("button", name="May write again").click()
    expect(stopped).to_have_count(0)
    expect(page.get_by_role("button", name="Send", exact=True)).to_be_enabled()


@pytest.mark.covers("M-27")
def test_an_open_chat_shows_at_once_that_its_customer_said_stop_elsewhere(console: Console, desk: Desk) -> None:
    customer = next(one for one in desk.ask("GET", "/customers?q=Emma")["items"] if one["name"] == "Emma Clarke")
    [number] = [one["value"] for one in customer["addresses"] if one["kind"] == "phone"]
    talks = desk.ask("GET", f"/conversations?view=all&customer_id={customer['id']}")["items"]
    [chat, *_] = [one for one in talks if one["channel"] == "webchat"]
    console.go(f"/inbox/all/{chat['id']}")
    by_sms = console.details.get_by_role("list", name="May be used").get_by_role("listitem").filter(has_text="SMS")
    expect(by_sms).to_have_attribute("data-reach", "usable")

    text_the_desk(desk, number, "STOP")
    expect(by_sms).to_have_attribute("data-reach", "refused")
    expect(console.details).to_contain_text("said “stop”")
    text_the_desk(desk, number, "START")
    expect(by_sms).to_have_attribute("data-reach", "usable")
    expect(console.details).not_to_contain_text("said “stop”")


@pytest.mark.covers("S-04")
def test_an_account_is_changed_and_tried_by_a_message(console: Console, desk: Desk) -> None:
    page = console.page
    console.go("/settings/accounts")
    page.get_by_role("button", name=re.compile("Twilio")).click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text(f"{desk.url}/hooks/")).to_be_visible()
    dialog.get_by_label("Auth token").first.fill("simulated-twilio-token")
    dialog.get_by_label("Longest message").fill("4")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_have_count(0)

    page.get_by_role("button", name=re.compile("Twilio")).click()
    expect(dialog.get_by_label("Auth token").first).to_have_attribute("placeholder", "Set; leave empty to keep it")
    trial = dialog.get_by_role("region", name="Send a test message")
    for number, state, words in (("+14155550123", "delivered", "Delivered"), ("+14155550003", "failed", "Not delivered")):
        trial.get_by_label("To").fill(number)
        trial.get_by_role("button", name="Send").click()
        expect(trial.locator(f"[data-test-state={state}]")).to_contain_text(words, timeout=20_000)
