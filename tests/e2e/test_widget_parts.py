"""What the widget can do beside talking, in a real browser against a real hub."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, BrowserContext, Frame, Page, expect

from tests.e2e.conftest import HostSite
from tests.e2e.desks import Desk, eventually
from tests.e2e.sites import host_page, put_settings
from tests.e2e.visitors import OPEN_ROOTS, Chat

Accessible = Callable[[Page | Frame], None]


class Shop:
    """A page of somebody's shop; `visit` opens it with the site set as given."""

    def __init__(self, page: Page, desk: Desk, host: HostSite, site_id: str) -> None:
        self.page, self.desk, self.host, self.site_id = page, desk, host, site_id
        self.chat = Chat(page)

    def visit(self, path: str = "/", *, html: str = "", attributes: str = "", **settings: Any) -> Chat:
        put_settings(self.desk, self.site_id, {"allowed_origins": [self.host.origin], **settings})
        page = host_page(self.desk, self.site_id, "en", attributes)
        for known in ("/", "/next"):
            self.host.pages[known] = page.replace('<html lang="en">', f'<html lang="en" {html}>')
        self.page.goto(self.host.origin + path)
        return self.chat

    def talks(self) -> tuple[str, str]:
        """Say something, and be answered: what was said, and the conversation."""
        text = f"said {uuid4()}"
        self.chat.open()
        self.chat.say(text)
        asked = self.desk.message(text)
        self.desk.answer(asked["conversation_id"], f"answer to {text}")
        self.chat.shows(f"answer to {text}")
        return text, asked["conversation_id"]

    def stored(self) -> list[str]:
        """The names of what lies in the page's storage."""
        keys: list[str] = self.page.evaluate("Object.keys(localStorage)")
        return sorted(key.rpartition(":")[2] for key in keys)


@pytest.fixture
def shop(page: Page, context: BrowserContext, desk: Desk, host_site: HostSite, site: dict[str, Any]) -> Shop:
    """Somebody's shop with the widget."""
    context.add_init_script(OPEN_ROOTS)
    return Shop(page, desk, host_site, site["id"])


@pytest.mark.covers("M-30")
def test_what_a_site_must_know_is_asked_before_the_first_message_and_once(shop: Shop, accessible: Accessible) -> None:
    chat, text = shop.visit(ask_name="optional", ask_email="required", offline_contact="off"), f"pre-chat {uuid4()}"
    chat.open()
    email = chat.panel.get_by_role("textbox", name="E-mail for our answer")
    expect(chat.panel.get_by_role("textbox", name="Your name (optional)")).to_be_visible()
    accessible(chat.frame)
    chat.say(text)
    expect(email).to_be_focused()
    assert shop.desk.messages(text) == []

    email.fill("ann@example.com")
    chat.box.press("Enter")
    assert shop.desk.message(text)["extra"]["email"] == "ann@example.com"
    expect(email).to_have_count(0)
    shop.page.reload()
    chat.shows(text)
    expect(email).to_have_count(0)


@pytest.mark.covers("M-30")
def test_what_is_asked_since_the_page_was_opened_is_asked_when_the_server_wants_it(shop: Shop) -> None:
    chat, text = shop.visit(offline_contact="off"), f"pre-chat {uuid4()}"
    chat.open()
    put_settings(shop.desk, shop.site_id, {"ask_name": "required"})
    shop.page.wait_for_timeout(700)  # until the server has it; no page is told
    chat.say(text)
    expect(chat.panel.get_by_text("Not sent: please fill in the fields below first.")).to_be_visible()
    assert shop.desk.messages(text) == []

    chat.panel.get_by_role("textbox", name="Your name").fill("Ann Lee")
    chat.panel.get_by_role("button", name="Try again").click()
    assert shop.desk.message(text)["from"]["name"] == "Ann Lee"
    expect(chat.panel.get_by_text("Not sent")).to_have_count(0)
    expect(chat.panel.get_by_role("textbox", name="Your name")).to_have_count(0)


@pytest.mark.covers("M-30")
def test_while_nobody_is_there_a_message_needs_one_way_to_be_answered(shop: Shop) -> None:
    chat, text = shop.visit(offline_contact="required"), f"offline {uuid4()}"
    chat.open()
    expect(chat.panel.get_by_text("How can we reach you?")).to_be_visible()
    chat.say(text)
    expect(chat.panel.get_by_role("textbox", name="E-mail for our answer", exact=True)).to_be_focused()
    chat.panel.get_by_role("textbox", name="Phone for our answer").fill("+44 20 7946 0000")
    chat.box.press("Enter")
    assert shop.desk.message(text)["extra"]["phone"] == "+44 20 7946 0000"


