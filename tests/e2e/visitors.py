"""The widget on a page, as tests handle it."""

from playwright.sync_api import Frame, FrameLocator, Locator, Page, expect

# Tests look into the closed shadow root as nothing else can: they have it made an open one.
OPEN_ROOTS = """
const attach = Element.prototype.attachShadow
Element.prototype.attachShadow = function (options) { return attach.call(this, { ...options, mode: 'open' }) }
"""


class Chat:
    """The widget on a page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.launcher: Locator = page.locator("hub-chat button")
        self.panel: FrameLocator = page.frame_locator("hub-chat iframe")
        self.box: Locator = self.panel.get_by_role("textbox", name="输入消息").or_(
            self.panel.get_by_role("textbox", name="Write a message")
        )
        self.log: Locator = self.panel.get_by_role("log")

    def open(self) -> None:
        self.launcher.click()
        expect(self.box).to_be_visible()

    def say(self, text: str) -> None:
        self.box.fill(text)
        self.box.press("Enter")

    def shows(self, text: str, times: int = 1) -> None:
        expect(self.log.locator(".bubble", has_text=text)).to_have_count(times)

    def choose(self, *names: str) -> None:
        """Open the menu and press these, one after the other."""
        self.panel.get_by_role("button", name="选项").or_(self.panel.get_by_role("button", name="Options")).click()
        for name in names:
            self.panel.get_by_role("button", name=name).click()

    @property
    def frame(self) -> Frame:
        return next(frame for frame in self.page.frames if "/widget/v1/frame" in frame.url)
