"""Answering: drafts that are never lost, what is called up while one writes, every way to send and the way back."""

import base64
import email
import email.policy
import re
from collections.abc import Iterator
from email.message import EmailMessage
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Route, expect

from tests.e2e.conftest import Problems
from tests.e2e.desks import Desk, eventually
from tests.e2e.mails import Customer, picture
from tests.e2e.pages import Console, add_user
from tests.e2e.test_thread import WIDE, at_work

pytestmark = pytest.mark.timeout(120)

PASTE = """(field, [name, type, bytes]) => {
  const data = new DataTransfer()
  data.items.add(new File([Uint8Array.from(atob(bytes), (one) => one.charCodeAt(0))], name, { type }))
  field.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }))
}"""


@pytest.fixture(scope="module")
def writer(desk: Desk) -> str:
    """An administrator who reads English."""
    add_user(desk, "wanda", "administrator", display_name="Wanda Writer")
    return "wanda"


@pytest.fixture(scope="module")
def colleague(desk: Desk) -> str:
    """Another one."""
    add_user(desk, "otis", "administrator", display_name="Otis Other")
    return "otis"


@pytest.fixture
def console(page: Page, context: BrowserContext, desk: Desk, writer: str) -> Console:
    """The writer's console."""
    at_work(context, desk, writer)
    page.set_viewport_size(WIDE)
    return Console(page, desk)


@pytest.fixture
def second(browser: Browser, desk: Desk, writer: str) -> Iterator[Console]:
    """The same user on another machine."""
    with browser.new_context(viewport=WIDE) as context:
        at_work(context, desk, writer)
        yield Console(context.new_page(), desk)


@pytest.fixture
def elsewhere(browser: Browser, desk: Desk, colleague: str) -> Iterator[Console]:
    """A colleague's console."""
    with browser.new_context(viewport=WIDE) as context:
        at_work(context, desk, colleague)
        yield Console(context.new_page(), desk)


def answer(console: Console, id: str, *, note: bool = False) -> Locator:
    """Open a conversation and begin to write by key; the field."""
    console.go(f"/inbox/all/{id}")
    expect(console.log).to_be_visible()
    console.page.keyboard.press("n" if note else "r")
    field = field_of(console, note=note)
    expect(field).to_be_focused()
    if not note:
        expect(console.page.get_by_role("toolbar", name="Formatting")).to_be_visible()
        expect(field_of(console)).to_be_focused()
    return field_of(console, note=note)


def field_of(console: Console, *, note: bool = False) -> Locator:
    return console.page.get_by_role("textbox", name=re.compile("^Note " if note else "^Reply to"))


def sent_by(desk: Desk, id: str, text: str) -> Any:
    """The answer that says this, once it is stored."""
    return eventually(lambda: next((one for one in desk.said(id) if one["direction"] == "out" and text in one["text"]), None))


@pytest.mark.covers("M-26")
def test_what_the_mailbox_signs_with_is_shown_before_and_stands_in_the_mail(console: Console, desk: Desk) -> None:
    [mailbox] = [one for one in desk.ask("GET", "/accounts") if one["provider"] == "mail"]
    signed = {"signature_text": "Camellia House", "signature_html": "<p><b>Camellia</b> <i>House</i></p><p>8 Garden Road</p>"}
    change = {"settings": mailbox["settings"] | signed, "version": mailbox["version"]}
    desk.ask("PATCH", f"/accounts/{mailbox['id']}", change)
    id = Customer(desk).writes("Sign, please")["conversation_id"]

    field = answer(console, id)
    signature = console.page.get_by_role("note", name="Signature: added when it is sent")
    expect(signature).to_have_text(re.compile(r"--\s+Camellia House\s+8 Garden Road"))
    field.press_sequentially("With best wishes")
    console.page.get_by_role("button", name=re.compile("^Note")).click()
    expect(signature).to_have_count(0)
    console.page.get_by_role("button", name=re.compile("^Reply(?! by)")).click()
    console.page.get_by_role("button", name="Send", exact=True).click()

    mail = eventually(lambda: letter_of(desk, "With best wishes"), within=20)
    assert mail is not None
    plain, html = (part.get_content() for part in mail.walk() if part.get_content_maintype() == "text")
    assert plain.replace("\r\n", "\n").startswith("With best wishes\n\n-- \nCamellia House\n")
    assert html.index("With best wishes") < html.index("<b>Camellia</b>") < html.index("8 Garden Road")
    back = desk.ask("GET", f"/accounts/{mailbox['id']}")
    desk.ask("PATCH", f"/accounts/{mailbox['id']}", {"settings": mailbox["settings"], "version": back["version"]})