@pytest.mark.covers("M-30")
def test_nothing_is_sent_or_stored_before_the_visitor_agrees(shop: Shop, accessible: Accessible) -> None:
    sockets: list[str] = []
    shop.page.on("websocket", lambda socket: sockets.append(socket.url))
    chat = shop.visit(
        consent_en="We keep what you write: https://shop.example/privacy", consent_zh="", invitations=["60 || Hello!"]
    )
    chat.launcher.click()
    agree = chat.panel.get_by_role("button", name="Agree and begin")
    expect(agree).to_be_focused()
    accessible(chat.frame)
    assert (sockets, shop.stored()) == ([], [])

    agree.click()
    expect(chat.box).to_be_focused()
    assert len(sockets) == 1
    shop.page.reload()
    expect(chat.box).to_be_visible()
    expect(agree).to_have_count(0)


@pytest.mark.covers("M-30")
def test_an_invitation_comes_by_rule_once_a_visit_and_never_again_if_so_wished(shop: Shop, accessible: Accessible) -> None:
    chat = shop.visit(invitations=["0 | /next | Can we help you choose? | 需要帮您挑选吗？"])
    invitation = shop.page.locator("hub-chat p")
    shop.page.wait_for_timeout(800)
    expect(invitation).to_have_count(0)
    shop.page.get_by_role("link", name="next").click()
    expect(invitation).to_contain_text("Can we help you choose?")
    accessible(shop.page)
    shop.page.reload()
    expect(chat.launcher).to_be_visible()
    shop.page.wait_for_timeout(1500)
    expect(invitation).to_have_count(0)

    shop.page.evaluate("Object.keys(localStorage).filter((k) => k.endsWith(':visit')).forEach((k) => localStorage.removeItem(k))")
    shop.page.reload()
    invitation.get_by_role("button", name="Do not ask again").click()
    expect(invitation).to_have_count(0)
    shop.page.evaluate("Object.keys(localStorage).filter((k) => k.endsWith(':visit')).forEach((k) => localStorage.removeItem(k))")
    shop.page.reload()
    shop.page.wait_for_timeout(1500)
    expect(invitation).to_have_count(0)


@pytest.mark.covers("M-30")
def test_an_invitation_opens_the_chat(shop: Shop) -> None:
    widget = shop.desk.widget_url  # on a page that allows nothing else
    shop.host.policy = f"default-src 'none'; script-src {widget}; frame-src {widget}"
    chat = shop.visit(invitations=["0 || Hello!"])
    shop.page.locator("hub-chat p").get_by_role("button", name="Hello!").click()
    expect(chat.box).to_be_focused()
    expect(shop.page.locator("hub-chat p")).to_have_count(0)


@pytest.mark.covers("M-18")
def test_one_tap_rates_a_conversation_that_is_over_and_another_one_changes_it(shop: Shop, accessible: Accessible) -> None:
    chat = shop.visit()
    _, talk = shop.talks()
    expect(chat.panel.get_by_text("How did we do?")).to_have_count(0)
    shop.desk.ask("PATCH", f"/conversations/{talk}", {"state": "closed"})
    stars = chat.panel.get_by_role("group", name="How did we do?").get_by_role("radio")
    expect(stars).to_have_count(5)
    chat.panel.get_by_role("radio", name="4 of 5").check(force=True)
    expect(chat.panel.get_by_text("Thank you!")).to_be_visible()
    eventually(lambda: (shop.desk.ask("GET", f"/conversations/{talk}")["rating"] or {}).get("stars") == 4)
    accessible(chat.frame)

    chat.panel.get_by_role("radio", name="4 of 5").press("ArrowRight")
    eventually(lambda: shop.desk.ask("GET", f"/conversations/{talk}")["rating"]["stars"] == 5)
    chat.panel.get_by_role("textbox", name="Anything to add?").fill("quick and kind")
    chat.panel.get_by_role("textbox", name="Anything to add?").press("Enter")
    eventually(lambda: shop.desk.ask("GET", f"/conversations/{talk}")["rating"]["comment"] == "quick and kind")
    shop.page.reload()
    expect(chat.panel.get_by_role("radio", name="5 of 5")).to_be_checked()


