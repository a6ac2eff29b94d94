"""The frame of the console: commands and keys, presence, offers, alerts, notifications, the customer's pane, the wallboard, the app."""

import json
import re
import smtplib
from collections.abc import Iterator
from email.message import EmailMessage
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import BrowserContext, Page, WebSocketRoute, expect

from tests.e2e.conftest import Problems
from tests.e2e.desks import Desk, eventually
from tests.e2e.pages import Console, add_user, fits, sign_in_quietly
from tests.e2e.places import WIDE, settled

DESK = "support@camellia.example"
COUNT_TONES = """
window.tones = 0
const start = OscillatorNode.prototype.start
OscillatorNode.prototype.start = function (...at) { window.tones++; return start.apply(this, at) }"""
COUNT_NOTES = """
window.notes = []
window.Notification = class { constructor(title, what) { window.notes.push([title, what.tag]) } static permission = 'granted' }"""
HIDE = """
Object.defineProperty(document, 'hidden', {get: () => true, configurable: true})
document.dispatchEvent(new Event('visibilitychange'))"""

pytestmark = pytest.mark.timeout(120)


def write_mail(desk: Desk, text: str, sender: str = "") -> Any:
    """A customer's mail; returns the message once it is filed."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender or f"Ines Vogt <ines.{uuid4().hex[:6]}@example.com>", DESK, text
    mail.set_content(text)
    with smtplib.SMTP("127.0.0.1", desk.smtp_port, timeout=20) as smtp:
        smtp.send_message(mail)
    return desk.message(text, channel="email")


class Person:
    """Somebody who works here, with a console of their own."""

    def __init__(self, page: Page, context: BrowserContext, desk: Desk, role: str = "administrator") -> None:
        self.name = f"p{uuid4().hex[:8]}"
        self.id = add_user(desk, self.name, role, display_name=f"Pat {self.name}")
        self.page, self.desk, self.context = page, desk, context
        self.token = sign_in_quietly(context, desk, self.name)
        self.console = Console(page, desk)
        page.set_viewport_size(WIDE)

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """The API with this person's rights."""
        headers = {"X-CSRF-Token": self.token, "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body)
        answer = self.context.request.fetch(f"{self.desk.url}/api/v1{path}", method=method, headers=headers, data=data)
        assert answer.ok, answer.text()
        return json.loads(answer.text() or "null")

    def be(self, state: str) -> None:
        self.ask("PUT", "/me/presence", {"state": state})

    def given(self, text: str) -> str:
        """A mail that is this person's; returns the conversation's id."""
        conversation_id = str(write_mail(self.desk, text)["conversation_id"])
        self.desk.ask("PUT", f"/conversations/{conversation_id}/assignee", {"agent_id": self.id})
        return conversation_id

    def state(self) -> str:
        [mine] = [one for one in self.desk.ask("GET", "/presence") if one["user_id"] == self.id]
        return str(mine["state"])


@pytest.fixture
def pat(page: Page, context: BrowserContext, desk: Desk) -> Iterator[Person]:
    """An administrator to whom nothing is offered; gone afterwards."""
    person = Person(page, context, desk)
    person.be("busy")
    yield person
    person.be("away")


@pytest.mark.covers("M-19")
def test_the_command_bar_finds_what_the_page_knows_and_what_only_the_hub_knows(pat: Person) -> None:
    page, subject = pat.page, f"zinnia {uuid4().hex[:8]}"
    conversation_id = write_mail(pat.desk, subject)["conversation_id"]
    pat.console.go("/customers")
    search = page.get_by_label("Find a customer")
    search.focus()
    page.keyboard.press("Control+k")  # from inside a field, too
    bar = page.get_by_role("dialog", name="Find or do anything")
    expect(bar.get_by_role("textbox")).to_be_focused()
    expect(bar.get_by_role("option", name=re.compile("Go to tickets")).locator("kbd")).to_have_text(["g", "t"])

    page.keyboard.type(subject)
    expect(bar.get_by_role("option").first).to_contain_text(subject)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/{conversation_id}")
    expect(bar).to_have_count(0)

    page.keyboard.press("Control+k")
    page.keyboard.type("audit")
    expect(bar.get_by_role("option").first).to_contain_text("Audit log")
    page.keyboard.press("Enter")
    page.wait_for_url("**/settings/audit")

    search = page.get_by_role("link", name="Search")
    search.focus()
    page.keyboard.press("Control+k")
    page.keyboard.press("Escape")
    expect(search).to_be_focused()


@pytest.mark.covers("M-19")
def test_an_action_of_the_command_bar_acts_on_the_open_conversation(pat: Person) -> None:
    page = pat.page
    conversation_id = pat.given(f"close me {uuid4().hex[:6]}")
    pat.console.go(f"/inbox/mine/{conversation_id}")
    expect(pat.console.log).to_contain_text("close me")
    page.keyboard.press("Control+k")
    page.keyboard.type("close or")
    expect(page.get_by_role("option").first).to_contain_text("Close or reopen")
    page.keyboard.press("Enter")
    eventually(lambda: pat.desk.ask("GET", f"/conversations/{conversation_id}")["state"] == "closed")


@pytest.mark.covers("M-19", "M-44")
def test_keys_can_be_changed_or_switched_off_and_stay_so(pat: Person) -> None:
    page = pat.page
    pat.console.go(f"/inbox/mine/{pat.given(f'keys {uuid4().hex[:6]}')}")
    expect(pat.console.log).to_be_visible()
    page.keyboard.press("?")
    help_ = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(help_.get_by_role("definition").filter(has_text=re.compile("^r$"))).to_be_visible()
    help_.get_by_role("button", name="Change keys").click()
    change = help_.get_by_role("button", name=re.compile("^Reply: .*Change$"))
    change.click()
    page.keyboard.press("n")
    expect(help_.get_by_role("alert")).to_contain_text("Write a note")  # taken
    change.click()
    page.keyboard.press("b")
    expect(change).to_have_accessible_name("Reply: b. Change")
    help_.get_by_role("checkbox", name=re.compile("Shortcuts of bare letters")).uncheck()
    page.keyboard.press("Escape")
    expect(help_).to_have_count(0)
    eventually(lambda: pat.ask("GET", "/me/preferences")["shortcuts"] == {"reply": "b"})
    assert pat.ask("GET", "/me/preferences")["single_keys"] is False

    page.reload()
    expect(pat.console.log).to_be_visible()
    page.keyboard.press("b")
    expect(page.get_by_role("textbox", name=re.compile("^Reply"))).not_to_be_focused()
    pat.ask("PUT", "/me/preferences", {"single_keys": True})  # another page of hers: this one hears of it
    reply = page.get_by_role("textbox", name=re.compile("^Reply"))

    def goes_there() -> bool:
        page.keyboard.press("b")
        return bool(reply.evaluate("(one) => one === document.activeElement"))

    eventually(goes_there)


@pytest.mark.covers("M-19")
def test_two_keys_after_each_other_go_to_a_page(pat: Person) -> None:
    page = pat.page
    pat.console.go("/inbox/mine")
    expect(page.get_by_role("tablist", name="Views")).to_be_visible()
    settled(page)
    for keys, path in (
        ("gt", "/tickets"),
        ("gc", "/customers"),
        ("gw", "/wallboard"),
        ("gs", "/settings"),
        ("gi", "/inbox/mine"),
    ):
        for key in keys:
            page.keyboard.press(key)
        page.wait_for_url(f"**{path}*")


@pytest.mark.covers("M-20")
def test_after_call_work_counts_down_and_can_be_prolonged_or_ended(pat: Person) -> None:
    page = pat.page
    pat.console.go("/inbox/mine")
    menu = page.get_by_role("button", name=re.compile("your menu"))
    menu.click()
    page.get_by_role("menuitem", name=re.compile("^After-call work")).click()
    eventually(lambda: pat.state() == "wrap_up")
    expect(menu).to_contain_text(re.compile(r"0:[0-5]\d|1:00"))
    menu.click()
    expect(page.get_by_role("menu")).to_contain_text(re.compile(r"After-call work: \d:\d\d left"))
    page.get_by_role("menuitem", name="One more minute").click()
    expect(menu).to_contain_text(re.compile(r"1:\d\d"))
    page.keyboard.press("Control+k")
    page.keyboard.type("i am busy")
    expect(page.get_by_role("dialog").get_by_role("option").first).to_contain_text("I am busy")
    page.keyboard.press("Enter")
    eventually(lambda: pat.state() == "busy")
    expect(menu).to_have_accessible_name(re.compile("Busy"))
    expect(menu).not_to_contain_text(":")


@pytest.mark.covers("M-20")
def test_many_offers_are_one_banner_with_a_countdown_and_a_key(pat: Person) -> None:
    page = pat.page
    pat.console.go("/inbox/mine")
    expect(page.get_by_role("tablist", name="Views")).to_be_visible()
    for n in range(2):
        write_mail(pat.desk, f"offer {n} {uuid4().hex[:6]}")
    for other in pat.desk.ask("GET", "/presence"):
        assert other["user_id"] == pat.id or other["state"] != "online" or not other["connected"], "somebody else would get them"
    pat.be("online")
    banner = page.get_by_role("region", name="A conversation for you")
    expect(banner).to_have_count(1)
    expect(banner).to_contain_text(re.compile(r"\d+ conversations for you"))
    expect(banner.get_by_role("timer")).to_have_text(re.compile(r"^\d+ s$"))
    offered = {one["conversation_id"] for one in pat.ask("GET", "/offers")}
    assert len(offered) > 1  # who waits longest, which need not be these two
    page.keyboard.press("y")
    page.wait_for_url("**/inbox/mine/*")
    taken = page.url.rsplit("/", 1)[-1]
    assert taken in offered
    assert pat.desk.ask("GET", f"/conversations/{taken}")["assignee_id"] == pat.id
    pat.be("busy")


def alerted(pat: Person, *pages: Page) -> None:
    """The pages of one browser, touched once each, in the inbox."""
    for page in pages:
        page.goto(f"{pat.desk.url}/inbox/mine")
        expect(page.get_by_role("tablist", name="Views")).to_be_visible()
        settled(page)
        page.get_by_role("tablist", name="Views").click(position={"x": 1, "y": 1})


@pytest.mark.covers("M-20")
def test_one_sound_and_one_notification_for_all_pages_and_none_while_away(pat: Person, problems: Problems) -> None:
    pat.context.add_init_script(COUNT_TONES + COUNT_NOTES)
    first, second = pat.page, pat.context.new_page()
    alerted(pat, first, second)

    def tones() -> int:
        return int(first.evaluate("tones") + second.evaluate("tones"))

    def notes() -> list[Any]:
        return list(first.evaluate("notes") + second.evaluate("notes"))

    conversation_id = str(write_mail(pat.desk, f"ring {uuid4().hex[:6]}")["conversation_id"])
    assert (tones(), notes()) == (0, [])

    pat.desk.ask("PUT", f"/conversations/{conversation_id}/assignee", {"agent_id": pat.id})
    eventually(lambda: tones() == 2)  # two tones are one sound
    assert notes() == []  # the console is in sight
    for page in (first, second):
        page.evaluate(HIDE)
    first.wait_for_timeout(2300)  # a further sound is a new one by now
    pat.desk.ask("PUT", f"/conversations/{conversation_id}/assignee", {"agent_id": None})
    pat.desk.ask("PUT", f"/conversations/{conversation_id}/assignee", {"agent_id": pat.id})
    eventually(lambda: tones() == 4)
    assert {tag for _, tag in eventually(notes)} == {f"/inbox/mine/{conversation_id}"}  # one tag: one on the screen

    first.wait_for_timeout(2300)
    pat.be("away")
    other = str(write_mail(pat.desk, f"quiet {uuid4().hex[:6]}")["conversation_id"])
    pat.desk.ask("PUT", f"/conversations/{other}/assignee", {"agent_id": pat.id})
    expect(first.get_by_role("button", name=re.compile("^Notifications, 3 unread"))).to_be_visible()
    assert tones() == 4


@pytest.mark.covers("M-20", "M-04")
def test_the_bell_counts_what_concerns_me_and_leads_there(pat: Person) -> None:
    page = pat.page
    pat.console.go("/tickets")
    bell = page.get_by_role("button", name=re.compile("^Notifications"))
    expect(bell).to_have_accessible_name("Notifications")
    text = f"look {uuid4().hex[:6]}"
    conversation_id = pat.given(text)
    expect(bell).to_have_accessible_name("Notifications, 1 unread")
    page.keyboard.press("g")
    page.keyboard.press("n")
    panel = page.get_by_role("dialog", name="Notifications")
    row = panel.get_by_role("listitem").get_by_role("button")
    expect(row).to_contain_text("assigned this to you")
    page.keyboard.press("Escape")
    expect(bell).to_be_focused()
    bell.click()
    expect(panel).to_be_visible()
    bell.click()
    expect(panel).to_have_count(0)
    bell.click()
    row.click()
    page.wait_for_url(f"**/{conversation_id}")
    expect(pat.console.log).to_contain_text(text)
    expect(bell).to_have_accessible_name("Notifications")


def test_a_lost_line_says_so_and_when_work_goes_back(pat: Person, problems: Problems) -> None:
    problems.allow("socket.io|WebSocket")
    page, lines = pat.page, list[WebSocketRoute]()
    open_ = True

    def through(route: WebSocketRoute) -> None:
        lines.append(route)
        if open_:
            route.connect_to_server()
        else:
            route.close()

    page.route_web_socket(re.compile("socket.io"), through)
    pat.console.go("/inbox/mine")
    expect(page.get_by_role("tablist", name="Views")).to_be_visible()
    settled(page)
    open_ = False
    lines[-1].close()
    lost = page.get_by_text(re.compile(r"In 2:\d\d what waits for you goes back"))
    expect(lost).to_be_visible()
    expect(page.locator("[aria-live=assertive]")).to_contain_text("No connection. Trying again")
    open_ = True
    page.evaluate("dispatchEvent(new Event('online'))")
    expect(lost).to_have_count(0, timeout=20_000)


@pytest.mark.covers("M-23", "C-14")
def test_the_pane_says_how_to_reach_a_customer_and_lets_facts_be_changed_in_place(pat: Person) -> None:
    page, number = pat.page, f"+86138{uuid4().int % 10**8:08d}"
    mail = f"rose.{uuid4().hex[:6]}@example.com"
    addresses = [{"kind": "email", "value": mail}, {"kind": "phone", "value": number}]
    rose = pat.desk.ask("POST", "/customers", {"name": "Rose Field", "addresses": addresses})
    twin = {"name": "R. Field", "addresses": [{"kind": "phone", "value": "+44" + number[-10:]}]}
    pat.desk.ask("POST", "/customers", twin)
    pat.desk.ask("PUT", f"/customers/{rose['id']}/refusals/sms", {"reason": "at night"})
    conversation_id = write_mail(pat.desk, f"pane {uuid4().hex[:6]}", f"Rose Field <{mail}>")["conversation_id"]
    pat.console.go(f"/inbox/all/{conversation_id}")
    pane = pat.console.details
    usable = pane.get_by_role("list", name="May be used")
    expect(usable).to_contain_text("E-mail: may be used")
    expect(usable).to_contain_text("SMS: refused by the customer")
    expect(usable).to_contain_text("at night")
    expect(pane.get_by_role("region", name="Perhaps the same customer")).to_contain_text("nearly the same number")
    national = pane.get_by_title(number)
    assert "+86" not in national.inner_text()

    company = pane.get_by_role("button", name="Change: Company")
    company.click()
    page.keyboard.type("Field & Sons")
    page.keyboard.press("Enter")
    expect(company).to_contain_text("Field & Sons")
    expect(company).to_be_focused()
    assert pat.desk.ask("GET", f"/customers/{rose['id']}")["company"] == "Field & Sons"


@pytest.mark.covers("M-22")
def test_a_customers_page_shows_every_channel_and_ticket_in_one_timeline(pat: Person) -> None:
    page, mail = pat.page, f"mira.{uuid4().hex[:6]}@example.com"
    new = {"name": "Mira Holt", "addresses": [{"kind": "email", "value": mail}]}
    customer = pat.desk.ask("POST", "/customers", new)
    subject = f"timeline {uuid4().hex[:6]}"
    conversation_id = write_mail(pat.desk, subject, f"Mira Holt <{mail}>")["conversation_id"]
    pat.desk.ask("PATCH", f"/conversations/{conversation_id}", {"state": "closed"})
    pat.desk.ask("POST", "/tickets", {"title": "Broken vase", "description": "", "customer_id": customer["id"]})
    pat.console.go(f"/customers/{customer['id']}")
    everything = page.get_by_role("region", name="Everything with this customer")
    expect(everything.get_by_role("listitem")).to_have_count(2)
    everything.get_by_role("button", name="E-mail").click()
    expect(everything.get_by_role("listitem")).to_have_count(1)
    everything.get_by_role("link", name=re.compile(subject)).click()
    page.wait_for_url(f"**/inbox/closed/{conversation_id}")


def crowded(board: Any, *, queues: int, agents: int) -> dict[str, Any]:
    """The wallboard as it would be with so many: real queues and agents, repeated under other names."""
    mould = {"unanswered": 0, "overdue": 0, "promises": False, "next_due_at": None, "online": 2, "free": 1, "open": 9}
    more = [
        {**mould, "id": str(uuid4()), "name": f"Returns and repairs {n}", "waiting": 10 * n, "oldest_waiting_at": board["at"]}
        for n in range(queues - len(board["queues"]))
    ]
    names = [f"Alexandra Winterbottom {n}" for n in range(agents - len(board["agents"]))]
    people = [
        {"user_id": str(uuid4()), "name": name, "state": "busy", "since": board["at"], "until": None, "load": 40, "capacity": 100}
        for name in names
    ]
    return {**board, "queues": board["queues"] + more, "agents": board["agents"] + people}


def fits_whole(page: Page) -> bool:
    """Nothing on the wallboard has to be scrolled, and no tile is cut off."""
    cut = "(all) => all.filter((one) => one.scrollHeight > one.clientHeight + 1 || one.scrollWidth > one.clientWidth + 1).length"
    board = page.get_by_role("main")
    low = board.evaluate("(one) => one.scrollHeight <= one.clientHeight && document.documentElement.scrollHeight <= innerHeight")
    return fits(page) and low and board.locator("li > a").evaluate_all(cut) == 0


@pytest.mark.covers("M-41", "Q-09")
@pytest.mark.parametrize("size", [WIDE, {"width": 1920, "height": 1080}])
def test_the_wallboard_is_live_and_large_and_never_scrolls(pat: Person, size: Any) -> None:
    page = pat.page
    page.set_viewport_size(size)
    pat.console.go("/wallboard")
    board = page.get_by_role("main")
    tiles = board.get_by_role("list", name="Queues").get_by_role("link")
    expect(tiles.first).to_be_visible()
    settled(page)
    eventually(lambda: fits_whole(page))
    small = "(all) => Math.min(...all.map((one) => parseFloat(getComputedStyle(one).fontSize)))"
    waiting = board.locator("dl dd").first
    assert waiting.evaluate_all(small) >= 48  # pixels
    assert board.locator("a span:not(.sr-only)").evaluate_all(small) >= 13
    before = int(waiting.inner_text())
    write_mail(pat.desk, f"board {uuid4().hex[:6]}")
    expect(waiting).to_have_text(str(before + 1), timeout=3000)  # sooner than the next reading
    tiles.first.click()
    page.wait_for_url("**/inbox/all?queue_id=*")


@pytest.mark.covers("M-41", "Q-09")
@pytest.mark.parametrize("size", [WIDE, {"width": 1920, "height": 1080}])
def test_many_queues_and_agents_take_turns_on_the_wallboard_and_none_is_too_small(pat: Person, size: Any) -> None:
    page = pat.page
    page.set_viewport_size(size)
    real = pat.ask("GET", "/wallboard")
    page.clock.install()
    page.route("**/api/v1/wallboard", lambda route: route.fulfill(json=crowded(real, queues=12, agents=40)))
    pat.console.go("/wallboard")
    board = page.get_by_role("main")
    queues, agents = (
        board.get_by_role("list", name="Queues").get_by_role("link"),
        board.get_by_role("list", name="Agents").get_by_role("link"),
    )
    expect(queues).to_have_count(12)
    eventually(lambda: fits_whole(page))
    tall = "(all) => Math.min(...all.map((one) => one.clientHeight / innerHeight))"
    assert queues.evaluate_all(tall) >= 0.16
    assert agents.evaluate_all(tall) >= 0.06
    names = agents.locator("span.font-semibold")
    first, seen = names.first.text_content(), set(names.all_text_contents())
    page.clock.fast_forward(9_000)
    expect(names.first).not_to_have_text(str(first))
    eventually(lambda: fits_whole(page))
    page.get_by_role("button", name="Stop turning pages").last.click()
    stopped = names.all_text_contents()
    assert seen.isdisjoint(stopped)
    page.clock.fast_forward(25_000)
    assert names.all_text_contents() == stopped
    seen |= set(stopped)
    for _ in range(6):
        page.get_by_role("button", name="Next page").click()
        seen |= set(names.all_text_contents())
    assert len(seen) == 40


@pytest.mark.covers("M-41", "Q-09")
def test_a_wallboard_without_news_turns_grey_and_says_for_how_long(pat: Person, problems: Problems) -> None:
    problems.allow("wallboard")
    page = pat.page
    page.clock.install()
    pat.console.go("/wallboard")
    expect(page.get_by_text(re.compile("^As of"))).to_be_visible()
    page.route("**/api/v1/wallboard", lambda route: route.abort())
    page.clock.fast_forward(25_000)
    expect(page.get_by_role("alert")).to_have_text(re.compile(r"No news for 0:\d\d"))
    expect(page.locator("[data-stale=true]")).to_be_visible()
    page.unroute("**/api/v1/wallboard")
    page.clock.fast_forward(6_000)
    expect(page.get_by_text(re.compile("^As of"))).to_be_visible()


@pytest.mark.covers("M-21")
@pytest.mark.browser_context_args(service_workers="allow")
def test_the_console_can_be_installed_and_has_one_page_for_a_time_without_a_line(pat: Person, problems: Problems) -> None:
    problems.allow("ERR_INTERNET_DISCONNECTED|socket.io")
    page, url = pat.page, pat.desk.url
    pat.console.go("/inbox/mine")
    expect(page.get_by_role("tablist", name="Views")).to_be_visible()
    manifest = page.evaluate("fetch(document.querySelector('link[rel=manifest]').href).then((answer) => answer.json())")
    assert (manifest["lang"], manifest["display"]) == ("en", "standalone")
    for icon in manifest["icons"]:
        assert pat.context.request.get(url + icon["src"]).ok
    pat.ask("PATCH", "/me", {"locale": "zh-CN"})
    page.reload()
    expect(page.get_by_role("link", name="会话", exact=True)).to_be_visible()
    eventually(lambda: page.evaluate("document.querySelector('link[rel=manifest]').href").endswith("/manifest.zh-CN.webmanifest"))
    chinese = pat.context.request.get(f"{url}/manifest.zh-CN.webmanifest").json()
    assert chinese["name"].endswith("客服工作台")
    assert chinese.keys() == manifest.keys()

    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    settled(page)
    kept = page.evaluate("""caches.keys().then(async (names) => (await Promise.all(names.map(async (name) =>
        (await (await caches.open(name)).keys()).map((one) => new URL(one.url).pathname)))).flat())""")
    assert sorted(kept) == ["/icon.svg", "/offline.html"]  # nothing of the hub's
    pat.context.set_offline(True)
    page.goto(f"{url}/customers")
    expect(page.get_by_role("heading", name="No connection")).to_be_visible()
    pat.context.set_offline(False)
    page.get_by_role("link", name=re.compile("Try again")).click()
    expect(page.get_by_role("heading", name="客户", exact=True)).to_be_visible()