def letter_of(desk: Desk, text: str) -> EmailMessage | None:
    """The mail that says this, as the customer's mailbox has it."""
    mails = (email.message_from_bytes(path.read_bytes(), policy=email.policy.default) for path in desk.folder.rglob("*.eml"))
    return next((mail for mail in mails if (body := mail.get_body(("plain",))) and text in body.get_content()), None)


@pytest.mark.covers("M-12")
def test_a_draft_is_on_every_machine_of_its_writer_and_marked_in_the_list(console: Console, second: Console, desk: Desk) -> None:
    id = Customer(desk).writes("A draft, please")["conversation_id"]
    answer(console, id).press_sequentially("Half an ans")
    eventually(lambda: desk_draft(console, id, "reply") == "Half an ans", within=3)
    console.page.keyboard.press("Escape")
    console.page.keyboard.press("n")
    field_of(console, note=True).fill("For colleagues only")

    second.go(f"/inbox/all/{id}")
    expect(field_of(second)).to_have_text("Half an ans")
    expect(second.rows.filter(has_text="Draft").first).to_be_visible()
    second.page.get_by_role("button", name=re.compile("^Note")).click()
    expect(field_of(second, note=True)).to_have_value("For colleagues only", timeout=5000)

    second.page.get_by_role("button", name=re.compile("^Reply(?! by)")).click()
    field_of(second).click()
    second.page.keyboard.press("End")
    second.page.keyboard.type("wer")
    console.page.get_by_role("button", name=re.compile("^Reply(?! by)")).click()
    expect(field_of(console)).to_have_text("Half an answer", timeout=5000)


def desk_draft(console: Console, id: str, mode: str) -> str | None:
    drafts = console.page.request.get(f"{console.desk.url}/api/v1/conversations/{id}/drafts").json()
    return next((draft["text"] for draft in drafts if draft["mode"] == mode), None)


@pytest.mark.covers("M-12")
def test_what_is_written_without_a_line_is_kept_and_saved_later(console: Console, desk: Desk, problems: Problems) -> None:
    problems.allow("ERR_INTERNET_DISCONNECTED")
    id = Customer(desk).writes("Bad line")["conversation_id"]
    field = answer(console, id)
    console.page.context.set_offline(True)
    field.press_sequentially("Written in a tunnel")
    expect(console.page.get_by_text("Offline: kept in this browser")).to_be_visible()
    console.page.context.set_offline(False)
    console.page.reload()
    expect(field_of(console)).to_have_text("Written in a tunnel")

    assert eventually(lambda: desk_draft(console, id, "reply") == "Written in a tunnel")


@pytest.mark.covers("M-05", "M-04")
def test_replies_colleagues_and_signs_are_called_up_by_typing(console: Console, desk: Desk, colleague: str) -> None:
    new = {"shortcut": "thanks", "title": "Thanks", "text": "Thank you, {{customer.name}}! {{agent.name}}", "scope": "everybody"}
    desk.ask("POST", "/canned-replies", new)
    id = Customer(desk, "Paula Post").writes("I ordered roses")["conversation_id"]
    page = console.page

    field = answer(console, id)
    field.press_sequentially("/thank")
    expect(page.get_by_role("option", name="Thanks /thanks")).to_be_visible()
    expect(page.get_by_role("note", name="Preview")).to_have_text("Thank you, Paula Post! Wanda Writer")
    field.press("Enter")
    expect(field).to_have_text("Thank you, Paula Post! Wanda Writer")
    field.press_sequentially(" :thumbsu")
    expect(page.get_by_role("option", name=re.compile("thumbs", re.IGNORECASE)).first).to_be_visible()
    field.press("Enter")
    expect(field).to_have_text("Thank you, Paula Post! Wanda Writer 👍")

    page.get_by_role("button", name="Note", exact=True).click()
    note = field_of(console, note=True)
    note.press_sequentially("@oti")
    note.press("Enter")
    note.press_sequentially("what do you think?")
    note.press("Control+Enter")
    expect(console.log.locator("mark")).to_have_text("@Otis Other")
    told = eventually(lambda: [one for one in desk.said(id) if one["direction"] == "note"])
    assert told[0]["text"] == "@Otis Other what do you think?"


