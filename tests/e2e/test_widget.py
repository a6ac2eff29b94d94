"""The widget as a visitor has it, in a real browser against a real hub."""

import hashlib
import io
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import jwt
import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Frame, Page, expect

from tests.e2e.conftest import HostSite, Problems
from tests.e2e.desks import Desk, eventually
from tests.e2e.sites import host_page, put_settings
from tests.e2e.visitors import OPEN_ROOTS, Chat

Accessible = Callable[[Page | Frame], None]


class Agent:
    """Somebody signed in at the desk."""

    def __init__(self, browser: Browser, desk: Desk) -> None:
        self.context = browser.new_context()
        signed_in = self.context.request.post(f"{desk.url}/api/v1/session", data={"name": "admin", "password": desk.password})
        assert signed_in.ok
        self.page = self.context.new_page()
        self.page.goto(f"{desk.url}/demo/mailbox")

    def types(self, conversation_id: str) -> None:
        """Over the socket, as the console does."""
        self.page.evaluate(
            """(said) => new Promise((done) => {
                const ws = new WebSocket(location.origin.replace('http', 'ws') + '/socket.io/?EIO=4&transport=websocket')
                ws.onmessage = ({ data }) => {
                    if (data[0] === '0') ws.send('40/agent,{}')
                    if (data.startsWith('42/agent,["hello"')) ws.send('42/agent,1' + JSON.stringify(['typing', said]))
                    if (data.startsWith('43/agent,1')) done(data)
                }
            })""",
            {"conversation_id": conversation_id, "typing": True},
        )


@pytest.fixture
def agent(browser: Browser, desk: Desk) -> Iterator[Agent]:
    """The administrator, in a browser of their own."""
    found = Agent(browser, desk)
    yield found
    found.context.close()


@pytest.mark.covers("W-01", "W-03", "M-14")
def test_a_visitor_talks_with_an_agent_and_finds_it_all_after_a_reload(visitor: Chat, desk: Desk, agent: Agent) -> None:
    question, answer = f"今天能送到吗 {uuid4()}", f"可以的，下午三点前 {uuid4()}"
    visitor.open()
    visitor.say(question)
    visitor.shows(question)
    expect(visitor.panel.get_by_text("已发送")).to_be_visible()
    asked = desk.message(question)

    agent.types(asked["conversation_id"])
    expect(visitor.panel.get_by_text("正在输入…")).to_be_visible()
    given = desk.answer(asked["conversation_id"], answer)
    visitor.shows(answer)
    expect(visitor.panel.get_by_text("正在输入…")).to_have_count(0)
    eventually(lambda: desk.ask("GET", f"/messages/{given['id']}")["status"] == "read")

    visitor.page.reload()
    visitor.shows(question)
    visitor.shows(answer)
    assert len(desk.messages(question)) == 1


@pytest.mark.covers("M-30")
def test_an_answer_to_a_closed_panel_is_counted_until_it_is_seen(visitor: Chat, desk: Desk) -> None:
    question, answer = f"q {uuid4()}", f"a {uuid4()}"
    visitor.open()
    visitor.say(question)
    asked = desk.message(question)
    visitor.panel.get_by_role("button", name="关闭聊天").click()
    expect(visitor.launcher).to_be_focused()

    given = desk.answer(asked["conversation_id"], answer)
    expect(visitor.launcher).to_have_accessible_name("打开聊天 (1 条新消息)")
    eventually(lambda: desk.ask("GET", f"/messages/{given['id']}")["status"] == "delivered")

    visitor.page.goto(f"{desk.url}/demo")  # another page of the shop
    expect(visitor.launcher).to_have_accessible_name("打开聊天 (1 条新消息)")
    visitor.open()
    visitor.shows(answer)
    eventually(lambda: desk.ask("GET", f"/messages/{given['id']}")["status"] == "read")
    visitor.launcher.click()
    expect(visitor.launcher).to_have_accessible_name("打开聊天")


