"""The console as everybody has to be able to use it: both languages, light and dark, wide and narrow, by keys, within rights."""

import re
import smtplib
from collections.abc import Callable
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, BrowserContext, Frame, Page, expect

from tests.e2e.conftest import HostSite, Problems
from tests.e2e.desks import Desk, eventually, running_hub
from tests.e2e.pages import PASSWORD, Console, add_user, fits, sign_in_quietly
from tests.e2e.places import NARROW, WIDE, settled

Accessible = Callable[[Page | Frame], None]

DESK = "support@camellia.example"

pytestmark = pytest.mark.timeout(120)


@pytest.fixture(scope="module")
def administrator(desk: Desk) -> str:
    """The name of one who reads English."""
    add_user(desk, "agnes", "administrator", display_name="Agnes Bell")
    return "agnes"


@pytest.fixture
def console(page: Page, context: BrowserContext, desk: Desk, administrator: str) -> Console:
    """The administrator's, in English, on a wide screen; nothing is offered to her."""
    token = sign_in_quietly(context, desk, administrator)
    put = {"data": {"state": "away"}, "headers": {"X-CSRF-Token": token}}
    assert context.request.put(f"{desk.url}/api/v1/me/presence", **put).ok
    page.set_viewport_size(WIDE)
    return Console(page, desk)


def write_mail(desk: Desk, text: str, *, html: str = "") -> Any:
    """A customer's mail; returns the message once it is filed."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = f"Ines Vogt <ines.{uuid4().hex[:6]}@example.com>", DESK, text
    mail.set_content(text)
    if html:
        mail.add_alternative(html, subtype="html")
    with smtplib.SMTP("127.0.0.1", desk.smtp_port, timeout=20) as smtp:
        smtp.send_message(mail)
    return desk.message(text, channel="email")


@pytest.mark.covers("M-44")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_signing_in_stands_in_nobodys_way(page: Page, desk: Desk, accessible: Accessible, scheme: Any) -> None:
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size(NARROW)
    page.goto(f"{desk.url}/")
    page.get_by_label("User name").fill("nobody")
    page.get_by_label("Password").fill("a wrong password")
    with page.expect_response("**/api/v1/session"):
        page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_have_text("User name or password is wrong.")
    settled(page)
    accessible(page)
    assert fits(page)


@pytest.mark.covers("M-43", "N-06")
def test_the_language_changes_without_a_reload(console: Console) -> None:
    page = console.page
    console.go("/inbox/all")
    page.evaluate("window.stays = 1")
    page.get_by_role("button", name=re.compile("your menu")).click()
    page.get_by_role("menuitem", name="简体中文").click()
    expect(page.get_by_role("heading", name="会话", exact=True)).to_be_visible()
    page.goto(page.url)  # it is kept with the user
    expect(page.get_by_role("heading", name="会话", exact=True)).to_be_visible()
    page.evaluate("window.stays = 1")
    page.get_by_role("button", name=re.compile("Agnes Bell")).click()
    page.get_by_role("menuitem", name="English").click()
    expect(page.get_by_role("heading", name="Inbox")).to_be_visible()
    assert page.evaluate("window.stays") == 1


def test_the_first_run_page_makes_one_administrator_and_is_gone(
    page: Page, browser: Browser, tmp_path_factory: pytest.TempPathFactory, accessible: Accessible
) -> None:
    with running_hub(tmp_path_factory.mktemp("fresh"), demo=False) as fresh:
        page.goto(f"{fresh.url}/")
        settled(page)
        accessible(page)
        page.get_by_label("Name", exact=True).fill("Agnes Bell")
        page.get_by_label("User name").fill("agnes")
        page.get_by_label("Password", exact=True).fill("short")
        page.get_by_label("Password again").fill("short")
        page.get_by_role("button", name="Create administrator").click()
        expect(page.get_by_role("alert").first).to_have_text("At least 10 characters.")
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_label("Password again").fill(PASSWORD)
        page.get_by_role("button", name="Create administrator").click()
        expect(page.get_by_role("heading", name="Inbox")).to_be_visible()
        settled(page)
        accessible(page)

        other = browser.new_context(locale="en-GB").new_page()
        other.goto(f"{fresh.url}/")
        expect(other.get_by_role("heading", name="Sign in")).to_be_visible()
        again = {"name": "mallory", "display_name": "Mallory", "password": PASSWORD, "locale": "en"}
        with pytest.raises(HTTPError) as refused:
            fresh.ask("POST", "/setup", again)
        assert refused.value.code == 410
        other.context.close()


@pytest.mark.covers("M-44", "E-01")
def test_the_keyboard_is_enough_from_signing_in_to_closing(page: Page, desk: Desk, administrator: str) -> None:
    text = f"keys {uuid4()}"
    conversation_id = write_mail(desk, text)["conversation_id"]
    page.set_viewport_size(WIDE)
    page.goto(f"{desk.url}/inbox/unassigned")
    expect(page.get_by_label("User name")).to_be_focused()
    keys = page.keyboard
    keys.type(administrator)
    keys.press("Tab")
    keys.type(PASSWORD)
    keys.press("Enter")
    console = Console(page, desk)
    expect(console.row(text)).to_be_visible()

    for _ in range(20):
        keys.press("j")
        page.wait_for_url("**/inbox/unassigned/*")
        if conversation_id in page.url:
            break
    expect(console.log).to_contain_text(text)
    keys.press("r")
    expect(page.get_by_role("textbox", name=re.compile("^Reply"))).to_be_focused()
    keys.type("Answered by keys.")
    expect(page.get_by_role("button", name="Send", exact=True)).to_be_enabled()
    keys.press("Control+Enter")
    expect(console.message("Answered by keys.")).to_be_visible()
    keys.press("Escape")
    keys.press("n")
    keys.type("Noted by keys.")
    keys.press("Control+Enter")
    expect(console.message("Noted by keys.")).to_contain_text("Only for colleagues")
    keys.press("Escape")
    keys.press("e")
    eventually(lambda: desk.ask("GET", f"/conversations/{conversation_id}")["state"] == "closed")
    said = [(item["direction"], item["text"]) for item in desk.said(conversation_id) if item["direction"] in ("out", "note")]
    assert said == [("out", "Answered by keys."), ("note", "Noted by keys.")]


@pytest.mark.covers("M-34")
def test_an_agent_sees_no_settings_but_his_own(page: Page, context: BrowserContext, desk: Desk) -> None:
    name = f"arno{uuid4().hex[:6]}"
    add_user(desk, name, "agent")
    sign_in_quietly(context, desk, name)
    page.set_viewport_size(WIDE)
    page.goto(f"{desk.url}/settings/users")  # not his: he is shown what is
    expect(page.get_by_role("heading", name="Profile", exact=True)).to_be_visible()
    settled(page)
    sections = page.get_by_role("navigation", name="Settings").get_by_role("link")
    assert sections.all_inner_texts() == ["Profile", "Canned replies", "Macros"]
    page.goto(f"{desk.url}/inbox/all")
    expect(page.get_by_role("heading", name="Inbox")).to_be_visible()
    settled(page)  # and nothing was asked for that he may not have: that would be an error on the console


@dataclass(frozen=True, slots=True)
class Hostile:
    """What a mail tries, and the marks it would leave."""

    html: str
    text: str


@pytest.fixture
def hostile(host_site: HostSite) -> Hostile:
    """A mail that tries everything, with `host_site` as the sender's server."""
    host = host_site.origin
    return Hostile(
        text=f"hostile {uuid4()}",
        html=f"""
        <h1 id="mark">Dear desk</h1><style>@import url({host}/style.css); h1 {{ background: url({host}/background.png) }}</style>
        <script>top.harmed = 1; fetch("{host}/script")</script><script src="{host}/script.js"></script>
        <img src="x" onerror="top.harmed = 1"><img src="{host}/pixel.png" width="9" height="9"><svg onload="top.harmed = 1"></svg>
        <div style="background-image: url({host}/div.png)" onclick="top.harmed = 1">div</div><video src="{host}/video.mp4" autoplay></video>
        <a href="javascript:top.harmed = 1">script link</a><a href="{host}/link">link</a><base href="{host}/"><iframe src="{host}/frame"></iframe>
        <form action="{host}/form"><input name="password"><button>Sign in</button></form><meta http-equiv="refresh" content="0;url={host}/refresh">
        <link rel="stylesheet" href="{host}/link.css"><object data="{host}/object"></object><embed src="{host}/embed">""",
    )


