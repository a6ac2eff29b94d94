"""Settings as an administrator uses them, the profile as everybody does, and signing in with a second factor."""

import base64
import hashlib
import hmac
import re
import time
from uuid import uuid4

import pytest
from playwright.sync_api import BrowserContext, Dialog, Locator, Page, expect

from tests.e2e.conftest import Problems
from tests.e2e.desks import Desk, eventually
from tests.e2e.mails import Customer
from tests.e2e.pages import PASSWORD, Console, add_user, sign_in_quietly
from tests.e2e.places import WIDE

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def console(page: Page, context: BrowserContext, desk: Desk) -> Console:
    """A new administrator's, to whom nothing is offered."""
    name = f"s{uuid4().hex[:8]}"
    add_user(desk, name, "administrator", display_name=f"Sela {name}")
    token = sign_in_quietly(context, desk, name)
    away = {"data": {"state": "away"}, "headers": {"X-CSRF-Token": token}}
    assert context.request.put(f"{desk.url}/api/v1/me/presence", **away).ok
    page.set_viewport_size(WIDE)
    return Console(page, desk)


def dialog(console: Console, name: str) -> Locator:
    return console.page.get_by_role("dialog", name=name, exact=True)


def save(form: Locator) -> None:
    form.get_by_role("button", name="Save").click()
    expect(form).to_have_count(0)


@pytest.mark.covers("M-40", "M-10")
def test_a_calendar_is_made_and_given_to_a_queue(console: Console, desk: Desk) -> None:
    page, name = console.page, f"Shop {uuid4().hex[:6]}"
    console.go("/settings/hours")
    page.get_by_role("button", name="New calendar").click()
    form = dialog(console, "New calendar")
    form.get_by_role("textbox", name="Name", exact=True).fill(name)
    form.get_by_label("Time zone").fill("Europe/Berlin")
    save(form)
    expect(page.get_by_role("button", name=re.compile(name))).to_contain_text("Europe/Berlin")

    console.go("/settings/queues")
    page.get_by_role("button", name="New queue").click()
    form = dialog(console, "New queue")
    form.get_by_label("Name").fill(f"Queue of {name}")
    form.get_by_label("Business hours").select_option(label=name)
    form.get_by_label("First answer within (minutes)").fill("30")
    form.get_by_label("E-mail · English").fill("We are back at nine.")
    save(form)

    [calendar] = [one for one in desk.ask("GET", "/calendars") if one["name"] == name]
    [queue] = [one for one in desk.ask("GET", "/queues") if one["name"] == f"Queue of {name}"]
    assert (queue["calendar_id"], queue["first_response_minutes"]) == (calendar["id"], 30)
    assert queue["after_hours"]["email"]["en"] == "We are back at nine."


@pytest.mark.covers("M-05")
def test_a_canned_reply_that_was_made_here_is_called_up_in_an_answer(console: Console, desk: Desk) -> None:
    page, word = console.page, f"refund{uuid4().hex[:4]}"
    console.go("/settings/canned")
    page.get_by_role("button", name="New canned reply").click()
    form = dialog(console, "New canned reply")
    form.get_by_label("Title").fill(f"About {word}")
    form.get_by_label("Shortcut").fill(word)
    form.get_by_label("Text").fill("Dear ")
    form.get_by_role("button", name="Insert a variable").click()
    page.get_by_role("menuitem", name="Name of the customer").click()
    expect(form.get_by_label("Text")).to_have_value("Dear {{customer.name}}")
    expect(form.get_by_text("Dear Emma Clarke")).to_be_visible()
    save(form)

    id = Customer(desk, "Rita Refund").writes("My money")["conversation_id"]
    console.go(f"/inbox/all/{id}")
    page.get_by_role("button", name=re.compile("^Reply(?! by)")).click()
    field = page.get_by_role("textbox", name=re.compile("^Reply "))
    field.press_sequentially(f"/{word}")
    expect(page.get_by_role("option", name=f"About {word} /{word}")).to_be_visible()
    field.press("Enter")
    expect(field).to_have_text("Dear Rita Refund")


@pytest.mark.covers("M-06")
def test_a_macro_that_was_made_here_runs(console: Console, desk: Desk) -> None:
    page, name = console.page, f"Settle {uuid4().hex[:6]}"
    console.go("/settings/macros")
    page.get_by_role("button", name="New macro").click()
    form = dialog(console, "New macro")
    form.get_by_label("Title").fill(name)
    form.get_by_label("Action 1").select_option(label="Leave a note")
    form.get_by_label("Text").fill("Settled.")
    form.get_by_role("button", name="Add an action").click()
    form.get_by_label("Action 2").select_option(label="Close")
    save(form)
    expect(page.get_by_role("button", name=re.compile(name))).to_contain_text("Leave a note → Close")

    id = Customer(desk).writes("Settle this")["conversation_id"]
    console.go(f"/inbox/all/{id}")
    expect(console.log).to_contain_text("Settle this")
    page.keyboard.press("m")
    page.get_by_role("combobox", name="Find a macro").fill(name)
    page.keyboard.press("Enter")
    eventually(lambda: desk.ask("GET", f"/conversations/{id}")["state"] == "closed")
    assert "Settled." in [one["text"] for one in desk.said(id)]