@pytest.mark.covers("M-30")
def test_files_go_up_with_the_message_and_show_as_pictures(visitor: Chat, desk: Desk) -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (64, 48), "#0f766e").save(buffer, "PNG")
    content, text = buffer.getvalue(), f"photo {uuid4()}"
    visitor.open()
    with visitor.page.expect_file_chooser() as chooser:
        visitor.panel.get_by_role("button", name="添加文件").click()
    chooser.value.set_files([{"name": "花 <b>.png", "mimeType": "image/png", "buffer": content}])
    expect(visitor.panel.get_by_role("button", name="移除 花 <b>.png")).to_be_visible()
    expect(visitor.panel.locator("progress")).to_have_count(0)
    visitor.say(text)

    [stored] = desk.message(text)["attachments"]
    assert stored["sha256"] == hashlib.sha256(content).hexdigest()
    picture = visitor.log.locator("img")
    expect(picture).to_be_visible()
    eventually(lambda: picture.evaluate("(image) => image.naturalWidth") == 64)


def test_a_file_that_is_too_large_is_refused_before_it_is_sent(visitor: Chat, tmp_path: Path) -> None:
    large = tmp_path / "large.bin"
    large.write_bytes(b"\0" * (10 * 2**20 + 1))
    visitor.open()
    expect(visitor.panel.get_by_text("文件不超过 10 MB")).to_be_visible()
    with visitor.page.expect_file_chooser() as chooser:
        visitor.panel.get_by_role("button", name="添加文件").click()
    chooser.value.set_files(large)
    expect(visitor.panel.get_by_text("large.bin 超过了 10 MB")).to_be_visible()


@pytest.mark.covers("W-02", "M-30")
def test_a_visitor_chooses_a_group_on_an_english_page_with_a_strict_policy(
    page: Page, context: BrowserContext, desk: Desk, host_site: HostSite, site: dict[str, Any], accessible: Accessible
) -> None:
    queue = desk.ask("POST", "/queues", {"name": f"Roses {uuid4()}", "strategy": "longest_idle"})
    put_settings(desk, site["id"], {"allowed_origins": [host_site.origin], "offered_queues": [queue["id"]], "color": "#facc15"})
    host_site.policy = f"default-src 'none'; script-src {desk.widget_url}; frame-src {desk.widget_url}"
    host_site.pages["/"] = host_page(desk, site["id"], "en")
    context.add_init_script(OPEN_ROOTS)
    page.goto(host_site.origin)
    chat, text = Chat(page), f"roses {uuid4()}"
    chat.open()
    expect(chat.launcher).to_have_accessible_name("Close chat")
    expect(chat.launcher).to_have_css("background-color", "rgb(250, 204, 21)")
    expect(chat.launcher).to_have_css("color", "rgb(0, 0, 0)")
    accessible(page)
    accessible(chat.frame)

    chat.panel.get_by_role("radio", name=queue["name"]).check()
    chat.say(text)
    asked = desk.message(text)
    conversation = desk.ask("GET", f"/conversations/{asked['conversation_id']}")
    assert conversation["queue_id"] == queue["id"]
    expect(chat.panel.get_by_role("radio")).to_have_count(0)


@pytest.mark.covers("M-34")
def test_a_page_of_a_foreign_origin_gets_no_chat(
    page: Page, context: BrowserContext, desk: Desk, host_site: HostSite, site: dict[str, Any], problems: Problems
) -> None:
    problems.allow("frame-ancestors")
    host_site.pages["/"] = host_page(desk, site["id"], "en")
    context.add_init_script(OPEN_ROOTS)
    page.goto(host_site.origin)
    chat = Chat(page)
    chat.launcher.click()
    eventually(lambda: any("frame-ancestors" in text for text in problems.seen))
    expect(chat.panel.get_by_role("textbox")).to_have_count(0)
    assert page.evaluate("Object.keys(localStorage)") == []
    chat.launcher.click()  # it can still be closed
    expect(page.locator("hub-chat iframe")).to_be_hidden()


@pytest.mark.covers("M-44")
def test_the_keyboard_is_enough(visitor: Chat, desk: Desk) -> None:
    page, text = visitor.page, f"keys {uuid4()}"
    expect(visitor.launcher).to_be_visible()
    page.locator("nav a").last.focus()
    page.keyboard.press("Tab")
    expect(visitor.launcher).to_be_focused()
    page.keyboard.press("Enter")
    expect(visitor.box).to_be_focused()
    page.keyboard.type(text)
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("second line")
    page.keyboard.press("Enter")
    assert desk.message(text)["text"] == f"{text}\nsecond line"
    page.keyboard.press("Escape")
    expect(visitor.launcher).to_be_focused()
    expect(visitor.launcher).to_have_attribute("aria-expanded", "false")


