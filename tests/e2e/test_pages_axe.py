"""What has to hold on every page, in every menu and every dialog: axe finds nothing, all fits, the focus comes back."""

from collections.abc import Callable
from itertools import groupby
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Frame, Page, expect

from tests.e2e.desks import Desk
from tests.e2e.pages import Console, add_user, fits, sign_in_quietly
from tests.e2e.places import NARROW, OPENINGS, WIDE, addresses, opened, settled

Accessible = Callable[[Page | Frame], None]
ZOOMED = {"width": 683, "height": 384}  # 1366×768 at 200 %

pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="module")
def supervisor(desk: Desk) -> str:
    """One with every right, to whom nothing is offered."""
    add_user(desk, "paula", "administrator", display_name="Paula Hart")
    return "paula"


@pytest.fixture
def looks(page: Page, context: BrowserContext, desk: Desk, supervisor: str) -> Callable[..., Console]:
    """Her console in a theme, a language and a size."""

    def look(theme: str, locale: str, size: Any) -> Console:
        token = sign_in_quietly(context, desk, supervisor)
        headers = {"X-CSRF-Token": token}
        away = context.request.put(f"{desk.url}/api/v1/me/presence", data={"state": "away"}, headers=headers)
        shown = context.request.patch(f"{desk.url}/api/v1/me", data={"theme": theme, "locale": locale}, headers=headers)
        assert away.ok
        assert shown.ok
        page.set_viewport_size(size)
        return Console(page, desk)

    return look


LOOKS = [("light", WIDE, "en"), ("dark", NARROW, "zh-CN"), ("dark", WIDE, "zh-CN"), ("light", ZOOMED, "zh-CN")]


@pytest.mark.covers("M-44", "M-43", "M-21")
@pytest.mark.parametrize(("theme", "size", "locale"), LOOKS)
def test_every_page_fits_and_stands_in_nobodys_way(
    looks: Callable[..., Console], desk: Desk, accessible: Accessible, theme: str, size: Any, locale: str
) -> None:
    console = looks(theme, locale, size)
    page = console.page
    for name, path in addresses(desk).items():
        console.go(path)
        expect(page.locator("main, section").locator("visible=true").first).to_be_visible()
        settled(page)
        assert fits(page), name
        shown = page.evaluate("[document.documentElement.lang, document.documentElement.classList.contains('dark')]")
        assert shown == [locale, theme == "dark"]
        accessible(page)


@pytest.mark.covers("M-44")
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_menus_and_dialogs_stand_in_nobodys_way(
    looks: Callable[..., Console], desk: Desk, accessible: Accessible, theme: str
) -> None:
    console = looks(theme, "en", WIDE)
    pages = addresses(desk)
    for name, openings in groupby(OPENINGS, lambda one: one.page):
        console.go(pages[name])
        settled(console.page)
        for opening in openings:
            with opened(console.page, opening):
                accessible(console.page)