@pytest.mark.covers("M-26", "M-17")
def test_a_formatted_answer_with_a_pasted_picture_leaves_as_it_was_written(console: Console, desk: Desk) -> None:
    id = Customer(desk).writes("Show me")["conversation_id"]
    field = answer(console, id)
    field.press_sequentially("This is ")
    console.page.keyboard.press("Control+B")
    field.press_sequentially("bold")
    console.page.keyboard.press("Control+B")
    field.press_sequentially(" <b>not</b> ")
    field.evaluate(PASTE, ["shot.png", "image/png", base64.b64encode(picture()).decode()])
    expect(field.get_by_role("img", name="shot.png")).to_be_visible()
    expect(console.page.get_by_role("button", name="Send", exact=True)).to_be_enabled()
    console.page.keyboard.press("Control+Enter")

    message = sent_by(desk, id, "This is bold")
    assert message["has_html"]
    assert "<b>not</b>" in message["text"]
    [shot] = message["attachments"]
    assert (shot["filename"], shot["inline"]) == ("shot.png", True)
    console.message("This is bold").get_by_role("button", name="Original formatting").click()
    frame = console.log.frame_locator("iframe")
    expect(frame.locator("strong")).to_have_text("bold")
    assert eventually(lambda: frame.locator("img").evaluate("(one) => one.naturalWidth")) == 320


@pytest.mark.covers("M-11")
def test_a_picture_taken_out_of_the_text_again_goes_nowhere(console: Console, desk: Desk) -> None:
    id = Customer(desk).writes("Show me something else")["conversation_id"]
    field = answer(console, id)
    field.press_sequentially("Not this one")
    field.evaluate(PASTE, ["wrong.png", "image/png", base64.b64encode(picture()).decode()])
    shot = field.get_by_role("img", name="wrong.png")
    expect(shot).to_be_visible()
    console.page.wait_for_timeout(600)  # what comes sooner is undone in one with it
    console.page.keyboard.press("Backspace")
    expect(shot).to_have_count(0)
    console.page.keyboard.press("Control+z")
    expect(shot).to_be_visible()
    console.page.keyboard.press("Backspace")
    expect(shot).to_have_count(0)
    console.page.keyboard.press("Control+Enter")

    assert sent_by(desk, id, "Not this one")["attachments"] == []


@pytest.mark.covers("M-12")
def test_a_picture_in_a_draft_is_seen_again_by_who_comes_back_to_it(console: Console, desk: Desk) -> None:
    id = Customer(desk).writes("Show me later")["conversation_id"]
    other = Customer(desk).writes("Me first")["conversation_id"]
    answer(console, id).evaluate(PASTE, ["shot.png", "image/png", base64.b64encode(picture()).decode()])
    shot = field_of(console).get_by_role("img", name="shot.png")
    expect(shot).to_be_visible()
    console.rows.and_(console.page.locator(f"#row-{other}")).click()
    expect(console.message("Me first")).to_be_visible()
    expect(shot).to_have_count(0)
    console.page.go_back()
    expect(shot).to_be_visible()
    assert shot.evaluate("(one) => one.decode().then(() => one.naturalWidth)") == 320