@pytest.mark.covers("M-44")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_stands_in_the_way_of_anybody(visitor: Chat, desk: Desk, accessible: Accessible, scheme: Any) -> None:
    visitor.page.emulate_media(color_scheme=scheme)
    text = f"axe {uuid4()}"
    visitor.open()
    visitor.say(text)
    asked = desk.message(text)
    desk.answer(asked["conversation_id"], "See https://example.com/help")
    visitor.shows("See https://example.com/help")
    expect(visitor.panel.get_by_role("link")).to_have_attribute("rel", "noopener noreferrer nofollow")
    accessible(visitor.page)
    accessible(visitor.frame)


@pytest.mark.covers("M-30")
def test_on_a_phone_the_chat_fills_the_screen(visitor: Chat) -> None:
    visitor.page.set_viewport_size({"width": 390, "height": 844})
    visitor.open()
    frame = visitor.page.locator("hub-chat iframe")
    eventually(lambda: frame.bounding_box() == {"x": 0, "y": 0, "width": 390, "height": 844})
    expect(visitor.launcher).to_be_hidden()
    assert visitor.box.evaluate("(box) => parseFloat(getComputedStyle(box).fontSize)") >= 16
    visitor.panel.get_by_role("button", name="关闭聊天").click()
    expect(visitor.launcher).to_be_focused()


def test_the_host_page_cannot_reach_into_the_widget(page: Page, desk: Desk) -> None:
    page.goto(f"{desk.url}/demo")
    page.wait_for_function("document.querySelector('hub-chat')")
    assert page.evaluate("document.querySelector('hub-chat').shadowRoot") is None
    eventually(lambda: page.wait_for_timeout(20) or any("/widget/v1/frame" in frame.url for frame in page.frames))
    assert all("token" not in frame.url for frame in page.frames)


def test_commands_given_before_the_script_is_there_are_followed(
    page: Page, context: BrowserContext, desk: Desk, host_site: HostSite, site: dict[str, Any]
) -> None:
    put_settings(desk, site["id"], {"allowed_origins": [host_site.origin]})
    queue = "<script>window.hub = function () { (hub.q = hub.q || []).push(arguments) }; hub('open')</script>"
    host_site.pages["/"] = host_page(desk, site["id"], "en", 'data-launcher="hidden"').replace("<main>", f"{queue}<main>")
    context.add_init_script(OPEN_ROOTS)
    page.goto(host_site.origin)
    chat, text = Chat(page), f"reset {uuid4()}"
    expect(chat.box).to_be_focused()
    chat.say(text)
    asked = desk.message(text)
    chat.shows(text)

    page.evaluate("hub('reset')")
    chat.shows(text, times=0)
    chat.say(f"again {text}")
    again = desk.message(f"again {text}")
    assert again["conversation_id"] != asked["conversation_id"]


@pytest.mark.covers("M-30")
def test_a_site_for_signed_in_visitors_lets_in_whom_its_server_names(
    page: Page, context: BrowserContext, desk: Desk, host_site: HostSite, site: dict[str, Any]
) -> None:
    secret, name = "s" * 40, f"Lin Xia {uuid4()}"
    put_settings(desk, site["id"], {"allowed_origins": [host_site.origin], "identified_only": True, "identity_secret": secret})
    host_site.pages["/"] = host_page(desk, site["id"], "en")
    context.add_init_script(OPEN_ROOTS)
    page.goto(host_site.origin)
    chat, text = Chat(page), f"signed in {uuid4()}"
    chat.launcher.click()
    expect(chat.panel.get_by_text("Please sign in again on this site")).to_be_visible()
    expect(chat.panel.get_by_role("textbox")).to_have_count(0)

    now = int(time.time())
    claims = {"sub": str(uuid4()), "site": site["id"], "iat": now, "exp": now + 600, "name": name}
    page.evaluate("(token) => hub('identify', () => Promise.resolve(token))", jwt.encode(claims, secret, "HS256"))
    expect(chat.box).to_be_visible()
    chat.say(text)
    assert desk.message(text)["from"]["name"] == name
