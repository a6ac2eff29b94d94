"""The demo's telephone: a newcomer writes to the desk, and reads the answer where he wrote."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Frame, Page, expect

from tests.e2e.desks import Desk, eventually
from tests.e2e.pages import fits

pytestmark = pytest.mark.timeout(120)


def bubbles(page: Page) -> list[str]:
    return [text.strip() for text in page.locator("#texts .bubble").all_inner_texts()]


@pytest.mark.covers("S-01", "S-02", "M-27", "M-47")
@pytest.mark.parametrize("number", ["10690000", "+14155550100"])
def test_what_is_written_on_the_phone_is_answered_and_seen_to_be_delivered(page: Page, desk: Desk, number: str) -> None:
    long = "您好，您的花正在路上。" * 12
    page.goto(f"{desk.url}/demo/phone")
    page.get_by_label("My number").fill("+86 138 0013 8777")
    page.get_by_label("发给 To").select_option(number)
    page.get_by_label("内容 Text").fill(f"你好 {number} 😀")
    page.keyboard.press("Enter")
    expect(page.locator("#status")).to_have_text("已发送 Sent")

    question = desk.message(f"你好 {number} 😀", channel="sms")
    answer = desk.ask(
        "POST",
        f"/conversations/{question['conversation_id']}/messages",
        {"kind": "reply", "text": long, "account_id": _account(desk, number)},
    )

    expect(page.locator("#texts .bubble").last).to_have_text(long)
    expect(page.locator("#texts .facts").last).to_contain_text("已送达 Delivered")
    eventually(lambda: desk.ask("GET", f"/messages/{answer['id']}")["status"] == "delivered")


def _account(desk: Desk, number: str) -> str:
    (found,) = [account["id"] for account in desk.ask("GET", "/accounts") if account["settings"].get("sender") == number]
    return str(found)


@pytest.mark.covers("M-21", "M-44")
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1366])
def test_the_phone_is_readable_on_every_screen(
    page: Page, desk: Desk, accessible: Callable[[Page | Frame], None], theme: str, width: int
) -> None:
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
    page.set_viewport_size({"width": width, "height": 844 if width == 390 else 768})
    page.goto(f"{desk.url}/demo/phone")
    expect(page.get_by_label("I am").locator("option")).not_to_have_count(0)

    assert fits(page)
    accessible(page)