@pytest.mark.covers("M-11")
def test_a_mail_can_be_taken_back_for_some_seconds_and_then_leaves(console: Console, desk: Desk) -> None:
    id = Customer(desk).writes("Too quick")["conversation_id"]
    answer(console, id).press_sequentially("Oh no")
    console.page.keyboard.press("Control+Enter")
    toast = console.page.get_by_role("status").filter(has_text="Sent")
    expect(toast.get_by_role("button", name=re.compile(r"Undo \([1-5]\)"))).to_be_visible()
    expect(console.message("Oh no")).to_contain_text(re.compile("Leaves in [1-5] s"))

    toast.get_by_role("button", name=re.compile("Undo")).click()

    expect(field_of(console)).to_have_text("Oh no")
    expect(console.message("Oh no")).to_have_count(0)
    field_of(console).click()
    console.page.keyboard.press("End")
    console.page.keyboard.type(" - oh yes")
    console.page.keyboard.press("Control+Enter")
    expect(console.message("Oh no - oh yes")).to_have_attribute("data-status", re.compile("accepted|delivered"), timeout=20_000)
    assert [one["text"] for one in desk.said(id) if one["direction"] == "out"] == ["Oh no - oh yes"]


@pytest.mark.covers("M-11")
def test_an_answer_can_be_sent_later_and_taken_back_until_then(console: Console, desk: Desk) -> None:
    id = Customer(desk).writes("No hurry")["conversation_id"]
    answer(console, id).press_sequentially("Good morning")
    console.page.get_by_role("button", name="More ways to send").click()
    console.page.get_by_role("menuitem", name="Send later…").click()
    console.page.get_by_role("button", name=re.compile("^Tomorrow morning")).click()

    planned = console.message("Good morning")
    expect(planned).to_contain_text(re.compile(r"Leaves .*9:00"))
    assert sent_by(desk, id, "Good morning")["send_at"]
    offered = console.page.get_by_role("button", name=re.compile(r"^Undo \("))
    expect(offered).to_have_count(0)  # it would stand there until tomorrow
    planned.get_by_role("button", name="Take back").click()

    expect(field_of(console)).to_have_text("Good morning")
    expect(planned).to_have_count(0)


@pytest.mark.covers("M-11")
def test_sending_closes_or_snoozes_in_one_step_and_goes_on(console: Console, desk: Desk) -> None:
    first = Customer(desk).writes("Close me")["conversation_id"]
    second = Customer(desk).writes("Snooze me")["conversation_id"]
    answer(console, first).press_sequentially("Done")
    console.page.keyboard.press("Control+Shift+Enter")
    expect(console.page).not_to_have_url(re.compile(first))
    assert eventually(lambda: desk.ask("GET", f"/conversations/{first}")["state"] == "closed")

    answer(console, second).press_sequentially("Soon")
    console.page.get_by_role("button", name="More ways to send").click()
    console.page.get_by_role("menuitem", name=re.compile("^Tomorrow morning")).click()
    expect(console.page).not_to_have_url(re.compile(second))
    assert eventually(lambda: desk.ask("GET", f"/conversations/{second}")["state"] == "snoozed")


@pytest.mark.covers("M-03")
def test_a_promised_file_that_is_missing_is_asked_for(console: Console, desk: Desk) -> None:
    id = Customer(desk).writes("The offer, please")["conversation_id"]
    answer(console, id).press_sequentially("Please find attached our offer")
    console.page.keyboard.press("Control+Enter")
    expect(console.page.get_by_text("You speak of an attachment, but there is none.")).to_be_visible()
    assert not [one for one in desk.said(id) if one["direction"] == "out"]

    console.page.get_by_role("button", name="Send anyway").click()

    sent_by(desk, id, "our offer")


@pytest.mark.covers("M-13")
def test_an_answer_over_a_colleagues_is_shown_theirs_first(
    console: Console, elsewhere: Console, desk: Desk, problems: Problems
) -> None:
    problems.allow("409")
    id = Customer(desk).writes("Who is first?")["conversation_id"]
    answer(console, id).press_sequentially("I think so")
    answer(elsewhere, id).press_sequentially("Certainly not")
    # The news of it does not reach the first page before it sends.
    console.page.route("**/api/v1/events**", lambda route: route.abort())
    console.page.evaluate("window.dispatchEvent(new Event('offline'))")
    message = desk.ask("POST", f"/conversations/{id}/messages", {"kind": "note", "text": "wait"})
    console.page.route(
        f"**/conversations/{id}/messages",
        lambda route: route.continue_(post_data={**route.request.post_data_json, "seen_n": message["n"]}),
    )
    elsewhere.page.keyboard.press("Control+Enter")
    sent_by(desk, id, "Certainly not")
    console.page.keyboard.press("Control+Enter")

    alert = console.log.get_by_role("alert")
    expect(alert).to_contain_text("a colleague answered meanwhile")
    expect(console.log.get_by_text("Meanwhile Otis Other wrote:")).to_be_visible()
    expect(console.log.locator("blockquote")).to_contain_text("Certainly not")
    console.page.unroute(f"**/conversations/{id}/messages")
    alert.get_by_role("button", name="Send anyway").click()
    sent_by(desk, id, "I think so")