@pytest.mark.covers("M-30")
def test_a_transcript_is_sent_to_the_visitor(shop: Shop, accessible: Accessible) -> None:
    chat = shop.visit()
    text, talk = shop.talks()
    chat.choose("Send this chat by e-mail")
    chat.panel.get_by_role("textbox", name="E-mail address").fill("ann@example.com")
    accessible(chat.frame)
    chat.panel.get_by_role("group", name="Options").get_by_role("button", name="Send", exact=True).click()
    expect(chat.panel.get_by_text("On its way to ann@example.com")).to_be_visible()
    [mail] = [said for said in shop.desk.said(talk) if said["channel"] == "email"]
    assert (mail["direction"], mail["to"][0]["address"]) == ("out", "ann@example.com")
    assert text in mail["text"]


@pytest.mark.covers("M-30")
def test_a_visitor_deletes_his_chat(shop: Shop, accessible: Accessible) -> None:
    chat = shop.visit()
    text, talk = shop.talks()
    chat.choose("Delete my chat")
    expect(chat.panel.get_by_text("This cannot be undone")).to_be_visible()
    accessible(chat.frame)
    shop.page.keyboard.press("Escape")
    chat.panel.get_by_role("button", name="Delete my chat").click()
    chat.panel.get_by_role("button", name="Delete for good").click()
    chat.shows(text, times=0)
    expect(chat.box).to_be_visible()

    eventually(lambda: shop.desk.messages(text) == [])
    said = shop.desk.said(talk)
    assert [message["text"] for message in said if message["direction"] == "in"] == [""]
    assert any(message["extra"].get("event") == "erased" for message in said)
    shop.page.reload()
    expect(chat.box).to_be_visible()
    chat.shows(text, times=0)


@pytest.mark.covers("M-14", "M-30")
def test_a_visitor_sees_who_answers_and_that_he_was_read(shop: Shop) -> None:
    chat, text = shop.visit(), f"read me {uuid4()}"
    chat.open()
    chat.say(text)
    asked = shop.desk.message(text)
    expect(chat.panel.get_by_text("in line")).to_be_visible()
    me = shop.desk.ask("GET", "/agents")[0]
    shop.desk.ask("PUT", f"/conversations/{asked['conversation_id']}/assignee", {"agent_id": me["id"]})
    expect(chat.panel.get_by_text(f"You are talking with {me['display_name']}")).to_be_visible()


@pytest.mark.covers("M-30")
def test_the_page_steers_the_chat_and_hears_of_it(shop: Shop) -> None:
    chat = shop.visit()
    page = shop.page
    page.evaluate("window.heard = []; for (const e of ['open', 'close', 'unread']) hub('on', e, (v) => heard.push([e, v]))")
    page.evaluate("hub('toggle')")
    expect(chat.box).to_be_focused()
    page.evaluate("hub('setLocale', 'zh-CN')")
    expect(chat.panel.get_by_role("textbox", name="输入消息")).to_be_visible()
    expect(chat.launcher).to_have_accessible_name("关闭聊天")
    text = f"api {uuid4()}"
    chat.say(text)
    asked = shop.desk.message(text)
    page.evaluate("hub('close'); hub('off', 'close'); hub('page', {url: 'https://shop.example/virtual', title: 'Virtual'})")
    shop.desk.answer(asked["conversation_id"], "news")
    page.wait_for_function("hub('unread') === 1")
    assert page.evaluate("heard") == [["open", None], ["close", None], ["unread", 1]]


@pytest.mark.covers("M-30")
def test_a_site_has_its_own_words_place_and_theme_also_from_right_to_left(shop: Shop, accessible: Accessible) -> None:
    chat = shop.visit(
        html='dir="rtl"', theme="dark", position="left", offset_side=40, offset_bottom=100,
        texts_en=["write = Write to the florists", "open = Ask a florist"],
    )  # fmt: skip
    expect(chat.launcher).to_have_accessible_name("Ask a florist")
    box = chat.launcher.bounding_box()
    viewport = shop.page.viewport_size
    assert box is not None
    assert viewport is not None
    assert (box["x"], viewport["height"] - box["y"] - box["height"]) == (40, 100)
    chat.launcher.click()
    expect(chat.panel.get_by_role("textbox", name="Write to the florists")).to_be_focused()
    assert chat.frame.evaluate("[document.dir, document.documentElement.dataset.theme]") == ["rtl", "dark"]
    close, title = chat.panel.get_by_role("button", name="Close chat"), chat.panel.get_by_role("heading")
    close_at, title_at = close.bounding_box(), title.bounding_box()
    assert close_at is not None
    assert title_at is not None
    assert close_at["x"] < title_at["x"]
    accessible(chat.frame)


