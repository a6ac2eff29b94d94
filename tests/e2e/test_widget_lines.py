"""The widget on bad lines: nothing is lost, nothing is doubled, and the page comes to show what the hub has."""

import time
from uuid import uuid4

from playwright.sync_api import BrowserContext, Page, WebSocketRoute, expect

from tests.e2e.conftest import Problems
from tests.e2e.desks import Desk
from tests.e2e.visitors import OPEN_ROOTS, Chat


def test_what_is_written_without_a_network_goes_out_once_when_it_is_back(
    visitor: Chat, desk: Desk, context: BrowserContext, problems: Problems
) -> None:
    problems.allow("ERR_INTERNET_DISCONNECTED")
    first, second = f"first {uuid4()}", f"second {uuid4()}"
    visitor.open()
    expect(visitor.panel.locator(".limit")).to_be_visible()
    context.set_offline(True)
    expect(visitor.panel.get_by_text("网络已断开")).to_be_visible()
    visitor.say(first)
    visitor.say(second)
    expect(visitor.panel.get_by_text("等待网络恢复…")).to_have_count(2)

    context.set_offline(False)
    expect(visitor.panel.get_by_text("等待网络恢复…")).to_have_count(0)
    expect(visitor.panel.get_by_text("网络已断开")).to_have_count(0)
    desk.message(second)
    assert [len(desk.messages(text)) for text in (first, second)] == [1, 1]
    texts = visitor.log.locator(".bubble").all_inner_texts()
    assert texts[-2:] == [first, second]


def test_a_message_whose_acknowledgement_is_lost_is_not_doubled(page: Page, context: BrowserContext, desk: Desk) -> None:
    cuts: list[str] = []

    def proxy(ws: WebSocketRoute) -> None:
        server = ws.connect_to_server()

        def from_server(frame: str | bytes) -> None:
            if len(cuts) < 2 and str(frame).startswith(("43/visitor,", '42/visitor,["event"')):
                cuts.append(str(frame))
                ws.close()
            else:
                ws.send(frame)

        server.on_message(from_server)

    context.add_init_script(OPEN_ROOTS)
    page.route_web_socket("**/socket.io/**", proxy)
    page.goto(f"{desk.url}/demo")
    chat, text = Chat(page), f"once {uuid4()}"
    chat.open()
    chat.say(text)

    expect(chat.panel.get_by_text("已发送")).to_be_visible(timeout=15_000)
    chat.shows(text)
    assert cuts
    assert len(desk.messages(text)) == 1


def test_a_message_not_yet_taken_outlives_a_reload(
    visitor: Chat, desk: Desk, page: Page, context: BrowserContext, problems: Problems
) -> None:
    problems.allow("ERR_INTERNET_DISCONNECTED")
    text = f"kept {uuid4()}"
    visitor.open()
    expect(visitor.panel.locator(".limit")).to_be_visible()
    context.set_offline(True)
    visitor.say(text)
    expect(visitor.panel.get_by_text("等待网络恢复…")).to_be_visible()
    page.goto("about:blank")
    context.set_offline(False)

    page.goto(f"{desk.url}/demo")
    desk.message(text)
    visitor.shows(text)


def test_ten_cuts_amid_traffic_leave_the_page_as_the_hub_has_it(page: Page, context: BrowserContext, desk: Desk) -> None:
    lines: list[WebSocketRoute] = []

    def proxy(ws: WebSocketRoute) -> None:
        ws.connect_to_server()
        lines.append(ws)

    context.add_init_script(OPEN_ROOTS)
    page.route_web_socket("**/socket.io/**", proxy)
    page.goto(f"{desk.url}/demo")
    chat, key = Chat(page), str(uuid4())
    chat.open()
    chat.say(f"begin {key}")
    expect(chat.panel.get_by_text("已发送")).to_be_visible()  # its frames pass through this process, which must not wait asleep
    conversation = desk.message(f"begin {key}")["conversation_id"]
    for n in range(10):
        while len(lines) <= n:  # the page is back
            page.wait_for_timeout(20)
        chat.say(f"question {n} {key}")
        desk.answer(conversation, f"answer {n} {key}")
        lines[-1].close()
        desk.answer(conversation, f"and {n} {key}")

    def stored() -> list[tuple[str, str, str | None]]:
        items = desk.ask("GET", f"/conversations/{conversation}/messages?limit=100")["items"]
        said = [item for item in items if item["direction"] in ("in", "out")]
        return [(item["id"], item["text"], item["status"]) for item in said]

    def shown() -> list[tuple[str, str, str | None]]:
        found = chat.log.locator("[data-id]").evaluate_all(
            "(all) => all.map((one) => [one.dataset.id, one.querySelector('.bubble').innerText, one.dataset.status ?? null])"
        )
        return [(id, text, status) for id, text, status in found]

    end = time.monotonic() + 5
    while len(stored()) < 31 or shown() != stored():
        assert time.monotonic() < end, (shown(), stored())
        page.wait_for_timeout(50)  # its frames pass through this process
    assert len(lines) >= 11