@pytest.mark.covers("M-26")
def test_a_mail_is_passed_on_with_its_text_and_files(console: Console, desk: Desk) -> None:
    message = Customer(desk).writes("The original words", subject="Broken vase")
    id = message["conversation_id"]
    console.go(f"/inbox/all/{id}")
    expect(console.message("The original words")).to_be_visible()
    console.page.keyboard.press("f")
    expect(console.page.get_by_text("Forwarding: Broken vase")).to_be_visible()
    console.page.get_by_role("textbox", name="To", exact=True).fill("supplier@example.com")
    console.page.keyboard.press("Enter")
    field = console.page.get_by_role("textbox", name="A word about what you pass on…")
    field.click()
    field.press_sequentially("Please see below")
    field.press("Control+Enter")

    sent = sent_by(desk, id, "Please see below")
    assert [party["address"] for party in sent["to"]] == ["supplier@example.com"]
    assert (sent["subject"], "The original words" in sent["text"]) == ("Fwd: Broken vase", True)


@pytest.mark.covers("M-06")
def test_a_macro_runs_from_its_list_and_by_its_key(console: Console, desk: Desk) -> None:
    actions = [{"kind": "note", "text": "Checked for {{customer.name}}"}, {"kind": "priority", "priority": "high"}]
    desk.ask("POST", "/macros", {"title": "Check", "key": "mod+8", "scope": "everybody", "actions": actions})
    id = Customer(desk, "Mona Macro").writes("Check this")["conversation_id"]
    console.go(f"/inbox/all/{id}")
    expect(console.message("Check this")).to_be_visible()
    console.page.keyboard.press("m")
    console.page.get_by_role("combobox", name="Find a macro").fill("che")
    console.page.keyboard.press("Enter")

    expect(console.message("Checked for Mona Macro")).to_be_visible()
    expect(console.page.get_by_role("button", name="Priority: High")).to_be_visible()
    console.page.keyboard.press("Control+8")
    expect(console.message("Checked for Mona Macro")).to_have_count(2)


@pytest.mark.covers("M-03")
def test_what_is_sent_before_the_ways_are_known_is_sent_as_soon_as_they_are(console: Console, desk: Desk) -> None:
    held: list[Route] = []

    def held_back(route: Route) -> None:
        held.append(route)

    id = Customer(desk).writes("Fast fingers")["conversation_id"]
    console.page.route("**/reply-options", held_back)
    console.go(f"/inbox/all/{id}")
    expect(console.log).to_be_visible()
    console.page.keyboard.press("r")
    field_of(console).press_sequentially("Faster than the net")
    console.page.keyboard.press("Control+Enter")
    expect(field_of(console)).to_have_value("Faster than the net")

    for route in held:
        route.continue_()

    sent_by(desk, id, "Faster than the net")


@pytest.mark.covers("M-03", "M-44")
def test_enter_in_the_middle_of_a_chinese_word_sends_nothing(console: Console, desk: Desk) -> None:
    id = Customer(desk).writes("请用中文")["conversation_id"]
    field = answer(console, id, note=True)
    field.press_sequentially("好")
    composing = {"key": "Enter", "ctrlKey": True, "isComposing": True, "bubbles": True, "cancelable": True}
    field.dispatch_event("keydown", composing)
    field.dispatch_event("keydown", {**composing, "isComposing": False, "keyCode": 229})
    field.press_sequentially("的")
    assert len(desk.said(id)) == 1
    field.press("Control+Enter")
    expect(console.message("好的")).to_be_visible()
    assert [one["text"] for one in desk.said(id)][1:] == ["好的"]