def code_of(secret: str, *, ahead: int = 0) -> str:
    """What a device shows, `ahead` steps of thirty seconds from now (RFC 6238, RFC 4226 §5.3)."""
    counter = (int(time.time()) // 30 + ahead).to_bytes(8, "big")
    digest = hmac.digest(base64.b32decode(secret), counter, hashlib.sha1)
    at = digest[-1] & 15
    return f"{(int.from_bytes(digest[at : at + 4], 'big') & 0x7FFFFFFF) % 1_000_000:06}"


@pytest.mark.covers("M-35")
def test_a_second_factor_is_set_up_and_asked_for_from_then_on(
    page: Page, context: BrowserContext, desk: Desk, problems: Problems
) -> None:
    problems.allow(r"422 .*/me/totp/confirm")
    problems.allow("401")  # what was still asked for when the session ended
    name = f"t{uuid4().hex[:8]}"
    add_user(desk, name, "agent")
    sign_in_quietly(context, desk, name)
    page.set_viewport_size(WIDE)
    page.goto(f"{desk.url}/settings/profile")
    page.get_by_role("button", name="Set it up").click()
    picture = page.get_by_role("img", name="QR code for your authenticator app")
    assert eventually(lambda: picture.evaluate("(one) => one.complete && one.naturalWidth")) > 50
    secret = page.locator("code").filter(has_text=re.compile("^[A-Z2-7]{32}$")).inner_text()
    page.get_by_label("Authentication code").fill("000000" if code_of(secret) != "000000" else "111111")
    page.get_by_role("button", name="Switch it on").click()
    expect(page.get_by_text("This code is wrong, or was used already.")).to_be_visible()
    page.get_by_label("Authentication code").fill(code_of(secret))
    page.get_by_role("button", name="Switch it on").click()
    recovery = page.get_by_role("list", name="Your recovery codes").get_by_role("listitem")
    expect(recovery).to_have_count(10)
    kept = recovery.first.inner_text()
    page.get_by_role("button", name="I have kept them").click()
    expect(page.get_by_text("10 recovery codes left")).to_be_visible()

    def sign_in() -> None:
        context.clear_cookies()
        page.goto(f"{desk.url}/")
        page.get_by_label("User name").fill(name)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_label("Authentication code")).to_be_focused()

    sign_in()
    page.get_by_label("Authentication code").fill(code_of(secret, ahead=1))  # the present one has been used; sent without a click
    expect(page.get_by_role("heading", name="Inbox")).to_be_visible()
    sign_in()
    page.get_by_role("button", name="No phone at hand? Use a recovery code").click()
    page.get_by_label("Recovery code").fill(kept)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Inbox")).to_be_visible()


@pytest.mark.covers("M-35")
def test_what_went_wrong_at_the_provider_is_told_and_leaves_the_address(page: Page, desk: Desk) -> None:
    page.goto(f"{desk.url}/?sign_in_error=sign_on_refused")
    expect(page.get_by_role("alert")).to_have_text("The provider knows you, but this hub does not. Ask an administrator.")
    expect(page).not_to_have_url(re.compile("sign_in_error"))


@pytest.mark.covers("M-35")
def test_other_browsers_are_listed_and_signed_out(console: Console, desk: Desk) -> None:
    page = console.page
    name = page.request.get(f"{desk.url}/api/v1/session").json()["user"]["name"]
    agent = {"User-Agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0"}
    page.request.post(f"{desk.url}/api/v1/session", data={"name": name, "password": PASSWORD}, headers=agent)
    sign_in_quietly(page.context, desk, name)  # the page's own again
    console.go("/settings/profile")
    expect(page.get_by_text("Firefox 145 · Windows")).to_be_visible()
    page.get_by_role("button", name=re.compile("^Sign out all 2 other browsers")).click()
    expect(page.get_by_text("Firefox 145 · Windows")).to_have_count(0)
    expect(page.get_by_text("this browser")).to_be_visible()


@pytest.mark.covers("M-40")
def test_nothing_unsaved_is_lost_by_a_stray_key_a_link_or_a_closed_window(console: Console) -> None:
    page = console.page
    console.go("/settings/teams")
    page.get_by_role("button", name="New team").click()
    form = dialog(console, "New team")
    form.get_by_label("Name").fill("Half a team")
    page.keyboard.press("Escape")
    expect(form.get_by_role("alert")).to_contain_text("not saved")
    page.keyboard.press("Escape")
    expect(form).to_have_count(0)

    console.go("/settings/profile")
    page.get_by_role("textbox", name="Name", exact=True).fill("Somebody else")
    page.get_by_role("link", name="Queues").click()
    ask = dialog(console, "Leave without saving?")
    ask.get_by_role("button", name="Stay here").click()
    expect(ask).to_have_count(0)
    expect(page.get_by_role("textbox", name="Name", exact=True)).to_have_value("Somebody else")

    asked: list[str] = []

    def stay(box: Dialog) -> None:
        asked.append(box.type)
        box.accept()

    page.on("dialog", stay)
    page.reload()
    assert asked == ["beforeunload"]
    page.get_by_role("textbox", name="Name", exact=True).fill("Somebody else")
    page.get_by_role("link", name="Queues").click()
    ask.get_by_role("button", name="Leave, discard it").click()
    expect(page.get_by_role("heading", name="Queues")).to_be_visible()