@pytest.mark.covers("M-30")
def test_on_a_phone_back_closes_the_chat_and_the_button_may_be_hidden(shop: Shop, context: BrowserContext) -> None:
    context.add_init_script("delete window.CloseWatcher")  # as in Safari
    shop.page.set_viewport_size({"width": 390, "height": 844})
    chat = shop.visit(position_phone="hidden")
    shop.page.wait_for_function("typeof hub === 'function'")
    shop.page.wait_for_timeout(300)
    expect(chat.launcher).to_be_hidden()
    shop.page.evaluate("hub('open')")
    expect(chat.box).to_be_visible()
    shop.page.wait_for_function("history.state?.hubChat")
    shop.page.go_back()
    expect(shop.page.locator("hub-chat iframe")).to_be_hidden()
    assert shop.page.url == f"{shop.host.origin}/"
    shop.page.evaluate("hub('open'); hub('close')")
    shop.page.wait_for_function("!history.state?.hubChat")


@pytest.mark.covers("M-30")
def test_an_answer_sounds_only_for_who_has_used_the_chat_and_wants_it(shop: Shop, context: BrowserContext) -> None:
    context.add_init_script("const make = AudioContext.prototype.createOscillator; window.tones = 0;"
                            "AudioContext.prototype.createOscillator = function () { tones++; return make.call(this) }")  # fmt: skip
    chat = shop.visit()
    _, talk = shop.talks()
    chat.launcher.click()
    shop.desk.answer(talk, "first")
    eventually(lambda: shop.page.wait_for_timeout(20) or chat.frame.evaluate("tones") == 2)
    chat.open()
    chat.choose()
    chat.panel.get_by_role("switch", name="Sound for new messages").uncheck()
    chat.panel.get_by_role("button", name="Back to the chat").click()
    chat.launcher.click()
    shop.desk.answer(talk, "second")
    expect(chat.launcher).to_have_accessible_name("Open chat (1 new)")
    assert chat.frame.evaluate("tones") == 2


_GIVE = """(target, kind) => {
    const data = new DataTransfer()
    data.items.add(new File(['hello'], `${kind}.txt`, { type: 'text/plain' }))
    const named = kind === 'paste' ? { clipboardData: data } : { dataTransfer: data }
    const event = kind === 'paste' ? ClipboardEvent : DragEvent
    target.dispatchEvent(new event(kind, { ...named, bubbles: true, cancelable: true }))
}"""


@pytest.mark.covers("M-30")
@pytest.mark.parametrize("kind", ["paste", "drop"])
def test_files_are_pasted_and_dropped(shop: Shop, kind: str) -> None:
    chat, text = shop.visit(), f"{kind} {uuid4()}"
    chat.open()
    chat.box.evaluate(_GIVE, kind)
    expect(chat.panel.get_by_role("button", name=f"Remove {kind}.txt")).to_be_visible()
    expect(chat.panel.locator("progress")).to_have_count(0)
    chat.say(text)
    assert [file["filename"] for file in shop.desk.message(text)["attachments"]] == [f"{kind}.txt"]


@pytest.mark.covers("M-30")
def test_on_a_touched_device_a_photo_can_be_taken(
    browser: Browser, desk: Desk, host_site: HostSite, site: dict[str, Any]
) -> None:
    phone = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    phone.add_init_script(OPEN_ROOTS)
    chat = Shop(phone.new_page(), desk, host_site, site["id"]).visit()
    chat.launcher.tap()
    with chat.page.expect_file_chooser() as chooser:
        chat.panel.get_by_role("button", name="Take a photo").tap()
    assert chooser.value.element.get_attribute("capture") == "environment"
    phone.close()


@pytest.mark.covers("M-40")
def test_the_console_can_show_a_site_before_it_is_saved(page: Page, desk: Desk, site: dict[str, Any]) -> None:
    page.goto(f"{desk.url}/demo")
    page.evaluate(
        """([widget, site]) => new Promise((ready) => {
            const frame = document.createElement('iframe')
            frame.id = 'preview'
            frame.src = `${widget}/widget/v1/frame?site=${site}&preview#en`
            addEventListener('message', ({ data }) => {
                if (data !== 'hub:preview') return
                const settings = { name: 'Not saved', color: '#facc15', greeting_en: 'Welcome' }
                frame.contentWindow.postMessage({ hub: 'preview', settings, locale: 'en', theme: 'dark' }, widget)
                ready()
            })
            document.body.append(frame)
        })""",
        [desk.widget_url, site["id"]],
    )
    preview = page.frame_locator("#preview")
    expect(preview.get_by_role("heading", name="Not saved")).to_be_visible()
    expect(preview.get_by_text("Welcome")).to_be_visible()
    expect(preview.get_by_text("Yes, if you order before three.")).to_be_visible()
    expect(preview.locator("header")).to_have_css("background-color", "rgb(250, 204, 21)")