@pytest.mark.covers("E-01")
def test_a_hostile_mail_runs_nothing_and_loads_nothing_until_asked(
    console: Console, desk: Desk, host_site: HostSite, hostile: Hostile, problems: Problems
) -> None:
    problems.allow(re.escape(host_site.origin))  # a picture that is asked for and is none
    page = console.page
    message = write_mail(desk, hostile.text, html=hostile.html)
    console.go(f"/inbox/all/{message['conversation_id']}")
    console.message(hostile.text).get_by_role("button", name="Original formatting").click()
    shown = page.frame_locator("iframe[sandbox]")
    expect(shown.get_by_text("Dear desk")).to_be_visible()
    expect(
        shown.locator("script, form, input, button, iframe, object, embed, base[href], meta[http-equiv=refresh], video")
    ).to_have_count(0)
    assert shown.locator("[onerror], [onclick], [onload]").count() == 0
    assert [link.get_attribute("href") for link in shown.get_by_role("link").all()] == [f"{host_site.origin}/link"]
    shown.get_by_text("script link").click()
    shown.get_by_text("div", exact=True).click()
    settled(page)
    assert host_site.asked == []

    page.get_by_role("button", name="Show remote images").click()
    eventually(lambda: host_site.asked)
    settled(page)
    assert host_site.asked == ["/pixel.png"]
    assert page.evaluate("window.harmed") is None
    assert Path(desk.folder, "hub.log").read_text().count("Traceback") == 0