@pytest.mark.covers("M-36")
def test_what_the_audit_log_keeps_as_codes_and_ids_is_said_in_both_languages(
    console: Console, desk: Desk, context: BrowserContext
) -> None:
    page, mark = console.page, uuid4().hex[:6]
    mail = {"name": f"Mail {mark}", "provider": "mail", "settings": {"address": f"{mark}@example.com"}, "enabled": False}
    account = desk.ask("POST", "/accounts", mail)
    settings = account["settings"] | {"signature_text": "Ours", "smtp_password": "pssst"}
    desk.ask("PATCH", f"/accounts/{account['id']}", {"settings": settings, "version": account["version"]})
    role = desk.ask("POST", "/roles", {"name": f"Role {mark}", "rights": ["customers.read"]})
    desk.ask("PATCH", f"/roles/{role['id']}", {"rights": ["customers.read", "audit.read"], "version": role["version"]})
    user_id = add_user(desk, f"u{mark}", "agent")
    user = desk.ask("GET", f"/users/{user_id}")
    desk.ask("PATCH", f"/users/{user_id}", {"role_ids": [role["id"]], "display_name": f"Una {mark}", "version": user["version"]})
    team = desk.ask("POST", "/teams", {"name": f"Team {mark}"})
    desk.ask("PATCH", f"/teams/{team['id']}", {"name": f"Team {mark}", "member_ids": [user_id], "version": team["version"]})

    code = re.compile(r"settings\.|\b[a-z]+_[a-z_]+\b|\b[a-z]+\.[a-z]+\b|[0-9a-f]{8}-[0-9a-f]{4}-")
    said = {
        "en": [
            "Changed: Signature (plain text), SMTP password",
            "Added: Read the audit log",
            f"Roles: Role {mark}",
            "Members: ",
        ],
        "zh-CN": ["修改内容: 签名（纯文本）, SMTP 密码", "新增: 查看审计日志", f"角色: Role {mark}", f"成员: Una {mark}"],
    }
    for locale, lines in said.items():
        token = context.request.get(f"{desk.url}/api/v1/session").json()["csrf_token"]
        assert context.request.patch(f"{desk.url}/api/v1/me", data={"locale": locale}, headers={"X-CSRF-Token": token}).ok
        console.go("/settings/audit")
        rows = page.get_by_role("row")
        expect(rows.filter(has_text=f"Mail {mark}").first).to_be_visible()
        told = "\n".join(rows.all_inner_texts()[:10])
        assert [line for line in lines if line not in told] == [], told
        assert code.findall(told) == [], told


@pytest.mark.covers("M-36")
def test_the_audit_log_is_read_in_words_and_narrowed(console: Console, desk: Desk) -> None:
    page, name = console.page, f"tag {uuid4().hex[:6]}"
    console.go("/settings/tags")
    page.get_by_role("button", name="New tag").click()
    form = dialog(console, "New tag")
    form.get_by_label("Name").fill(name)
    save(form)

    console.go("/settings/audit")
    row = page.get_by_role("row", name=re.compile(name))
    expect(row).to_contain_text("Created a tag")
    page.get_by_label("What", exact=True).select_option(label="Deleted a tag")
    expect(row).to_have_count(0)
    page.get_by_label("What", exact=True).select_option(label="Created a tag")
    expect(row).to_be_visible()
    expect(page).to_have_url(re.compile("action=tag.add"))
    page.get_by_label("To day").fill("2020-01-01")
    expect(page.get_by_text("Nothing found")).to_be_visible()
    page.get_by_role("button", name="Show everything").click()
    expect(row).to_be_visible()


@pytest.mark.covers("M-40", "M-30")
def test_a_site_is_seen_as_it_will_look_before_it_is_saved(console: Console, desk: Desk) -> None:
    page = console.page
    console.go("/settings/accounts")
    page.get_by_role("button", name=re.compile("Camellia shop")).click()
    form = dialog(console, "Camellia shop")
    panel = form.frame_locator("iframe")
    form.get_by_label("Greeting (English)").fill("Ahoy there")
    expect(panel.get_by_text("Ahoy there")).to_be_attached()
    form.get_by_label("What to show").select_option(label="Nobody there")
    form.get_by_label("When nobody is online (English)").fill("Gone fishing")
    expect(panel.get_by_text("Gone fishing").first).to_be_attached()
    expect(form.locator("pre")).to_contain_text("loader.js")
    assert page.evaluate("document.activeElement.tagName") != "IFRAME"
